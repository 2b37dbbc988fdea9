"""Who has which batch, what came of it, and what is done with one whose worker ended. Knows nothing of Ray."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from workbench.errors import EngineDied
from workbench.runs.executors.base import Batch
from workbench.runs.outcomes import failure_of
from workbench.runs.records import ItemOutcome

Finished = tuple[Batch, tuple[ItemOutcome, ...]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Task:
    """What a worker is given.

    Attributes:
        batch: Items, under the number of the batch that they are of.
        alone: Whether its item was in hand when a worker ended: it goes to one that has nothing else, so that another
            end is its own doing.
    """

    batch: Batch
    alone: bool = False


class Ledger:
    """Every item once: given out, given out again where its worker ended, and given up where that happens twice.

    Args:
        batches: The work; drawn from as tasks are taken.
    """

    def __init__(self, batches: Iterable[Batch]) -> None:
        self._batches = iter(batches)
        self._waiting: deque[Task] = deque()
        self._suspects: deque[Task] = deque()
        self._out: set[Task] = set()
        self._whole: dict[int, Batch] = {}
        self._outcomes: dict[int, dict[str, ItemOutcome]] = {}
        self._drawn = False

    def look_ahead(self, count: int) -> list[Batch]:
        """The first batches, which are still to be taken."""
        while len(self._waiting) < count and self._draw():
            pass
        return [task.batch for task in self._waiting]

    def take(self, *, idle: bool) -> Task | None:
        """Something to do; None where there is nothing now.

        Args:
            idle: Whether whoever asks has nothing else in hand.
        """
        if idle and self._suspects:
            task = self._suspects.popleft()
        elif self._waiting or self._draw():
            task = self._waiting.popleft()
        else:
            return None
        self._out.add(task)
        return task

    @property
    def ended(self) -> bool:
        """Whether nothing is left to do or to wait for."""
        return not (self._out or self._suspects or self._waiting or self._draw())

    def finish(self, task: Task, outcomes: Sequence[ItemOutcome]) -> Iterator[Finished]:
        """What came of a task; its batch, if that is all of it. A task that was given up is not heard again."""
        if task in self._out:
            self._out.remove(task)
            yield from self._keep(task.batch.number, outcomes)

    def lose(self, task: Task) -> Iterator[Finished]:
        """Its worker ended. Its items are tried once more, each alone; one that was alone has failed."""
        if task not in self._out:
            return
        self._out.remove(task)
        if task.alone:
            yield from self._keep(task.batch.number, [failure_of(item, _twice()) for item in task.batch.items])
        else:
            singles = [Batch(number=task.batch.number, items=(item,)) for item in task.batch.items]
            self._suspects.extend(Task(batch=single, alone=True) for single in singles)

    def _draw(self) -> bool:
        batch = None if self._drawn else next(self._batches, None)
        if batch is None:
            self._drawn = True
            return False
        self._whole[batch.number] = batch
        self._waiting.append(Task(batch=batch))
        return True

    def _keep(self, number: int, outcomes: Sequence[ItemOutcome]) -> Iterator[Finished]:
        found = self._outcomes.setdefault(number, {})
        found |= {outcome.id: outcome for outcome in outcomes}
        whole = self._whole[number]
        if len(found) == len(whole.items):
            del self._whole[number], self._outcomes[number]
            yield whole, tuple(found[item.id] for item in whole.items)


def _twice() -> EngineDied:
    return EngineDied(
        "The Ray worker that had it in hand ended, and so did the next one, which had it alone.",
        hint="Run it again to try once more; if it fails again, look at the recording.",
    )
