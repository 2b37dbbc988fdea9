"""What the sweep's events do: each takes what the form says and gives updates by component."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr

from workbench import services
from workbench.audio.held import HeldPath
from workbench.errors import RunError
from workbench.runs.recommendation import Recommendation
from workbench.runs.reporting.origin import sweep_command
from workbench.runs.reporting.sweep_report import letters_of
from workbench.runs.sweep import SweepStarted
from workbench.runs.sweep_table import SweepTable
from workbench.ui import controls, result
from workbench.ui.benchmark_form import AS_LABELLED, ways_and_sets
from workbench.ui.commands import command_line, command_view
from workbench.ui.context import PageContext, Updates, components_of
from workbench.ui.expected import expect_sweep
from workbench.ui.language import say
from workbench.ui.notices import notice, page_error, warning_list
from workbench.ui.pace import Pace
from workbench.ui.stopping import Attempt, Stop, rested, stops, until_stopped, waits
from workbench.ui.sweep_view import recommendation_view, sweep_label, sweep_view
from workbench.ui.transcribe_form import parse_seconds
from workbench.ui.uploaded import uploaded


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


class SweepTab:
    """What the tab's events do. Each method returns or yields updates by component."""

    def __init__(self, context: PageContext, shown: Shown) -> None:
        self.context = context
        self.shown = shown

    @property
    def outputs(self) -> list[Any]:
        """All that an update may name."""
        return components_of(self.shown)

    def begin(self, stop: Stop) -> Updates:
        """At once on the click, before it is our turn on the device."""
        shown = self.shown
        stop.begin()
        return {
            shown.start: gr.HTML(visible=False),
            shown.notice: "",
            shown.table: "",
            shown.downloads: "",
            **waits(shown.run, shown.stop, shown.progress, self.context.labels),
            shown.sweep_id: "",
        }

    def stop(self, stop: Stop) -> Updates:
        """At once on the click; the work ends with the clip that it is at, and what had not begun is over."""
        if stop.ask():
            return stops(self.shown.stop, self.shown.progress)
        return (
            self._idle() | rested(stop, self.shown.run, self.shown.stop) | {self.shown.notice: notice(say("Stopped."))}
        )

    def work(self, stop: Stop, **form: Any) -> Generator[Updates, None, None]:
        """Run: how far it is, the table as soon as two settings are whole, all of it at the end or where it stops."""
        with stop.turn() as attempt:
            if not attempt.over:
                yield from self._work(attempt, form)

    def _work(self, attempt: Attempt, form: Mapping[str, Any]) -> Generator[Updates, None, None]:
        shown, pace = self.shown, Pace()
        try:
            asked = self._asked(form)
            yield {
                shown.notice: notice(expected) if (expected := expect_sweep(self.context.pool, asked)) else "",
                shown.progress: result.progress_view(say("Reading the sets and loading the model…"), key="starting"),
                shown.command: self._command(asked),
            }
            sweep_id = ""
            for event in until_stopped(services.sweep_events(pool=self.context.pool, **asked), attempt):
                sweep_id = event.sweep_id if isinstance(event, SweepStarted) else sweep_id
                ended = pace.add(event)
                if ended or pace.is_due():
                    table = self._table(sweep_id, form["ruler"]) if ended else {}
                    yield {shown.progress: pace.view, shown.sweep_id: sweep_id} | table
            if attempt.asked:
                yield self._stopped(sweep_id, form["ruler"])
                return
            failed = {shown.notice: warning_list(pace.failed)}
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
                uploaded(recording, self.context.folder),
                sweep_id=sweep_id or None,
                ruler=ruler or None,
                pool=self.context.pool,
            )
            yield {shown.advice: recommendation_view(found, self._letters(found))}
        except Exception as error:
            yield {shown.advice: page_error(error, self.context.labels)}

    def _letters(self, found: Recommendation) -> dict[str, str]:
        """As in the sweep's own table, which has the settings that are whole."""
        records = {one.sweep_id: one for one in services.list_sweeps(pool=self.context.pool)}
        whole = {row.run_id for row in found.ranking.rows}
        letters = letters_of(one for one in records[found.sweep_id].settings if one.label in whole)
        return {setting.label: letter for setting, letter in letters.items()}

    def _asked(self, form: Mapping[str, Any]) -> dict[str, Any]:
        return {
            **ways_and_sets(form),
            **({"context": words} if (words := (form["context"] or "").strip()) else {}),
            **({"chunk_seconds": longest} if (longest := parse_seconds(form["chunk_seconds"])) is not None else {}),
            **({"options": options} if (options := self._options(form)) else {}),
        }

    def _options(self, form: Mapping[str, Any]) -> dict[str, Any]:
        own = {name: value for name, value in form.items() if "/" in name}
        return controls.several_values(self.context, form["engines"], own)

    def _command(self, asked: Mapping[str, Any]) -> str:
        line = command_line(
            "sweep",
            asked["sets"],
            chain=asked["chains"],
            engine=asked["engines"],
            language=None if asked["language"] == AS_LABELLED else asked["language"],
            limit=asked["limit"],
            chunk_seconds=asked.get("chunk_seconds"),
            context=asked.get("context"),
            option=asked.get("options"),
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
        files: list[HeldPath] = []
        for name in services.REPORT_FORMATS:
            text = services.write_sweep(found, name)
            mark = "\ufeff" if name == "csv" else ""  # spreadsheets would take it for another encoding
            files.append(self.context.offer(f"sweep-{found.record.sweep_id}.{name}", mark + text))
        return result.downloads_view(files, self.context.labels)

    def _idle(self) -> Updates:
        return {self.shown.progress: ""}


def starting_words() -> str:
    """What a sweep is for, before there is one."""
    return say("Choose engines, ways of preprocessing and sets: each is run on each, and held against the first.")
