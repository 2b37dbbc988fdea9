"""What is kept on this machine, at the foot of the page: listed, and deleted after a second click."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

import gradio as gr

from workbench import services
from workbench.services.saved import DELETABLE, SavedItem, SavedKind
from workbench.ui import format as written
from workbench.ui.context import QUIET, PageContext
from workbench.ui.language import phrase, say, say_many, tell
from workbench.ui.notices import notice, page_error
from workbench.ui.picks import pick, pick_block, picked

_NAMES: dict[SavedKind, str] = {
    "runs": phrase("Runs"),
    "sweeps": phrase("Sweeps"),
    "trials": phrase("Trials: clips and labels"),
    "sets": phrase("Private eval sets"),
    "corrections": phrase("Corrected labels"),
    "transcripts": phrase("Unfinished transcripts, kept for a week"),
    "corpora": phrase("Downloaded recordings"),
    "models": phrase("Models"),
    "temporary": phrase("Temporary files, gone when the server stops"),
    "other": phrase("The workbench's own notes"),
}
_MOST_ROWS = 200
"""Of a kind; the command line lists all."""


def build(context: PageContext) -> None:
    """A folded part; the list is made when it is opened."""
    with gr.Accordion(say("What is kept on this machine"), open=False, elem_classes="wb-advanced wb-saved") as panel:
        listed = pick_block("wb-saved-list")

    def show() -> str:
        return _shown(context, "")

    def click(event: gr.EventData) -> str:
        return _clicked(context, picked(event))

    panel.expand(show, None, listed, queue=False, **QUIET)
    listed.select(click, None, listed, queue=False, **QUIET)


def _clicked(context: PageContext, what: Any) -> str:
    kind, name = str(what.get("kind", "")), str(what.get("id", ""))
    if "delete" not in what:
        return _shown(context, "", asking=(kind, name) if "ask" in what else None)
    try:
        deleted = services.delete_saved(kind, name, pool=context.pool)  # pyright: ignore[reportArgumentType]
    except Exception as error:
        return _shown(context, page_error(error, context.labels))
    return _shown(context, notice(say("{name} is deleted.", name=name), _consequence(deleted.item)))


def _shown(context: PageContext, said: str, *, asking: tuple[str, str] | None = None) -> str:
    try:
        return said + saved_view(services.list_saved(pool=context.pool), str(context.pool.settings.home), asking=asking)
    except Exception as error:
        return said + page_error(error, context.labels)


def saved_view(items: Sequence[SavedItem], home: str, *, asking: tuple[str, str] | None = None) -> str:
    """The list, kind by kind; what can be deleted has a button.

    Args:
        items: As `services.list_saved` has them.
        home: The folder that they are in.
        asking: Kind and id of the one whose deletion is to be confirmed.
    """
    size = written.memory(sum(item.bytes for item in items))
    total = say_many(len(items), "{count} thing, {size}, in", "{count} things, {size}, in", size=size)
    head = f'<p class="wb-note">{escape(total)} <code dir="auto">{escape(home)}</code></p>'
    return head + "".join(
        _kind(kind, [item for item in items if item.kind == kind], asking)
        for kind in _NAMES
        if any(item.kind == kind for item in items)
    )


def _kind(kind: SavedKind, items: Sequence[SavedItem], asking: tuple[str, str] | None) -> str:
    size = written.memory(sum(item.bytes for item in items))
    title = f'<h3>{escape(tell(_NAMES[kind]))} <small class="wb-num">{len(items):,} · {size}</small></h3>'
    if kind not in DELETABLE:
        return f"<section>{title}</section>"
    rows = "".join(_row(item, asking == (item.kind, item.id)) for item in items[:_MOST_ROWS])
    left = len(items) - _MOST_ROWS
    more = f'<p class="wb-note">{say_many(left, "{count} more", "{count} more")}</p>' if left > 0 else ""
    return f"<section>{title}<ul>{rows}</ul>{more}</section>"


def _row(item: SavedItem, is_asked: bool) -> str:
    what = {"kind": item.kind, "id": item.id}
    if is_asked:
        sure = escape(say("Delete it for good?"))
        used = escape(say("It is part of: {names}.", names=", ".join(item.used_by))) if item.used_by else ""
        buttons = (
            f'<span class="wb-saved-ask" role="alert">{sure} {used}</span>'
            f'<button type="button" class="wb-saved-delete" {pick(delete=1, **what)}>'
            f"{escape(say('Delete it'))}</button>"
            f'<button type="button" {pick(keep=1)}>{escape(say("Do not delete"))}</button>'
        )
    else:
        label = escape(say("Delete {name}", name=item.id))
        buttons = f'<button type="button" {pick(ask=1, **what)} aria-label="{label}">{escape(say("Delete"))}</button>'
    facts = f"{written.memory(item.bytes)} · {_age(item)}"
    return f'<li><b dir="auto">{escape(item.id)}</b><small class="wb-num">{escape(facts)}</small>{buttons}</li>'


def _consequence(item: SavedItem) -> str:
    """What else it means that this is gone; the service says it in English."""
    if item.kind == "runs" and item.used_by:
        return say("It was part of a sweep, which now lacks it: {names}.", names=", ".join(item.used_by))
    return say("Its runs are still there.") if item.kind in ("sweeps", "trials") else ""


def _age(item: SavedItem) -> str:
    days = int((datetime.now(UTC) - datetime.fromisoformat(item.changed)).total_seconds() // 86_400)
    return say_many(days, "{count} day old", "{count} days old") if days > 0 else say("today")
