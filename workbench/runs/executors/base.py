"""What an executor is: items in, outcomes out. Who writes them down is not its business.

A `runs.session.Session` makes batches out of what is not done yet, gives them to an executor, and is the one that keeps
outcomes, notes and times. So an executor may compute in this thread, in others, in other processes, or elsewhere: all
it owes is every batch once.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from workbench.evalsets.model import EvalItem
from workbench.runs.records import ItemOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Items that go to an engine together, or as many of them at a time as memory bears.

    Attributes:
        number: Which batch, from 0, in the order of the work.
        items: One or more; what they are told of language and options comes from the `Workload`.
    """

    number: int
    items: tuple[EvalItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchDone:
    """What came of a batch.

    Attributes:
        batch: Which.
        outcomes: One for each of its items, in their order.
        worked_seconds: How long the executor had worked when it was done: the time with at least one engine at work,
            without loading, warming up, and waiting for whoever takes the outcomes.
        notes: What happened on the way and changed how the rest is done, a sentence each.
    """

    batch: Batch
    outcomes: tuple[ItemOutcome, ...]
    worked_seconds: float
    notes: tuple[str, ...] = field(default=())


class Executor(Protocol):
    """Gets batches transcribed. Used once."""

    @property
    def facts(self) -> Mapping[str, Any]:
        """What the run's record says of it, as JSON values: `{"executor": "local", "workers": 2, "threads": 1}`.

        Asked when the first batch is done, and later.
        """
        ...

    def outcomes(self, batches: Iterable[Batch]) -> Generator[BatchDone, None, None]:
        """Each batch once, as it is done, in whatever order.

        Engines are loaded and warmed up first; that is no work. `batches` is drawn from as engines come free, never
        much ahead, and possibly in another thread (one at a time). Items that fail are outcomes, too; an engine that
        dies is tried once more with the item alone. Closing the generator cancels: no engine computes for it any more.

        Raises:
            EngineUnavailable, ModelMissing, ModelDiffers: No engine is to be had, or to be had again.
        """
        ...
