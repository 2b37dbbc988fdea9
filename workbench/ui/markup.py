"""A piece of our own HTML on the page."""

from __future__ import annotations

from typing import Any

import gradio as gr


def html(value: str = "", *, classes: str = "wb-bare", **settings: Any) -> Any:
    """A `gr.HTML` without gradio's own styles and spacing; empty, it takes no room.

    Args:
        value: Markup in which every text that is data was escaped.
        classes: CSS classes; "wb-bare" has no box of its own.
        **settings: As `gr.HTML`.
    """
    return gr.HTML(value, apply_default_css=False, elem_classes=classes.split(), **settings)
