"""Sets and journals that are read item by item give the runs, and the scores, that held ones give."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.engines.scripted import ScriptedPlugin
from workbench.errors import RunError
from workbench.evalsets import manifest_items
from workbench.evalsets.load import load_manifest
from workbench.evalsets.model import EvalSet
from workbench.evalsets.streamed import StreamedItems
from workbench.runs.journal import Entry, Journal, Written, encode, latest, read_journal
from workbench.runs.records import ItemFailure, ItemOutcome, ItemResult, RunEvent, RunFinished, RunStarted
from workbench.runs.store import RunStore, StoredRun
from workbench.runs.summary import summarise
from workbench.text.rulers import find_ruler

Run = Callable[..., Iterator[RunEvent]]

reuse = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
entries = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.booleans(), st.floats(0, 9)), max_size=12
)  # id, whether it was transcribed, and when


def outcome(name: str, *, heard: bool, number: int) -> ItemOutcome:
    if heard:
        return ItemResult(id=name, reference="r", text=f"{number}", raw=f"{number}", language="en", finish="eos")
    return ItemFailure(id=name, reference="r", error="E", message=f"{number}")


@reuse
@given(entries, st.booleans())
def test_what_is_read_one_by_one_is_what_is_read_at_once(
    tmp_path: Path, told: list[tuple[str, bool, float]], placed: bool
) -> None:
    path = tmp_path / "items.jsonl"
    lines = [
        Entry(
            outcome=outcome(name, heard=heard, number=n), wall_seconds=at, place="fdbace".find(name) if placed else None
        )
        for n, (name, heard, at) in enumerate(told)
    ]
    path.write_bytes(b"".join(map(encode, lines)))
    written = Written(path)
    expected = latest(read_journal(path)[0])
    assert list(written.outcomes()) == expected == latest(lines)
    assert len(written) == len(expected)
    assert written.done == {one.id for one in expected if isinstance(one, ItemResult)}
    assert (written.wall_seconds, written.size) == (told[-1][2] if told else 0.0, path.stat().st_size)


def test_a_journal_that_changed_under_a_reader_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    lines = [Entry(outcome=outcome(name, heard=True, number=1), wall_seconds=1.0) for name in "ab"]
    path.write_bytes(b"".join(map(encode, lines)))
    written = Written(path)
    path.write_bytes(path.read_bytes().replace(b'"id":"b"', b'"id":"c"'))
    with pytest.raises(RunError, match=r"items\.jsonl:2 is damaged"):
        list(written.outcomes())


def test_a_reader_of_many_outcomes_holds_none(tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    texts = [outcome(f"i{n}", heard=True, number=n) for n in range(2000)]
    lines = (Entry(outcome=replace(one, text="x" * 500), wall_seconds=1.0, place=n) for n, one in enumerate(texts))
    path.write_bytes(b"".join(map(encode, lines)))
    del texts
    tracemalloc.start()
    try:
        written = Written(path)
        assert sum(1 for _ in written.outcomes()) == 2000
        held, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 250 * 2000  # the ids of those done, 55 bytes each, in a set
    assert most < 500 * 2000  # less than their texts


@pytest.fixture
def sets(tones: EvalSet, tmp_path: Path) -> tuple[EvalSet, EvalSet]:
    """The same set, held and streamed."""
    path = tmp_path / "tones.jsonl"
    rows = (
        {"id": one.id, "audio": str(one.audio), "text": one.reference, "language": "en", **one.tags}
        for one in tones.items
    )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    held = load_manifest(path)
    with patch.object(manifest_items, "HELD_ITEMS", 0):
        streamed = load_manifest(path)
    assert isinstance(streamed.items, StreamedItems)
    return held, streamed


def without_times(events: Iterator[RunEvent]) -> list[Any]:
    return [
        replace(one, measurement=None) if isinstance(one, ItemResult) else one
        for one in events
        if not isinstance(one, RunStarted | RunFinished)
    ]


@pytest.mark.parametrize("batch_size", [1, 4])
def test_a_streamed_set_gives_the_run_that_a_held_one_gives(
    sets: tuple[EvalSet, EvalSet], scripted: ScriptedPlugin, run: Run, store: RunStore, batch_size: int
) -> None:
    scripted.script = {"*": "tone 3"}
    held, streamed = (
        without_times(run(one, batch_size=batch_size, on_existing="again", measure="single")) for one in sets
    )
    assert held == streamed
    assert len(held) == 6
    first, second = (store.load_run(record.run_id) for record in store.list_runs())
    assert first.record.spec == second.record.spec
    assert without_times(iter(first.outcomes)) == without_times(iter(second.outcomes))
    assert [one.id for one in first.outcomes] == [f"t{number}" for number in range(6)]


def test_a_streamed_run_goes_on_where_it_was_left(
    sets: tuple[EvalSet, EvalSet], scripted: ScriptedPlugin, run: Run, store: RunStore
) -> None:
    scripted.script = {"*": "tone 3"}
    events = run(sets[1])
    for _ in range(3):  # `RunStarted`, and two items
        next(events)
    events.close()  # pyright: ignore[reportAttributeAccessIssue]
    resumed = list(run(sets[1]))
    assert isinstance(resumed[0], RunStarted)
    assert (resumed[0].done, resumed[0].total) == (2, 6)
    assert [one.id for one in resumed[1:-1] if isinstance(one, ItemResult)] == [f"t{n}" for n in range(6)]
    told = list(run(sets[1], on_existing="reuse"))
    assert told[1:] == resumed[1:]
    [record] = store.list_runs()
    with Journal(store.folder / record.run_id) as journal:
        assert journal.written.done == {f"t{n}" for n in range(6)}
    entries, _ = read_journal(store.folder / record.run_id / "items.jsonl")
    assert [entry.place for entry in entries] == list(range(6))


def test_the_score_of_a_stored_run_is_that_of_the_outcomes_as_they_came(
    sets: tuple[EvalSet, EvalSet], scripted: ScriptedPlugin, run: Run, store: RunStore
) -> None:
    scripted.script = {"*": "tone 3 or so"}
    came = [one for one in run(sets[1]) if isinstance(one, ItemResult | ItemFailure)]
    [record] = store.list_runs()
    stored = store.load_run(record.run_id)
    assert stored.outcomes == tuple(came)
    ruler = find_ruler("en")
    assert summarise(stored, ruler=ruler) == summarise(StoredRun(record=record, outcomes=tuple(came)), ruler=ruler)
