"""Error against SNR, or another number, on the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from workbench.audio.steps import list_steps
from workbench.evalsets.load import SetInfo
from workbench.runs.curve_axis import CHUNK_SECONDS
from workbench.runs.curves import SNR
from workbench.ui import controls
from workbench.ui.benchmark_form import AS_LABELLED, known_sets, ruler_choices, set_choice
from workbench.ui.choices import option_fields
from workbench.ui.compare_recording import start_view
from workbench.ui.context import DEVICE, QUIET, PageContext
from workbench.ui.curve_events import CurveTab, Shown
from workbench.ui.curve_view import start_words
from workbench.ui.language import say
from workbench.ui.markup import html
from workbench.ui.stopping import Stop, give_run_back


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What the form asks."""

    axis: Any
    values: Any
    sets: Any
    own_set: Any
    engines: Any
    chains: Any
    language: Any
    limit: Any
    ruler: Any

    def inputs(self) -> dict[str, Any]:
        """Components by the names that `CurveTab.work` knows them by."""
        return {name: getattr(self, name) for name in Form.__dataclass_fields__}


def build(context: PageContext, tab: Any) -> None:
    """Form at the left, curves at the right.

    Args:
        context: The page's.
        tab: What this is built in; looking at it brings the lists of sets and runs up to date.
    """
    sets = known_sets(context)
    with gr.Row(elem_classes="wb-workspace"):
        with gr.Column(elem_classes="wb-side", scale=4, min_width=300):
            form = _build_form(context, sets)
            with gr.Row(elem_classes="wb-actions"):
                run = gr.Button(say("Run and draw"), variant="primary", elem_classes="wb-run")
                stop = gr.Button(say("Stop"), visible=False, elem_classes="wb-cancel")
            with gr.Column(elem_classes="wb-form"):
                runs = gr.Dropdown(
                    [], value=[], label=say("Or runs that are there"), multiselect=True, elem_classes="wb-runs"
                )
                draw = gr.Button(say("Draw these"), size="sm", elem_classes="wb-look")
        with gr.Column(elem_classes="wb-main", scale=9, min_width=320):
            words = start_words([one.name for one in sets if one.derived])
            shown = Shown(
                start=html(start_view(words), classes="wb-start-block"),
                notice=html(),
                progress=html(),
                downloads=html(),
                curves=html(classes="wb-bare wb-outcomes"),
                command=html(),
                run=run,
                stop=stop,
                runs=runs,
                held=gr.State(None),
            )
    _wire(CurveTab(context, shown), form, tab, draw)


def _build_form(context: PageContext, sets: list[SetInfo]) -> Form:
    with gr.Column(elem_classes="wb-form"):
        axis = gr.Dropdown(
            axis_choices(context),
            value=SNR,
            label=say("Axis"),
            info=say("A tag of the clips, an option of the engine, the chunk length, or STEP.PARAMETER"),
            allow_custom_value=True,
            filterable=True,
            elem_classes="wb-axis",
        )
        values = gr.Textbox("", label=say("Values along it"), placeholder="1, 2, 5, 10", visible=False, max_length=200)
        chosen = gr.CheckboxGroup(
            set_choices(sets, SNR), value=[], label=say("Eval sets"), elem_classes="wb-sets wb-curve-sets"
        )
        own_set = gr.Textbox(
            "", label=say("Or a set of your own"), placeholder=say("Folder or manifest on this machine")
        )
        return Form(
            axis=axis,
            values=values,
            sets=chosen,
            own_set=own_set,
            engines=controls.engine_dropdown(context, label=say("Engines"), multiselect=True),
            chains=controls.chains_dropdown(context),
            language=gr.Dropdown(
                [(say("As labelled"), AS_LABELLED), (context.labels.auto, "auto")],
                value=AS_LABELLED,
                label=context.labels.language,
            ),
            limit=controls.limit_box(),
            ruler=gr.Dropdown(ruler_choices(), value="", label=say("Ruler")),
        )


def axis_choices(context: PageContext) -> list[tuple[str, str]]:
    """SNR, the chunk length, numbers among the options of engines that can run here, and parameters of the steps."""
    options: dict[str, list[str]] = {}
    for choice in context.engines:
        name = choice.ref.partition(":")[0]
        for field in option_fields(choice.info) if choice.availability.ok else ():
            if field.kind == "number" and name not in options.setdefault(field.name, []):
                options[field.name].append(name)
    engines = [(f"{option} · {', '.join(names)}", option) for option, names in options.items()]
    steps = [f"{step.name}.{one.name}" for step in list_steps() for one in step.parameters]
    chunks = (f"{CHUNK_SECONDS} · {context.labels.chunk_seconds}", CHUNK_SECONDS)
    return [(say("SNR of noisy sets"), SNR), chunks, *engines, *((one, one) for one in steps)]


def set_choices(sets: list[SetInfo], axis: str) -> list[tuple[str, str]]:
    """The sets that the axis makes sense of: along the SNR, those with noise variants."""
    return [(set_choice(one), one.name) for one in sets if axis != SNR or one.derived]


def _wire(events: CurveTab, form: Form, tab: Any, draw: Any) -> None:
    shown, every, context = events.shown, events.outputs, events.context

    def follow(axis: str | None) -> tuple[Any, Any]:
        along = (axis or SNR).strip()
        return gr.CheckboxGroup(choices=set_choices(known_sets(context), along)), gr.Textbox(visible=along != SNR)

    def look(axis: str | None) -> tuple[Any, Any]:
        sets = known_sets(context)
        words = start_words([one.name for one in sets if one.derived])
        return gr.CheckboxGroup(choices=set_choices(sets, (axis or SNR).strip())), start_view(words)

    gr.on([tab.select], events.list_runs, None, [shown.runs], **QUIET)
    gr.on([tab.select], look, form.axis, [form.sets, shown.start], **QUIET)
    form.axis.change(follow, form.axis, [form.sets, form.values], queue=False, **QUIET)
    stop = gr.State(Stop())
    work = shown.run.click(events.begin, [stop], every, queue=False, **QUIET).then(
        events.work, [stop], every, inputs_kwargs=form.inputs(), concurrency_id=DEVICE, concurrency_limit=1, **QUIET
    )
    give_run_back(work, stop, shown.run, shown.stop, shown.progress)
    shown.stop.click(events.stop, [stop], every, queue=False, **QUIET)
    draw.click(events.draw, [shown.runs, form.axis, form.ruler], every, **QUIET)
    form.ruler.input(events.rescore, [shown.held, form.ruler], every, **QUIET)
