"""The workers of a run on Ray, as seen from here: hired, asked, replaced where they end."""

from __future__ import annotations

import queue
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Literal

from workbench.engines.host_messages import error_from
from workbench.errors import EngineUnavailable, WorkbenchError
from workbench.runs.executors.base import Batch
from workbench.runs.executors.ray_ledger import Task
from workbench.runs.executors.ray_place import Crew
from workbench.runs.executors.ray_worker import Assignment, Loaded, RayWorker, Refused, Sounds
from workbench.runs.stopwatch import Stopwatch
from workbench.runs.workload import Workload

IN_HAND = 2
"""Batches that a worker has at once: one at the engine, one that is read meanwhile."""
STARTS = 3
"""How many workers in a row may end before they are ready, until their place is given up."""
DEATHS = 10
"""How many in a row may end at work, as clips of one kind may make them do."""
START_SECONDS = 600.0
"""How long the first worker is waited for: a cluster may have to start machines."""
_THREADS = IN_HAND + 1
_WAIT = "Others may have all of it: ask for fewer with --workers, or wait until they are done."

State = Literal["coming", "loading", "loaded", "warming", "ready", "gone"]


@dataclass(slots=True, eq=False)
class Hand:
    """One worker.

    Attributes:
        actor: Ray's handle.
        state: How far it is.
        tasks: What it has in hand.
        starts: How many in its place ended before they were ready.
        deaths: How many in its place ended at work, since a batch was done there.
        pid: Of its process; None before it is loaded.
    """

    actor: Any
    state: State = "coming"
    tasks: list[Task] = field(default_factory=list[Task])
    starts: int = 0
    deaths: int = 0
    pid: int | None = None

    @property
    def room(self) -> bool:
        """Whether it can be given more."""
        return self.state == "ready" and len(self.tasks) < IN_HAND and not any(task.alone for task in self.tasks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a worker said, or how it ended.

    Attributes:
        hand: Which.
        found: Its answer; None where it ended.
        task: What it was asked to do; None for other questions.
        ending: How it ended, as a clause; empty otherwise.
    """

    hand: Hand
    found: Any
    task: Task | None
    ending: str = ""

    @property
    def ended(self) -> bool:
        """Whether this worker is of no more use."""
        return bool(self.ending) or isinstance(self.found, Refused)


class Workers:
    """Those that are there, and what they say.

    Args:
        ray: The module, connected.
        crew: How many there are to be, and what each is given.
        assignment: What each loads.
    """

    def __init__(self, ray: Any, crew: Crew, assignment: Assignment) -> None:
        self._ray, self._crew, self._assignment = ray, crew, assignment
        self._said: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        self._begin: tuple[Workload, Sequence[Batch], Sequence[Sounds]] | None = None
        self._actor = ray.remote(RayWorker).options(
            **crew.demand, max_concurrency=_THREADS, max_restarts=0, max_task_retries=0
        )
        self.watch = Stopwatch()
        self.notes: list[str] = []
        self.hands: list[Hand] = []

    def hire(self, count: int, *, starts: int = 0, deaths: int = 0) -> None:
        """Ask for so many more."""
        for _ in range(count):
            hand = Hand(self._actor.remote(), starts=starts, deaths=deaths)
            self.hands.append(hand)
            self._ask(hand, "begin")

    def first_loaded(self) -> Loaded:
        """Wait until one has its engine.

        Raises:
            EngineUnavailable, ModelMissing, ModelDiffers: None can have it.
        """
        while True:
            answer = self.next_answer()
            if isinstance(answer.found, Loaded):
                return answer.found
            if answer.ended and answer.hand.state != "gone":
                self.notes.append(self.replace(answer))

    def next_answer(self) -> Answer:
        """What is said next.

        Raises:
            EngineUnavailable: Ray has begun no worker for a long time.
        """
        waiting = all(hand.state == "coming" for hand in self.hands)
        try:
            answer = self._said.get(timeout=START_SECONDS if waiting else None)
        except queue.Empty:
            reason = f"Ray began no worker within {START_SECONDS:.0f} s, asked for {self._size} for each"
            raise EngineUnavailable(str(self._assignment.ref), reason, hint=_WAIT) from None
        if answer.hand.state != "gone" and not answer.ended:
            self._advance(answer)
        return answer

    def replace(self, answer: Answer) -> str:
        """Dismiss who ended or refused, and hire another, unless that leads nowhere.

        Returns:
            What is to be noted.

        Raises:
            WorkbenchError: Nobody is left: why the last one ended.
        """
        hand, state = answer.hand, answer.hand.state
        self._dismiss(hand)
        starts, deaths = (0, hand.deaths + 1) if state == "ready" else (hand.starts + 1, hand.deaths)
        hopeless = isinstance(answer.found, Refused) and state == "loading"  # it would be refused again
        if not hopeless and starts < STARTS and deaths < DEATHS:
            self.hire(1, starts=starts, deaths=deaths)
            then = "another took its place"
        elif self.hands:
            then = "the others went on without it"
        else:
            raise self._nobody_left(answer, starts + deaths)
        if isinstance(answer.found, Refused):
            return f"A Ray worker gave up, and {then}: {error_from(answer.found.error).sentence}"
        return f"A Ray worker ended, and {then}: {answer.ending}."

    def send_to_work(self, work: Workload, batches: Sequence[Batch], sounds: Sequence[Sounds]) -> None:
        """Tell all that are loaded, and those that will be, how to transcribe, and let them try it.

        Args:
            work: How; without its items.
            batches: To try it with.
            sounds: For each of them.
        """
        self._begin = (work, batches, sounds)
        for hand in self.hands:
            if hand.state == "loaded":
                self._warm_up(hand)

    def give(self, hand: Hand, task: Task, sounds: Sounds) -> None:
        """Have a task done; its time counts until it is answered."""
        hand.tasks.append(task)
        timing = ExitStack()
        timing.enter_context(self.watch.running())
        beside = self._crew.workers > 1
        self._ask(hand, "transcribe", task.batch, sounds, self.at_work, beside, task=task, then=timing.close)

    @property
    def at_work(self) -> int:
        """How many are ready, at least one."""
        return max(1, sum(hand.state == "ready" for hand in self.hands))

    def dismiss_all(self) -> None:
        """End every worker at once, whatever it is doing; its engine ends with it."""
        for hand in list(self.hands):
            self._dismiss(hand)

    def _advance(self, answer: Answer) -> None:
        hand = answer.hand
        if answer.task is not None:
            hand.tasks.remove(answer.task)
            hand.deaths = 0
        elif hand.state == "coming":
            hand.state = "loading"
            self._ask(hand, "load", self._assignment)
        elif isinstance(answer.found, Loaded):
            hand.state, hand.pid = "loaded", answer.found.pid
            if self._begin is not None:
                self._warm_up(hand)
        else:
            hand.state = "ready"

    def _warm_up(self, hand: Hand) -> None:
        assert self._begin is not None
        hand.state = "warming"
        self._ask(hand, "warm_up", *self._begin)

    def _ask(
        self, hand: Hand, method: str, *given: Any, task: Task | None = None, then: Callable[[], None] | None = None
    ) -> None:
        def hear(done: Future[Any]) -> None:  # in a thread of Ray's
            if then is not None:
                then()
            error = done.exception()
            ending = _ending(error) if error is not None else ""
            self._said.put(Answer(hand=hand, found=None if error else done.result(), task=task, ending=ending))

        getattr(hand.actor, method).remote(*given).future().add_done_callback(hear)

    def _dismiss(self, hand: Hand) -> None:
        hand.state = "gone"
        self.hands.remove(hand)
        self._ray.kill(hand.actor, no_restart=True)

    def _nobody_left(self, answer: Answer, times: int) -> WorkbenchError:
        if isinstance(answer.found, Refused):
            return error_from(answer.found.error)
        reason = f"its Ray worker ended {times} times in a row, last because {answer.ending}"
        return EngineUnavailable(
            str(self._assignment.ref), reason, hint="Ask for fewer with --workers: each has more memory."
        )

    @property
    def _size(self) -> str:
        return ", ".join(f"{name} {value:g}" for name, value in self._crew.demand.items())


def _ending(error: BaseException) -> str:
    """Why a worker ended, as a clause; without what Ray adds of addresses and places."""
    from ray import exceptions

    if isinstance(error, exceptions.OutOfMemoryError):
        return "its machine ran out of memory"
    if isinstance(error, exceptions.NodeDiedError):
        return "its machine is gone"
    if isinstance(error, exceptions.ActorUnavailableError):
        return "it could not be reached"
    if isinstance(error, exceptions.RayActorError):
        return "its process ended"
    return f"it stopped with {type(error).__name__}"
