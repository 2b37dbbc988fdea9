"""Labels doubted, corrected and undone through every door: the same answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic_core import to_jsonable_python

from workbench import services
from workbench.engines.scripted import ScriptedPlugin

from .conftest import ANSWERS

SLIP = "turn the lights off"
"""What every run has for the clip labelled "turn the light off"."""


@pytest.fixture
def runs(scripted: ScriptedPlugin, demo_set: Path) -> list[str]:
    """Three runs that hear the same but for the Chinese clip."""
    found = list[str]()
    for number, chain in enumerate(("", "gain:peak_db=-3", "highpass")):
        scripted.script["three.wav"] = ANSWERS["three.wav"] + " 文档" * number
        found.append(services.bench(str(demo_set), engine="scripted", chain=chain).run_id)
    return found


@pytest.fixture
def url(server: Any) -> str:
    return f"{server.url}/v1/workbench"


def plain(value: Any) -> Any:
    return json.loads(json.dumps(to_jsonable_python(value)))


def test_suspects_are_the_same_through_python_command_line_and_http(
    workbench: Callable[..., Any], url: str, runs: list[str]
) -> None:
    found = services.suspects(runs, limit=1)
    (row,) = found.rows
    assert (row.suspect.id, row.suspect.consensus) == ("two", SLIP)
    assert (found.judged, len(found.witnesses)) == (3, 3)
    assert row.audio.endswith("two.wav")
    assert workbench("labels", "suspects", *runs, "--limit", "1", "--json").document == plain(found)
    answer = httpx.get(f"{url}/suspects", params={"runs": runs, "limit": 1})
    assert answer.json() == plain(found)
    shown = workbench("labels", "suspects", *runs).out
    assert SLIP in shown
    assert f"under {found.ruler} {found.ruler_hash}" in shown


def test_a_correction_is_the_same_through_every_door(
    workbench: Callable[..., Any], url: str, demo_set: Path, runs: list[str]
) -> None:
    told = workbench("labels", "correct", demo_set, "two", "--text", SLIP, "--note", "heard twice", "--json").document
    (entry,) = told["corrections"]
    assert (entry["published"], entry["text"], entry["note"]) == ("turn the light off", SLIP, "heard twice")
    assert workbench("labels", "list", demo_set.name, "--json").document == told
    assert httpx.get(f"{url}/corrections/{demo_set.name}").json() == told
    assert services.suspects(runs).rows[0].correction == services.list_corrections(demo_set.name).entries[0]
    assert (demo_set / "manifest.jsonl").read_text(encoding="utf-8").count(SLIP) == 0

    wrong = httpx.put(f"{url}/corrections/{demo_set.name}/one", json={"wrong": True, "published": "turn the light on"})
    assert [one["status"] for one in wrong.json()["corrections"]] == ["corrected", "wrong"]
    assert httpx.delete(f"{url}/corrections/{demo_set.name}/one").json() == told
    assert workbench("labels", "correct", demo_set, "two", "--undo", "--json").document["corrections"] == []
    assert httpx.delete(f"{url}/corrections/{demo_set.name}/two").status_code == 404


def test_scores_under_corrections_say_so_in_every_door(
    workbench: Callable[..., Any], url: str, demo_set: Path, runs: list[str]
) -> None:
    services.correct(str(demo_set), "two", text=SLIP)
    services.correct(str(demo_set), "three", wrong=True)
    run, other, _ = runs
    assert services.summary(run).metrics["mer"].counts.errors == 3
    under = workbench("score", run, "--corrected", "--json").document
    assert under["metrics"]["mer"]["errors"] == 0
    assert (under["corrections"]["changed"], under["corrections"]["left_out"], under["total"]) == (1, 1, 2)
    assert httpx.post(f"{url}/score", json={"run": run, "corrected": True}).json() == under
    shown = httpx.get(f"{url}/runs/{run}", params={"corrected": True}).json()["summary"]
    assert shown == under
    compared = workbench("compare", run, other, "--corrected", "--json").document
    assert httpx.get(f"{url}/compare", params={"a": run, "b": other, "corrected": True}).json() == compared
    assert [note["hash"] for note in compared["corrections"]] == [under["corrections"]["hash"]]
    assert services.causes(run, corrected=True).analysis.confusions.substitutions == ()
    for words in (("score", run), ("runs", "show", run), ("compare", run, other)):
        assert under["corrections"]["hash"] in workbench(*words, "--corrected").out
        assert under["corrections"]["hash"] not in workbench(*words).out


def wrong_uses() -> Iterator[tuple[str, ...]]:
    yield ("labels",)
    yield ("labels", "suspects", "{0}")
    yield ("labels", "suspects", "{0}", "{0}")
    yield ("labels", "suspects", "{0}", "{1}", "--limit", "0")
    yield ("labels", "correct", "{set}", "two")
    yield ("labels", "correct", "{set}", "two", "--wrong", "--text", "x")
    yield ("labels", "correct", "{set}", "nobody", "--wrong")
    yield ("labels", "correct", "{set}", "two", "--undo")
    yield ("labels", "correct", "nowhere", "two", "--wrong")
    yield ("score", "--ref", "{set}/manifest.jsonl", "--hyp", "{set}/manifest.jsonl", "--corrected")


@pytest.mark.parametrize("words", wrong_uses())
def test_what_cannot_be_done_is_an_error(
    workbench: Callable[..., Any], demo_set: Path, runs: list[str], words: tuple[str, ...]
) -> None:
    outcome = workbench(*(word.format(*runs, set=demo_set) for word in words), "--json")
    assert outcome.code == 2
    assert outcome.document["error"]["hint"]
