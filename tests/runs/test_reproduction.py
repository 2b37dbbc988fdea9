"""A stored run made again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from workbench.engines.base import Hypothesis
from workbench.engines.pool import EnginePool
from workbench.errors import RunError, UnknownName
from workbench.evalsets.model import EvalSet
from workbench.runs.benchmark import run_benchmark
from workbench.runs.records import ItemResult, RunEvent
from workbench.runs.reproduction import Reproduction, judge_reproduction, plan_reproduction
from workbench.runs.store import RunStore, StoredRun
from workbench.text.rulers import find_ruler

Run = Callable[..., Iterator[RunEvent]]
BASIC = find_ruler("basic")


@pytest.fixture
def first(run: Run, tones: EvalSet, store: RunStore) -> StoredRun:
    list(run(tones, context="tones", language="en", batch_size=2, seed=3, chunk_seconds=7, passed={"sets": ["tones"]}))
    return store.load_run(store.list_runs()[0].run_id)


def again(first: StoredRun, sets: list[EvalSet], pool: EnginePool, store: RunStore) -> Reproduction:
    plan = plan_reproduction(first, sets, pool=pool)
    work = plan.work
    events = run_benchmark(
        work.eval_set, pool=pool, engine=work.ref, chain=work.chain, language=work.language, context=work.context,
        options=work.options, batch_size=work.batch_size, seed=work.seed, reproduces=first.record.run_id,
        chunk_seconds=work.chunk_seconds,
    )  # fmt: skip
    run_id = list(events)[-1].run_id  # type: ignore[union-attr]
    return judge_reproduction(first, store.load_run(run_id), plan.making, ruler=BASIC)


def test_the_same_comes_out(first: StoredRun, tones: EvalSet, pool: EnginePool, store: RunStore) -> None:
    found = again(first, [tones], pool, store)
    assert found.reproduced
    assert (found.texts.identical, found.texts.compared, found.reasons) == (6, 6, ())
    made = store.load_run(found.again)
    assert made.record.run_id != first.record.run_id
    assert made.record.reproduces == first.record.run_id
    assert made.record.spec == first.record.spec
    assert all(one.equal for one in found.rates.values())
    assert found.sentence.startswith("Reproduced. Texts identical in 6 of 6 clips. All scores")


def test_a_reproduction_is_not_taken_for_the_run(
    first: StoredRun, tones: EvalSet, pool: EnginePool, store: RunStore
) -> None:
    found = again(first, [tones], pool, store)
    existing = store.find_existing(first.record.spec)
    assert existing is not None
    assert existing.run_id == first.record.run_id
    assert again(first, [tones], pool, store).again != found.again  # one that ended is made once more


def test_one_that_was_stopped_goes_on(
    first: StoredRun, tones: EvalSet, pool: EnginePool, store: RunStore, scripted: Any
) -> None:
    plan = plan_reproduction(first, [tones], pool=pool)
    work = plan.work
    arguments: dict[str, Any] = {
        "pool": pool, "engine": work.ref, "chain": work.chain, "language": work.language, "context": work.context,
        "batch_size": work.batch_size, "seed": work.seed, "reproduces": first.record.run_id,
        "chunk_seconds": work.chunk_seconds,
    }  # fmt: skip
    events = run_benchmark(work.eval_set, **arguments)
    started = next(events)
    assert isinstance(next(events), ItemResult)
    events.close()
    found = again(first, [tones], pool, store)
    assert found.again == started.run_id  # type: ignore[union-attr]
    assert found.reproduced


def test_texts_that_changed_are_named_with_why(
    first: StoredRun, tones: EvalSet, pool: EnginePool, store: RunStore, scripted: Any
) -> None:
    def other(clip: Any) -> Hypothesis:
        if clip.duration > 0.145:
            text = "something else"
            return Hypothesis(text=text, raw=text, warnings=("Decoded by sampling at temperature 0.4: another …",))
        text = f"{clip.duration:.2f} seconds"
        return Hypothesis(text=text, raw=text)

    scripted.script = other
    found = again(first, [tones], pool, store)
    assert not found.reproduced
    assert [one.id for one in found.texts.differing] == ["t5"]
    assert found.sampled == ("t5",)
    assert found.reasons[0] == "Decoded by sampling, which may give another text each time: t5."
    assert found.sentence.startswith("Not reproduced. Texts identical in 5 of 6 clips; 1 differ")


def test_what_differs_is_told_before_and_given_as_a_reason(
    first: StoredRun, tones: EvalSet, pool: EnginePool, store: RunStore, scripted: Any
) -> None:
    there = {**first.record.environment, "cpu": "another"}
    spec = replace(first.record.spec, revision="0")
    before = replace(first, record=replace(first.record, spec=spec, environment=there))
    plan = plan_reproduction(before, [tones], pool=pool)
    assert {one.name for one in plan.making.that_change("text")} == {"model revision", "processor"}
    assert "model revision, processor" in plan.sentence
    scripted.script = lambda clip: "other"
    reasons = again(before, [tones], pool, store).reasons
    assert reasons[0] == "Model revision was 0 and is 1: Other weights."


def test_the_recordings_of_the_run_itself_will_do(
    first: StoredRun, tones: EvalSet, pool: EnginePool, store: RunStore
) -> None:
    other = replace(tones, items=tones.items[:2])
    for sets in ([], [other]):
        plan = plan_reproduction(first, sets, pool=pool)
        assert "where the run has them" in plan.recordings
        assert plan.work.spec == first.record.spec
        assert again(first, sets, pool, store).reproduced
    Path(first.outcomes[0].audio).unlink()
    plan = plan_reproduction(first, [other], pool=pool)
    assert "is not as it was" in plan.recordings
    assert "set digest" in plan.sentence
    with pytest.raises(RunError, match="is not here, nor are its recordings"):
        plan_reproduction(first, [], pool=pool)


def test_texts_of_other_systems_and_steps_that_are_gone_are_refused(
    first: StoredRun, tones: EvalSet, pool: EnginePool
) -> None:
    def of(**spec: Any) -> StoredRun:
        return replace(first, record=replace(first.record, spec=replace(first.record.spec, **spec)))

    with pytest.raises(RunError, match="texts of another system"):
        plan_reproduction(of(engine="imported:theirs"), [tones], pool=pool)
    with pytest.raises(UnknownName):
        plan_reproduction(of(chain="gone@7"), [tones], pool=pool)
