"""A visitor who leaves: what the page held for them is let go at once, and with it the last of their recordings."""

from __future__ import annotations

from typing import Any

import gradio as gr

from workbench.ui.queue import Queue


def let_go_on_leaving(page: gr.Blocks) -> None:
    """Empty a visitor's states when their browser tab is closed; Gradio itself would keep them for an hour."""

    def leave(request: gr.Request) -> None:
        let_go(page, request.session_hash)

    page.unload(leave)


def let_go(page: Any, session: str | None) -> None:
    """Forget what is kept for a session.

    Args:
        page: The `gr.Blocks` that it is a session of.
        session: As Gradio calls it; None and one that is not known have nothing.
    """
    states = getattr(page, "state_holder", None)
    if states is None or session is None or session not in states:
        return
    kept = states.session_data[session].state_data
    for value in list(kept.values()):
        if isinstance(value, Queue):
            value.leave()
    kept.clear()
