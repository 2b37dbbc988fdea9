"""Several engines at once, one that never waits, one at a time: the same texts, kept the same way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from workbench.audio.clip import AudioClip
from workbench.engines.pool import EnginePool
from workbench.engines.scripted import ScriptedPlugin
from workbench.errors import EngineDied, EngineUnavailable, UnknownName, UsageError
from workbench.evalsets.model import EvalItem, EvalSet
from workbench.runs.journal import read_journal
from workbench.runs.records import ItemFailure, ItemResult, RunEvent, RunFinished
from workbench.runs.store import RunStore, StoredRun

Run = Callable[..., Iterator[RunEvent]]
WAYS: list[dict[str, Any]] = [
    {"measure": "single"},
    {"measure": "throughput"},
    {"measure": "throughput", "workers": 2},
    {"measure": "throughput", "workers": 3, "batch_size": 4},
    {"measure": "single", "batch_size": 4},
    {"measure": None},
]


def many(tones: EvalSet, count: int) -> EvalSet:
    """Items over the six tones, one of which is gone, out of the order of their lengths."""
    chosen = [tones.items[(number * 5) % 6] for number in range(count)]
    items = [replace(one, id=f"i{number:02d}", reference=f"r{number}") for number, one in enumerate(chosen)]
    gone = replace(items[3], audio=Path("/nowhere/gone.wav"))
    return replace(tones, items=(*items[:3], gone, *items[4:]))


def last_run(store: RunStore) -> StoredRun:
    return store.load_run(store.list_runs()[0].run_id)


def said(outcomes: Any) -> list[tuple[str, str, str]]:
    return [
        (one.id, one.reference, one.text if isinstance(one, ItemResult) else one.error)
        for one in outcomes
        if isinstance(one, ItemResult | ItemFailure)
    ]


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_every_way_gives_the_same_texts_each_once_in_the_sets_order(
    run: Run, tones: EvalSet, store: RunStore, way: dict[str, Any]
) -> None:
    whole = many(tones, 20)
    expected = said(run(whole))
    events = list(run(whole, on_existing="again", **way))
    assert sorted(said(events)) == expected
    stored = last_run(store)
    assert said(stored.outcomes) == expected
    entries, _ = read_journal(store.folder / stored.record.run_id / "items.jsonl")
    assert sorted(entry.place for entry in entries if entry.place is not None) == list(range(20))
    assert stored.record.status == "success"


def test_two_workers_work_at_once_and_share_the_time(
    run: Run, tones: EvalSet, scripted: ScriptedPlugin, store: RunStore
) -> None:
    scripted.delay_seconds = 0.02
    whole = many(tones, 20)
    events = list(run(whole, measure="throughput", workers=2))
    costs = [one.measurement for one in events if isinstance(one, ItemResult) and one.measurement]
    assert {cost.kind for cost in costs} == {"concurrent"}
    record = last_run(store).record
    assert record.wall_seconds is not None
    assert record.wall_seconds >= 19 * 0.02 / 2
    assert 0.6 * record.wall_seconds < sum(cost.wall_seconds for cost in costs) <= record.wall_seconds
    assert record.environment["execution"]["workers"] == 2
    assert record.spec.batch_size == 1
    assert scripted.journal.closes == 2


def test_one_worker_goes_on_while_its_texts_are_looked_at(run: Run, tones: EvalSet, scripted: ScriptedPlugin) -> None:
    scripted.delay_seconds = 0.02
    calls: list[int] = []
    for event in run(tones, measure="throughput"):
        time.sleep(0.05)
        if isinstance(event, ItemResult):
            calls.append(len(scripted.journal.calls))
            assert event.measurement is not None
            assert event.measurement.kind == "single"
    assert calls[0] > 2  # the warm-up, the first clip, and more


def test_a_finished_run_is_found_again_whoever_made_it(run: Run, tones: EvalSet, store: RunStore) -> None:
    list(run(tones, measure="throughput", workers=2))
    list(run(tones, measure="single"))
    assert len(store.list_runs()) == 1


def test_what_is_left_by_one_is_done_by_another(run: Run, tones: EvalSet, store: RunStore) -> None:
    whole = many(tones, 20)
    events = run(whole, measure="throughput", workers=2)
    for _ in range(8):
        next(events)
    events.close()  # pyright: ignore[reportAttributeAccessIssue]
    kept = last_run(store)
    assert (kept.record.status, len(kept.outcomes)) == ("cancelled", 7)
    list(run(whole, measure="single"))
    assert said(last_run(store).outcomes) == said(run(whole, on_existing="again"))


@pytest.mark.parametrize("workers", [1, 3])
def test_cancelling_ends_threads_and_engines_within_a_call(
    run: Run, tones: EvalSet, scripted: ScriptedPlugin, workers: int
) -> None:
    scripted.delay_seconds = 0.1
    events = run(many(tones, 20), measure="throughput", workers=workers)
    next(events)
    next(events)
    began = time.perf_counter()
    events.close()  # pyright: ignore[reportAttributeAccessIssue]
    assert time.perf_counter() - began < 1.0
    done = len(scripted.journal.calls)
    time.sleep(0.25)
    assert len(scripted.journal.calls) == done
    assert not [one for one in threading.enumerate() if one.name.startswith(("worker-", "read-ahead"))]


@pytest.mark.parametrize("error", [EngineUnavailable("scripted", "it is gone", hint=""), KeyboardInterrupt()])
def test_what_ends_a_run_ends_it_from_any_thread(
    run: Run, tones: EvalSet, scripted: ScriptedPlugin, store: RunStore, error: BaseException
) -> None:
    def give_up(clip: AudioClip) -> str:
        if round(clip.duration, 2) == 0.13:
            raise error
        return "heard"

    scripted.script = give_up
    events = run(tones, measure="throughput", workers=2)
    if isinstance(error, KeyboardInterrupt):
        with pytest.raises(KeyboardInterrupt):
            list(events)
        assert last_run(store).record.status == "cancelled"
    else:
        finished = list(events)[-1]
        assert isinstance(finished, RunFinished)
        assert finished.status == "error"
        assert "it is gone" in last_run(store).record.error


class Dying:
    """A script that ends the engine at one clip, so many times."""

    def __init__(self, seconds: float, times: int) -> None:
        self._seconds, self._left = seconds, times

    def __call__(self, clip: AudioClip) -> str:
        if round(clip.duration, 2) == self._seconds and self._left:
            self._left -= 1
            raise EngineDied("The engine ended.", hint="It is loaded again.")
        return f"{clip.duration:.2f} seconds"


@pytest.mark.parametrize("way", WAYS[:4], ids=str)
@pytest.mark.parametrize("times", [1, 9])
def test_a_clip_that_ends_the_engine_is_tried_once_more_alone(
    run: Run, tones: EvalSet, scripted: ScriptedPlugin, store: RunStore, way: dict[str, Any], times: int
) -> None:
    scripted.script = Dying(0.15, times)  # not among the clips that warm up
    list(run(tones, **way))
    stored = last_run(store)
    fate = "EngineDied" if times == 9 else "0.15 seconds"
    assert said(stored.outcomes)[5] == ("t5", "tone 5", fate)
    assert [one.id for one in stored.outcomes] == [f"t{number}" for number in range(6)]
    assert len([one for one in stored.outcomes if isinstance(one, ItemFailure)]) == (times == 9)
    assert stored.record.notes
    for note in stored.record.notes:  # one of its batch, where it had one, and one of itself
        assert note.startswith("The engine died and was loaded again, at ")
        assert "t5" in note


def test_files_are_read_ahead_of_the_engine_and_not_without_end(
    run: Run, tones: EvalSet, scripted: ScriptedPlugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.runs.executors import reading

    read: list[str] = []
    original = reading.read_item

    def note(item: EvalItem, rate: int | None) -> reading.Reading:
        read.append(item.id)
        return original(item, rate)

    monkeypatch.setattr(reading, "read_item", note)
    monkeypatch.setattr(reading, "AHEAD_BATCHES", 3)
    scripted.delay_seconds = 0.02
    events = run(many(tones, 20))
    for _ in range(4):
        next(events)
    time.sleep(0.2)
    assert 4 < len(read) <= 3 + 3 + 1  # done, held ready, and waiting for room
    events.close()  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"workers": 0}, UsageError, "0 workers"),
        ({"workers": 2, "measure": "single"}, UsageError, "one worker"),
        ({"executor": "moon"}, UnknownName, "moon"),
        ({"measure": "fast"}, UnknownName, "fast"),
    ],
)
def test_what_cannot_be_is_said_before_a_run_is_made(
    run: Run, tones: EvalSet, store: RunStore, arguments: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        list(run(tones, **arguments))
    assert store.list_runs() == []


def test_an_engine_on_another_device_has_one_worker(tones: EvalSet, pool: EnginePool, scripted: ScriptedPlugin) -> None:
    from workbench.audio.steps import parse_chain
    from workbench.engines.registry import EngineRef
    from workbench.runs.executors.choice import choose_executor
    from workbench.runs.workload import Workload

    info = replace(pool.get(EngineRef.parse("scripted")).info, device="cuda:0", runtime="torch")
    work = Workload(
        eval_set=tones, ref=EngineRef.parse("scripted"), info=info, chain=parse_chain(""), language="set", context="",
        options={}, batch_size=1, seed=0,
    )  # fmt: skip
    assert choose_executor(work, pool).facts == {"executor": "local", "measure": "throughput", "workers": 1}
    with pytest.raises(UsageError, match="one worker fills"):
        choose_executor(work, pool, workers=2)
