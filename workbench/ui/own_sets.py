"""Sets of one's own on the page: what lies on this machine imported, checked, and put into noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from workbench.evalsets.layouts import LAYOUTS
from workbench.ui.benchmark_form import known_sets, set_choice
from workbench.ui.context import QUIET, PageContext
from workbench.ui.language import say, tell
from workbench.ui.markup import html
from workbench.ui.own_sets_events import OwnSets, Shown
from workbench.ui.stopping import Stop

_NOISES = ("white", "pink", "hum", "babble", "keyboard")
_CODECS = ("mp3:32", "opus:12", "amr:4.75", "telephone")


@dataclass(frozen=True, slots=True)
class _Part:
    """One of the three forms: components by the names of its verb's arguments, and its button."""

    inputs: dict[str, Any]
    run: Any


def build(context: PageContext, sets: Any) -> None:
    """The three forms, folded.

    Args:
        context: The page's.
        sets: The list of sets to choose from, which has what was made here at once.
    """
    with (
        gr.Column(elem_classes="wb-form"),
        gr.Accordion(say("Your own sets"), open=False, elem_classes="wb-advanced wb-own-sets") as panel,
    ):
        with gr.Tabs(elem_classes="wb-subtabs"):
            with gr.Tab(say("Import")):
                imports = _build_import()
            with gr.Tab(say("Check")):
                checks = _build_check()
            with gr.Tab(say("Noise variants")):
                derives = _build_derive()
        stop = gr.Button(say("Stop"), visible=False, size="sm", elem_classes="wb-cancel")
        shown = Shown(progress=html(), answer=html(classes="wb-bare wb-own-answer"), stop=stop, sets=sets)
    _wire(OwnSets(context, shown), panel, imports, checks, derives)


def _build_import() -> _Part:
    layouts = [(f"{name}: {tell(one.summary)}", name) for name, one in LAYOUTS.items()]
    inputs: dict[str, Any] = {
        "layout": gr.Dropdown(layouts, value="pairs", label=say("Layout")),
        "folder": gr.Textbox("", label=say("Folder on this machine"), placeholder="~/recordings", max_length=1000),
        "name": gr.Textbox("", label=say("Name"), placeholder=say("Left empty: the folder's"), max_length=60),
    }
    with gr.Row(elem_classes="wb-pair"):
        inputs["language"] = gr.Textbox("", label=say("Language"), placeholder="yue, zh, en", max_length=20)
        inputs["split"] = gr.Textbox("", label=say("Split"), placeholder="test", max_length=60)
    inputs["copy"] = gr.Checkbox(False, label=say("Copy the recordings into the set"))
    inputs["skip_faulty"] = gr.Checkbox(
        False, label=say("Leave out what is faulty"), info=say("Otherwise one fault refuses all; every fault is listed")
    )
    return _Part(inputs, gr.Button(say("Import"), elem_classes="wb-look"))


def _build_check() -> _Part:
    path = gr.Textbox(
        "", label=say("Set"), placeholder=say("A name, or a folder or manifest on this machine"), max_length=1000
    )
    return _Part({"set": path}, gr.Button(say("Check every line and recording"), elem_classes="wb-look"))


def _build_derive() -> _Part:
    inputs: dict[str, Any] = {
        "set": gr.Dropdown([], value=None, label=say("Set"), allow_custom_value=True, elem_classes="wb-engine"),
        "noise": gr.Dropdown(
            list(_NOISES),
            value=["white"],
            multiselect=True,
            allow_custom_value=True,
            label=say("Noise"),
            info=say("A recording or a folder of some can be typed"),
        ),
        "snr": gr.Textbox("20, 10, 5, 0", label=say("SNR over speech, in dB"), max_length=200),
        "codec": gr.Dropdown(
            list(_CODECS),
            value=[],
            multiselect=True,
            allow_custom_value=True,
            label=say("Codecs"),
            info=say("None: the sound as it is"),
        ),
        "clean": gr.Checkbox(True, label=say("Clean clips, too, so that a curve says where the error doubles")),
    }
    inputs["name"] = gr.Textbox("", label=say("Name"), placeholder="SET-conditions", max_length=60)
    with gr.Row(elem_classes="wb-pair"):
        inputs["limit"] = gr.Textbox("", label=say("Only the first clips"), placeholder=say("all"), max_length=9)
        inputs["seed"] = gr.Textbox("0", label=say("Seed"), max_length=9)
    return _Part(inputs, gr.Button(say("Make noise variants"), elem_classes="wb-look"))


def _wire(events: OwnSets, panel: Any, imports: _Part, checks: _Part, derives: _Part) -> None:
    shown = events.shown
    every = [*events.outputs, *(one.run for one in (imports, checks, derives))]
    stop, buttons = gr.State(Stop()), [one.run for one in (imports, checks, derives)]

    def begin(state: Stop) -> dict[Any, Any]:
        return events.begin(state) | {one: gr.Button(interactive=False) for one in buttons}

    def done() -> dict[Any, Any]:
        return {one: gr.Button(interactive=True) for one in buttons} | {shown.stop: gr.Button(visible=False)}

    def refused(state: Stop) -> dict[Any, Any]:
        state.refuse()
        return done() | {shown.progress: ""}

    for part, work in ((imports, events.import_set), (checks, events.check), (derives, events.derive)):
        worked = part.run.click(begin, [stop], every, queue=False, **QUIET).then(
            work, [stop], events.outputs, inputs_kwargs=part.inputs, concurrency_limit=1, **QUIET
        )
        worked.then(done, None, [*buttons, shown.stop], queue=False, **QUIET)
        worked.failure(refused, [stop], [*buttons, shown.stop, shown.progress], queue=False, **QUIET)
    shown.stop.click(events.stop, [stop], events.outputs, queue=False, **QUIET)
    source = derives.inputs["set"]
    panel.expand(
        lambda: gr.Dropdown(choices=[(set_choice(one), one.name) for one in known_sets(events.context)]),
        None,
        source,
        **QUIET,
    )
