"""What the events of curves do: each takes what the form says and gives updates by component."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from workbench import services
from workbench.errors import UsageError
from workbench.runs.curve_report import curves_csv, curves_json, curves_svg
from workbench.runs.curves import SNR, Curves
from workbench.services.curves import CurvesMeasured
from workbench.ui import controls, result
from workbench.ui.benchmark_form import AS_LABELLED, ways_and_sets
from workbench.ui.commands import command_line, command_view
from workbench.ui.context import PageContext, Updates, components_of
from workbench.ui.curve_view import curves_view
from workbench.ui.language import say
from workbench.ui.notices import notice, page_error, warning_list
from workbench.ui.pace import Pace
from workbench.ui.stopping import Attempt, Stop, rested, stops, until_stopped, waits


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Where the answer appears; `held` is a state with runs and axis of what is shown."""

    start: Any
    notice: Any
    progress: Any
    curves: Any
    downloads: Any
    command: Any
    run: Any
    stop: Any
    runs: Any
    held: Any


class CurveTab:
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
            shown.curves: "",
            shown.downloads: "",
            **waits(shown.run, shown.stop, shown.progress, self.context.labels),
            shown.held: None,
        }

    def stop(self, stop: Stop) -> Updates:
        """At once on the click; the work ends with the clip that it is at, and what had not begun is over."""
        if stop.ask():
            return stops(self.shown.stop, self.shown.progress)
        return (
            self._idle() | rested(stop, self.shown.run, self.shown.stop) | {self.shown.notice: notice(say("Stopped."))}
        )

    def work(self, stop: Stop, **form: Any) -> Generator[Updates, None, None]:
        """Run what the curves need, then draw them."""
        with stop.turn() as attempt:
            if not attempt.over:
                yield from self._work(attempt, form)

    def _work(self, attempt: Attempt, form: Mapping[str, Any]) -> Generator[Updates, None, None]:
        shown, pace = self.shown, Pace()
        try:
            asked = self._asked(form)
            yield {
                shown.progress: result.progress_view(say("Reading the sets and loading the model…"), key="starting"),
                shown.command: self._command(asked, form["ruler"]),
            }
            run_ids: tuple[str, ...] = ()
            for event in until_stopped(services.curve_events(pool=self.context.pool, **asked), attempt):
                run_ids = event.run_ids if isinstance(event, CurvesMeasured) else run_ids
                if pace.add(event) or pace.is_due():
                    yield {shown.progress: pace.view}
            if not run_ids:
                kept = notice(say("Stopped. What is done is kept; run it again to go on from here."))
                yield self._idle() | {shown.notice: kept}
                return
            yield self._idle() | {shown.notice: warning_list(pace.failed)} | self._drawn(run_ids, asked["axis"], form)
        except Exception as error:
            yield self._idle() | {shown.notice: page_error(error, self.context.labels)}

    def draw(self, runs: Sequence[str] | None, axis: str | None, ruler: str) -> Updates:
        """Curves of runs that are there."""
        try:
            if not runs:
                raise UsageError("No run is chosen.", hint="Choose one or more.")
            command = command_line("curve", list(runs), axis=None if axis == SNR else axis, ruler=ruler)
            return (
                {self.shown.notice: "", self.shown.start: gr.HTML(visible=False)}
                | self._drawn(tuple(runs), axis or SNR, {"ruler": ruler})
                | {self.shown.command: command_view(command, element_id="curve-command", labels=self.context.labels)}
            )
        except Exception as error:
            return {self.shown.notice: page_error(error, self.context.labels)}

    def rescore(self, held: tuple[tuple[str, ...], str] | None, ruler: str) -> Updates:
        """What is shown under another ruler."""
        try:
            return {self.shown.notice: ""} | (self._drawn(*held, {"ruler": ruler}) if held is not None else {})
        except Exception as error:
            return {self.shown.notice: page_error(error, self.context.labels)}

    def list_runs(self) -> Updates:
        """The runs there are now."""
        return {self.shown.runs: gr.Dropdown(choices=controls.run_choices(self.context))}

    def _drawn(self, runs: tuple[str, ...], axis: str, form: Mapping[str, Any]) -> Updates:
        found = services.curve(runs, axis=axis, ruler=form["ruler"] or None, pool=self.context.pool)
        shown = self.shown
        return {
            shown.curves: curves_view(found),
            shown.downloads: self._downloads(found),
            shown.held: (runs, axis),
        } | self.list_runs()

    def _downloads(self, found: Curves) -> str:
        texts = {
            "svg": curves_svg(found),
            "csv": "\ufeff" + curves_csv(found),
            "json": json.dumps(curves_json(found), ensure_ascii=False, indent=2),
        }
        files = [self.context.offer(f"curves-by-{found.axis}.{suffix}", text) for suffix, text in texts.items()]
        return result.downloads_view(files, self.context.labels)

    def _asked(self, form: Mapping[str, Any]) -> dict[str, Any]:
        asked = ways_and_sets(form)
        axis = (form["axis"] or SNR).strip()
        return asked | {"axis": axis, "values": parse_numbers(form["values"]) if axis != SNR else []}

    def _command(self, asked: Mapping[str, Any], ruler: str) -> str:
        line = command_line(
            "curve",
            set=asked["sets"],
            axis=None if asked["axis"] == SNR else asked["axis"],
            values=",".join(f"{one:g}" for one in asked["values"]),
            chain=asked["chains"],
            engine=asked["engines"],
            language=None if asked["language"] == AS_LABELLED else asked["language"],
            limit=asked["limit"],
            ruler=ruler,
        )
        return command_view(line, element_id="curve-command", labels=self.context.labels)

    def _idle(self) -> Updates:
        return {self.shown.progress: ""}


def parse_numbers(text: str | None) -> list[float]:
    """`1, 2 5` as numbers.

    Raises:
        UsageError: One is none.
    """
    words = (text or "").replace(",", " ").replace("，", " ").replace("、", " ").split()
    try:
        return [float(word) for word in words]
    except ValueError:
        raise UsageError(
            f"{text!r} is not numbers.", hint="Write them with commas between them, as 20, 10, 5, 0."
        ) from None
