"""Records through every door: differences, reproductions, sealed bundles, estimates."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.responses import FileResponse

import workbench as python
from workbench import services
from workbench.http import records
from workbench.http.uploads import process_folder
from workbench.runs.estimate import estimate_json
from workbench.runs.run_diff import diff_json
from workbench.runs.verification import verification_json
from workbench.services.process import default_pool

Workbench = Callable[..., Any]


def plain(value: Any) -> Any:
    return json.loads(json.dumps(value))


@pytest.fixture
def runs(scripted: Any, demo_set: Path) -> tuple[str, str]:
    """Two runs of the demo set; the second heard one clip otherwise, with a chain."""
    first = python.bench(str(demo_set), engine="scripted").run_id
    scripted.script = {**scripted.script, "two.wav": "turn the light off"}
    return first, python.bench(str(demo_set), engine="scripted", chain="gain").run_id


def test_a_difference_is_told_the_same_by_every_door(workbench: Workbench, server: Any, runs: tuple[str, str]) -> None:
    a, b = runs
    expected = plain(diff_json(services.diff_records(a, b)))
    assert [one["name"] for one in expected["differences"]["text"]] == ["chain"]
    assert [one["id"] for one in expected["texts"]["items"]] == ["two"]
    assert expected["texts"]["units"]["differing"] == 1
    assert workbench("runs", "diff", a, b, "--json").document == expected
    assert httpx.get(f"{server.url}/v1/workbench/diff", params={"a": a, "b": b}).json() == expected
    told = workbench("runs", "diff", a, b)
    assert told.code == 0
    assert "Can change the text:" in told.out
    assert "Can change the time: nothing." in told.out
    assert "Texts identical in 2 of 3 clips; 1 differ, by 1 unit in all" in told.out
    assert workbench("runs", "diff", a, "nothing").code == 2


def test_a_run_is_made_again_and_says_whether_the_same_came_out(
    workbench: Workbench, server: Any, runs: tuple[str, str], scripted: Any
) -> None:
    first, second = runs
    told = workbench("runs", "reproduce", second)
    assert told.code == 0
    assert "is as it was" in told.out
    assert told.out.rstrip().endswith("Reproduced. Texts identical in 3 of 3 clips. All scores are equal.")
    again = workbench("runs", "reproduce", first, "--json")
    assert again.code == 1  # the script has changed since
    document = again.document
    assert (document["reproduced"], document["texts"]["identical"]) == (False, 2)
    assert [one["id"] for one in document["texts"]["items"]] == ["two"]
    assert document["plan"]["run_id"] == first
    assert document["reasons"]
    assert services.load_run(document["again"]).record.reproduces == first
    assert f"Reproduces: {first}" in workbench("runs", "show", document["again"]).out
    with httpx.stream("POST", f"{server.url}/v1/workbench/runs/{second}/reproduce", timeout=30) as answer:
        names = [line.removeprefix("event: ") for line in answer.iter_lines() if line.startswith("event: ")]
    assert names == ["plan", "started", "result", "result", "result", "finished", "verdict"]


def test_a_bundle_goes_out_is_verified_and_comes_in(
    workbench: Workbench, server: Any, runs: tuple[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "first.zip"
    written = workbench("runs", "export", runs[0], "--bundle", path, "--note", "for you", "--json").document
    assert (written["items"], written["audio"], written["written"]) == (3, 0, str(path))
    found = workbench("runs", "verify", path, "--seal", written["seal"][:10], "--json")
    assert (found.code, found.document) == (0, plain(verification_json(services.verify(path))))
    assert "Equal: all" in workbench("runs", "verify", path).out
    url = f"{server.url}/v1/workbench"
    sent = httpx.get(f"{url}/runs/{runs[0]}/bundle", params={"note": "for you"}, timeout=30)
    assert (sent.content, sent.headers["X-Workbench-Seal"]) == (path.read_bytes(), written["seal"])
    assert sent.headers["Content-Disposition"].startswith("attachment")
    form = {"files": {"file": ("first.zip", sent.content)}, "timeout": 30}
    assert httpx.post(f"{url}/bundles/verify", **form).json() == found.document
    assert httpx.post(f"{url}/bundles/import", **form).json()["existing"] is True
    workbench("runs", "delete", runs[0])
    back = workbench("runs", "import", path, "--json")
    assert (back.code, back.document["run_id"], back.document["existing"]) == (0, runs[0], False)
    assert f"sealed {written['seal']}" in workbench("runs", "show", runs[0]).out
    assert workbench("compare", *runs, "--json").document["common"] == 3
    assert list((default_pool().settings.temporary).rglob("bundle.zip")) == []


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc")
def test_a_bundle_has_no_name_while_it_is_sent_and_ends_with_its_answer(runs: tuple[str, str], tmp_path: Path) -> None:
    pool = default_pool()
    answer = records.export_bundle(runs[0], pool)
    left = [path for path in pool.settings.temporary.rglob("*") if path.name != process_folder(pool.settings).name]
    assert left == [], "what a server would leave that is killed now"
    assert isinstance(answer, FileResponse)
    copy = tmp_path / "copy.zip"
    copy.write_bytes(Path(answer.path).read_bytes())
    assert services.verify(copy).run_id == runs[0]
    where = Path(answer.path)
    assert where.exists()
    del answer
    gc.collect()
    assert not where.exists(), "nobody holds it any more"


def test_what_is_no_bundle_is_refused_by_every_door(workbench: Workbench, server: Any, tmp_path: Path) -> None:
    path = tmp_path / "words.zip"
    path.write_text("these are words")
    for verb in ("verify", "import"):
        told = workbench("runs", verb, path)
        assert (told.code, told.out) == (2, "")
        assert "is no bundle" in told.err
        answer = httpx.post(f"{server.url}/v1/workbench/bundles/{verb}", files={"file": ("x", b"these are words")})
        assert answer.status_code == 409
        assert str(tmp_path) not in answer.text
    assert httpx.post(f"{server.url}/v1/workbench/bundles/verify", files={"other": b""}).status_code == 400


def test_texts_still_need_a_set_and_a_system(workbench: Workbench, tmp_path: Path) -> None:
    path = tmp_path / "theirs.jsonl"
    path.write_text('{"id": "one", "text": "x"}\n')
    told = workbench("runs", "import", path, "--set", "english-demo")
    assert told.code == 2
    assert "need a set and a system" in told.err


def test_recordings_are_asked_for(
    workbench: Workbench, runs: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "audio.zip"
    words = ("runs", "export", runs[0], "--bundle", path, "--audio")
    told = workbench(*words)
    assert (told.code, path.exists()) == (2, False)
    assert "3 recordings, 0 MB" in told.err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    for answer, code in (("n", 2), ("y", 0)):
        monkeypatch.setattr("builtins.input", lambda prompt, answer=answer: answer)
        assert workbench(*words).code == code
    assert services.verify(path).recordings == 3
    assert workbench(*words, "--yes", "--json").document["audio"] == 3


def test_an_estimate_rests_on_a_probe_and_then_on_runs(workbench: Workbench, scripted: Any, demo_set: Path) -> None:
    scripted.delay_seconds = 0.02
    words = ("estimate", "--engine", "scripted", "--set", demo_set)
    probed = workbench(*words, "--json").document
    assert (probed["source"], probed["amount"]["clips"], probed["amount"]["seconds"]) == ("probe", 3, 3.0)
    assert probed["wall_range"][0] < probed["wall_seconds"] < probed["wall_range"][1]
    assert workbench(*words, "--no-probe").code == 2
    for limit in (3, 2):
        python.bench(str(demo_set), engine="scripted", limit=limit)
    found = workbench(*words, "--json").document
    assert (found["source"], found["samples"], found["groups"]) == ("runs", 5, 2)
    assert found["wall_seconds"] == pytest.approx(0.06, rel=0.9)
    assert found["fits"] is True
    assert "It rests on 5 clips in 2 runs here." in workbench(*words).out
    same = services.estimate("scripted", sets=[str(demo_set)])
    assert set(plain(estimate_json(same))) == set(found)
    other = workbench(*words, "--chain", "gain", "--json").document
    assert other["source"] == "probe"  # what was measured was another chain
    for wrong in (("estimate",), ("estimate", "--seconds", "5", "--set", demo_set), ("estimate", "--seconds", "-1")):
        assert workbench(*wrong).code == 2


def test_a_long_benchmark_says_beforehand_what_earlier_ones_took(
    workbench: Workbench, scripted: Any, demo_set: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ("bench", demo_set, "--engine", "scripted", "--on-existing", "again")
    first, _ = workbench(*command), workbench(*command)
    assert "Time: about" not in first.err
    assert "Time: about" not in workbench(*command).err  # what takes a moment needs no word
    monkeypatch.setattr("workbench.cli.verbs.LONG_SECONDS", 0.0)
    told = workbench(*command)
    assert told.code == 0
    assert told.err.index("Time: about") < told.err.index("3 clips.")
