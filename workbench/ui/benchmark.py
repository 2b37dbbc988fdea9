"""The Benchmark tab: labelled sets through an engine, scored and metered clip by clip."""

from __future__ import annotations

import inspect
import json
import tempfile
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import gradio as gr

from workbench import services
from workbench.errors import UsageError, WorkbenchError
from workbench.runs.records import RunFinished, RunStarted
from workbench.runs.report import run_csv, run_json
from workbench.runs.reporting.html import write_html
from workbench.runs.reporting.markdown import write_markdown
from workbench.runs.reporting.run_report import report_run
from workbench.runs.running import RunningScore
from workbench.runs.summary import RunSummary
from workbench.text.rulers import default_ruler, find_ruler, headline_metric
from workbench.ui import controls, explorer, result
from workbench.ui import format as written
from workbench.ui.benchmark_form import Form, arguments, build_form, equivalent_command, known_sets
from workbench.ui.commands import command_view
from workbench.ui.context import DEVICE, QUIET, PageContext, Updates
from workbench.ui.explorer import Source
from workbench.ui.explorer_events import Explorer
from workbench.ui.language import say, tell
from workbench.ui.live import Live
from workbench.ui.markup import html
from workbench.ui.notices import notice, page_error
from workbench.ui.tables import sets_view, totals_view

_LONG_SECONDS = 60.0
"""From here on it is said beforehand what a run will take."""

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


def build(context: PageContext) -> None:
    """Form at the left, answer at the right; one below the other where it is narrow."""
    with gr.Row(elem_classes="wb-workspace"):
        with gr.Column(elem_classes="wb-side", scale=4, min_width=300):
            choices = build_form(context)
            with gr.Row(elem_classes="wb-actions"):
                run = gr.Button(say("Run benchmark"), variant="primary", elem_classes="wb-run")
                stop = gr.Button(say("Stop"), visible=False, elem_classes="wb-cancel")
            runs = gr.Dropdown(
                controls.run_choices(context), label=say("Open an earlier run"), value=None, elem_classes="wb-runs"
            )
        with gr.Column(elem_classes="wb-main", scale=9, min_width=320):
            shown, clips, tabs = _build_shown(context, run, stop, runs)
    _wire(BenchmarkTab(context, shown, clips), choices, tabs)


def _build_shown(context: PageContext, run: Any, stop: Any, runs: Any) -> tuple[Shown, Explorer, explorer.Tabs]:
    start = html(sets_view(known_sets(context)), classes="wb-start-block")
    notices, progress, totals = html(), html(), html()
    with gr.Column(visible=False, elem_classes="wb-result") as answer:
        with gr.Row(elem_classes="wb-handing-on"):
            downloads = html()
            report = gr.Button(say("Make a report"), size="sm", elem_classes="wb-look")
        clips, tabs = explorer.build(context)
    shown = Shown(
        start=start, notice=notices, progress=progress, totals=totals, answer=answer, downloads=downloads,
        report=report,
        command=html(), run=run, stop=stop, runs=runs, run_id=gr.State(""),
    )  # fmt: skip
    return shown, clips, tabs


