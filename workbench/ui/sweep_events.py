"""What the sweep's events do: each takes what the form says and gives updates by component."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gradio as gr

from workbench import services
from workbench.errors import RunError, UsageError
from workbench.runs.records import ItemFailure, ItemResult, RunStarted
from workbench.runs.reporting.origin import sweep_command
from workbench.runs.reporting.sweep_report import letter_settings
from workbench.runs.sweep import CellDone, CellFailed, CellStarted, SweepEvent, SweepStarted
from workbench.runs.sweep_table import SweepTable
from workbench.ui import controls, result
from workbench.ui import format as written
from workbench.ui.benchmark_form import AS_LABELLED
from workbench.ui.commands import command_line, command_view
from workbench.ui.context import PageContext, Updates
from workbench.ui.language import say
from workbench.ui.notices import notice, page_error, warning_list
from workbench.ui.sweep_view import recommendation_view, sweep_label, sweep_view

_REFRESH_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Where the answer appears; `sweep_id` is a state with the sweep that is shown, or empty."""

    start: Any
    notice: Any
    progress: Any
    table: Any
    downloads: Any
    command: Any
    advice: Any
    run: Any
    stop: Any
    sweeps: Any
    sweep_id: Any


@dataclass(slots=True)
class Stop:
    """Whether somebody asked to stop; one a visitor, looked at between clips.

    Gradio's own cancelling goes by visitor and function: it would take a second run along with the one that it stops.
    """

    asked: bool = False


