"""A run while it goes on."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from workbench.runs.records import ItemFailure, ItemResult, RunEvent, RunStarted
from workbench.runs.running import RunningScore
from workbench.text.rulers import MetricName
from workbench.ui import format as written
from workbench.ui import result
from workbench.ui.tables import ClipRow, clip_row, failure_row

_REFRESH_SECONDS = 0.7


@dataclass(slots=True)
class Live:
    """A run while it goes on."""

    score: RunningScore
    headline: MetricName
    run_id: str = ""
    total: int = 0
    kept: int = 0
    rows: list[ClipRow] = field(default_factory=list[ClipRow])
    began: float = field(default_factory=time.monotonic)
    shown: float = 0.0

    def add(self, event: RunEvent) -> None:
        if isinstance(event, RunStarted):
            self.run_id, self.total, self.kept = event.run_id, event.total, event.done
            self.began = time.monotonic()
        elif isinstance(event, ItemResult):
            counts = self.score.add(event)
            assert counts is not None
            self.rows.append(clip_row(event, counts))
        elif isinstance(event, ItemFailure):
            self.score.add(event)
            self.rows.append(failure_row(event))

    @property
    def progress(self) -> str:
        """How much is done, and how long the rest will take at the pace since the run began or went on."""
        done, new = len(self.rows), len(self.rows) - self.kept
        detail = f"{done} of {self.total}"
        if new > 0 and done < self.total:
            detail += f" · about {written.about((time.monotonic() - self.began) / new * (self.total - done))} left"
        return result.progress_view("Transcribing clips", done=done, total=self.total or None, detail=detail)

    def is_due(self) -> bool:
        """Whether the page should be told now: seldom enough that a long table costs little."""
        pause = max(_REFRESH_SECONDS, len(self.rows) / 1000)
        if time.monotonic() - self.shown < pause:
            return False
        self.shown = time.monotonic()
        return True
