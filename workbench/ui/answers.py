"""The answers of the page: transcripts, each with what a person did to it since."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from workbench.audio.held import HeldPath
from workbench.audio.io import Channel
from workbench.pipeline.edited import EditedTranscript
from workbench.pipeline.rerun import Rerun
from workbench.pipeline.transcript import Transcript
from workbench.ui.rows import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a part was heard as when it was transcribed again; nobody took it yet.

    Attributes:
        segments: Numbers of the segments in whose place it would stand.
        rerun: What was heard.
    """

    segments: tuple[int, ...]
    rerun: Rerun


@dataclass(slots=True, kw_only=True, eq=False, weakref_slot=True)
class Answer:
    """A transcript as the page shows it, with its edits.

    It is one object for as long as somebody keeps it, and edits are made in it: whoever shows it later shows them, and
    an edit that arrives after another answer was shown still finds its own.

    Attributes:
        transcript: As the engine wrote it.
        command: The one that made it, without corrections.
        recording: The file, to hear parts of it again; None where it is not here.
        channel: The one that was transcribed.
        device: What the engine ran on.
        edited: With the edits.
        key: What the browser calls it. Nobody can guess it, so it is also the right to edit.
        revision: Counts what was sent to the browser.
        values: What each row shows, by number.
        rows: HTML of each segment as it was sent last, by number, in order.
        parts: HTML of everything else as it was sent last, by name.
        proposal: What waits to be taken or left.
        lock: Held while it is read to be changed.
    """

    transcript: Transcript
    command: str = ""
    recording: HeldPath | None = None
    channel: Channel = "mix"
    device: str = ""
    edited: EditedTranscript = field(init=False)
    key: str = field(init=False, default_factory=lambda: secrets.token_urlsafe(16))
    revision: int = field(init=False, default=0)
    values: dict[int, Row] = field(init=False, default_factory=dict[int, Row])
    rows: dict[int, str] = field(init=False, default_factory=dict[int, str])
    parts: dict[str, str] = field(init=False, default_factory=dict[str, str])
    proposal: Proposal | None = field(init=False, default=None)
    lock: threading.RLock = field(init=False, default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self.edited = EditedTranscript(raw=self.transcript)


class Answers:
    """Those that somebody still keeps, by their keys."""

    def __init__(self) -> None:
        self._known: WeakValueDictionary[str, Answer] = WeakValueDictionary()

    def add(self, answer: Answer) -> None:
        self._known[answer.key] = answer

    def find(self, key: str) -> Answer | None:
        return self._known.get(key)
