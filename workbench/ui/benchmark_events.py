"""What the Benchmark tab's events do. Each takes what the form says and gives updates by component."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import gradio as gr

from workbench import services
from workbench.errors import UsageError
from workbench.runs.records import RunFinished, RunStarted
from workbench.runs.report import run_csv, run_json
from workbench.runs.reporting.html import write_html
from workbench.runs.reporting.markdown import write_markdown
from workbench.runs.reporting.run_report import report_run
from workbench.runs.running import RunningScore
from workbench.runs.summary import RunSummary
from workbench.text.rulers import default_ruler, find_ruler, headline_metric
from workbench.ui import controls, result
from workbench.ui.benchmark_form import arguments, equivalent_command
from workbench.ui.commands import command_view
from workbench.ui.context import PageContext, Updates, components_of
from workbench.ui.expected import expect
from workbench.ui.explorer_events import Explorer
from workbench.ui.language import say, tell
from workbench.ui.live import Live
from workbench.ui.notices import notice, page_error
from workbench.ui.stopping import Attempt, Stop, rested, stops, until_stopped, waits
from workbench.ui.tables import totals_view

_MANY = 500
"""Clips that are scored in less than half a second, and need no note that it takes a while."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Where the answer appears."""

    start: Any
    notice: Any
    progress: Any
    totals: Any
    answer: Any
    downloads: Any
    report: Any
    command: Any
    run: Any
    stop: Any
    runs: Any
    run_id: Any


