"""How far long work of several runs is, and how long the rest will take."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from workbench.runs.records import ItemFailure, ItemResult, RunStarted
from workbench.runs.sweep import CellDone, CellFailed, CellStarted, SweepEvent, SweepStarted
from workbench.services.curves import CurveCellFailed, CurveCellStarted, CurveEvent, CurvesMeasured
from workbench.ui import format as written
from workbench.ui import result
from workbench.ui.language import say

_REFRESH_SECONDS = 0.5


@dataclass(slots=True)
class Pace:
    """How far it is.

    Attributes:
        cells: How many runs it has.
        index: The one that goes on, from 0.
        cell: What it is called.
        clips: Of that run.
        done: How many of them.
        new: Clips that were transcribed since it began.
        kept: Clips of that run that were done before.
        failed: What was said of cells that failed.
        began: When, in seconds of the monotonic clock.
        shown: When the page was last told.
    """

    cells: int = 0
    index: int = 0
    cell: str = ""
    clips: int = 0
    done: int = 0
    new: int = 0
    kept: int = 0
    failed: list[str] = field(default_factory=list[str])
    began: float = field(default_factory=time.monotonic)
    shown: float = 0.0

    def add(self, event: SweepEvent | CurveEvent) -> bool:
        """Take an event in; whether a cell has ended with it."""
        match event:
            case SweepStarted():
                self.cells = event.cells
            case CellStarted():
                self.index, self.cell, self.done, self.clips = event.index, _cell_name(event), 0, 0
            case CurveCellStarted():
                self.cells, self.index, self.cell = event.total, event.index, event.label
                self.done, self.clips = 0, 0
            case CurveCellFailed():
                self.failed.append(f"{event.label}: {event.message}")
            case RunStarted():
                self.clips, self.kept = event.total, event.done
            case ItemResult() | ItemFailure():
                self.done += 1
                self.new += self.done > self.kept
            case CellFailed():
                self.failed.append(f"{event.cell.setting.label} · {event.cell.eval_set}: {event.message}")
            case _:
                pass
        return isinstance(event, CellDone | CellFailed | CurveCellFailed | CurvesMeasured)

    @property
    def view(self) -> str:
        """A bar, the cell, and how long the rest will take at the pace so far, its cells taken for alike."""
        part = self.index + (self.done / self.clips if self.clips else 0.0)
        detail = say("{part} of {total}", part=self.index + 1, total=self.cells)
        left = self.cells * self.clips - (self.index * self.clips + self.done)
        if self.new > 2 and left > 0:
            seconds = (time.monotonic() - self.began) / self.new * left
            detail += " · " + say("about {time} left", time=written.about(seconds))
        return result.progress_view(self.cell, done=round(100 * part), total=100 * self.cells or None, detail=detail)

    def is_due(self) -> bool:
        """Whether the page should be told now."""
        now = time.monotonic()
        if now - self.shown < _REFRESH_SECONDS:
            return False
        self.shown = now
        return True


def _cell_name(event: CellStarted) -> str:
    return f"{event.cell.setting.label} · {event.cell.eval_set}"
