"""The explorer of the Benchmark tab: a run's clips to search, filter, sort and hear, and its errors by kind."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr

from workbench.runs.clip_query import ClipQuery
from workbench.ui.context import QUIET, PageContext
from workbench.ui.explorer_events import Explorer, Shown
from workbench.ui.explorer_filters import build_filters
from workbench.ui.label_form import build_label_form
from workbench.ui.language import say
from workbench.ui.picks import pick_block


@dataclass(frozen=True, slots=True, kw_only=True)
class Tabs:
    """Tabs that are filled when they are first looked at."""

    charts: Any
    labels: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What is explored: components that hold the run's id, the ruler, and whether corrected labels count."""

    run_id: Any
    ruler: Any
    corrected: Any

    def inputs(self) -> dict[str, Any]:
        """The components by name."""
        return {"run_id": self.run_id, "ruler": self.ruler, "corrected": self.corrected}


def build(context: PageContext) -> tuple[Explorer, Tabs]:
    """Clips with filters and the detail of one, errors, charts, doubtful labels. Events are wired by `wire`."""
    corrected = gr.Checkbox(False, label=say("Score with corrected labels"), visible=False, elem_classes="wb-corrected")
    with gr.Tabs(selected="clips", elem_classes="wb-subtabs") as tabs:
        with gr.Tab(say("Clips"), id="clips"):
            with gr.Column(visible=False, elem_classes="wb-filters") as row:
                filters = build_filters()
            line, clips = pick_block("wb-lines-block"), pick_block("wb-clips-block")
            detail = pick_block("wb-detail-block")
            label = build_label_form()
        with gr.Tab(say("Errors"), id="errors"):
            errors = pick_block()
        with gr.Tab(say("Charts"), id="charts") as charts_tab:
            charts = pick_block()
        with gr.Tab(say("Labels"), id="labels") as labels_tab:
            suspects = pick_block()
    shown = Shown(
        filters=row, line=line, clips=clips, detail=detail, errors=errors, charts=charts, suspects=suspects, tabs=tabs,
        corrected=corrected, asked=gr.State(ClipQuery()), current=gr.State(""),
    )  # fmt: skip
    return Explorer(context, filters, label, shown), Tabs(charts=charts_tab, labels=labels_tab)


def wire(explorer: Explorer, tabs: Tabs, source: Source) -> None:
    """Connect the explorer with what it explores.

    Args:
        explorer: As `build` made it.
        tabs: The same.
        source: Where the run and the ruler are told.
    """
    shown, label, every = explorer.shown, explorer.label, explorer.outputs
    run = source.inputs()
    asked = run | {"asked": shown.asked, "current": shown.current} | explorer.filters.inputs()
    filters = explorer.filters
    # A text box tells `input` of keys alone, not of what is pasted or dictated.
    told = [filters.text.change, *(one.input for one in filters.inputs().values() if one is not filters.text)]
    for event in told:
        event(explorer.ask, None, every, inputs_kwargs=asked, trigger_mode="always_last", **QUIET)
    for part in (shown.line, shown.clips, shown.errors, shown.charts):
        part.select(explorer.pick, None, every, inputs_kwargs=asked, **QUIET)
    for part in (shown.detail, shown.suspects):
        part.select(explorer.step, None, every, inputs_kwargs=asked, **QUIET)
    tabs.charts.select(explorer.draw, None, [shown.charts], inputs_kwargs=run | {"charts": shown.charts}, **QUIET)
    tabs.labels.select(
        explorer.doubt, None, [shown.suspects], inputs_kwargs=run | {"suspects": shown.suspects}, **QUIET
    )
    said = run | {"current": shown.current, "text_said": label.text, "note": label.note}
    for button, what in ((label.save, {}), (label.wrong, {"wrong": True}), (label.undo, {"undo": True})):
        button.click(partial(explorer.correct, **what), None, every, inputs_kwargs=said, **QUIET)
