"""A piece of our own HTML on the page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from typing import Any, Literal

import gradio as gr


def html(value: str = "", *, classes: str = "wb-bare", **settings: Any) -> Any:
    """A `gr.HTML` without gradio's own styles and spacing; empty, it takes no room.

    Args:
        value: Markup in which every text that is data was escaped.
        classes: CSS classes; "wb-bare" has no box of its own.
        **settings: As `gr.HTML`.
    """
    return gr.HTML(value, apply_default_css=False, elem_classes=classes.split(), **settings)


def pick(**what: Any) -> str:
    """The attribute of an element that can be clicked: `assets/picks.js` hands what it says to the page's event."""
    return f'data-pick="{escape(json.dumps(what, ensure_ascii=False))}"'


def table(
    headers: Sequence[str],
    types: Sequence[Literal["str", "number"]],
    widths: Sequence[str],
    *,
    element_id: str,
    max_height: int = 440,
) -> Any:
    """A table to read, sort and pick a row from. Its cells are text, whatever they hold.

    Args:
        headers: One a column.
        types: The same; numbers are sorted as numbers.
        widths: The same, as CSS lengths.
        element_id: HTML id, unique on the page.
        max_height: In pixels; a longer table scrolls.
    """
    return gr.Dataframe(
        headers=list(headers),
        datatype=list(types),
        column_widths=list(widths),
        interactive=False,
        show_label=False,
        buttons=[],
        max_height=max_height,
        wrap=False,
        elem_classes="wb-clips",
        elem_id=element_id,
    )
