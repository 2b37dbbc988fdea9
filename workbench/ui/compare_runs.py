"""Stored runs held against each other: figures, clips under each other, doubtful labels, reports."""

from __future__ import annotations

from functools import partial
from typing import Any

import gradio as gr

from workbench.runs.shared_clips import SharedQuery
from workbench.ui import controls
from workbench.ui.compare_events import RunsTab, Shown
from workbench.ui.compare_form import Form, build_filters, build_form
from workbench.ui.compare_import import add_texts, build_import
from workbench.ui.compare_recording import start_view
from workbench.ui.context import QUIET, PageContext
from workbench.ui.label_form import build_label_form
from workbench.ui.language import say
from workbench.ui.markup import html
from workbench.ui.picks import pick_block


def build(context: PageContext, tab: Any) -> None:
    """Runs and ruler above, figures and clips below.

    Args:
        context: The page's.
        tab: What this is built in; looking at it brings the list of runs up to date.
    """
    form = build_form(context)
    with gr.Column(elem_classes="wb-form wb-two-runs wb-folded"):
        imports = build_import(context)
    events, labels_tab = _build_shown(context, form)
    _wire(events, form, labels_tab)
    added = imports.inputs() | {"runs": form.runs}
    imports.add.click(
        lambda **told: add_texts(context, imports, form.runs, told),
        None,
        [imports.said, imports.file, imports.system, form.runs],
        inputs_kwargs=added,
        **QUIET,
    )
    for event in (form.refresh.click, tab.select):
        event(lambda: gr.Dropdown(choices=controls.run_choices(context)), None, form.runs, **QUIET)


def _build_shown(context: PageContext, form: Form) -> tuple[RunsTab, Any]:
    notices, progress = html(), html()
    todo = say("Choose two runs or more over the same clips.")
    if len(form.runs.choices) < 2:
        todo = say("Choose two runs or more over the same clips. The Benchmark tab makes them.")
    figures = html(start_view(todo), classes="wb-bare wb-outcomes")
    with gr.Column(visible=False, elem_classes="wb-result") as answer:
        with gr.Row(elem_classes="wb-handing-on"):
            downloads = html()
            report = gr.Button(say("Make a report"), size="sm", elem_classes="wb-look")
        with gr.Tabs(selected="clips", elem_classes="wb-subtabs") as tabs:
            with gr.Tab(say("Clips"), id="clips"):
                with gr.Column(elem_classes="wb-filters wb-shared-filters"):
                    filters = build_filters()
                line, clips = pick_block("wb-lines-block"), pick_block("wb-clips-block wb-shared-block")
                stacked = gr.CheckboxGroup(
                    [],
                    value=[],
                    label=say("In the alignment, four at most"),
                    visible=False,
                    elem_classes="wb-stacked-systems",
                )
                detail = pick_block("wb-detail-block")
                with gr.Column(elem_classes="wb-label-card"):
                    label = build_label_form()
            with gr.Tab(say("Figures"), id="figures"):
                groups = pick_block()
            with gr.Tab(say("Doubtful labels"), id="labels") as labels_tab:
                suspects = pick_block()
    shown = Shown(
        notice=notices, progress=progress, figures=figures, answer=answer, more=groups, tabs=tabs, line=line,
        clips=clips, stacked=stacked, detail=detail, suspects=suspects, downloads=downloads, report=report,
        command=html(), held=gr.State(None), asked=gr.State(SharedQuery()), current=gr.State(""),
    )  # fmt: skip
    return RunsTab(context, filters, label, shown), labels_tab


def _wire(events: RunsTab, form: Form, labels_tab: Any) -> None:
    shown, filters, label, every = events.shown, events.filters, events.label, events.outputs
    held = {"held": shown.held}
    told = held | {"asked": shown.asked, "current": shown.current, "stacked": shown.stacked} | filters.inputs()
    form.compare.click(events.compare, None, every, inputs_kwargs=form.inputs(), **QUIET)
    gr.on(
        [form.ruler.input, form.cluster_by.input, form.corrected.input],
        events.rescore,
        None,
        every,
        inputs_kwargs=form.inputs() | held,
        **QUIET,
    )
    for control in filters.inputs().values():
        control.input(events.ask, None, every, inputs_kwargs=told, trigger_mode="always_last", **QUIET)
    for part in (shown.line, shown.clips, shown.more):
        part.select(events.pick, None, every, inputs_kwargs=told, **QUIET)
    for part, step in ((shown.detail, events.step), (shown.suspects, events.listen)):
        part.select(step, None, every, inputs_kwargs=told, **QUIET)
    shown.stacked.input(events.restack, None, every, inputs_kwargs=told, **QUIET)
    labels_tab.select(events.doubt, None, every, inputs_kwargs=held | {"suspects": shown.suspects}, **QUIET)
    said = held | {"current": shown.current, "text_said": label.text, "note": label.note}
    for button, what in ((label.save, {}), (label.wrong, {"wrong": True}), (label.undo, {"undo": True})):
        button.click(partial(events.correct, **what), None, every, inputs_kwargs=said, **QUIET)
    shown.report.click(events.report, None, every, inputs_kwargs=held, **QUIET)
