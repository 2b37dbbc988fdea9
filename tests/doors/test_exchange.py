"""Texts of other systems in and ours out, through every door."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

import workbench as python
from workbench import services
from workbench.runs.imported import imported_json
from workbench.runs.report import run_json

LINES = [
    {"id": "one", "text": "turn the light on"},
    {"id": "two", "text": "turn the light of"},
    {"id": "three", "text": "请打开"},
]


@pytest.fixture
def hyp(tmp_path: Path) -> Path:
    path = tmp_path / "theirs.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in LINES), encoding="utf-8")
    return path


def test_an_import_says_the_same_through_python_command_line_and_http(
    workbench: Callable[..., Any], server: Any, demo_set: Path, hyp: Path
) -> None:
    found = services.import_run(hyp, set=str(demo_set), system="theirs")
    expected = run_json(services.summary(found.record.run_id)) | imported_json(found)
    assert expected["metrics"]["mer"]["errors"] == 4
    expected["existing"] = True
    words = ("runs", "import", hyp, "--set", demo_set, "--system", "theirs")
    outcome = workbench(*words, "--json")
    assert (outcome.code, outcome.document) == (0, json.loads(json.dumps(expected)))
    assert "was there already" in workbench(*words).out

    body = {"set": str(demo_set), "system": "theirs"}
    url = f"{server.url}/v1/workbench/runs/import"
    for given in ({"lines": LINES}, {"text": hyp.read_text(encoding="utf-8"), "format": "jsonl"}):
        answer = httpx.post(url, json=body | given, timeout=30)
        assert answer.status_code == 200
        assert {**answer.json(), "run_id": "", "existing": True} == json.loads(json.dumps({**expected, "run_id": ""}))


def test_an_imported_run_is_listed_shown_scored_compared_and_deleted(
    workbench: Callable[..., Any], server: Any, demo_set: Path, hyp: Path
) -> None:
    ours = python.bench(str(demo_set), engine="scripted").run_id
    theirs = services.import_run(hyp, set=str(demo_set), system="their own").record.run_id
    assert "imported:their own" in workbench("runs").out
    shown = workbench("runs", "show", theirs)
    assert "Device: not known" in shown.out
    assert "real-time factor" not in shown.out
    assert workbench("runs", "show", theirs, "--json").document["measurement"] is None
    assert workbench("score", theirs, "--json").code == 0
    compared = workbench("compare", ours, theirs, "--json").document
    assert (compared["common"], compared["cost"]["rtf"]["b"]) == (3, None)
    assert {row.run_id for row in services.rank([ours, theirs]).rows} == {ours, theirs}
    assert httpx.get(f"{server.url}/v1/workbench/runs/{theirs}").json()["outcomes"][0]["measurement"] is None
    assert workbench("runs", "delete", theirs).code == 0


def test_texts_go_out_and_come_in_again(
    workbench: Callable[..., Any], server: Any, demo_set: Path, tmp_path: Path
) -> None:
    run_id = python.bench(str(demo_set), engine="scripted").run_id
    for format in ("jsonl", "csv", "trn", "nemo", "ctm"):
        written = workbench("runs", "export", run_id, "--format", format)
        file = tmp_path / f"out.{format}"
        told = workbench("runs", "export", run_id, "--format", format, "--output", file, "--json").document
        assert told == {"format": format, "items": 3, "left_out": [], "written": str(file)}
        assert file.read_bytes().decode() == written.out
        answer = httpx.get(f"{server.url}/v1/workbench/runs/{run_id}/export", params={"format": format})
        assert (answer.status_code, answer.content) == (200, file.read_bytes())
        assert answer.headers["X-Workbench-Left-Out"] == "0"
        again = services.import_run(file, set=str(demo_set), system=format, format=format).record.run_id
        texts = [one.text for one in services.load_run(again).outcomes]
        expected = [one.text for one in services.load_run(run_id).outcomes]
        assert texts == ([text.replace("打开 API", "打开API") for text in expected] if format == "ctm" else expected)


def test_an_export_may_be_ruled_and_be_of_the_references(
    workbench: Callable[..., Any], server: Any, demo_set: Path
) -> None:
    run_id = python.bench(str(demo_set), engine="scripted").run_id
    words = ("runs", "export", run_id, "--format", "trn", "--side", "reference", "--ruler", "zh")
    assert workbench(*words).out.splitlines()[2] == "请打开 api 文档 (three)"
    document = workbench(*words, "--json").document
    assert document["content"] == workbench(*words).out
    url = f"{server.url}/v1/workbench/runs/{run_id}/export"
    answer = httpx.get(url, params={"format": "trn", "side": "reference", "ruler": "zh"})
    assert answer.text == document["content"]
    assert "attachment" in answer.headers["content-disposition"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["import", "HYP", "--set", "SET"], "UsageError", "need a set and a system"),
        (["import", "HYP", "--system", "x"], "UsageError", "need a set and a system"),
        (["import", "HYP", "--set", "SET", "--system", ""], "UsageError", "no name"),
        (["import", "HYP", "--set", "SET", "--system", "x", "--missing", "guess"], "UsageError", "invalid choice"),
        (["import", "HYP", "--set", "nowhere", "--system", "x"], "UnknownName", "no set"),
        (["import", "HYP", "--set", "SET", "--system", "x", "--format", "docx"], "UnknownName", "no format"),
        (["import", "gone.jsonl", "--set", "SET", "--system", "x"], "UsageError", "no file"),
        (["import", "HYP", "--set", "SET", "--system", "x", "--format", "trn"], "ManifestError", "no (id)"),
        (["import", "HYP", "--set", "english-demo", "--system", "x"], "ManifestError", "no text is of a clip"),
        (["export"], "UsageError", "ID"),
        (["export", "gone"], "UnknownName", "no run"),
        (["export", "RUN", "--format", "docx"], "UnknownName", "no format"),
        (["export", "RUN", "--ruler", "yard"], "UnknownName", "no ruler"),
        (["export", "RUN", "--side", "reference"], "UsageError", "reference beside"),
        (["export", "RUN", "--output", "/nowhere/at/all"], "UsageError", "cannot be written"),
        (["export", "RUN", "--format", "ctm"], "UsageError", "CTM needs the time"),
    ],
)
def test_what_cannot_be_exchanged_is_a_sentence(
    workbench: Callable[..., Any], demo_set: Path, hyp: Path, words: list[str], code: str, said: str
) -> None:
    run_id = services.import_run(hyp, set=str(demo_set), system="theirs").record.run_id
    names = {"HYP": str(hyp), "SET": str(demo_set), "RUN": run_id}
    outcome = workbench("runs", *(names.get(word, word) for word in words), "--json")
    assert outcome.code == 2
    assert outcome.document["error"]["code"] == code
    assert said in outcome.document["error"]["message"]


def test_clips_without_texts_are_told(workbench: Callable[..., Any], demo_set: Path, hyp: Path) -> None:
    hyp.write_text(
        "".join(json.dumps(line) + "\n" for line in [*LINES[:2], {"id": "four", "text": ""}]), encoding="utf-8"
    )
    words = ("runs", "import", hyp, "--set", demo_set, "--system", "theirs")
    refused = workbench(*words, "--json")
    assert refused.code == 2
    assert "no text for 'three'" in refused.document["error"]["message"]
    assert "has the id 'four'" in refused.document["error"]["message"]
    empty = workbench(*words, "--missing", "empty", "--unknown", "skip", "--json")
    assert (empty.code, empty.document["missing"], empty.document["skipped"]) == (0, ["three"], ["four"])
    assert "1 clips have no text: three" in empty.err
    failed = workbench(*words, "--missing", "fail", "--unknown", "skip", "--json")
    assert (failed.code, failed.document["failed"]) == (1, 1)


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"lines": None}, 400, "either lines, or a text and its format"),
        ({"text": "x"}, 400, "either lines, or a text and its format"),
        ({"lines": None, "text": "x"}, 400, "either lines, or a text and its format"),
        ({"lines": None, "text": "x", "format": "docx"}, 404, "no format"),
        ({"path": "/etc/passwd"}, 400, "path"),
        ({"set": "nowhere"}, 404, "no set"),
        ({"lines": [{"id": "one"}]}, 422, "request:1: no 'pred_text'"),
        ({"lines": LINES[:1]}, 422, "no text for 'two'"),
        ({"lines": [{"id": "one", "text": "\ud800"}]}, 422, "half a character"),
    ],
)
def test_an_import_over_http_that_cannot_be_used(
    server: Any, demo_set: Path, change: dict[str, Any], status: int, said: str
) -> None:
    body = {"set": str(demo_set), "system": "x", "lines": LINES} | change
    url, headers = f"{server.url}/v1/workbench/runs/import", {"Content-Type": "application/json"}
    answer = httpx.post(url, content=json.dumps(body), headers=headers, timeout=30)
    assert answer.status_code == status
    assert said in answer.json()["error"]["message"]


def test_an_export_over_http_that_cannot_be(server: Any, demo_set: Path, tmp_path: Path) -> None:
    run_id = services.bench(str(demo_set), engine="scripted", pool=server.pool).run_id
    url = f"{server.url}/v1/workbench/runs"
    own = tmp_path / "own.toml"
    own.write_text('name = "own"\nversion = 1\nsteps = ["case"]\n', encoding="utf-8")
    for path, params, status in (
        ("gone/export", {}, 404),
        (f"{run_id}/export", {"format": "docx"}, 404),
        (f"{run_id}/export", {"ruler": str(own)}, 404),
        (f"{run_id}/export", {"side": "both"}, 400),
        (f"{run_id}/export", {"side": "reference"}, 400),
    ):
        assert httpx.get(f"{url}/{path}", params=params).status_code == status, (path, params)
