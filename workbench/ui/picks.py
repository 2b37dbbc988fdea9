"""Markup that can be clicked, and what a click says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any, cast

import gradio as gr

from workbench.ui import theme
from workbench.ui.language import say
from workbench.ui.markup import html


def pick(**what: Any) -> str:
    """The attribute of an element that can be clicked: `assets/picks.js` hands what it says to the page's event."""
    return f'data-pick="{escape(json.dumps(what, ensure_ascii=False))}"'


def clips_button(words: str, **what: Any) -> str:
    """A button that narrows the table of clips; its words are markup."""
    return f'<button type="button" {pick(**what)} title="{say("Show the clips")}">{words}</button>'


def pick_block(classes: str = "") -> Any:
    """Markup of ours in which `data-pick` can be clicked; a click is its `select` event."""
    script = (theme.ASSETS / "picks.js").read_text(encoding="utf-8")
    return html(classes=f"wb-bare {classes}", js_on_load=script)


def picked(event: gr.EventData) -> Mapping[str, Any]:
    """What a click said; a page that is not ours may say anything."""
    what = event._data  # pyright: ignore[reportPrivateUsage]
    return cast("Mapping[str, Any]", what) if isinstance(what, dict) else {}
