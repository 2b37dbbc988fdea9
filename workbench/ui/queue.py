"""The recordings of the Transcribe tab in their order, and what became of each. No HTML, no gradio.

A queue belongs to one browser tab. The event that works and the events of clicks share it: what they write is one
attribute each, and only the worker takes what waits.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal

from workbench.audio.held import HeldPath
from workbench.errors import AudioError
from workbench.pipeline.transcript import Transcript
from workbench.ui.answers import Answer
from workbench.ui.context import Updates
from workbench.ui.draft import Draft
from workbench.ui.recording import Outline

_ARRIVES_SECONDS = 0.15
_PATIENCE_SECONDS = 0.6
"""Together with the click's own way, Stop is seen within a second."""

State = Literal["new", "waiting", "working", "done", "failed", "stopped"]


@dataclass(slots=True, eq=False, kw_only=True)
class Job:
    """One try at a recording.

    Attributes:
        asked: Arguments of `services.transcribe_events`: the form at the time of the click.
        command: The same on the command line.
        draft: What has been heard.
        expected: What it will take by earlier runs, as a sentence; empty where that is not known, or it is short.
        before: What an earlier try had heard when it was stopped; shown until this one has heard more.
        stopping: Somebody pressed Stop: what still comes is not shown.
        sending: A view of it is on its way to the browser.
        sent: When the last was sent, by the monotonic clock.
    """

    asked: Mapping[str, Any]
    command: str
    draft: Draft
    expected: str = ""
    before: Draft | None = None
    stopping: bool = False
    sending: bool = False
    sent: float = 0.0

    def view(self, updates: Updates) -> Generator[Updates, None, None]:
        """Yield a view; the generator is resumed when it was sent."""
        self.sending = True
        yield updates
        self.sending, self.sent = False, time.monotonic()

    @property
    def is_quiet(self) -> bool:
        """Whether no view of it is on its way, which would come after what is told now."""
        return not self.sending and time.monotonic() - self.sent > _ARRIVES_SECONDS

    @property
    def goes_on(self) -> bool:
        """Whether it begins where an earlier try was stopped: as its chunks say, before the first as is planned."""
        return self.draft.kept_until > 0 if self.draft.last is not None else self.before is not None

    @property
    def shown(self) -> Draft:
        """The draft that a reader sees."""
        return self.before if self.before is not None and not self.draft.is_new() else self.draft


@dataclass(slots=True, eq=False, kw_only=True)
class Entry:
    """One recording.

    Attributes:
        id: Unique in its queue.
        path: The recording; it lasts as long as somebody holds this.
        name: For people; hostile text.
        caption: What was read aloud, where that is known.
        seconds: Its length; None where not known yet.
        state: What became of it.
        job: The try under way, or the last one.
        answer: The transcript with the user's edits; of a stopped try, as far as it came.
        device: What the engine ran on.
        error: Why it failed.
        drawn: How it is drawn and played; None before it was first looked at.
        check: What it is like, as HTML; None before it was looked into.
        is_version: Whether this is an edited text that a later try would have replaced.
        is_text: Whether it is a transcript that was opened without its recording; `path` is its own file.
    """

    id: int
    path: HeldPath
    name: str
    caption: str = ""
    seconds: float | None = None
    state: State = "new"
    job: Job | None = None
    answer: Answer | None = None
    device: str = ""
    error: Exception | None = None
    drawn: Outline | None = None
    check: str | None = None
    is_version: bool = False
    is_text: bool = False

    @property
    def is_busy(self) -> bool:
        return self.state in ("waiting", "working")

    def ask(self, asked: Mapping[str, Any], command: str) -> None:
        """Let it wait for its turn."""
        old = self.job
        goes_on = old is not None and self.state in ("stopped", "failed") and old.asked == asked and old.draft.last
        self.job = Job(
            asked=asked, command=command, draft=Draft(self.seconds), before=old.draft if old and goes_on else None
        )
        self.state, self.error = "waiting", None


def finished(transcript: Transcript, entry: Entry, job: Job) -> Answer:
    """A transcript as the page shows it; edits are made in it, and it is kept where it belongs."""
    return Answer(
        transcript=transcript,
        command=job.command,
        recording=entry.path,
        channel=job.asked["channel"],
        device=entry.device,
    )


def without_frames(error: Exception) -> Exception:
    """The error, and those that it came from, without what was being worked on: frames would hold the recording."""
    left: list[BaseException] = [error]
    while left:
        one = left.pop()
        if one.__traceback__ is not None:
            one.__traceback__ = None
            left += [cause for cause in (one.__cause__, one.__context__) if cause is not None]
    return error


def flags_left(answer: Answer) -> int:
    """How many places nobody has checked yet."""
    return sum(not checked for _, checked in answer.edited.flags)


