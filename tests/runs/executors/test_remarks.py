"""What an engine has to say of its work goes into the record, apart from what may have changed a text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from workbench.evalsets.model import EvalSet
from workbench.runs.records import ItemResult, RunEvent
from workbench.runs.reporting.origin import machine_facts
from workbench.runs.store import RunStore

Run = Callable[..., Iterator[RunEvent]]


def test_each_stretch_of_work_adds_what_the_engine_says(
    run: Run, tones: EvalSet, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken: list[Any] = []

    def take_notes(engine: Any) -> tuple[str, ...]:
        spoken.append(engine.info.name)
        return (f"Stretch {len(spoken)}: no answer was sent again.",)

    monkeypatch.setattr("workbench.runs.executors.sites.take_notes", take_notes)
    events = run(tones)
    while not isinstance(next(events), ItemResult):
        pass
    events.close()  # type: ignore[attr-defined]
    list(run(tones))
    record = store.load_run(store.list_runs()[0].run_id).record
    said = [f"Stretch {number}: no answer was sent again." for number in (1, 2)]
    assert spoken == ["scripted", "scripted"]
    assert record.environment["execution"]["remarks"] == said
    assert record.notes == ()
    assert dict(machine_facts(record.environment).rows)["Engine says"] == " ".join(said)


def test_an_engine_with_nothing_to_say_leaves_nothing(run: Run, tones: EvalSet, store: RunStore) -> None:
    list(run(tones))
    record = store.load_run(store.list_runs()[0].run_id).record
    assert "remarks" not in record.environment["execution"]
    assert "Engine says" not in dict(machine_facts(record.environment).rows)
