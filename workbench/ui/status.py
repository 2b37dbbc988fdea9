"""The header: what this is, and how the engines are."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import gradio as gr

from workbench.engines.pool import EngineState
from workbench.sealed import Layers, layers
from workbench.ui import format as written
from workbench.ui.context import DEVICE, PageContext
from workbench.ui.labels import ENGLISH, Labels
from workbench.ui.language import ENGLISH as ENGLISH_PAGE
from workbench.ui.language import LANGUAGES, Language, say, tell
from workbench.ui.markup import html

_FAST, _SLOW = 1.0, 2.0

_THEME_ICON = (
    '<svg viewBox="0 0 20 20" aria-hidden="true"><circle cx="10" cy="10" r="7" fill="none" stroke="currentColor" '
    'stroke-width="1.6"/><path d="M10 3a7 7 0 0 1 0 14z" fill="currentColor"/></svg>'
)
MARK = (
    '<svg class="wb-mark" viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="8"/>'
    '<path d="M7 14v4M11.5 10v12M16 6.5v19M20.5 11v10M25 14v4"/></svg>'
)


def brand_view(labels: Labels = ENGLISH, held: Layers | None = None) -> str:
    """Name and claim.

    Args:
        labels: The words.
        held: What keeps this process from the network; None for what does.
    """
    held = held or layers()
    seal = labels.sealed if held.kernel else labels.guarded if held.guard else labels.not_sealed
    return (
        f'<div class="wb-brand">{MARK}<div><h1>{escape(labels.product)}</h1>'
        f'<p class="wb-claim">{escape(labels.claim)} <span data-seal>{escape(seal)}</span></p></div></div>'
    )


def languages_view(current: Language) -> str:
    """Links to the page in every language. They are relative, so that a path prefix of a proxy stays."""
    up = "./" if current is ENGLISH_PAGE else "../"
    links = "".join(
        f'<a href="{up}{_address(one)}" lang="{one.code}" hreflang="{one.code}" data-language-choice="{one.code}"'
        f"{' aria-current=page' if one is current else ''}>{escape(one.name)}</a>"
        for one in LANGUAGES
    )
    return f'<nav class="wb-languages" aria-label="{say("Language of the page")}">{links}</nav>'


def _address(language: Language) -> str:
    """From the root of the page; English is asked for in so many words, or the browser's language would be shown."""
    return f"?language={language.code}" if language is ENGLISH_PAGE else language.path.strip("/") + "/"


def state_view(states: Sequence[EngineState], labels: Labels = ENGLISH) -> str:
    """One line an engine: loading with its seconds, ready with how long it took and where it is, or why it failed."""
    if not states:
        return f'<div class="wb-states"><p class="wb-state">{escape(labels.nothing_loaded)}</p></div>'
    return f'<div class="wb-states">{"".join(_state_line(state) for state in states)}</div>'


def _state_line(state: EngineState) -> str:
    name = f"<b>{escape(state.ref)}</b>"
    if state.state == "failed":
        return (
            f'<p class="wb-state wb-failed" title="{escape(tell(state.error))}">{name} {escape(tell(state.error))}</p>'
        )
    if state.state == "loading":
        loading = say(
            "{engine} loading, {seconds}", engine=name, seconds=written.seconds(state.load_seconds, decimals=0)
        )
        return f'<p class="wb-state wb-loading">{loading}</p>'
    where = " ".join(filter(None, [state.device, state.dtype]))
    took = written.seconds(state.load_seconds, decimals=1)
    ready = say("{engine} ready in {seconds}", engine=name, seconds=took)
    if where:
        ready = say("{engine} ready in {seconds} on {device}", engine=name, seconds=took, device=escape(where))
    return f'<p class="wb-state wb-ready">{ready}</p>'


def build(context: PageContext, page: gr.Blocks) -> None:
    """The header row. Its state is asked for every second while something loads, every other second otherwise."""
    labels = context.labels

    def states() -> tuple[str, Any, Any]:
        now = context.pool.states()
        busy = any(state.state == "loading" for state in now)
        ready = any(state.state == "ready" for state in now)
        return state_view(now, labels), gr.Button(interactive=ready), gr.Timer(_FAST if busy else _SLOW)

    def free() -> tuple[str, Any, Any]:
        context.pool.unload()
        return states()

    with gr.Row(elem_classes="wb-header"):
        html(brand_view(labels), classes="wb-brand-block")
        state = html(state_view(context.pool.states(), labels), classes="wb-state-block")
        button = gr.Button(labels.free_memory, size="sm", interactive=False, elem_classes="wb-quiet", min_width=0)
        html(languages_view(context.language), classes="wb-languages-block")
        html(
            f'<button type="button" class="wb-icon" data-theme-switch aria-label="{escape(labels.switch_theme)}" '
            f'title="{escape(labels.switch_theme)}">{_THEME_ICON}</button>',
            classes="wb-theme-block",
        )
    timer = gr.Timer(_FAST)
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    gr.on([page.load, timer.tick], states, None, [state, button, timer], queue=False, **quiet)
    waiting = f'<div class="wb-states"><p class="wb-state">{escape(labels.freeing)}</p></div>'
    asked = button.click(lambda: (waiting, gr.Button(interactive=False)), None, [state, button], queue=False, **quiet)
    asked.then(free, None, [state, button, timer], concurrency_id=DEVICE, concurrency_limit=1, **quiet)
