"""The Compare tab: one recording several ways, stored runs clip by clip, sweeps, curves, recordings without labels."""

from __future__ import annotations

import gradio as gr

from workbench.ui import compare_recording, compare_runs, curve_tab, sweep, trial
from workbench.ui.context import PageContext
from workbench.ui.language import say


def build(context: PageContext) -> None:
    """A tab for each of the five questions."""
    with gr.Tabs(elem_classes="wb-subtabs"):
        with gr.Tab(say("One recording")):
            compare_recording.build(context)
        with gr.Tab(say("Runs")) as runs:
            compare_runs.build(context, runs)
        with gr.Tab(say("Sweep")) as sweeps:
            sweep.build(context, sweeps)
        with gr.Tab(say("Curves")) as curves:
            curve_tab.build(context, curves)
        with gr.Tab(say("Without labels")) as trials:
            trial.build(context, trials)
