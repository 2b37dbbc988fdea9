"""The Compare tab: one recording several ways, and stored runs clip by clip."""

from __future__ import annotations

import gradio as gr

from workbench.ui import compare_recording, compare_runs
from workbench.ui.context import PageContext


def build(context: PageContext) -> None:
    """A tab for each of the two questions."""
    with gr.Tabs(elem_classes="wb-subtabs"):
        with gr.Tab("One recording, several ways"):
            compare_recording.build(context)
        with gr.Tab("Runs") as runs:
            compare_runs.build(context, runs)