@dataclass(slots=True)
class Pace:
    """How far a sweep is.

    Attributes:
        cells: How many runs it has.
        index: The one that goes on, from 0.
        cell: What it is called.
        clips: Of that run.
        done: How many of them.
        new: Clips that were transcribed since it began.
        failed: What was said of cells that failed.
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

    def add(self, event: SweepEvent) -> bool:
        """Take an event in; whether a cell has ended with it."""
        match event:
            case SweepStarted():
                self.cells = event.cells
            case CellStarted():
                self.index, self.cell, self.done, self.clips = event.index, _cell_name(event), 0, 0
            case RunStarted():
                self.clips, self.kept = event.total, event.done
            case ItemResult() | ItemFailure():
                self.done += 1
                self.new += self.done > self.kept
            case CellFailed():
                self.failed.append(f"{event.cell.setting.label} · {event.cell.eval_set}: {event.message}")
            case _:
                pass
        return isinstance(event, CellDone | CellFailed)

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


class SweepTab:
    """What the tab's events do. Each method returns or yields updates by component."""

    def __init__(self, context: PageContext, shown: Shown) -> None:
        self.context = context
        self.shown = shown

    @property
    def outputs(self) -> list[Any]:
        """All that an update may name."""
        return [getattr(self.shown, name) for name in Shown.__dataclass_fields__]

    def begin(self, stop: Stop) -> Updates:
        """At once on the click, before it is our turn on the device."""
        shown, stop.asked = self.shown, False
        return {
            shown.start: gr.HTML(visible=False),
            shown.notice: "",
            shown.table: "",
            shown.downloads: "",
            shown.progress: result.progress_view(self.context.labels.waiting, key="waiting"),
            shown.run: gr.Button(visible=False),
            shown.stop: gr.Button(visible=True, interactive=True),
            shown.sweep_id: "",
        }

    def stop(self, stop: Stop) -> Updates:
        """At once on the click; the work ends with the clip that it is at."""
        stop.asked = True
        stopping = result.progress_view(say("Stopping after this clip…"), key="stopping")
        return {self.shown.stop: gr.Button(interactive=False), self.shown.progress: stopping}

    def work(self, stop: Stop, **form: Any) -> Generator[Updates, None, None]:
        """Run: how far it is, the table as soon as two settings are whole, all of it at the end or where it stops."""
        shown, pace = self.shown, Pace()
        try:
            asked = self._asked(form)
            yield {
                shown.progress: result.progress_view(say("Reading the sets and loading the model…"), key="starting"),
                shown.command: self._command(asked),
            }
            sweep_id = ""
            with closing(services.sweep_events(pool=self.context.pool, **asked)) as events:
                for event in events:
                    sweep_id = event.sweep_id if isinstance(event, SweepStarted) else sweep_id
                    if stop.asked:
                        break
                    ended = pace.add(event)
                    if ended or pace.is_due():
                        table = self._table(sweep_id, form["ruler"]) if ended else {}
                        yield {shown.progress: pace.view, shown.sweep_id: sweep_id} | table
            if stop.asked:
                yield self._stopped(sweep_id, form["ruler"])
                return
            failed = {shown.notice: warning_list(pace.failed)} if pace.failed else {}
            yield self._idle() | self.list_sweeps() | self._whole(sweep_id, form["ruler"]) | failed
        except Exception as error:
            yield self._idle() | {shown.notice: page_error(error, self.context.labels)}

    def open_sweep(self, sweep_id: str | None, ruler: str) -> Updates:
        """An earlier sweep, or the shown one under another ruler."""
        if not sweep_id:
            return {self.shown.notice: ""}
        try:
            return {self.shown.notice: ""} | self._whole(sweep_id, ruler)
        except Exception as error:
            return {self.shown.notice: page_error(error, self.context.labels), self.shown.table: ""}

    def _stopped(self, sweep_id: str, ruler: str) -> Updates:
        """What is done is kept and shown."""
        kept = notice(say("Stopped. What is done is kept; run it again to go on from here."))
        return self._idle() | self.list_sweeps() | self._table(sweep_id, ruler) | {self.shown.notice: kept}

    def list_sweeps(self) -> Updates:
        """The sweeps there are now."""
        records = services.list_sweeps(pool=self.context.pool)
        return {self.shown.sweeps: gr.Dropdown(choices=[(sweep_label(one), one.sweep_id) for one in records])}

    def recommend(self, recording: str | None, sweep_id: str, ruler: str) -> Generator[Updates, None, None]:
        """Which setting of the shown sweep, else of the newest, to take for a recording."""
        shown = self.shown
        if not recording:
            yield {shown.advice: ""}
            return
        yield {shown.advice: result.progress_view(say("Listening to the clips of the sweep…"), key="advice")}
        try:
            found = services.recommend(
                recording, sweep_id=sweep_id or None, ruler=ruler or None, pool=self.context.pool
            )
            table = services.sweep_table(found.sweep_id, ruler=ruler or None, pool=self.context.pool)
            letters = {setting.label: letter for setting, letter in letter_settings(table).items()}
            yield {shown.advice: recommendation_view(found, letters)}
        except Exception as error:
            yield {shown.advice: page_error(error, self.context.labels)}

    def _asked(self, form: Mapping[str, Any]) -> dict[str, Any]:
        own = (form["own_set"] or "").strip()
        sets = [*(form["sets"] or []), *([own] if own else [])]
        if not sets:
            raise UsageError("No eval set is chosen.", hint="Tick one, or name a folder or manifest.")
        if not form["engines"]:
            raise UsageError("No engine is chosen.", hint="Choose one or more.")
        return {
            "sets": sets,
            "engines": list(form["engines"]),
            "chains": list(form["chains"] or [""]),
            "language": form["language"] or AS_LABELLED,
            "limit": controls.parse_limit(form["limit"]),
        }

    def _command(self, asked: Mapping[str, Any]) -> str:
        line = command_line(
            "sweep",
            asked["sets"],
            chain=asked["chains"],
            engine=asked["engines"],
            language=None if asked["language"] == AS_LABELLED else asked["language"],
            limit=asked["limit"],
        )
        return command_view(line, element_id="sweep-command", labels=self.context.labels)

    def _table(self, sweep_id: str, ruler: str) -> Updates:
        """What can be said so far; nothing while fewer than two settings are whole."""
        try:
            found = services.sweep_table(sweep_id, ruler=ruler or None, pool=self.context.pool) if sweep_id else None
        except RunError:
            found = None
        return {} if found is None else {self.shown.table: sweep_view(found)}

    def _whole(self, sweep_id: str, ruler: str) -> Updates:
        shown = self.shown
        found = services.sweep_table(sweep_id, ruler=ruler or None, pool=self.context.pool)
        return {
            shown.start: gr.HTML(visible=False),
            shown.table: sweep_view(found),
            shown.downloads: self._downloads(found),
            shown.command: command_view(
                sweep_command(found.record), element_id="sweep-command", labels=self.context.labels
            ),
            shown.sweep_id: sweep_id,
        }

    def _downloads(self, found: SweepTable) -> str:
        folder = Path(tempfile.mkdtemp(dir=self.context.folder))
        paths: list[Path] = []
        for name in services.REPORT_FORMATS:
            text = services.write_sweep(found, name)
            paths.append(folder / f"sweep-{found.record.sweep_id}.{name}")
            paths[-1].write_text(text, encoding="utf-8-sig" if name == "csv" else "utf-8", newline="")
        return result.downloads_view(paths, self.context.labels)

    def _idle(self) -> Updates:
        shown = self.shown
        return {shown.progress: "", shown.run: gr.Button(visible=True), shown.stop: gr.Button(visible=False)}


def starting_words() -> str:
    """What a sweep is for, before there is one."""
    return say("Choose engines, ways of preprocessing and sets: each is run on each, and held against the first.")
