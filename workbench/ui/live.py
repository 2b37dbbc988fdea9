"""A run while it goes on."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from workbench.runs.records import ItemFailure, ItemOutcome, ItemResult, RunEvent, RunStarted
from workbench.runs.running import RunningScore
from workbench.runs.scored import Clip
from workbench.runs.summary import Counts
from workbench.text.rulers import MetricName
from workbench.ui import format as written
from workbench.ui import result
from workbench.ui.clip_table import clips_view
from workbench.ui.language import say

MOST_ROWS = 50
_REFRESH_SECONDS = 0.7


@dataclass(slots=True)
class Live:
    """A run while it goes on."""

    score: RunningScore
    headline: MetricName
    run_id: str = ""
    total: int = 0
    kept: int = 0
    clips: list[Clip] = field(default_factory=list[Clip])
    began: float = field(default_factory=time.monotonic)
    shown: float = 0.0

    def add(self, event: RunEvent) -> None:
        if isinstance(event, RunStarted):
            self.run_id, self.total, self.kept = event.run_id, event.total, event.done
            self.began = time.monotonic()
        elif isinstance(event, ItemResult):
            counts = self.score.add(event)
            assert counts is not None
            self._note(event, counts)
        elif isinstance(event, ItemFailure):
            self.score.add(event)
            self._note(event, None)

    def _note(self, outcome: ItemOutcome, counts: Counts | None) -> None:
        rate = None if counts is None else counts[self.headline].rate
        self.clips.append(Clip(place=len(self.clips), outcome=outcome, counts=counts, rate=rate, searched=""))

    @property
    def table(self) -> str:
        """The clips done last, the newest above; all of them can be searched when the run has ended."""
        newest = list(reversed(self.clips[-MOST_ROWS:]))
        return f'<p class="wb-note">{say("Newest first.")}</p>{clips_view(newest, self.headline)}' if newest else ""

    @property
    def progress(self) -> str:
        """How much is done, and how long the rest will take at the pace since the run began or went on."""
        done, new = len(self.clips), len(self.clips) - self.kept
        detail = say("{part} of {total}", part=done, total=self.total)
        if new > 0 and done < self.total:
            left = (time.monotonic() - self.began) / new * (self.total - done)
            detail += " · " + say("about {time} left", time=written.about(left))
        return result.progress_view(say("Transcribing clips"), done=done, total=self.total or None, detail=detail)

    def is_due(self) -> bool:
        """Whether the page should be told now: seldom enough that the intervals of many clips cost little."""
        pause = max(_REFRESH_SECONDS, len(self.clips) / 1000)
        if time.monotonic() - self.shown < pause:
            return False
        self.shown = time.monotonic()
        return True
