"""What narrows and orders the explorer's table: its controls, and the question they ask."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

import gradio as gr

from workbench.runs.clip_query import ClipQuery, SortKey
from workbench.runs.summary import RunSummary
from workbench.ui.context import Updates
from workbench.ui.explorer_view import kind_choices, order_choices
from workbench.ui.language import say, tell

FIRST_ORDER = "rate:down"
_RISING: frozenset[SortKey] = frozenset({"order", "id", "reference", "hypothesis"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What narrows and orders the table."""

    text: Any
    tags: Any
    kind: Any
    low: Any
    high: Any
    order: Any

    def inputs(self) -> dict[str, Any]:
        """The components by name."""
        return {name: getattr(self, name) for name in Filters.__dataclass_fields__}


def build_filters() -> Filters:
    with gr.Row():
        text = gr.Textbox(
            "", label=say("Search"), placeholder=say("In names, references and hypotheses"), scale=3, min_width=180
        )
        tags = gr.Dropdown([], value=[], label=say("Tags"), multiselect=True, scale=3, min_width=180)
    with gr.Row():
        kind = gr.Dropdown([(say("Any"), "")], value="", label=say("What is wrong"), scale=3, min_width=150)
        low = gr.Number(value=None, label=say("Error from %"), minimum=0, scale=1, min_width=90)
        high = gr.Number(value=None, label=say("to %"), minimum=0, scale=1, min_width=90)
        order = gr.Dropdown(order_choices("cer"), value=FIRST_ORDER, label=say("Order"), scale=3, min_width=150)
    return Filters(text=text, tags=tags, kind=kind, low=low, high=high, order=order)


def empty_filters(filters: Filters) -> Updates:
    """Nothing asked; the order stays."""
    return {filters.text: "", filters.tags: [], filters.kind: "", filters.low: None, filters.high: None}


def reset_filters(filters: Filters, summary: RunSummary) -> Updates:
    """Nothing asked, with the choices of another run, the highest rate first."""
    tags = [
        (f"{tell(row.tag)} = {row.value} ({row.scored + row.failed:,})", tag_choice(row.tag, row.value))
        for row in summary.by_tag
    ]
    return empty_filters(filters) | {
        filters.tags: gr.Dropdown(choices=tags, value=[]),
        filters.kind: gr.Dropdown(choices=list(kind_choices(None)), value=""),
        filters.order: gr.Dropdown(choices=order_choices(summary.headline), value=FIRST_ORDER),
    }


def tag_choice(tag: str, value: str) -> str:
    """A tag's value as the dropdown names it."""
    return json.dumps([tag, value], ensure_ascii=False)


def order_choice(query: ClipQuery) -> str:
    """A query's order as the dropdown names it."""
    return f"{query.sort}:{'down' if query.descending else 'up'}"


def read_query(told: Mapping[str, Any]) -> ClipQuery:
    """What the filters ask, on the first page.

    Args:
        told: Values of the filters by name, and as `asked` what was asked before: a confusion chosen then stays.
    """
    asked: ClipQuery = told["asked"]
    sort, _, way = str(told["order"] or FIRST_ORDER).partition(":")
    return ClipQuery(
        text=told["text"] or "",
        tags=tuple(tuple(json.loads(one)) for one in told["tags"] or ()),
        kind=told["kind"] or None,
        min_rate=None if told["low"] is None else told["low"] / 100,
        max_rate=None if told["high"] is None else told["high"] / 100,
        said=asked.said,
        heard=asked.heard,
        sort=cast("SortKey", sort),
        descending=way == "down",
    )


def turn(query: ClipQuery, key: SortKey) -> ClipQuery:
    """Sorted by that column; the other way round where it is already."""
    descending = not query.descending if query.sort == key else key not in _RISING
    return replace(query, sort=key, descending=descending)
