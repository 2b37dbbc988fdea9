"""A run's clips through the service that keeps scored runs, and over HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from workbench import services
from workbench.engines.pool import EnginePool
from workbench.engines.scripted import ScriptedPlugin
from workbench.http.exploring import ClipRequest
from workbench.runs.clip_query import ClipQuery
from workbench.runs.journal import Entry
from workbench.runs.records import ItemResult
from workbench.runs.store import RunStore
from workbench.services import exploring
from workbench.settings import Settings


@pytest.fixture
def pool(scripted: ScriptedPlugin) -> Iterator[EnginePool]:
    made = EnginePool(Settings.from_env())
    yield made
    made.unload()


@pytest.fixture
def run_id(pool: EnginePool, demo_set: Path) -> str:
    *_, last = services.bench_events(str(demo_set), engine="scripted", pool=pool)
    assert last.kind == "finished"
    return last.run_id


def add_result(pool: EnginePool, run_id: str, name: str, *, status: Any = "started") -> None:
    """One more clip, as a run that goes on would write it."""
    store = RunStore(pool.settings)
    stored = store.load_run(run_id)
    store.save_record(replace(stored.record, status=status))
    first = next(one for one in stored.outcomes if isinstance(one, ItemResult))
    with store.open_journal(run_id) as journal:
        journal.append(Entry(outcome=replace(first, id=name), wall_seconds=9.0))


def test_a_run_is_scored_once_until_it_changes(pool: EnginePool, run_id: str) -> None:
    first = services.scored_run(run_id, pool=pool)
    assert services.scored_run(run_id[:22], pool=pool) is first
    assert services.scored_run(run_id, ruler="raw", pool=pool) is not first
    add_result(pool, run_id, "four", status="success")
    assert services.clips(run_id, pool=pool).total == 4
    assert services.scored_run(run_id, pool=pool) is not first


def test_a_run_that_goes_on_is_not_scored_at_every_click(
    pool: EnginePool, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_result(pool, run_id, "four")
    first = services.scored_run(run_id, pool=pool)
    monkeypatch.setattr(type(first), "seconds", 0.2)
    add_result(pool, run_id, "five")
    assert services.scored_run(run_id, pool=pool) is first
    deadline = time.monotonic() + 10
    while services.scored_run(run_id, pool=pool) is first:
        assert time.monotonic() < deadline, "the run was never scored anew"
        time.sleep(0.1)
    assert services.clips(run_id, pool=pool).total == 5


def test_only_a_few_scored_runs_are_kept(pool: EnginePool, run_id: str) -> None:
    first = services.scored_run(run_id, pool=pool)
    for seed in range(1, exploring.MOST_KEPT + 1):
        services.scored_run(run_id, seed=seed, pool=pool)
    assert services.scored_run(run_id, pool=pool) is not first


def test_corrected_labels_change_what_is_found(pool: EnginePool, run_id: str) -> None:
    assert services.clips(run_id, pool=pool).matches.counts.errors == 3
    name = services.load_run(run_id, pool=pool).record.spec.eval_set
    services.correct(name, "two", text="turn the lights off", published="turn the light off", pool=pool)
    assert services.clips(run_id, pool=pool).matches.counts.errors == 3
    assert services.clips(run_id, corrected=True, pool=pool).matches.counts.errors == 2
    services.correct(name, "three", wrong=True, published="请打开 API 文档", pool=pool)
    assert services.clips(run_id, corrected=True, pool=pool).matches.clips == 2


def test_a_clip_is_taken_apart_by_the_service(pool: EnginePool, run_id: str) -> None:
    detail = services.clip(run_id, "three", pool=pool)
    assert [edit.op for edit in detail.alignment] == ["hit", "hit", "hit", "hit", "deletion", "deletion"]


def test_http_takes_what_the_query_and_the_service_take() -> None:
    expected = {one.name: one.default for one in fields(ClipQuery)} | {"ruler": None, "corrected": False, "seed": 0}
    assert set(ClipRequest.model_fields) == set(expected)
    for name, default in expected.items():
        assert ClipRequest.model_fields[name].get_default() in (default, list(default) if name == "tags" else default)


def test_clips_are_asked_over_http(server: Any, demo_set: Path) -> None:
    *_, last = services.bench_events(str(demo_set), engine="scripted", pool=server.pool)
    url = f"{server.url}/v1/workbench/runs/{last.run_id}/clips"
    found = httpx.get(url, params={"sort": "rate", "descending": True, "page_size": 2}).json()
    assert [clip["id"] for clip in found["clips"]] == ["three", "two"]
    assert (found["total"], found["pages"], found["matches"]["clips"]) == (3, 2, 3)
    assert found["matches"]["rate"] == services.summary(last.run_id, pool=server.pool).metrics["mer"].rate
    second = httpx.get(url, params={"text": "LIGHTS", "tags": ["language=zh-en"]}).json()
    assert [clip["id"] for clip in second["clips"]] == ["two"]
    assert second["clips"][0]["kinds"] == ["any error", "substitution"]
    confused = httpx.get(url, params={"said": "light", "heard": "lights", "ruler": "raw"}).json()
    assert [clip["id"] for clip in confused["clips"]] == ["two"]
    assert confused["ruler"].startswith("raw@")
    for wrong, status in (({"colour": "red"}, 400), ({"kind": "odd"}, 400), ({"page": 0}, 400), ({"tags": "x"}, 400)):
        assert httpx.get(url, params=wrong).status_code == status, wrong
    assert httpx.get(url, params={"ruler": "../../etc/ruler.toml"}).status_code == 404
    assert httpx.get(f"{server.url}/v1/workbench/runs/nothing/clips").status_code == 404
