"""Sweeps and recommendations over HTTP: the same as on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from workbench.engines.scripted import ScriptedPlugin

ASKED: dict[str, Any] = {"engines": ["scripted"], "chains": ["", "gain:peak_db=-3"]}


@pytest.fixture
def url(server: Any) -> str:
    return f"{server.url}/v1/workbench"


def stream_of(answer: httpx.Response) -> list[tuple[str, Any]]:
    blocks = [block for block in answer.text.split("\n\n") if block.startswith("event: ")]
    parts = [block.removeprefix("event: ").split("\ndata: ", 1) for block in blocks]
    return [(name, json.loads(value)) for name, value in parts]


def test_a_sweep_over_http_says_what_the_command_line_says(
    workbench: Callable[..., Any], url: str, demo_set: Path, scripted: ScriptedPlugin
) -> None:
    body = {"sets": [str(demo_set)], **ASKED}
    events = stream_of(httpx.post(f"{url}/sweep", json=body, timeout=60))
    names = [name for name, _ in events]
    assert (names[0], names[-1]) == ("sweep_started", "table")
    assert (names.count("cell_started"), names.count("result"), names.count("cell_done")) == (2, 6, 2)
    before = len(scripted.journal.calls)
    table = events[-1][1]
    assert [row["chain"] for row in table] == ["", "gain:peak_db=-3"]
    sweep_id = events[0][1]["sweep_id"]
    assert httpx.get(f"{url}/sweeps/{sweep_id}").json() == table
    assert workbench("sweeps", "show", sweep_id, "--json").document == table
    (listed,) = httpx.get(f"{url}/sweeps").json()
    assert (listed["sweep_id"], listed["finished"], len(listed["runs"])) == (sweep_id, True, 2)

    again = stream_of(httpx.post(f"{url}/sweep", json=body, timeout=60))
    assert [value["reused"] for name, value in again if name == "cell_done"] == [True, True]
    assert len(scripted.journal.calls) == before

    report = httpx.get(f"{url}/sweeps/{sweep_id}/report", params={"format": "csv"})
    assert report.headers["content-type"].startswith("text/csv")
    assert f"sweep-{sweep_id}.csv" in report.headers["content-disposition"]
    assert report.text == workbench("sweeps", "report", sweep_id, "--format", "csv").out
    assert httpx.get(f"{url}/sweeps/{sweep_id}/report", params={"format": "pdf"}).status_code == 404
    assert httpx.delete(f"{url}/sweeps/{sweep_id}").status_code == 204
    assert httpx.get(f"{url}/sweeps/{sweep_id}").status_code == 404
    assert len(httpx.get(f"{url}/runs").json()) == 2


def test_what_cannot_be_swept_is_refused_before_anything_runs(
    url: str, demo_set: Path, scripted: ScriptedPlugin, tmp_path: Path
) -> None:
    def message(**changed: Any) -> str:
        body = {"sets": [str(demo_set)], **ASKED, **changed}
        return httpx.post(f"{url}/sweep", json=body, timeout=60).json()["error"]["message"]

    assert "at least two settings" in message(chains=[""])
    assert "denoize" in message(chains=["", "denoize"])
    assert "rulez" in message(ruler="rulez")
    (tmp_path / "own.toml").write_text("name = 'own'")
    assert "own.toml" in message(ruler=str(tmp_path / "own.toml"))
    assert "chain" in message(chain="highpass")
    assert scripted.journal.calls == []


def test_a_recommendation_over_http_says_what_the_command_line_says(
    workbench: Callable[..., Any], url: str, demo_set: Path, spoken: Path
) -> None:
    files = {"file": (spoken.name, spoken.read_bytes())}
    none = httpx.post(f"{url}/recommend", files=files)
    assert (none.status_code, "no sweep" in none.json()["error"]["message"]) == (400, True)
    workbench("sweep", demo_set, "--engine", "scripted", "--chain", "", "--chain", "gain:peak_db=-3")
    told = httpx.post(f"{url}/recommend", files=files, data={"nearest": "3"}).json()
    assert told == workbench("recommend", spoken, "--nearest", "3", "--json").document
    assert told["sentence"]
    assert "nearest" in httpx.post(f"{url}/recommend", files=files, data={"nearest": "many"}).json()["error"]["message"]
    assert "no recording" in httpx.post(f"{url}/recommend", files={"x": ("a", b"b")}).json()["error"]["message"]
