"""One stretch of work on a run: from its start, or from where it was left, to its end or to where it is stopped."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Set
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain

from workbench.errors import EngineUnavailable, ModelDiffers, ModelMissing, WorkbenchError
from workbench.evalsets.model import EvalItem
from workbench.runs.executors.base import BatchDone, Executor
from workbench.runs.executors.packing import pack
from workbench.runs.journal import Entry, Journal
from workbench.runs.records import (
    ItemFailure,
    ItemOutcome,
    ItemResult,
    RunEvent,
    RunFinished,
    RunRecord,
    RunStarted,
    Status,
)
from workbench.runs.store import RunStore
from workbench.runs.workload import Workload


@dataclass(slots=True)
class Tally:
    """How many outcomes there are; the outcomes themselves lie on the disk, however many they are.

    Attributes:
        all: Outcomes.
        failed: Those that are failures.
        first_message: What the first failure says.
    """

    all: int = 0
    failed: int = 0
    first_message: str = ""

    def add(self, outcomes: Iterable[ItemOutcome]) -> Tally:
        """Count more of them."""
        for outcome in outcomes:
            self.all += 1
            if isinstance(outcome, ItemFailure):
                self.first_message = self.first_message if self.failed else outcome.message
                self.failed += 1
        return self


class Session:
    """Has transcribed what is not done yet, and is the one that writes it down.

    Args:
        work: The set and how to transcribe it.
        executor: Who transcribes.
        store: Where the record is.
        record: Of this run.
        journal: Its outcomes, open for writing.
        remarks: What is to be said of the whole, asked once it has ended.
    """

    def __init__(
        self,
        *,
        work: Workload,
        executor: Executor,
        store: RunStore,
        record: RunRecord,
        journal: Journal,
        remarks: Callable[[], tuple[str, ...]] = tuple,
    ) -> None:
        self._remarks = remarks
        self._said: list[str] = (record.environment.get("execution") or {}).get("remarks", [])
        self._work, self._executor, self._store, self._journal = work, executor, store, journal
        self._record = replace(record, status="started", finished=None, wall_seconds=None, error="")
        self._before = self._worked = journal.written.wall_seconds
        self._places: dict[str, int] = {}  # of the items in hand
        self._tally = Tally()

    def events(self) -> Generator[RunEvent, None, None]:
        """What was done before, what is done now, and the end. However it ends, the record says so."""
        self._store.save_record(self._record)
        status: Status = "error"
        error = ""
        try:
            # What failed before is tried again: a failure may have had its cause outside of the item.
            done = self._journal.written.done
            yield RunStarted(run_id=self._record.run_id, total=len(self._work.eval_set.items), done=len(done))
            for one in self._journal.written.outcomes():
                if isinstance(one, ItemResult):
                    self._tally.add([one])
                    yield one
            yield from self._transcribe_rest(done)
            status, error = self._conclusion()
        except (GeneratorExit, KeyboardInterrupt):
            status = "cancelled"
            raise
        except (EngineUnavailable, ModelMissing, ModelDiffers) as gone:  # unloaded meanwhile, and not to be had again
            error = gone.sentence
        except Exception as fault:
            error = fault.sentence if isinstance(fault, WorkbenchError) else f"{type(fault).__name__}: {fault}"
            raise
        finally:
            self._end(status, error)
        yield finished(self._record, self._tally)

    def _transcribe_rest(self, done: Set[str]) -> Iterator[ItemOutcome]:
        rest = self._rest(done)
        first = next(rest, None)
        if first is None:
            return
        with closing(self._executor.outcomes(pack(chain([first], rest), self._work))) as batches:
            for found in batches:
                self._keep(found)
                self._note(found)
                yield from found.outcomes

    def _rest(self, done: Set[str]) -> Iterator[EvalItem]:
        """What is not done yet; where each item stands is known from here until its outcome is kept."""
        for place, item in enumerate(self._work.eval_set.items):
            if item.id not in done:
                self._places[item.id] = place
                yield item

    def _keep(self, found: BatchDone) -> None:
        """What is handed on lies on the disk already."""
        self._worked = self._before + found.worked_seconds
        self._journal.extend(
            Entry(outcome=one, wall_seconds=self._worked, place=self._places.pop(one.id)) for one in found.outcomes
        )
        self._tally.add(found.outcomes)

    def _note(self, found: BatchDone) -> None:
        """What happened on the way, and who transcribes, which is known once the first batch is done."""
        notes = tuple(dict.fromkeys((*self._record.notes, *found.notes)))
        attention = {"attention": self._work.info.attention} if self._work.info.attention else {}
        environment = {**self._record.environment, "execution": {**self._executor.facts, **attention}}
        if (notes, environment) != (self._record.notes, self._record.environment):
            self._record = replace(self._record, notes=notes, environment=environment)
            self._store.save_record(self._record)

    def _conclusion(self) -> tuple[Status, str]:
        if self._tally.failed and self._tally.failed == self._tally.all:
            return "error", f"Every item failed, the first with: {self._tally.first_message}"
        return "success", ""

    def _end(self, status: Status, error: str) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self._record = replace(self._record, status=status, error=error, finished=now, wall_seconds=self._worked)
        if remarks := [*self._said, *self._remarks()]:  # not among the notes, which say what may have changed a text
            execution = {**self._record.environment.get("execution", {}), "remarks": remarks}
            self._record = replace(self._record, environment={**self._record.environment, "execution": execution})
        self._store.save_record(self._record)


def finished(record: RunRecord, tally: Tally) -> RunFinished:
    """The last event of a run."""
    return RunFinished(
        run_id=record.run_id,
        status=record.status,
        transcribed=tally.all - tally.failed,
        failed=tally.failed,
        wall_seconds=record.wall_seconds or 0.0,
    )
