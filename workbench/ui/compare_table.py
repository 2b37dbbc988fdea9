"""The clips that compared runs share, as a table. Pure: values in, HTML out."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from workbench.runs.records import ItemResult
from workbench.runs.shared_clips import SharedClip, SharedPage, SharedQuery
from workbench.ui.compare_systems import System
from workbench.ui.explorer_view import say_shown
from workbench.ui.language import say, tell
from workbench.ui.paging import page_steps
from workbench.ui.picks import pick

MOST_WITH_TEXTS = 4
"""Of more systems the table has the errors alone."""

_LONGEST_TEXT = 220


def shared_view(page: SharedPage, systems: Sequence[System], *, current: str = "") -> str:
    """A row a clip: what was said, and what each system made of it; a sentence where no clip matches.

    Args:
        page: The clips.
        systems: A column each.
        current: Id of the clip whose details are shown.
    """
    if not page.rows:
        return (
            f'<div class="wb-nothing"><p>{say("No clip matches.")}</p>'
            f'<button type="button" {pick(clear="all")}>{say("Show all clips")}</button></div>'
        )
    body = "".join(_row(clip, systems, here=clip.id == current) for clip in page.rows)
    return (
        f'<table class="wb-cliptable wb-shared"><thead><tr>{_heads(page.query, systems)}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )


def matches_view(page: SharedPage) -> str:
    """How many clips match, what narrows them that no control shows, and the way to other pages."""
    last = page.first + len(page.rows) - 1
    shown = say_shown(page.first, last, matches=page.matches, total=page.total, pages=page.pages)
    tag = ""
    if page.query.tag is not None:
        name, value = page.query.tag
        words = escape(f"{tell(name)} = {value}")
        again = say("Show the clips of all groups again")
        cross = f'<button type="button" {pick(clear="tag")} aria-label="{again}">×</button>'
        tag = f'<span class="wb-picked" dir="auto">{words}{cross}</span>'
    return (
        f'<div class="wb-matches"><p role="status"><b>{shown}</b>{tag}</p>'
        f"{page_steps(page.query.page, page.pages)}</div>"
    )


def which_choices(systems: Sequence[System]) -> list[tuple[str, str]]:
    """Which clips may be asked for, as a dropdown has them."""
    choices = [(say("All clips"), ""), (say("Those with different numbers of errors"), "apart")]
    first = systems[0].letter
    for place, one in enumerate(systems[1:], start=1):
        choices += [
            (say("{one} better than {other}", one=one.letter, other=first), f"{place}<0"),
            (say("{one} better than {other}", one=first, other=one.letter), f"0<{place}"),
        ]
    return [*choices, (say("All wrong"), "all wrong"), (say("All right"), "all right")]


def order_choices(systems: Sequence[System]) -> list[tuple[str, str]]:
    """Orders of the table, as a dropdown has them."""
    choices = [(say("Those that differ most first"), "apart:0:down"), (say("In the set's order"), "order:0:up")]
    for place, one in enumerate(systems):
        choices += [
            (say("Errors of {system}, most first", system=one.letter), f"errors:{place}:down"),
            (say("Errors of {system}, fewest first", system=one.letter), f"errors:{place}:up"),
        ]
    return [
        *choices,
        (say("Those that differ least first"), "apart:0:up"),
        (say("Clip, A to Z"), "id:0:up"),
        (say("Clip, Z to A"), "id:0:down"),
        (say("Reference, A to Z"), "reference:0:up"),
        (say("Reference, Z to A"), "reference:0:down"),
    ]


def say_apart(clip: SharedClip, systems: Sequence[System]) -> str:
    """Who did best, and by how many errors: `B by 3`; `A, C by 5` of more than two; `even`."""
    if not clip.apart:
        return say("even")
    best = [one.letter for one, errors in zip(systems, clip.errors, strict=True) if errors == min(clip.errors)]
    return say("{systems} by {count}", systems=", ".join(best), count=f"{clip.apart:,}")


def _heads(query: SharedQuery, systems: Sequence[System]) -> str:
    heads = [_head(query, "id", 0, say("Clip"), ""), _head(query, "reference", 0, say("Reference"), "")]
    heads += [
        _head(query, "errors", place, say("{system} · errors", system=one.letter), one.label)
        for place, one in enumerate(systems)
    ]
    return "".join([*heads, _head(query, "apart", 0, say("Best"), say("Who makes fewest errors, and how many fewer"))])


def _head(query: SharedQuery, sort: str, system: int, title: str, note: str) -> str:
    here = query.sort == sort and (sort != "errors" or query.system == system)
    aria = f' aria-sort="{"descending" if query.descending else "ascending"}"' if here else ""
    arrow = ("↓" if query.descending else "↑") if here else ""
    hint = f' title="{escape(note)}"' if note else ""
    return (
        f'<th data-column="{sort}"{hint}{aria}><button type="button" {pick(sort=sort, system=system)}>{escape(title)}'
        f"<i>{arrow}</i></button></th>"
    )


def _row(clip: SharedClip, systems: Sequence[System], *, here: bool) -> str:
    first = clip.results[0]
    current = ' aria-current="true"' if here else ""
    lang = f' lang="{escape(str(first.tags.get("language", "")))}"'
    cells = "".join(
        _cell(result, errors, clip, one.letter, texts=len(systems) <= MOST_WITH_TEXTS)
        for result, errors, one in zip(clip.results, clip.errors, systems, strict=True)
    )
    return (
        f'<tr data-clip="{escape(clip.id)}" {pick(clip=clip.id)} tabindex="0"{current}>'
        f'<th scope="row" dir="auto"><span>{escape(clip.id)}</span></th>'
        f'<td class="wb-said" dir="auto"{lang}><p>{_shortened(first.reference)}</p></td>{cells}'
        f'<td class="wb-figure wb-apart">{escape(say_apart(clip, systems))}</td></tr>'
    )


def _cell(result: ItemResult, errors: int, clip: SharedClip, letter: str, *, texts: bool) -> str:
    best = " wb-fewest" if clip.apart and errors == min(clip.errors) else ""
    lang = f' lang="{escape(str(result.tags.get("language", "")))}"'
    count = f'<b class="wb-errors{best}" data-system="{letter}">{errors:,}</b>'
    text = f'<p dir="auto"{lang}>{_shortened(result.text)}</p>' if texts else ""
    return f'<td class="wb-heard"><div>{count}{text}</div></td>'


def _shortened(text: str) -> str:
    if not text.strip():
        return f"<em>{say('nothing')}</em>"
    return escape(text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…")