class BenchmarkTab:
    """What the tab's events do. Each method returns or yields updates by component."""

    def __init__(self, context: PageContext, shown: Shown, explorer: Explorer) -> None:
        self.context = context
        self.shown = shown
        self.explorer = explorer

    def begin(self, sets: list[str], own_set: str) -> Updates:
        """At once on the click, before it is our turn on the device."""
        shown = self.shown
        if not sets and not (own_set or "").strip():
            return {shown.notice: notice(say("No eval set is chosen."), say("Tick one, or name a folder or manifest."))}
        return {
            shown.start: gr.HTML(visible=False),
            shown.notice: "",
            shown.totals: "",
            shown.answer: gr.Column(visible=False),
            shown.progress: result.progress_view(self.context.labels.waiting, key="waiting"),
            shown.run: gr.Button(visible=False),
            shown.stop: gr.Button(visible=True),
            shown.run_id: "",
        }

    def work(self, **form: Any) -> Generator[Updates, None, None]:
        """Run: figures and rows as they come, the whole at the end."""
        try:
            asked = arguments(self.context, form)
            if not asked["sets"]:
                yield self._idle()
                return
            yield self._started(asked, form["ruler"])
            live = None
            for event in services.bench_events(pool=self.context.pool, **asked):
                if live is None:
                    assert isinstance(event, RunStarted)
                    live = self._live(event.run_id, form["ruler"])
                    live.add(event)
                    yield {self.shown.run_id: event.run_id, self.shown.progress: live.progress}
                    continue
                live.add(event)
                if not isinstance(event, RunFinished) and live.is_due():
                    yield self._so_far(live)
            assert live is not None
            for updates in self.summary(live.run_id, form["ruler"]):
                yield self._idle() | self.list_runs() | updates
        except Exception as error:
            yield self._idle() | {self.shown.notice: page_error(error, self.context.labels)}

    def _started(self, asked: Mapping[str, Any], ruler: str) -> Updates:
        if not asked["engine"]:
            raise UsageError(self.context.labels.no_engine, hint=self.context.labels.no_engine_hint)
        command = equivalent_command(asked, ruler)
        return {
            self.shown.notice: notice(expected) if (expected := self._expected(asked)) else "",
            self.shown.progress: result.progress_view(say("Reading the sets and loading the model…"), key="starting"),
            self.shown.command: command_view(command, element_id="bench-command", labels=self.context.labels),
        }

    def _expected(self, asked: Mapping[str, Any]) -> str:
        """What a long run will take, by earlier ones here; nothing where there are none."""
        known = {name: asked[name] for name in inspect.signature(services.estimate).parameters if name in asked}
        try:
            found = services.estimate(**known, probe=False, pool=self.context.pool)
        except WorkbenchError:  # nothing like it was run here, or the benchmark itself will say what is wrong
            return ""
        if found.wall_seconds < _LONG_SECONDS:
            return ""
        low, high = (written.duration(bound) for bound in found.wall_range)
        return say(
            "Expected by earlier runs: about {time} ({low} … {high}), memory up to about {memory}.",
            time=written.duration(found.wall_seconds),
            low=low,
            high=high,
            memory=written.memory(found.peak_gpu_bytes or found.peak_rss_bytes),
        )

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
        folder = Path(tempfile.mkdtemp(dir=self.context.folder))
        named = {suffix: Path(folder, f"{scored.run_id}.{suffix}") for suffix in reports}
        for suffix, path in named.items():
            path.write_text(reports[suffix], encoding="utf-8")
        paths = [folder / f"{scored.run_id}.{suffix}" for suffix in ("csv", "json")]
        paths[0].write_text(run_csv(scored), encoding="utf-8-sig", newline="")
        paths[1].write_text(json.dumps(run_json(scored), ensure_ascii=False, indent=2), encoding="utf-8")
        return result.downloads_view([*named.values(), *paths], self.context.labels)

    def open_run(self, run_id: str | None, ruler: str, corrected: bool = False) -> Generator[Updates, None, None]:
        """An earlier run, or the shown one under another ruler."""
        if not run_id:
            yield {self.shown.notice: ""}
            return
        try:
            yield from self.summary(run_id, ruler, corrected)
        except Exception as error:
            yield {self.shown.notice: page_error(error, self.context.labels), self.shown.progress: ""}

    def stopped(self, run_id: str, ruler: str) -> Generator[Updates, None, None]:
        """Stopped: what is done is kept and shown."""
        kept = notice(say("Stopped. What is done is kept; run it again to go on from here."))
        if not run_id:
            early = notice(say("Stopped before the first clip."))
            yield self._idle() | {self.shown.notice: early, self.shown.run: self._resting()}
            return
        for updates in self.open_run(run_id, ruler):
            yield self._idle() | self.list_runs() | updates | {self.shown.notice: kept, self.shown.run: self._resting()}

    def ready(self) -> Updates:
        """Once the device is free again: a click before that would be taken back with what was stopped."""
        return {self.shown.run: gr.Button(interactive=True)}

    def _resting(self) -> Any:
        return gr.Button(visible=True, interactive=False)

    def _idle(self) -> Updates:
        shown = self.shown
        return {shown.progress: "", shown.run: gr.Button(visible=True), shown.stop: gr.Button(visible=False)}

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


def _wire(tab: BenchmarkTab, choices: Form, tabs: explorer.Tabs) -> None:
    shown, clips = tab.shown, tab.explorer
    every = [*(getattr(shown, name) for name in Shown.__dataclass_fields__), *clips.outputs]
    source = Source(run_id=shown.run_id, ruler=choices.ruler, corrected=clips.shown.corrected)
    gr.on(fn=tab.list_runs, outputs=[shown.runs], **QUIET)  # when the page is opened: runs may come from elsewhere
    begun = shown.run.click(tab.begin, [choices.sets, choices.own_set], every, queue=False, **QUIET)
    run = begun.then(
        tab.work, None, every, inputs_kwargs=choices.inputs(), concurrency_id=DEVICE, concurrency_limit=1, **QUIET
    )
    stopped = shown.stop.click(lambda: None, None, None, cancels=[run], queue=False, **QUIET).then(
        tab.stopped, [shown.run_id, choices.ruler], every, **QUIET
    )
    stopped.then(tab.ready, None, [shown.run], concurrency_id=DEVICE, concurrency_limit=1, **QUIET)
    opened = shown.runs.input(tab.open_run, [shown.runs, choices.ruler, source.corrected], every, **QUIET)
    rescored = gr.on(
        [choices.ruler.input, source.corrected.input],
        tab.open_run,
        [shown.run_id, choices.ruler, source.corrected],
        every,
        **QUIET,
    )
    for event in (run, stopped, opened, rescored):
        event.then(clips.look, None, clips.outputs, inputs_kwargs=source.inputs(), **QUIET)
    shown.report.click(
        tab.report,
        [shown.run_id, choices.ruler, source.corrected],
        [shown.notice, shown.downloads, shown.report],
        **QUIET,
    )
    explorer.wire(clips, tabs, source)
