"""The Benchmark tab: labelled sets through an engine, scored and metered clip by clip."""

from __future__ import annotations

from typing import Any

import gradio as gr

from workbench.ui import controls, explorer, own_sets
from workbench.ui.benchmark_events import BenchmarkTab, Shown
from workbench.ui.benchmark_form import Form, build_form, known_sets
from workbench.ui.context import DEVICE, QUIET, PageContext
from workbench.ui.explorer import Source
from workbench.ui.explorer_events import Explorer
from workbench.ui.language import say
from workbench.ui.markup import html
from workbench.ui.stopping import Stop, give_run_back
from workbench.ui.tables import sets_view


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
            own_sets.build(context, choices.sets)
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


def _wire(tab: BenchmarkTab, choices: Form, tabs: explorer.Tabs) -> None:
    shown, clips = tab.shown, tab.explorer
    every = tab.outputs
    source = Source(run_id=shown.run_id, ruler=choices.ruler, corrected=clips.shown.corrected)
    gr.on(fn=tab.list_runs, outputs=[shown.runs], **QUIET)  # when the page is opened: runs may come from elsewhere
    stop = gr.State(Stop())
    begun = shown.run.click(tab.begin, [stop, choices.sets, choices.own_set], every, queue=False, **QUIET)
    run = begun.then(
        tab.work, [stop], every, inputs_kwargs=choices.inputs(), concurrency_id=DEVICE, concurrency_limit=1, **QUIET
    )
    give_run_back(run, stop, shown.run, shown.stop, shown.progress)
    shown.stop.click(tab.stop, [stop], every, queue=False, **QUIET)
    opened = shown.runs.input(tab.open_run, [shown.runs, choices.ruler, source.corrected], every, **QUIET)
    rescored = gr.on(
        [choices.ruler.input, source.corrected.input],
        tab.open_run,
        [shown.run_id, choices.ruler, source.corrected],
        every,
        **QUIET,
    )
    for event in (run, opened, rescored):
        event.then(clips.look, None, clips.outputs, inputs_kwargs=source.inputs(), **QUIET)
    shown.report.click(
        tab.report,
        [shown.run_id, choices.ruler, source.corrected],
        [shown.notice, shown.downloads, shown.report],
        **QUIET,
    )
    explorer.wire(clips, tabs, source)
