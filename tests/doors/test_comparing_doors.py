"""Rankings, comparisons and causes through every door but the page."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

import workbench as python
from workbench import services
from workbench.engines.scripted import ScriptedPlugin
from workbench.runs.causes_report import causes_json
from workbench.runs.report import comparison_json, ranking_json

CHAINS = ("", "gain:peak_db=-3", "highpass")


@pytest.fixture
def three_runs(scripted: ScriptedPlugin, demo_set: Path) -> list[str]:
    """Ids of three runs over the demo set, whose clips have two speakers."""
    manifest = demo_set / "manifest.jsonl"
    lines = [json.loads(line) for line in manifest.read_text(encoding="utf-8").splitlines()]
    told = [line | {"speaker": "AB"[n % 2]} for n, line in enumerate(lines)]
    manifest.write_text("".join(json.dumps(line) + "\n" for line in told), encoding="utf-8")
    return [python.bench(str(demo_set), engine="scripted", chain=chain).run_id for chain in CHAINS]


def plain(document: dict[str, Any]) -> dict[str, Any]:
    return json.loads(json.dumps(document, allow_nan=False))


def test_a_ranking_says_the_same_through_python_command_line_and_http(
    workbench: Callable[..., Any], server: Any, three_runs: list[str]
) -> None:
    a, b, c = three_runs
    expected = plain(ranking_json(python.rank(three_runs, ruler="basic", baseline=c, cluster_by="speaker")))
    words = ("--ruler", "basic", "--baseline", c, "--cluster-by", "speaker", "--json")
    outcome = workbench("compare", a, b, c, *words)
    assert (outcome.code, outcome.document) == (0, expected)
    params = {"run": three_runs, "ruler": "basic", "baseline": c, "cluster_by": "speaker"}
    assert httpx.get(f"{server.url}/v1/workbench/rank", params=params).json() == expected
    assert (expected["baseline"], expected["cluster_by"], expected["clusters"]) == (c, "speaker", 2)
    assert {row["place"] for row in expected["runs"]} == {"1–3"}


def test_two_runs_are_compared_and_more_are_ranked(workbench: Callable[..., Any], three_runs: list[str]) -> None:
    a, b, c = three_runs
    two = workbench("compare", a, b, "--cluster-by", "speaker")
    assert "A is " in two.out
    assert "MER: no difference shown (0.0 points, 0.0 … 0.0). B has fewer errors in 0 clips" in two.out
    assert "Drawn: 2 speakers." in two.out
    assert "warning: 2 speakers: intervals are not reliable" in two.err
    three = workbench("compare", a, b, c)
    head, *rows = three.out.splitlines()
    assert head.split()[:4] == ["place", "engine", "chain", "MER"]
    assert [row.split()[0] for row in rows[:3]] == ["1–3"] * 3
    assert f"{b} against the baseline: no difference shown (0.0 points" in three.out
    assert "3 clips in common. Drawn: 3 clips." in three.out
    assert "baseline" in json.dumps(workbench("compare", a, b, "--baseline", b, "--json").document)


def test_what_is_drawn_may_be_chosen(workbench: Callable[..., Any], server: Any, three_runs: list[str]) -> None:
    a, b, c = three_runs
    expected = plain(comparison_json(python.compare(a, b, cluster_by="utterance")))
    assert expected["metrics"]["mer"]["cluster_by"] == "utterance"
    assert workbench("compare", a, b, "--cluster-by", "utterance", "--json").document == expected
    params = {"a": a, "b": b, "cluster_by": "utterance"}
    assert httpx.get(f"{server.url}/v1/workbench/compare", params=params).json() == expected
    refused = workbench("compare", a, b, c, "--cluster-by", "recording", "--json")
    assert (refused.code, refused.document["error"]["code"]) == (2, "UsageError")
    params = {"run": [a, b], "cluster_by": "weather"}
    assert httpx.get(f"{server.url}/v1/workbench/rank", params=params).status_code == 400
    stranger = workbench("compare", a, b, "--baseline", c, "--json")
    assert (stranger.code, stranger.document["error"]["code"]) == (2, "UsageError")


def test_causes_say_the_same_through_python_command_line_and_http(
    workbench: Callable[..., Any], server: Any, three_runs: list[str], tmp_path: Path
) -> None:
    run = three_runs[0]
    terms = ["API", "文檔", "lights"]
    expected = plain(causes_json(services.causes(run, ruler="zh", terms=terms)))
    (tmp_path / "terms.txt").write_text("API\n文檔\n", encoding="utf-8")
    words = ("--ruler", "zh", "--terms", tmp_path / "terms.txt", "--term", "lights")
    outcome = workbench("causes", run, *words, "--json")
    assert (outcome.code, outcome.document) == (0, expected)
    url = f"{server.url}/v1/workbench/runs/{run}/causes"
    assert httpx.get(url, params={"ruler": "zh", "term": terms}).json() == expected
    counted = {term: (one["found"], one["missed"], one["inserted"]) for term, one in expected["terms"].items()}
    assert counted == {"API": (1, 0, 0), "文檔": (0, 1, 0), "lights": (0, 0, 1)}
    assert [(one["tag"], one["value"]) for one in expected["by_tag"]] == [("speaker", "A"), ("speaker", "B")]
    told = workbench("causes", run, *words)
    assert f"ruler {expected['ruler']} {expected['ruler_hash']}" in told.out
    assert "文檔    0      1       0       0.00 %" in told.out
    assert ["light", "lights", "1", "two"] in [line.split() for line in told.out.splitlines()]
    assert workbench("causes", run).out.count("Terms:") == 0


@pytest.mark.parametrize("words", [["--terms", "nowhere.txt"], ["--ruler", "yard"]])
def test_causes_refuse_what_they_cannot_use(
    workbench: Callable[..., Any], three_runs: list[str], words: list[str]
) -> None:
    outcome = workbench("causes", three_runs[0], *words, "--json")
    assert outcome.code == 2
    assert outcome.document["error"]["hint"]


def test_a_score_says_what_its_interval_is_drawn_over(workbench: Callable[..., Any], three_runs: list[str]) -> None:
    outcome = workbench("score", three_runs[0])
    assert "warning: The clips are of 2 speakers only" in outcome.err
    document = workbench("score", three_runs[0], "--json").document
    assert document["cluster_by"] == "utterance"
    assert f"Intervals are drawn over {document['clusters']} clips." in outcome.out
