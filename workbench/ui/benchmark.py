"""The Benchmark tab: labelled sets through an engine, scored and metered clip by clip."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from workbench import services
from workbench.errors import UsageError
from workbench.runs.records import RunFinished, RunStarted
from workbench.runs.report import run_csv, run_json
from workbench.runs.running import RunningScore
from workbench.runs.summary import RunSummary
from workbench.text.rulers import default_ruler, find_ruler, headline_metric
from workbench.ui import controls, result
from workbench.ui.benchmark_form import Form, arguments, build_form, equivalent_command, known_sets
from workbench.ui.causes import causes_view
from workbench.ui.clips import clip_detail
from workbench.ui.commands import command_view
from workbench.ui.context import DEVICE, QUIET, PageContext, Updates
from workbench.ui.live import Live
from workbench.ui.markup import html, table
from workbench.ui.notices import notice, page_error
from workbench.ui.tables import (
    CLIP_HEADERS,
    CLIP_TYPES,
    CLIP_WIDTHS,
    sets_view,
    summary_rows,
    tags_view,
    totals_view,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Where the answer appears."""

    start: Any
    notice: Any
    progress: Any
    totals: Any
    answer: Any
    clips: Any
    detail: Any
    tags: Any
    look: Any
    causes: Any
    downloads: Any
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
                run = gr.Button("Run benchmark", variant="primary", elem_classes="wb-run")
                stop = gr.Button("Stop", visible=False, elem_classes="wb-cancel")
            runs = gr.Dropdown(
                controls.run_choices(context), label="Open an earlier run", value=None, elem_classes="wb-runs"
            )
        with gr.Column(elem_classes="wb-main", scale=9, min_width=320):
            shown = _build_shown(context, run, stop, runs)
    _wire(BenchmarkTab(context, shown), choices)


def _build_shown(context: PageContext, run: Any, stop: Any, runs: Any) -> Shown:
    start = html(sets_view(known_sets(context)), classes="wb-start-block")
    notices, progress, totals = html(), html(), html()
    with gr.Column(visible=False, elem_classes="wb-result") as answer:
        clips = table(CLIP_HEADERS, CLIP_TYPES, CLIP_WIDTHS, element_id="benchmark-clips")
        detail = html('<p class="wb-note">Choose a clip to hear it and to see what differs.</p>')
        tags = html()
        look = gr.Button("Where do the errors come from?", elem_classes="wb-look")
        causes, downloads = html(), html()
    return Shown(
        start=start, notice=notices, progress=progress, totals=totals, answer=answer, clips=clips, detail=detail,
        tags=tags, look=look, causes=causes, downloads=downloads, command=html(), run=run, stop=stop, runs=runs,
        run_id=gr.State(""),
    )  # fmt: skip