def is_whole(answer: Answer) -> bool:
    """Whether nothing is left to look at; what is missing for another reason than a place to check stays missing."""
    raw = answer.transcript
    return not flags_left(answer) and (raw.complete or any(flag.is_missing for flag in raw.flags))


@dataclass(slots=True, eq=False)
class Queue:
    """Recordings in their order.

    Attributes:
        entries: All of them.
        selected: The one whose player and text are shown; None where there is none.
        asked: What the form said at the last click on Transcribe; recordings that come while it works take it too.
        looking: How many recordings are being drawn for the first time.
        at_work: The try that was begun last.
        arrived: How often files came; the script waits for it.
    """

    entries: list[Entry] = field(default_factory=list[Entry])
    selected: Entry | None = None
    asked: Mapping[str, Any] | None = None
    looking: int = 0
    at_work: Job | None = None
    arrived: int = 0
    _ids: count[int] = field(default_factory=lambda: count(1))

    def add(self, path: HeldPath, *, name: str = "", caption: str = "", seconds: float | None = None) -> Entry:
        """One more, at the end."""
        entry = Entry(id=next(self._ids), path=path, name=name or path.name, caption=caption, seconds=seconds)
        self.entries.append(entry)
        return entry

    def deliver(self, entry: Entry, answer: Answer) -> None:
        """Give an entry another answer; one that was edited is kept as an entry of its own."""
        old = entry.answer
        if old is not None and old.edited.history:
            version = Entry(
                id=next(self._ids), path=entry.path, name=entry.name, caption=entry.caption, seconds=entry.seconds,
                state="done", job=entry.job, answer=old, device=entry.device, drawn=entry.drawn, check=entry.check,
                is_version=True,
            )  # fmt: skip
            self.entries.insert(self.entries.index(entry) + 1, version)
        entry.answer = answer

    def stop(self, entry: Entry) -> None:
        """End the try at once; what it has heard is the answer."""
        if entry.is_busy and entry.job is not None:
            entry.job.stopping = True
            self._keep_heard(entry, entry.job)
            entry.state = "stopped"

    def fail(self, entry: Entry, error: Exception) -> None:
        """It cannot be used, or the engine cannot; what was heard until then is the answer."""
        if entry.job is not None:
            self._keep_heard(entry, entry.job)
        entry.state, entry.error = "failed", without_frames(error)

    def _keep_heard(self, entry: Entry, job: Job) -> None:
        if job.before is not None and job.draft.reached <= job.before.reached:
            job.draft = job.before  # an earlier try came as far: its answer stays
            return
        heard = job.draft.so_far()
        if heard is not None:
            self.deliver(entry, finished(heard, entry, job))

    def find(self, number: object) -> Entry | None:
        """The one with this id; a page that is not ours may ask for anything."""
        return next((entry for entry in self.entries if entry.id == number), None)

    def remove(self, entry: Entry) -> None:
        """Stop it and take it out; its neighbour is shown instead."""
        self.stop(entry)
        place = self.entries.index(entry)
        self.entries.remove(entry)
        if self.selected is entry:
            self.selected = self.entries[min(place, len(self.entries) - 1)] if self.entries else None

    def leave(self) -> None:
        """The visitor is gone: everything ends, and no recording is held here any more."""
        for entry in list(self.entries):
            self.remove(entry)
            entry.drawn = None
            if entry.answer is not None:
                entry.answer.recording = None

    def take(self) -> Entry | None:
        """The next that waits, from now on at work."""
        entry = next((entry for entry in self.entries if entry.state == "waiting"), None)
        if entry is not None:
            entry.state, self.at_work = "working", entry.job
        return entry

    def wait_for_views(self) -> None:
        """Let views that are on their way arrive, so that what is told next is not overwritten by what was before."""
        until = time.monotonic() + _PATIENCE_SECONDS
        job = self.at_work
        while job is not None and time.monotonic() < until and not job.is_quiet:
            time.sleep(0.02)

    @property
    def is_busy(self) -> bool:
        return any(entry.is_busy for entry in self.entries)

    @property
    def to_do(self) -> Sequence[Entry]:
        """What a click on Transcribe is for: what can be read and has no whole transcript, or else the one shown."""
        left = [entry for entry in self.entries if entry.state in ("new", "stopped") or _may_fare_better(entry)]
        shown = [self.selected] if self.selected is not None else []
        return left or [entry for entry in shown if not (entry.is_busy or entry.is_text)]


def _may_fare_better(entry: Entry) -> bool:
    """Whether another try may succeed; a file that is no recording stays none."""
    return entry.state == "failed" and not isinstance(entry.error, AudioError)
