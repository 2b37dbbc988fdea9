"""The form of the runs that are compared: which runs, and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from workbench.ui import controls
from workbench.ui.benchmark_form import ruler_choices
from workbench.ui.context import PageContext
from workbench.ui.language import say

MOST_RUNS = 12
"""Each is tested against each other one: 66 tests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What is compared, and how."""

    runs: Any
    ruler: Any
    cluster_by: Any
    corrected: Any
    compare: Any
    refresh: Any

    def inputs(self) -> dict[str, Any]:
        """The components by the names that the events know them by."""
        return {name: getattr(self, name) for name in ("runs", "ruler", "cluster_by", "corrected")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What narrows and orders the table of clips."""

    text: Any
    which: Any
    order: Any

    def inputs(self) -> dict[str, Any]:
        """The components by name."""
        return {name: getattr(self, name) for name in Filters.__dataclass_fields__}


def build_form(context: PageContext) -> Form:
    """Runs in the order in which they are chosen; the first is the baseline."""
    with gr.Column(elem_classes="wb-form wb-two-runs"):
        runs = gr.Dropdown(
            controls.run_choices(context),
            value=[],
            multiselect=True,
            max_choices=MOST_RUNS,
            label=say("Runs, the baseline first"),
            elem_id="compare-runs",
        )
        with gr.Row():
            ruler = gr.Dropdown(
                ruler_choices(),
                value="",
                label=say("Ruler"),
                min_width=220,
            )
            cluster_by = gr.Dropdown(
                [
                    (say("What suits the tags of the clips"), ""),
                    (say("Speakers"), "speaker"),
                    (say("Recordings"), "recording"),
                    (say("Clips: holds for these speakers only"), "utterance"),
                ],
                value="",
                label=say("What chance draws"),
                min_width=220,
            )
        with gr.Row(elem_classes="wb-actions"):
            compare = gr.Button(say("Compare runs"), variant="primary", elem_classes="wb-run")
            refresh = gr.Button(say("Refresh list"))
            corrected = gr.Checkbox(
                False, label=say("Score with corrected labels"), container=False, elem_classes="wb-corrected"
            )
    return Form(
        runs=runs, ruler=ruler, cluster_by=cluster_by, corrected=corrected, compare=compare, refresh=refresh
    )  # fmt: skip


def build_filters() -> Filters:
    """Filled with the systems once there are any."""
    with gr.Row():
        text = gr.Textbox(
            "", label=say("Search"), placeholder=say("In names, references and all texts"), scale=3, min_width=180
        )
        which = gr.Dropdown([(say("All clips"), "")], value="", label=say("Which clips"), scale=3, min_width=180)
        order = gr.Dropdown(
            [(say("Those that differ most first"), "apart:0:down")], value="apart:0:down", label=say("Order"), scale=3,
            min_width=180,
        )  # fmt: skip
    return Filters(text=text, which=which, order=order)
