"""Engines × ways of preprocessing × sets on the page: which is best, how sure that is, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from workbench.ui import controls
from workbench.ui.benchmark_form import AS_LABELLED, chunk_box, known_sets, ruler_choices, set_choice
from workbench.ui.compare_recording import start_view
from workbench.ui.context import DEVICE, QUIET, PageContext
from workbench.ui.language import say
from workbench.ui.markup import html
from workbench.ui.stopping import Stop, give_run_back
from workbench.ui.sweep_events import Shown, SweepTab, starting_words
from workbench.ui.uploaded import hold_while_chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What the form asks."""

    sets: Any
    own_set: Any
    engines: Any
    chains: Any
    language: Any
    context: Any
    limit: Any
    chunk_seconds: Any
    ruler: Any
    options: controls.OptionForm

    def inputs(self) -> dict[str, Any]:
        """Components by the names that `SweepTab.work` knows them by."""
        names = [name for name in Form.__dataclass_fields__ if name != "options"]
        return {name: getattr(self, name) for name in names} | self.options.inputs


def build(context: PageContext, tab: Any) -> None:
    """Form at the left, answer at the right.

    Args:
        context: The page's.
        tab: What this is built in; looking at it brings the list of sweeps up to date.
    """
    with gr.Row(elem_classes="wb-workspace"):
        with gr.Column(elem_classes="wb-side", scale=4, min_width=300):
            form = _build_form(context)
            with gr.Row(elem_classes="wb-actions"):
                run = gr.Button(say("Run sweep"), variant="primary", elem_classes="wb-run")
                stop = gr.Button(say("Stop"), visible=False, elem_classes="wb-cancel")
            sweeps = gr.Dropdown([], label=say("Open an earlier sweep"), value=None, elem_classes="wb-runs")
            recording = gr.File(
                label=say("Which setting for a recording? Drop it here"),
                elem_classes="wb-drop",
                height=96,
                type="filepath",
            )
        with gr.Column(elem_classes="wb-main", scale=9, min_width=320):
            shown = Shown(
                start=html(start_view(starting_words()), classes="wb-start-block"),
                notice=html(),
                progress=html(),
                advice=html(classes="wb-bare wb-outcomes"),
                downloads=html(),
                table=html(classes="wb-bare wb-outcomes"),
                command=html(),
                run=run,
                stop=stop,
                sweeps=sweeps,
                sweep_id=gr.State(""),
            )
    hold_while_chosen(recording)
    _wire(SweepTab(context, shown), form, tab, recording)


def _build_form(context: PageContext) -> Form:
    sets = [(set_choice(one), one.name) for one in known_sets(context)]
    with gr.Column(elem_classes="wb-form"):
        chosen = gr.CheckboxGroup(sets, value=[], label=say("Eval sets"), elem_classes="wb-sets")
        own_set = gr.Textbox(
            "", label=say("Or a set of your own"), placeholder=say("Folder or manifest on this machine")
        )
        engines = controls.engine_dropdown(context, label=say("Engines"), multiselect=True)
        chains = controls.chains_dropdown(context)
        language = gr.Dropdown(
            [(say("As labelled"), AS_LABELLED), (context.labels.auto, "auto")],
            value=AS_LABELLED,
            label=context.labels.language,
        )
        ruler = gr.Dropdown(ruler_choices(), value="", label=say("Ruler"))
        with gr.Accordion(context.labels.advanced, open=False, elem_classes="wb-advanced"):
            words, limit = controls.context_box(context), controls.limit_box()
            chunk_seconds = chunk_box(context)
            options = controls.option_form(context, engines)
    return Form(
        sets=chosen, own_set=own_set, engines=engines, chains=chains, language=language, context=words, limit=limit,
        chunk_seconds=chunk_seconds, ruler=ruler, options=options,
    )  # fmt: skip


def _wire(events: SweepTab, form: Form, tab: Any, recording: Any) -> None:
    shown, every = events.shown, events.outputs
    gr.on([tab.select], events.list_sweeps, None, [shown.sweeps], **QUIET)
    stop = gr.State(Stop())
    work = shown.run.click(events.begin, [stop], every, queue=False, **QUIET).then(
        events.work, [stop], every, inputs_kwargs=form.inputs(), concurrency_id=DEVICE, concurrency_limit=1, **QUIET
    )
    give_run_back(work, stop, shown.run, shown.stop, shown.progress)
    shown.stop.click(events.stop, [stop], [shown.stop, shown.progress], queue=False, **QUIET)
    shown.sweeps.input(events.open_sweep, [shown.sweeps, form.ruler], every, **QUIET)
    form.ruler.input(events.open_sweep, [shown.sweep_id, form.ruler], every, **QUIET)
    gr.on(
        [recording.upload, recording.clear],
        events.recommend,
        [recording, shown.sweep_id, form.ruler],
        [shown.advice],
        concurrency_limit=1,
        **QUIET,
    )
