"""Steps from page to page and from clip to clip. Pure: values in, HTML out."""

from __future__ import annotations

from workbench.runs.explorer import Neighbours
from workbench.ui.language import say
from workbench.ui.picks import pick


def page_steps(number: int, pages: int) -> str:
    """First, before, next, last; nothing where there is one page.

    Args:
        number: The page that is shown, from 1 on.
        pages: How many there are.
    """
    if pages == 1:
        return ""

    def button(label: str, to: int, sign: str) -> str:
        off = "" if 1 <= to <= pages and to != number else " disabled"
        return f'<button type="button" {pick(page=to)} aria-label="{label}"{off}>{sign}</button>'

    before = button(say("First page"), 1, "«") + button(say("Page before"), number - 1, "‹")
    after = button(say("Next page"), number + 1, "›") + button(say("Last page"), pages, "»")
    at = say("page {page} of {pages}", page=f"{number:,}", pages=f"{pages:,}")
    place = f'<span class="wb-num">{at}</span>'
    return f'<nav class="wb-pager" aria-label="{say("Pages")}">{before}{place}{after}</nav>'


def clip_steps(beside: Neighbours | None) -> str:
    """The clip before and the next one, among those that match; nothing where that is not known."""
    if beside is None:
        return ""

    def button(name: str | None, label: str, sign: str) -> str:
        off = " disabled" if name is None else ""
        return f'<button type="button" {pick(clip=name or "")} aria-label="{label}"{off}>{sign}</button>'

    at = say("clip {clip} of {total}", clip=f"{beside.number:,}", total=f"{beside.total:,}")
    return (
        f'<nav class="wb-pager" aria-label="{say("Clips")}">{button(beside.before, say("Clip before"), "‹")}'
        f'<span class="wb-num">{at}</span>'
        f"{button(beside.after, say('Next clip'), '›')}</nav>"
    )
