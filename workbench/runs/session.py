"""One stretch of work on a run: from its start, or from where it was left, to its end or to where it is stopped."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

from workbench.errors import EngineUnavailable, ModelDiffers, ModelMissing, WorkbenchError
from workbench.runs.executors.base import BatchDone, Executor
from workbench.runs.executors.packing import pack
from workbench.runs.journal import Entry, Journal, latest
from workbench.runs.outcomes import failures_among
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
        self._before = self._worked = journal.entries[-1].wall_seconds if journal.entries else 0.0
        self._places = {item.id: place for place, item in enumerate(work.eval_set.items)}
        # What failed before is tried again: a failure may have had its cause outside of the item.
        self._outcomes: list[ItemOutcome] = [one for one in latest(journal.entries) if isinstance(one, ItemResult)]

    def events(self) -> Generator[RunEvent, None, None]:
        """What was done before, what is done now, and the end. However it ends, the record says so."""
        self._store.save_record(self._record)
        status: Status = "error"
        error = ""
        try:
            done = list(self._outcomes)
            yield RunStarted(run_id=self._record.run_id, total=len(self._work.eval_set.items), done=len(done))
            yield from done
            yield from self._transcribe_rest()
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
        yield finished(self._record, self._outcomes)

    def _transcribe_rest(self) -> Iterator[ItemOutcome]:
        done = {outcome.id for outcome in self._outcomes}
        rest = [item for item in self._work.eval_set.items if item.id not in done]
        if not rest:
            return
        with closing(self._executor.outcomes(pack(rest, self._work))) as batches:
            for found in batches:
                self._keep(found)
                self._note(found)
                yield from found.outcomes

    def _keep(self, found: BatchDone) -> None:
        """What is handed on lies on the disk already."""
        self._worked = self._before + found.worked_seconds
        self._journal.extend(
            Entry(outcome=one, wall_seconds=self._worked, place=self._places[one.id]) for one in found.outcomes
        )
        self._outcomes += found.outcomes

    def _note(self, found: BatchDone) -> None:
        """What happened on the way, and who transcribes, which is known once the first batch is done."""
        notes = tuple(dict.fromkeys((*self._record.notes, *found.notes)))
        environment = {**self._record.environment, "execution": dict(self._executor.facts)}
        if (notes, environment) != (self._record.notes, self._record.environment):
            self._record = replace(self._record, notes=notes, environment=environment)
            self._store.save_record(self._record)

    def _conclusion(self) -> tuple[Status, str]:
        failures = [outcome for outcome in self._outcomes if isinstance(outcome, ItemFailure)]
        if self._outcomes and len(failures) == len(self._outcomes):
            return "error", f"Every item failed, the first with: {failures[0].message}"
        return "success", ""

    def _end(self, status: Status, error: str) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self._record = replace(self._record, status=status, error=error, finished=now, wall_seconds=self._worked)
        if remarks := [*self._said, *self._remarks()]:  # not among the notes, which say what may have changed a text
            execution = {**self._record.environment.get("execution", {}), "remarks": remarks}
            self._record = replace(self._record, environment={**self._record.environment, "execution": execution})
        self._store.save_record(self._record)


def finished(record: RunRecord, outcomes: Sequence[ItemOutcome]) -> RunFinished:
    """The last event of a run."""
    failed = failures_among(outcomes)
    return RunFinished(
        run_id=record.run_id,
        status=record.status,
        transcribed=len(outcomes) - failed,
        failed=failed,
        wall_seconds=record.wall_seconds or 0.0,
    )