class BenchmarkTab:
    """What the tab's events do. Each method returns or yields updates by component."""

    def __init__(self, context: PageContext, shown: Shown) -> None:
        self.context = context
        self.shown = shown

    def begin(self, sets: list[str], own_set: str) -> Updates:
        """At once on the click, before it is our turn on the device."""
        shown = self.shown
        if not sets and not (own_set or "").strip():
            return {shown.notice: notice("No eval set is chosen.", "Tick one, or name a folder or manifest.")}
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
        asked = arguments(self.context, form)
        if not asked["sets"]:
            yield self._idle()
            return
        try:
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
            yield self._idle() | self.summary(live.run_id, form["ruler"]) | self._runs()
        except Exception as error:
            yield self._idle() | {self.shown.notice: page_error(error, self.context.labels)}

    def _started(self, asked: Mapping[str, Any], ruler: str) -> Updates:
        if not asked["engine"]:
            raise UsageError(self.context.labels.no_engine, hint=self.context.labels.no_engine_hint)
        command = equivalent_command(asked, ruler)
        return {
            self.shown.progress: result.progress_view("Reading the sets and loading the model…", key="starting"),
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
            shown.clips: live.rows,
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

    def summary(self, run_id: str, ruler: str) -> Updates:
        """A stored run under a ruler."""
        scored = services.summary(run_id, ruler=ruler or None, pool=self.context.pool)
        shown = self.shown
        return {
            shown.start: gr.HTML(visible=False),
            shown.answer: gr.Column(visible=True),
            shown.notice: notice(scored.error, kind="warning") if scored.error else "",
            shown.totals: totals_view(
                scored.metrics,
                headline=scored.headline,
                ruler=scored.ruler,
                ruler_hash=scored.ruler_hash,
                scored=scored.scored,
                failed=scored.failed,
                total=scored.total,
                measurement=scored.measurement,
            ),
            shown.clips: summary_rows(scored),
            shown.tags: tags_view(scored.by_tag, scored.headline),
            shown.causes: "",
            shown.downloads: self._downloads(scored),
            shown.run_id: run_id,
        }

    def _downloads(self, scored: RunSummary) -> str:
        folder = Path(tempfile.mkdtemp(dir=self.context.folder))
        paths = [folder / f"{scored.run_id}.{suffix}" for suffix in ("csv", "json")]
        paths[0].write_text(run_csv(scored), encoding="utf-8-sig", newline="")
        paths[1].write_text(json.dumps(run_json(scored), ensure_ascii=False, indent=2), encoding="utf-8")
        return result.downloads_view(paths, self.context.labels)

    def open_run(self, run_id: str | None, ruler: str) -> Updates:
        """An earlier run, or the shown one under another ruler."""
        if not run_id:
            return {self.shown.notice: ""}
        try:
            return self.summary(run_id, ruler)
        except Exception as error:
            return {self.shown.notice: page_error(error, self.context.labels)}

    def stopped(self, run_id: str, ruler: str) -> Updates:
        """Stopped: what is done is kept and shown."""
        kept = notice("Stopped. What is done is kept; run it again to go on from here.")
        if not run_id:
            return self._idle() | {self.shown.notice: notice("Stopped before the first clip.")}
        return self._idle() | self.open_run(run_id, ruler) | self._runs() | {self.shown.notice: kept}

    def detail(self, run_id: str, ruler: str, picked: gr.SelectData) -> str:
        """The chosen clip: player, texts aligned, figures."""
        try:
            item_id = str(picked.row_value[0])
            return clip_detail(self.context, run_id, item_id, ruler or None)
        except Exception as error:
            return page_error(error, self.context.labels)

    def causes(self, run_id: str, ruler: str) -> str:
        """The shown run's errors, taken apart."""
        try:
            return causes_view(services.causes(run_id, ruler=ruler or None, pool=self.context.pool))
        except Exception as error:
            return page_error(error, self.context.labels)

    def _idle(self) -> Updates:
        shown = self.shown
        return {shown.progress: "", shown.run: gr.Button(visible=True), shown.stop: gr.Button(visible=False)}

    def _runs(self) -> Updates:
        return {self.shown.runs: gr.Dropdown(choices=controls.run_choices(self.context))}


def _wire(tab: BenchmarkTab, choices: Form) -> None:
    shown = tab.shown
    every = [getattr(shown, name) for name in Shown.__dataclass_fields__]
    begun = shown.run.click(tab.begin, [choices.sets, choices.own_set], every, queue=False, **QUIET)
    run = begun.then(
        tab.work, None, every, inputs_kwargs=choices.inputs(), concurrency_id=DEVICE, concurrency_limit=1, **QUIET
    )
    shown.stop.click(lambda: None, None, None, cancels=[run], queue=False, **QUIET).then(
        tab.stopped, [shown.run_id, choices.ruler], every, **QUIET
    )
    shown.runs.input(tab.open_run, [shown.runs, choices.ruler], every, **QUIET)
    choices.ruler.input(tab.open_run, [shown.run_id, choices.ruler], every, **QUIET)
    shown.look.click(tab.causes, [shown.run_id, choices.ruler], shown.causes, **QUIET)
    shown.clips.select(tab.detail, [shown.run_id, choices.ruler], shown.detail, **QUIET)
