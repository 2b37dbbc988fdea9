"""Stop on the page: one way for all long work of the tabs.

Gradio's own cancelling goes by visitor and function: it would take a second run along with the one that it stops. So
Stop only asks, and the work looks between two events whether somebody did.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeVar

import gradio as gr

from workbench.ui import result
from workbench.ui.context import QUIET, Updates, unchanged
from workbench.ui.labels import Labels
from workbench.ui.language import say

Event = TypeVar("Event")
_LOCK = Lock()  # of the process, since a visitor's state is copied, and a lock cannot be


@dataclass(slots=True, eq=False)
class Attempt:
    """One click on Run.

    Attributes:
        begun: Whether its turn on the device has come.
        asked: Whether it was asked to stop.
        over: Whether it was stopped before its turn came: the page was told so, and the work says nothing any more.
        done: Whether its work has ended.
    """

    begun: bool = False
    asked: bool = False
    over: bool = False
    done: bool = False


@dataclass(slots=True)
class Stop:
    """The clicks on Run of one visitor whose work has not begun, in their order, and the newest of all.

    Every click on Run is followed by its work, so the work that begins is that of the oldest click that waits. Where
    Gradio's queue had no room for it, `refuse` says so.
    """

    waiting: list[Attempt] = field(default_factory=list[Attempt])
    newest: Attempt = field(default_factory=Attempt)

    def begin(self, *, over: bool = False) -> None:
        """At the click.

        Args:
            over: Nothing will be done, and the page was told why.
        """
        with _LOCK:
            self.newest = Attempt(asked=over, over=over)
            self.waiting.append(self.newest)

    def take(self) -> Attempt:
        """At the beginning of the work."""
        with _LOCK:
            attempt = self.waiting.pop(0) if self.waiting else Attempt()
            attempt.begun = True
            return attempt

    def refuse(self) -> None:
        """The work of the oldest click that waits will never begin."""
        with _LOCK:
            if self.waiting:
                self.waiting.pop(0).done = True

    @contextmanager
    def turn(self) -> Generator[Attempt]:
        """Around the work of the oldest click that waits."""
        attempt = self.take()
        try:
            yield attempt
        finally:
            attempt.done = True

    @property
    def is_idle(self) -> bool:
        """Whether nothing is worked on or waited for any more."""
        return self.newest.done or self.newest.over

    def ask(self) -> bool:
        """Ask the newest click's work to stop.

        Returns:
            Whether it has begun, and so will say itself that it has stopped.
        """
        with _LOCK:
            self.newest.asked = True
            self.newest.over = not self.newest.begun
            return self.newest.begun


def until_stopped(events: Generator[Event, Any, Any], attempt: Attempt) -> Iterable[Event]:
    """The events as long as nobody asked to stop; the generator is closed either way."""
    with closing(events):
        if attempt.asked:
            return
        for event in events:
            if attempt.asked:
                return
            yield event


def waits(run: Any, button: Any, progress: Any, labels: Labels) -> Updates:
    """At once on the click: the work waits for the device, and Stop is in the place of Run."""
    return {
        progress: result.progress_view(labels.waiting, key="waiting"),
        run: gr.Button(visible=False),
        button: gr.Button(visible=True, interactive=True),
    }


def stops(button: Any, progress: Any, words: str = "") -> Updates:
    """At once on Stop, where the work has begun and will say itself that it has stopped.

    Args:
        button: That for Stop.
        progress: What says how far the work is.
        words: What is finished first, where it is no clip.
    """
    return {button: gr.Button(interactive=False), progress: stopping_view(words)}


def rested(stop: Stop, run: Any, button: Any) -> Updates:
    """Run in the place of Stop, as an event of its own once the work has ended.

    Gradio sends what a generator yielded last once more at its end, which would show Run again after a quick click.

    Args:
        stop: The visitor's.
        run: The button.
        button: That for Stop.
    """
    return {run: gr.Button(visible=True), button: gr.Button(visible=False)} if stop.is_idle else unchanged(run)


def give_run_back(work: Any, stop: Any, run: Any, button: Any, progress: Any) -> None:
    """Wire what comes after work: Run in the place of Stop, also where Gradio's queue had no room for it.

    Args:
        work: Gradio's event of the work, which itself answers whatever goes wrong in it.
        stop: The visitor's, as a `gr.State`.
        run: The button.
        button: That for Stop.
        progress: What says that it waits.
    """

    def rest(stop: Stop) -> Updates:
        return rested(stop, run, button)

    def refused(stop: Stop) -> Updates:
        stop.refuse()
        return rest(stop) | ({progress: ""} if stop.is_idle else {})

    work.then(rest, [stop], [run, button], queue=False, **QUIET)
    work.failure(refused, [stop], [run, button, progress], queue=False, **QUIET)


def stopping_view(words: str = "") -> str:
    """What is shown from the click on Stop until the work has seen it.

    Args:
        words: What is finished first, where it is no clip.
    """
    return result.progress_view(words or say("Stopping after this clip…"), key="stopping")
