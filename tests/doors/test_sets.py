"""Sets imported, derived and looked up, and curves, from the command line and over HTTP."""

from __future__ import annotations

import io
import json
import shutil
import sys
from pathlib import Path

import httpx
import pytest

from workbench.settings import Settings

from .conftest import Command


@pytest.fixture
def kaldi(tmp_path: Path, demo_set: Path) -> Path:
    """A data folder with two good utterances and a command."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("one", "two"):
        shutil.copy(next(demo_set.rglob(f"{name}.wav")), folder / f"{name}.wav")
    (folder / "wav.scp").write_text("one one.wav\ntwo two.wav\nthree sox x.wav -t wav - |\n")
    (folder / "text").write_text("one turn the light on\ntwo turn the light off\nthree 请打开 API\n")
    return folder


def test_one_fault_refuses_all_and_the_rest_can_be_had(workbench: Command, kaldi: Path) -> None:
    refused = workbench("sets", "import", "kaldi", kaldi, "--json")
    assert refused.code == 2
    assert "text:3: wav.scp:3 is a command" in refused.document["error"]["message"]
    assert "--skip-faulty" in refused.document["error"]["hint"]
    words = ("sets", "import", "kaldi", kaldi, "--skip-faulty", "--name", "mine", "--language", "en")
    found = workbench(*words, "--json")
    assert found.code == 1
    document = found.document
    assert (document["total"], document["imported"], len(document["refused"])) == (3, 2, 1)
    again = workbench(*words)
    assert "was there already, the very same" in again.out
    assert "refused: text:3" in again.err
    assert workbench("sets", "mine", "--json").document["items"] == 2
    assert workbench("sets", "check", "mine").code == 0
    assert "mine" in workbench("sets", "list").out
    assert workbench("bench", "mine", "--engine", "scripted", "--json").document["scored"] == 2


def test_from_a_set_to_its_curve(workbench: Command, demo_set: Path, tmp_path: Path) -> None:
    words = ("sets", "derive", demo_set, "--noise", "white", "--snr=10,0", "--snr=-5", "--name", "noisy")
    made = workbench(*words, "--json").document
    assert (made["total"], made["made"], made["existing"]) == (12, 12, False)
    assert "was there already" in workbench(*words).out
    run = workbench("bench", "noisy", "--engine", "scripted", "--json").document["run_id"]
    told = workbench("curve", run, "--ruler", "basic")
    assert told.code == 0
    assert "snr_db" in told.out
    drawn = workbench("curve", run, "--svg", tmp_path / "curve.svg", "--json").document
    assert [point["at"] for point in drawn["curves"][0]["points"]] == [-5, 0, 10]
    assert (tmp_path / "curve.svg").read_text().startswith("<svg")
    none = workbench("curve", run, "--axis", "speed")
    assert none.code == 2
    assert "'speed'" in none.err
    part = workbench("bench", "noisy", "--engine", "scripted", "--where", "snr_db=10", "--json").document
    assert part["scored"] == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["sets", "derive", "english-demo"], "Nothing would be done"),
        (["sets", "derive", "english-demo", "--noise", "wite"], "no noise 'wite'"),
        (["sets", "derive", "english-demo", "--noise", "white", "--snr", "loud"], "is not numbers"),
        (["sets", "import", "kalid", "."], "no layout named 'kalid'"),
        (["sets", "fetch", "seame"], "workbench sets import kaldi"),
        (["sets", "fetch", "nope"], "no recipe named 'nope'"),
        (["sets", "recipes", "aishel"], "Did you mean 'aishell-2'"),
    ],
)
def test_what_cannot_be_is_a_sentence(workbench: Command, words: list[str], said: str) -> None:
    outcome = workbench(*words)
    assert outcome.code == 2
    assert said in outcome.err


def test_recipes_say_where_they_were_checked(workbench: Command) -> None:
    listed = workbench("sets", "recipes", "--json").document
    assert len(listed) == 24
    shown = workbench("sets", "recipes", "fleurs-yue").out
    assert "Licence: CC-BY-4.0" in shown
    assert "Checked, files:" in shown
    assert "general knowledge" in shown


def test_fetching_asks_first(
    workbench: Command, monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path
) -> None:
    from workbench.evalsets import fetching
    from workbench.evalsets.downloads import RemoteFile

    planned = [RemoteFile(url="https://example.org/a.tar.gz", path="a.tar.gz", size=5 * 2**20)]
    monkeypatch.setattr(fetching, "plan_urls", lambda urls: planned)
    unattended = workbench("sets", "fetch", "musan", "--json")
    assert unattended.code == 2
    assert "--yes" in unattended.document["error"]["hint"]

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    answer = workbench("sets", "fetch", "musan")
    assert answer.code == 1
    assert "5.0 MiB" in answer.err
    assert "Licence: per file" in answer.err
    assert not (settings.home / "corpora" / "musan").exists()


def test_over_http(server: object, workbench: Command, demo_set: Path) -> None:
    base = f"{server.url}/v1/workbench"  # pyright: ignore[reportAttributeAccessIssue]
    found = httpx.get(f"{base}/recipes", params={"name": "kespeech"}, timeout=30).json()
    assert found[0]["read"]["drop"] == ["<SPOKEN_NOISE>"]
    assert httpx.get(f"{base}/recipes", params={"name": "nope"}, timeout=30).status_code == 404
    assert httpx.get(f"{base}/curve", params={"runs": "nope"}, timeout=30).status_code == 404
    assert json.dumps(found)


def test_a_curve_along_the_chunk_length_is_the_same_at_both_doors(
    server: object, workbench: Command, demo_set: Path
) -> None:
    url = f"{server.url}/v1/workbench/curve"  # pyright: ignore[reportAttributeAccessIssue]
    words = ("curve", "--set", demo_set, "--axis", "chunk_seconds", "--values", "5,10", "--engine", "scripted")
    drawn = workbench(*words, "--json").document
    assert [point["at"] for point in drawn["curves"][0]["points"]] == [5, 10]
    asked = {"sets": [str(demo_set)], "axis": "chunk_seconds", "values": [5, 10], "engines": ["scripted"]}
    assert events(url, asked)[-1] == ("curves", drawn)
    short = workbench(*words[:-3], "0.5", "--engine", "scripted")
    assert (short.code, "Chunks of 0.5 s are too short." in short.err) == (2, True)
    found = workbench("bench", demo_set, "--engine", "scripted", "--chunk-seconds", "5", "--json").document
    assert found["run_id"] == drawn["curves"][0]["runs"][0]
    assert "Chunk length: at most 5 s" in workbench("runs", "show", found["run_id"]).out
    assert "Chunk length: at most 5 s, cut at pauses" in workbench("runs", "report", found["run_id"], "--format=md").out
    refused = workbench("bench", demo_set, "--engine", "scripted", "--chunk-seconds", "nan")
    assert (refused.code, "Chunks cannot last nan s." in refused.err) == (2, True)


def events(url: str, body: dict[str, object]) -> list[tuple[str, dict[str, object]]]:
    """Server-sent events by name; an answer that is an error as one named `refused`."""
    answer = httpx.post(url, json=body, timeout=60)
    if answer.status_code != 200:
        return [("refused", answer.json()["error"])]
    frames = (frame.split("\n") for frame in answer.text.strip().split("\n\n"))
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in frames]


def test_sets_are_imported_checked_and_derived_over_http(server: object, workbench: Command, kaldi: Path) -> None:
    base = f"{server.url}/v1/workbench"  # pyright: ignore[reportAttributeAccessIssue]
    asked = {"layout": "kaldi", "folder": str(kaldi), "name": "mine", "language": "en"}
    ((_, refused),) = [one for one in events(f"{base}/sets/import", asked) if one[0] in ("refused", "error")]
    assert "text:3: wav.scp:3 is a command" in str(refused)
    *progress, (name, imported) = events(f"{base}/sets/import", asked | {"skip_faulty": True, "copy": True})
    assert (name, imported["total"], imported["imported"]) == ("imported", 3, 2)
    assert imported["refused"][0]["line"] == 3  # pyright: ignore[reportIndexIssue]
    assert {one for one, _ in progress} == {"progress"}
    assert httpx.get(f"{base}/sets/check", params={"set": "mine"}).json()["items"] == 2
    assert httpx.get(f"{base}/sets/check", params={"set": "nope"}).status_code == 404
    *_, (name, derived) = events(f"{base}/sets/derive", {"set": "mine", "noise": ["white"], "snr": [10, 0]})
    assert (name, derived["total"], derived["name"]) == ("derived", 6, "mine-conditions")
    ((_, refused),) = events(f"{base}/sets/derive", {"set": "mine"})
    assert "Nothing would be done" in str(refused)

    asked = {"sets": ["mine-conditions"], "engines": ["scripted"], "chains": ["", "gain:peak_db=-3"]}
    streamed = events(f"{base}/curve", asked)
    assert [one for one, _ in streamed if one == "cell_started"] == ["cell_started"] * 2
    name, curves = streamed[-1]
    assert (name, len(curves["curves"])) == ("curves", 2)  # pyright: ignore[reportArgumentType]
    words = ("--set", "mine-conditions", "--engine", "scripted", "--chain", "", "--chain", "gain:peak_db=-3")
    assert workbench("curve", *words, "--json").document == curves, "the runs are there already"
    told = workbench("curve", *words)
    assert "no difference shown (" in told.out
    assert "of the mean over the axis; 2 places, 2 clips that both heard." in told.out


def test_a_curve_over_a_parameter_runs_what_it_needs(workbench: Command, demo_set: Path) -> None:
    words = ("curve", "--set", demo_set, "--engine", "scripted", "--axis", "gain.peak_db", "--values=-20,-3", "--json")
    (curve,) = workbench(*words).document["curves"]
    assert [point["at"] for point in curve["points"]] == [-20, -3]
    assert len(curve["runs"]) == 2
    for wrong, said in (
        (("curve",), "of runs, or of sets"),
        (("curve", "--set", demo_set, "--engine", "scripted"), "is tagged with snr_db"),
        (("curve", "--set", demo_set, "--engine", "scripted", "--axis", "beam", "--values", "1,2"), "beam"),
        (("curve", "--set", demo_set, "--engine", "scripted", "--option", "whisper/beam=1"), "that is not there"),
    ):
        outcome = workbench(*wrong)
        assert outcome.code == 2
        assert said in outcome.err