class BenchmarkTab:
    """What the tab's events do. Each method returns or yields updates by component."""

    def __init__(self, context: PageContext, shown: Shown, explorer: Explorer) -> None:
        self.context = context
        self.shown = shown
        self.explorer = explorer

    @property
    def outputs(self) -> list[Any]:
        """All that an update may name."""
        return [*components_of(self.shown), *self.explorer.outputs]

    def begin(self, stop: Stop, sets: list[str], own_set: str) -> Updates:
        """At once on the click, before it is our turn on the device."""
        shown = self.shown
        nothing = not sets and not (own_set or "").strip()
        stop.begin(over=nothing)
        if nothing:
            return {shown.notice: notice(say("No eval set is chosen."), say("Tick one, or name a folder or manifest."))}
        return {
            shown.start: gr.HTML(visible=False),
            shown.notice: "",
            shown.totals: "",
            shown.answer: gr.Column(visible=False),
            **waits(shown.run, shown.stop, shown.progress, self.context.labels),
            shown.run_id: "",
        }

    def stop(self, stop: Stop) -> Updates:
        """At once on the click; the work ends with the clip that it is at, and what had not begun is over."""
        if stop.ask():
            return stops(self.shown.stop, self.shown.progress)
        return (
            self._idle()
            | rested(stop, self.shown.run, self.shown.stop)
            | {self.shown.notice: notice(say("Stopped before the first clip."))}
        )

    def work(self, stop: Stop, **form: Any) -> Generator[Updates, None, None]:
        """Run: figures and rows as they come, the whole at the end or where it stops."""
        with stop.turn() as attempt:
            if not attempt.over:
                yield from self._work(attempt, form)

    def _work(self, attempt: Attempt, form: Mapping[str, Any]) -> Generator[Updates, None, None]:
        try:
            asked = arguments(self.context, form)
            yield self._started(asked, form["ruler"])
            live = None
            for event in until_stopped(services.bench_events(pool=self.context.pool, **asked), attempt):
                if live is None:
                    assert isinstance(event, RunStarted)
                    live = self._live(event.run_id, form["ruler"])
                    live.add(event)
                    yield {self.shown.run_id: event.run_id, self.shown.progress: live.progress}
                    continue
                live.add(event)
                if not isinstance(event, RunFinished) and live.is_due():
                    yield self._so_far(live)
            yield from self._ended(attempt, "" if live is None else live.run_id, form["ruler"])
        except Exception as error:
            yield self._idle() | {self.shown.notice: page_error(error, self.context.labels)}

    def _ended(self, attempt: Attempt, run_id: str, ruler: str) -> Generator[Updates, None, None]:
        """All of it, or what is done where it was stopped."""
        if not run_id:
            yield self._idle() | {self.shown.notice: notice(say("Stopped before the first clip."))}
            return
        kept = say("Stopped. What is done is kept; run it again to go on from here.")
        said = {self.shown.notice: notice(kept)} if attempt.asked else {}
        for updates in self.summary(run_id, ruler):
            yield updates | {self.shown.run_id: run_id} | said
        yield self._idle() | self.list_runs()

    def _started(self, asked: Mapping[str, Any], ruler: str) -> Updates:
        if not asked["engine"]:
            raise UsageError(self.context.labels.no_engine, hint=self.context.labels.no_engine_hint)
        command = equivalent_command(asked, ruler)
        return {
            self.shown.notice: notice(expected) if (expected := expect(self.context.pool, asked)) else "",
            self.shown.progress: result.progress_view(say("Reading the sets and loading the model…"), key="starting"),
            self.shown.command: command_view(command, element_id="bench-command", labels=self.context.labels),
        }

    def _live(self, run_id: str, ruler: str) -> Live:
        language = services.load_run(run_id, pool=self.context.pool).record.spec.set_language
        score = RunningScore(find_ruler(ruler or default_ruler(language)))
        return Live(score=score, headline=headline_metric(language))

    def _so_far(self, live: Live) -> Updates:
        shown = self.shown
        ruler = live.score.ruler
        return {
            shown.progress: live.progress,
            shown.answer: gr.Column(visible=True),
            **self.explorer.follow(live.table),
            shown.totals: totals_view(
                live.score.metrics(),
                headline=live.headline,
                ruler=ruler.id,
                ruler_hash=ruler.hash,
                scored=live.score.scored,
                failed=live.score.failed,
                total=live.total,
                measurement=live.score.measurement,
            ),
        }

    def summary(self, run_id: str, ruler: str, corrected: bool = False) -> Generator[Updates, None, None]:
        """A stored run under a ruler; that it takes a while is said where it does."""
        shown = self.shown
        run = services.scored_run(run_id, ruler=ruler or None, corrected=corrected, pool=self.context.pool)
        clips = len(run.run.outcomes)
        if clips > _MANY:
            words = say("Scoring {count} clips…", count=f"{clips:,}")
            yield {shown.start: gr.HTML(visible=False), shown.progress: result.progress_view(words, key=run_id)}
        scored = run.summary
        yield {
            shown.start: gr.HTML(visible=False),
            shown.progress: "",
            shown.answer: gr.Column(visible=True),
            shown.notice: notice(tell(scored.error), kind="warning") if scored.error else "",
            shown.totals: totals_view(
                scored.metrics,
                headline=scored.headline,
                ruler=scored.ruler,
                ruler_hash=scored.ruler_hash,
                scored=scored.scored,
                failed=scored.failed,
                total=scored.total,
                measurement=scored.measurement,
                remarks=list(_remarks(run.run.missing, scored)),
            ),
            shown.downloads: self._downloads(scored),
            shown.report: gr.Button(visible=True, interactive=True, value=say("Make a report")),
            shown.run_id: run_id,
        } | self.explorer.show(run)

    def report(self, run_id: str, ruler: str, corrected: bool) -> Generator[Updates, None, None]:
        """The shown run as a report to hand on, beside its tables."""
        if not run_id:
            return
        button = self.shown.report
        try:
            yield {button: gr.Button(value=say("Making the report…"), interactive=False)}
            run = services.scored_run(run_id, ruler=ruler or None, corrected=corrected, pool=self.context.pool)
            document = report_run(run.run, run.summary, run.causes, ruler=run.ruler)
            texts = {"html": write_html(document), "md": write_markdown(document)}
            yield {self.shown.downloads: self._downloads(run.summary, texts), button: gr.Button(visible=False)}
        except Exception as error:
            yield {
                self.shown.notice: page_error(error, self.context.labels),
                button: gr.Button(value=say("Make a report"), interactive=True),
            }

    def _downloads(self, scored: RunSummary, reports: Mapping[str, str] = MappingProxyType({})) -> str:
        texts = {
            **reports,
            "csv": "\ufeff" + run_csv(scored),
            "json": json.dumps(run_json(scored), ensure_ascii=False, indent=2),
        }
        made = [self.context.offer(f"{scored.run_id}.{suffix}", text) for suffix, text in texts.items()]
        return result.downloads_view(made, self.context.labels)

    def open_run(self, run_id: str | None, ruler: str, corrected: bool = False) -> Generator[Updates, None, None]:
        """An earlier run, or the shown one under another ruler."""
        if not run_id:
            yield {self.shown.notice: ""}
            return
        try:
            yield from self.summary(run_id, ruler, corrected)
        except Exception as error:
            yield {self.shown.notice: page_error(error, self.context.labels), self.shown.progress: ""}

    def _idle(self) -> Updates:
        return {self.shown.progress: ""}

    def list_runs(self) -> Updates:
        """The runs there are now."""
        return {self.shown.runs: gr.Dropdown(choices=controls.run_choices(self.context))}


def _remarks(missing: int, scored: RunSummary) -> Generator[str, None, None]:
    if scored.status == "started" and missing:
        yield say(
            "This run has not ended: {count} clips are not there yet. Open it again to see more of them.",
            count=f"{missing:,}",
        )
    if scored.corrections is not None:
        yield tell(scored.corrections.sentence)
    yield from map(tell, scored.warnings)
