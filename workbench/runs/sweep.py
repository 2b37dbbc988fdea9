"""Engines × chains × sets, one run a cell, recorded so that it goes on where it was stopped."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace

from workbench.errors import EngineError, RunError
from workbench.runs.records import RunEvent, RunFinished, RunStarted
from workbench.runs.sweep_store import Cell, CellRun, SweepRecord, SweepStore


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepStarted:
    """First event.

    Attributes:
        sweep_id: Which sweep.
        cells: How many runs it has.
        done: How many of them were found finished.
    """

    sweep_id: str
    cells: int
    done: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CellStarted:
    """A cell is taken up; its run's events follow.

    Attributes:
        cell: Which one.
        index: Its number, from 0.
        total: How many there are.
    """

    cell: Cell
    index: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CellDone:
    """A cell has its run.

    Attributes:
        cell: Which one.
        run_id: Its run.
        reused: Whether nothing had to be transcribed.
    """

    cell: Cell
    run_id: str
    reused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFailed:
    """A cell that came to nothing; the others go on.

    Attributes:
        cell: Which one.
        message: Why, with what to do.
    """

    cell: Cell
    message: str


SweepEvent = SweepStarted | CellStarted | CellDone | CellFailed | RunEvent


def run_sweep(
    record: SweepRecord, *, run: Callable[[Cell], Generator[RunEvent, None, None]], store: SweepStore
) -> Generator[SweepEvent, None, SweepRecord]:
    """Run the cells of a sweep one after another; closing the generator keeps what is done.

    An engine that cannot run, or a run that breaks off, is a `CellFailed`, and is tried again the next time.

    Args:
        record: What is to be run; cells that have a run are asked for again, which costs nothing where it is whole.
        run: Benchmarks one cell, going on with an earlier run of the same content.
        store: Where the record is kept.

    Yields:
        `SweepStarted`; for every cell `CellStarted`, its run's events, and `CellDone` or `CellFailed`.

    Returns:
        The record with all its runs.
    """
    cells = list(record.cells)
    yield SweepStarted(sweep_id=record.sweep_id, cells=len(cells), done=len(record.runs))
    for index, cell in enumerate(cells):
        yield CellStarted(cell=cell, index=index, total=len(cells))
        try:
            done = yield from _run_cell(cell, run)
        except (EngineError, RunError) as error:
            yield CellFailed(cell=cell, message=error.sentence)
            continue
        record = record.with_run(CellRun(cell=cell, run_id=done.run_id))
        store.save(record)
        yield done
    record = replace(record, finished=len(record.runs) == len(cells))
    store.save(record)
    return record


def _run_cell(
    cell: Cell, run: Callable[[Cell], Generator[RunEvent, None, None]]
) -> Generator[RunEvent, None, CellDone]:
    run_id, reused = "", False
    with closing(run(cell)) as events:
        for event in _checked(events):
            if isinstance(event, RunStarted):
                run_id, reused = event.run_id, event.done == event.total
            yield event
    return CellDone(cell=cell, run_id=run_id, reused=reused)


def _checked(events: Iterator[RunEvent]) -> Iterator[RunEvent]:
    """The events of a run that comes to its end."""
    for event in events:
        yield event
        if isinstance(event, RunFinished) and event.status == "error":
            raise RunError(f"The run {event.run_id} broke off.", hint=f"`workbench runs show {event.run_id}` says why.")
