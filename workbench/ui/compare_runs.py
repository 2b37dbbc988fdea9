"""Two stored runs, clip by clip."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any, Literal

import gradio as gr

from workbench import services
from workbench.runs.compare import Comparison, PairRow
from workbench.text.rulers import list_rulers
from workbench.ui import controls
from workbench.ui.clips import aligned_texts, clip_player
from workbench.ui.commands import command_line, command_view
from workbench.ui.compare_recording import start_view
from workbench.ui.context import QUIET, PageContext, Updates
from workbench.ui.differences import comparison_view, cost_view
from workbench.ui.markup import html, table
from workbench.ui.notices import notice, page_error, warning_list

_PAIR_HEADERS = ("Clip", "Errors A", "Errors B", "B − A", "Reference", "A", "B")
_PAIR_TYPES: tuple[Literal["str", "number"], ...] = ("str", "number", "number", "number", "str", "str", "str")
_PAIR_WIDTHS = ("170px", "90px", "90px", "76px", "270px", "270px", "270px")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Where the answer appears."""

    notice: Any
    figures: Any
    answer: Any
    pairs: Any
    detail: Any
    command: Any


def build(context: PageContext) -> None:
    """Two runs and a ruler above, figures and clips below."""
    runs = controls.run_choices(context)
    with gr.Column(elem_classes="wb-form wb-two-runs"):
        with gr.Row():
            run_a = gr.Dropdown(runs, value=None, label="Run A, the baseline", elem_id="run-a")
            run_b = gr.Dropdown(runs, value=None, label="Run B", elem_id="run-b")
            ruler = gr.Dropdown(
                [
                    ("What suits the set's language", ""),
                    *((f"{one.id}: {one.summary}", one.name) for one in list_rulers()),
                ],
                value="",
                label="Ruler",
            )
        with gr.Row(elem_classes="wb-actions"):
            compare = gr.Button("Compare runs", variant="primary", elem_classes="wb-run")
            refresh = gr.Button("Refresh list")
    notices = html()
    more = " The Benchmark tab makes them." if len(runs) < 2 else ""
    figures = html(start_view(f"Choose two runs over the same clips.{more}"))
    with gr.Column(visible=False, elem_classes="wb-result") as answer:
        pairs = table(_PAIR_HEADERS, _PAIR_TYPES, _PAIR_WIDTHS, element_id="compare-pairs")
        detail = html('<p class="wb-note">Choose a clip to hear it and to see what differs.</p>')
    shown = Shown(notice=notices, figures=figures, answer=answer, pairs=pairs, detail=detail, command=html())
    tab = RunsTab(context, shown)
    every = [getattr(shown, name) for name in Shown.__dataclass_fields__]
    asked = [run_a, run_b, ruler]
    compare.click(tab.compare, asked, every, **QUIET)
    ruler.input(tab.compare, asked, every, **QUIET)
    pairs.select(tab.detail, asked, detail, **QUIET)
    refresh.click(
        lambda: [gr.Dropdown(choices=controls.run_choices(context)) for _ in range(2)], None, [run_a, run_b], **QUIET
    )


class RunsTab:
    """What the events of the second question do."""

    def __init__(self, context: PageContext, shown: Shown) -> None:
        self.context = context
        self.shown = shown

    def compare(self, run_a: str | None, run_b: str | None, ruler: str) -> Updates:
        """Deltas with interval and test, cost, and the clips that differ most first."""
        shown = self.shown
        if not run_a or not run_b:
            return {shown.notice: notice("Two runs are needed.", "Choose one as A and one as B.")}
        try:
            found = services.compare(run_a, run_b, ruler=ruler or None, pool=self.context.pool)
        except Exception as error:
            return {shown.notice: page_error(error, self.context.labels), shown.answer: gr.Column(visible=False)}
        command = command_line("compare", [run_a, run_b], ruler=ruler)
        return {
            shown.notice: warning_list(found.warnings),
            shown.figures: comparison_view(found) + cost_view(found),
            shown.answer: gr.Column(visible=True),
            shown.pairs: pair_rows(found),
            shown.command: command_view(command, element_id="compare-command", labels=self.context.labels),
        }

    def detail(self, run_a: str, run_b: str, ruler: str, picked: gr.SelectData) -> str:
        """One clip: player, and both texts aligned with the reference."""
        try:
            item_id, parts = str(picked.row_value[0]), list[str]()
            for name, run_id in (("A", run_a), ("B", run_b)):
                run = services.load_run(run_id, pool=self.context.pool)
                one = next(one for one in run.outcomes if one.id == item_id and one.kind == "result")
                if not parts:
                    parts.append(clip_player(self.context, one.audio, player_id="compare-player"))
                parts.append(
                    f'<div class="wb-panel"><h3>{name} · {escape(run.record.spec.engine)} '
                    f"<span>{escape(run.record.spec.chain or 'no preprocessing')}</span></h3>"
                    f"{aligned_texts(run, one, ruler or None, below=name)}</div>"
                )
            return f'<div class="wb-detail">{"".join(parts)}</div>'
        except Exception as error:
            return page_error(error, self.context.labels)


def pair_rows(comparison: Comparison) -> list[list[Any]]:
    """A row for every clip both runs have, those that differ most first."""

    def errors(row: PairRow) -> tuple[int, int]:
        return row.counts_a[comparison.headline].errors, row.counts_b[comparison.headline].errors

    ordered = sorted(comparison.rows, key=lambda row: -abs(errors(row)[1] - errors(row)[0]))
    return [
        [row.a.id, *errors(row), errors(row)[1] - errors(row)[0], row.a.reference, row.a.text, row.b.text]
        for row in ordered
    ]
