"""What the events around a trial do: started, stopped, gone on with, opened, deleted."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import gradio as gr

from workbench import services
from workbench.errors import UsageError
from workbench.runs.sweep import CellFailed, CellStarted
from workbench.ui import result
from workbench.ui.commands import command_line, command_view
from workbench.ui.context import PageContext, Updates
from workbench.ui.language import say
from workbench.ui.notices import notice, page_error, warning_list
from workbench.ui.sweep_events import Pace
from workbench.ui.trial_labelling import Desk, Labelling, is_unfinished
from workbench.ui.trial_view import setting_name, trial_label


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
        return [*(getattr(self.shown, name) for name in Shown.__dataclass_fields__), *self.labelling.outputs]

    def begin(self) -> Updates:
        """At once on the click, before it is our turn on the device."""
        shown = self.shown
        return self._close() | {
            shown.start: gr.HTML(visible=False),
            shown.notice: "",
            shown.progress: result.progress_view(self.context.labels.waiting, key="waiting"),
            shown.run: gr.Button(visible=False),
            shown.stop: gr.Button(visible=True),
            shown.go_on: gr.Button(visible=False),
        }

    def work(self, **form: Any) -> Generator[Updates, None, None]:
        """A new trial: its recordings cut and transcribed, then its first clip."""
        try:
            name, files, asked = self._asked(form)
        except Exception as error:
            yield self._idle() | {self.shown.notice: page_error(error, self.context.labels)}
            return
        yield {self.shown.command: self._command(name, files, asked)}
        yield from self._run(name, files, asked)

    def go_on(self, name: str) -> Generator[Updates, None, None]:
        """A trial that was stopped."""
        yield {self.shown.command: self._command(name, (), {})}
        yield from self._run(name, (), {})

    def open_trial(self, name: str | None) -> Updates:
        """An earlier trial, at the clip to label next; one that was stopped can be gone on with."""
        if not name:
            return {}
        shown = self.shown
        about: Updates = {shown.start: gr.HTML(visible=False), shown.notice: "", shown.name: name, shown.command: ""}
        try:
            return about | {shown.go_on: gr.Button(visible=False)} | self.labelling.show(name)
        except Exception as error:
            unfinished = gr.Button(visible=is_unfinished(error))
            told = page_error(error, self.context.labels)
            return self._close() | about | {shown.notice: told, shown.go_on: unfinished}

    def stopped(self, name: str) -> Updates:
        """Stopped: what is done is kept, once the recordings were cut."""
        there = any(one.name == name for one in services.list_trials(pool=self.context.pool))
        kept = say("Stopped. What is done is kept; go on with it, or open it later.") if there else say("Stopped.")
        offered = {
            self.shown.notice: notice(kept),
            self.shown.run: gr.Button(visible=True, interactive=False),
            self.shown.go_on: gr.Button(visible=there, interactive=False),
        }
        return self._idle() | self.list_trials() | offered

    def ready(self) -> Updates:
        """Once the device is free again: a click before that would be taken back with what was stopped."""
        return {one: gr.Button(interactive=True) for one in (self.shown.run, self.shown.go_on)}

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

    def _run(self, name: str, files: Sequence[str], asked: Mapping[str, Any]) -> Generator[Updates, None, None]:
        shown, pace = self.shown, Pace()
        cutting = say("Cutting the recordings into clips…") if files else say("Loading the model…")
        yield {shown.progress: result.progress_view(cutting, key="cutting"), shown.name: name}
        failed: list[str] = []
        try:
            for event in services.try_out_events(name, files, pool=self.context.pool, **asked):
                ended = pace.add(event)
                if isinstance(event, CellStarted):
                    pace.cell = setting_name(event.cell.setting)
                if isinstance(event, CellFailed):
                    failed.append(f"{setting_name(event.cell.setting)}: {event.message}")
                if ended or pace.is_due():
                    yield {shown.progress: pace.view}
            warned = {shown.notice: warning_list(failed)} if failed else {}
            yield self._idle() | self.list_trials(chosen=name) | self.open_trial(name) | warned
        except Exception as error:
            yield self._idle() | self.list_trials() | {shown.notice: page_error(error, self.context.labels)}

    def _asked(self, form: Mapping[str, Any]) -> tuple[str, list[str], dict[str, Any]]:
        """Name, recordings, and the rest as `services.try_out_events` takes it."""
        files = list(form["files"] or [])
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

    def _command(self, name: str, files: Sequence[str], asked: Mapping[str, Any]) -> str:
        line = command_line(
            "trial",
            ["start", name, *(Path(one).name for one in files)],
            engine=asked.get("engines"),
            chain=asked.get("chains"),
            language=asked.get("language"),
            context=asked.get("context"),
        )
        return command_view(line, element_id="trial-command", labels=self.context.labels)

    def _close(self) -> Updates:
        return {self.labelling.bench.whole: gr.Column(visible=False), self.shown.name: ""}

    def _idle(self) -> Updates:
        shown = self.shown
        return {shown.progress: "", shown.run: gr.Button(visible=True), shown.stop: gr.Button(visible=False)}


def starting_words() -> str:
    """What this is for, before there is a trial."""
    return say(
        "Drop recordings that nobody has written down. Where the systems disagree you label about 20 clips, and see "
        "which makes the fewest errors."
    )
