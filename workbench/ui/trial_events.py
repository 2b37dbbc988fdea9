"""What the events around a trial do: started, stopped, gone on with, opened, deleted."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import gradio as gr

from workbench import services
from workbench.audio.held import HeldPath
from workbench.errors import UsageError
from workbench.runs.sweep import CellFailed, CellStarted
from workbench.ui import result
from workbench.ui.commands import command_line, command_view
from workbench.ui.context import PageContext, Updates, components_of, unchanged
from workbench.ui.language import say
from workbench.ui.notices import notice, page_error, warning_list
from workbench.ui.pace import Pace
from workbench.ui.stopping import Attempt, Stop, rested, stops, until_stopped, waits
from workbench.ui.trial_labelling import Desk, Labelling, is_unfinished
from workbench.ui.trial_view import setting_name, trial_label
from workbench.ui.uploaded import uploaded


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Where the answer appears; `name` is a state with the trial that is worked on or open, or empty."""

    start: Any
    notice: Any
    progress: Any
    command: Any
    run: Any
    stop: Any
    go_on: Any
    trials: Any
    name: Any


class TrialTab:
    """What the tab's events do. Each method returns or yields updates by component."""

    def __init__(self, context: PageContext, shown: Shown, labelling: Labelling) -> None:
        self.context = context
        self.shown = shown
        self.labelling = labelling

    @property
    def outputs(self) -> list[Any]:
        """All that an update may name."""
        return [*components_of(self.shown), *self.labelling.outputs]

    def begin(self, stop: Stop) -> Updates:
        """At once on the click, before it is our turn on the device."""
        shown = self.shown
        stop.begin()
        return self._close() | {
            shown.start: gr.HTML(visible=False),
            shown.notice: "",
            **waits(shown.run, shown.stop, shown.progress, self.context.labels),
            shown.go_on: gr.Button(visible=False),
        }

    def stop(self, stop: Stop, name: str) -> Updates:
        """At once on the click; the work ends with the clip that it is at, and what had not begun is over."""
        if stop.ask():
            return stops(self.shown.stop, self.shown.progress)
        return self._stopped(name) | rested(stop, self.shown.run, self.shown.stop)

    def work(self, stop: Stop, **form: Any) -> Generator[Updates, None, None]:
        """A new trial: its recordings cut and transcribed, then its first clip."""
        with stop.turn() as attempt:
            if not attempt.over:
                yield from self._begin_trial(attempt, form)

    def _begin_trial(self, attempt: Attempt, form: Mapping[str, Any]) -> Generator[Updates, None, None]:
        try:
            name, files, asked = self._asked(form)
        except Exception as error:
            yield self._idle() | {self.shown.notice: page_error(error, self.context.labels)}
            return
        yield {self.shown.command: self._command(name, files, asked)}
        yield from self._run(attempt, name, files, asked)

    def begin_again(self, stop: Stop) -> Updates:
        """At once on the click, to go on with what was stopped."""
        stop.begin()
        shown = self.shown
        return {
            shown.notice: "",
            **waits(shown.run, shown.stop, shown.progress, self.context.labels),
            shown.go_on: gr.Button(visible=False),
        }

    def go_on(self, stop: Stop, name: str) -> Generator[Updates, None, None]:
        """A trial that was stopped."""
        with stop.turn() as attempt:
            if not attempt.over:
                yield {self.shown.command: self._command(name, (), {})}
                yield from self._run(attempt, name, (), {})

    def open_trial(self, name: str | None) -> Updates:
        """An earlier trial, at the clip to label next; one that was stopped can be gone on with."""
        if not name:
            return unchanged(self.shown.name)
        shown = self.shown
        about: Updates = {shown.start: gr.HTML(visible=False), shown.notice: "", shown.name: name, shown.command: ""}
        try:
            return about | {shown.go_on: gr.Button(visible=False)} | self.labelling.show(name)
        except Exception as error:
            unfinished = gr.Button(visible=is_unfinished(error))
            told = page_error(error, self.context.labels)
            return self._close() | about | {shown.notice: told, shown.go_on: unfinished}

    def _stopped(self, name: str) -> Updates:
        """What is done is kept, once the recordings were cut."""
        there = any(one.name == name for one in services.list_trials(pool=self.context.pool))
        kept = say("Stopped. What is done is kept; go on with it, or open it later.") if there else say("Stopped.")
        offered = {self.shown.notice: notice(kept), self.shown.go_on: gr.Button(visible=there)}
        return self._idle() | self.list_trials() | offered

    def delete(self, desk: Desk) -> Updates:
        """The trial with its clips and labels."""
        try:
            services.delete_trial(desk.trial, pool=self.context.pool)
        except Exception as error:
            return {self.shown.notice: page_error(error, self.context.labels)}
        gone = notice(say("Deleted {name}; its runs are still there.", name=desk.trial))
        cleared = {self.shown.notice: gone, self.shown.start: gr.HTML(visible=True), self.shown.command: ""}
        return self._close() | self.list_trials(chosen=None) | cleared

    def list_trials(self, **chosen: Any) -> Updates:
        """The trials there are now.

        Args:
            **chosen: `chosen`, where another one should be shown as open.
        """
        records = services.list_trials(pool=self.context.pool)
        value = {"value": chosen["chosen"]} if chosen else {}
        choices = [(trial_label(one), one.name) for one in records]
        return {self.shown.trials: gr.Dropdown(choices=choices, **value)}

    def _run(
        self, attempt: Attempt, name: str, files: Sequence[HeldPath], asked: Mapping[str, Any]
    ) -> Generator[Updates, None, None]:
        shown, pace = self.shown, Pace()
        cutting = say("Cutting the recordings into clips…") if files else say("Loading the model…")
        yield {shown.progress: result.progress_view(cutting, key="cutting"), shown.name: name}
        failed: list[str] = []
        try:
            events = services.try_out_events(name, files, pool=self.context.pool, **asked)
            for event in until_stopped(events, attempt):
                ended = pace.add(event)
                if isinstance(event, CellStarted):
                    pace.cell = setting_name(event.cell.setting)
                if isinstance(event, CellFailed):
                    failed.append(f"{setting_name(event.cell.setting)}: {event.message}")
                if ended or pace.is_due():
                    yield {shown.progress: pace.view}
            if attempt.asked:
                yield self._stopped(name)
                return
            warned = {shown.notice: warning_list(failed)} if failed else {}
            yield self._idle() | self.list_trials(chosen=name) | self.open_trial(name) | warned
        except Exception as error:
            yield self._idle() | self.list_trials() | {shown.notice: page_error(error, self.context.labels)}

    def _asked(self, form: Mapping[str, Any]) -> tuple[str, list[HeldPath], dict[str, Any]]:
        """Name, recordings, and the rest as `services.try_out_events` takes it."""
        files = [uploaded(one, self.context.folder) for one in form["files"] or []]
        if not files:
            raise UsageError("No recording is chosen.", hint="Drop one or more.")
        if not form["engines"]:
            raise UsageError("No engine is chosen.", hint="Choose one or more.")
        name = (form["name"] or "").strip() or f"{datetime.now().astimezone():%Y-%m-%d-%H%M%S}"
        asked: dict[str, Any] = {"engines": list(form["engines"]), "chains": list(form["chains"] or [""])}
        if form["language"] not in (None, "", "auto"):
            asked["language"] = form["language"]
        if words := (form["context"] or "").strip():
            asked["context"] = words
        return name, files, asked

    def _command(self, name: str, files: Sequence[HeldPath], asked: Mapping[str, Any]) -> str:
        line = command_line(
            "trial",
            ["start", name, *(one.name for one in files)],
            engine=asked.get("engines"),
            chain=asked.get("chains"),
            language=asked.get("language"),
            context=asked.get("context"),
        )
        return command_view(line, element_id="trial-command", labels=self.context.labels)

    def _close(self) -> Updates:
        return {self.labelling.bench.whole: gr.Column(visible=False), self.shown.name: ""}

    def _idle(self) -> Updates:
        return {self.shown.progress: ""}


def starting_words() -> str:
    """What this is for, before there is a trial."""
    return say(
        "Drop recordings that nobody has written down. Where the systems disagree you label about 20 clips, and see "
        "which makes the fewest errors."
    )
