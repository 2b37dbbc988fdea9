"""Reports through Python, the command line and HTTP: the same text."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

import workbench as python
from workbench import services
from workbench.errors import UnknownName


@pytest.fixture
def runs(workbench: Callable[..., Any], demo_set: Path) -> list[str]:
    """Three runs over the same clips."""
    chains = ("", "highpass", "gain")
    return [python.bench(str(demo_set), engine="scripted", chain=chain).run_id for chain in chains]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_report_says_the_same_through_python_command_line_and_http(
    count: int, runs: list[str], workbench: Callable[..., Any], server: Any
) -> None:
    chosen = runs[:count]
    for form in services.REPORT_FORMATS:
        expected = services.report(*chosen, format=form)
        assert expected
        assert workbench("runs", "report", *chosen, "--format", form).out == expected
        document = workbench("runs", "report", *chosen, "--format", form, "--json").document
        assert document == {"format": form, "content": expected}
        params = {"format": form, "other": chosen[1:]}
        answer = httpx.get(f"{server.url}/v1/workbench/runs/{chosen[0]}/report", params=params, timeout=60)
        assert (answer.status_code, answer.text) == (200, expected)


def test_it_is_html_unless_told_otherwise_and_goes_to_a_file(
    runs: list[str], workbench: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    done = workbench("runs", "report", runs[0][:-1], "--output", path)
    assert (done.code, done.out) == (0, "")
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert "turn the lights off" in path.read_text(encoding="utf-8")
    assert workbench("runs", "report", runs[0], "--output", path, "--json").document == {
        "format": "html",
        "written": str(path),
    }


def test_over_http_it_is_a_file_to_save(runs: list[str], server: Any) -> None:
    url = f"{server.url}/v1/workbench/runs/{runs[0][:-1]}/report"
    for form, kind in (("html", "text/html"), ("md", "text/markdown"), ("csv", "text/csv")):
        headers = httpx.get(url, params={"format": form}).headers
        assert headers["content-disposition"] == f"attachment; filename*=UTF-8''{runs[0]}-report.{form}"
        assert headers["content-type"] == f"{kind}; charset=utf-8"
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"


def test_it_is_scored_under_the_ruler_asked_for(runs: list[str], workbench: Callable[..., Any], server: Any) -> None:
    table = workbench("runs", "report", runs[0], "--format", "csv", "--ruler", "raw").out
    assert {row["ruler"] for row in csv.DictReader(io.StringIO(table))} == {"raw@1"}
    answer = httpx.get(f"{server.url}/v1/workbench/runs/{runs[0]}/report", params={"ruler": "/etc/x.toml"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "UnknownName")


def test_what_cannot_be_made_is_a_sentence(runs: list[str], workbench: Callable[..., Any], tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="pdf"):
        services.report(runs[0], format="pdf")
    missing = workbench("runs", "report", "no-such-run", "--json")
    assert (missing.code, missing.document["error"]["code"]) == (2, "UnknownName")
    nowhere = workbench("runs", "report", runs[0], "--output", tmp_path / "no" / "report.html")
    assert nowhere.code == 2
    assert "cannot be written" in nowhere.err
