"""Choosing a system on recordings of one's own without labels: transcribe, label a few clips, and see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from workbench.ui import controls
from workbench.ui.compare_recording import start_view
from workbench.ui.context import DEVICE, QUIET, PageContext
from workbench.ui.language import say
from workbench.ui.markup import html
from workbench.ui.picks import pick_block
from workbench.ui.stopping import Stop, give_run_back
from workbench.ui.trial_events import Shown, TrialTab, starting_words
from workbench.ui.trial_labelling import Bench, Desk, Labelling
from workbench.ui.uploaded import hold_while_chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What the form asks."""

    files: Any
    name: Any
    engines: Any
    chains: Any
    language: Any
    context: Any

    def inputs(self) -> dict[str, Any]:
        """Components by the names that `TrialTab.work` knows them by."""
        return {name: getattr(self, name) for name in Form.__dataclass_fields__}


def build(context: PageContext, tab: Any) -> None:
    """Form at the left, the clip to label and the estimates at the right.

    Args:
        context: The page's.
        tab: What this is built in; looking at it brings the list of trials up to date.
    """
    with gr.Row(elem_classes="wb-workspace"):
        with gr.Column(elem_classes="wb-side", scale=4, min_width=300):
            form = _build_form(context)
            with gr.Row(elem_classes="wb-actions"):
                run = gr.Button(say("Transcribe with all"), variant="primary", elem_classes="wb-run")
                stop = gr.Button(say("Stop"), visible=False, elem_classes="wb-cancel")
            trials = gr.Dropdown([], label=say("Open an earlier trial"), value=None, elem_classes="wb-runs")
        with gr.Column(elem_classes="wb-main", scale=9, min_width=320):
            shown = Shown(
                start=html(start_view(starting_words()), classes="wb-start-block"),
                notice=html(),
                go_on=gr.Button(say("Go on with this trial"), visible=False, elem_classes="wb-go-on"),
                progress=html(),
                command=html(),
                run=run,
                stop=stop,
                trials=trials,
                name=gr.State(""),
            )
            bench = _build_bench()
    labelling = Labelling(context, bench)
    _wire(TrialTab(context, shown, labelling), form, tab)
    _wire_bench(labelling)


def _build_form(context: PageContext) -> Form:
    with gr.Column(elem_classes="wb-source"):
        files = gr.File(
            label=say("Recordings"), elem_classes="wb-drop", height=112, type="filepath",
            file_count="multiple",
        )  # fmt: skip
    hold_while_chosen(files)
    with gr.Column(elem_classes="wb-form"):
        engines = controls.engine_dropdown(context, label=say("Engines"), multiselect=True)
        return Form(
            files=files,
            engines=engines,
            chains=controls.chains_dropdown(context),
            language=controls.language_dropdown(context, engines),
            context=controls.context_box(context),
            name=gr.Textbox("", label=say("Name"), placeholder=say("Left empty: date and time"), max_length=60),
        )


def _build_bench() -> Bench:
    with gr.Column(visible=False, elem_classes="wb-trial") as whole:
        with gr.Row(elem_classes="wb-trial-bench"):
            with gr.Column(elem_classes="wb-trial-work", scale=6, min_width=300):
                clip = pick_block("wb-detail-block")
                with gr.Column(elem_classes="wb-trial-writing") as writing:
                    text = gr.Textbox(
                        "",
                        label=say("What is really said"),
                        info=say("Ctrl+Enter saves; Alt+Enter plays and stops"),
                        lines=3,
                        max_lines=10,
                        elem_classes="wb-trial-text",
                    )
                    with gr.Row(elem_classes="wb-trial-actions"):
                        back = gr.Button(say("Back"), min_width=70, interactive=False)
                        unusable = gr.Button(say("Cannot be understood"), min_width=120)
                        save = gr.Button(
                            say("Save and next"), variant="primary", min_width=120, elem_classes="wb-trial-save"
                        )
                more = gr.Button(say("Label ten more"), visible=False)
                said = html()
            with gr.Column(elem_classes="wb-trial-answer", scale=4, min_width=280):
                estimates = html()
        clips = pick_block("wb-clips-block wb-trial-clips")
        with gr.Column(elem_classes="wb-trial-end"):
            with gr.Row(elem_classes="wb-trial-keep"):
                set_name = gr.Textbox("", label=say("Keep as a private set"), placeholder=say("Name"), max_length=60)
                keep = gr.Button(say("Keep the labelled clips"), min_width=160)
            kept = html()
            delete = gr.Button(say("Delete trial"), size="sm", elem_classes="wb-trial-delete")
            with gr.Column(visible=False) as confirm:
                html(f'<p class="wb-note">{say("Its clips and labels will be gone; its runs stay.")}</p>')
                with gr.Row(elem_classes="wb-trial-confirm"):
                    really = gr.Button(say("Delete it"), variant="stop", size="sm", min_width=120)
                    rather_not = gr.Button(say("Do not delete"), size="sm", min_width=120)
    return Bench(
        whole=whole, clip=clip, writing=writing, text=text, said=said, back=back, unusable=unusable, save=save,
        more=more, estimates=estimates, clips=clips, set_name=set_name, keep=keep, kept=kept, delete=delete,
        confirm=confirm, really=really, rather_not=rather_not, desk=gr.State(Desk()),
    )  # fmt: skip


def _wire(events: TrialTab, form: Form, tab: Any) -> None:
    shown, every, bench = events.shown, events.outputs, events.labelling.bench
    device: dict[str, Any] = {"concurrency_id": DEVICE, "concurrency_limit": 1, **QUIET}
    gr.on([tab.select], events.list_trials, None, [shown.trials], **QUIET)
    stop = gr.State(Stop())
    begun = shown.run.click(events.begin, [stop], every, queue=False, **QUIET)
    again = shown.go_on.click(events.begin_again, [stop], every, queue=False, **QUIET)
    for work in (
        begun.then(events.work, [stop], every, inputs_kwargs=form.inputs(), **device),
        again.then(events.go_on, [stop, shown.name], every, **device),
    ):
        give_run_back(work, stop, shown.run, shown.stop, shown.progress)
    shown.stop.click(events.stop, [stop, shown.name], every, queue=False, **QUIET)
    shown.trials.input(events.open_trial, [shown.trials], every, **QUIET)
    bench.really.click(events.delete, [bench.desk], every, **QUIET)


def _wire_bench(labelling: Labelling) -> None:
    bench, every = labelling.bench, labelling.outputs
    bench.save.click(labelling.save, [bench.desk, bench.text], every, **QUIET)
    bench.unusable.click(labelling.refuse, [bench.desk], every, **QUIET)
    bench.back.click(labelling.back, [bench.desk], every, **QUIET)
    bench.more.click(labelling.more, [bench.desk], every, **QUIET)
    for block in (bench.clip, bench.clips):
        block.select(labelling.pick, [bench.desk], every, **QUIET)
    bench.keep.click(labelling.keep, [bench.desk, bench.set_name], every, **QUIET)
    bench.delete.click(labelling.ask_delete, None, every, queue=False, **QUIET)
    bench.rather_not.click(labelling.hide_question, None, every, queue=False, **QUIET)
