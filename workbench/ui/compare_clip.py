"""One clip as several runs heard it. Pure: values in, HTML out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from workbench.runs.explorer import Neighbours
from workbench.runs.records import ItemFailure, ItemOutcome, ItemResult
from workbench.runs.side_by_side import StackedClip
from workbench.scoring.sounds import count_edits
from workbench.ui.clip_view import error_number, unit_by_unit
from workbench.ui.compare_systems import System
from workbench.ui.language import say, say_many, tell
from workbench.ui.paging import clip_steps
from workbench.ui.stacked_view import count_places, stacked_view


def clip_view(
    clip: StackedClip,
    systems: Sequence[System],
    *,
    player: str,
    player_id: str,
    ruler: str,
    mark: str = "",
    beside: Neighbours | None = None,
) -> str:
    """A clip: heard, aligned with its reference, and its texts as they are.

    Args:
        clip: The clip.
        systems: Those that it was asked for.
        player: Markup that plays it.
        player_id: Its HTML id.
        ruler: What the alignment was made under.
        mark: Markup beside the figures: whether labels were corrected.
        beside: Where the clip is among those that are listed.
    """
    letters = [one.letter for one in systems]
    language = next((str(one.tags.get("language") or "") for one in clip.outcomes if one is not None), "")
    stacked = stacked_view(clip, letters, player_id=player_id, language=language)
    return (
        f'<div class="wb-detail"><header><h3 dir="auto">{escape(clip.id)}</h3>'
        f'<span class="wb-num">{_figures(clip, systems)}{mark}</span>{clip_steps(beside)}</header>{player}'
        f'<div class="wb-panel"><header>{unit_by_unit(ruler)}{_places(clip)}</header>'
        f"{stacked}{_absent(clip, systems)}</div>"
        f'<div class="wb-panel"><h3>{say("Texts as they are")}</h3><dl class="wb-raw wb-heard-texts">'
        f"{''.join(_texts(clip, systems, language))}</dl></div></div>"
    )


def _figures(clip: StackedClip, systems: Sequence[System]) -> str:
    """Errors of each system: `A 3 · B 5 errors`."""
    if clip.stack is None:
        return ""
    errors = [count_edits(clip.stack.read_row(row)).errors for row in range(clip.stack.systems)]
    told = [f"{systems[at].letter} <b>{count:,}</b>" for at, count in zip(clip.aligned, errors, strict=True)]
    return say("Errors: {figures}", figures=" · ".join(told))


def _places(clip: StackedClip) -> str:
    count = count_places(clip)
    if not count:
        return ""
    number = error_number(say_many(count, "{count} place", "{count} places"))
    return (
        f'<nav class="wb-pager" aria-label="{say("Places that differ")}"><button type="button" data-step-error="-1" '
        f'aria-label="{say("Place before")}">‹</button>{number}'
        f'<button type="button" data-step-error="1" aria-label="{say("Next place")}">›</button></nav>'
    )


def _absent(clip: StackedClip, systems: Sequence[System]) -> str:
    """Why a system is not in the alignment."""
    told: list[str] = []
    for at, (one, system) in enumerate(zip(clip.outcomes, systems, strict=True)):
        if at in clip.aligned:
            continue
        if one is None:
            told.append(say("{system} does not have this clip.", system=system.letter))
        elif isinstance(one, ItemFailure):
            told.append(say("{system} failed: {reason}", system=system.letter, reason=tell(one.message)))
        else:
            another = say(
                "{system} was scored against another reference: {text}", system=system.letter, text=one.reference
            )
            told.append(another)
    return "".join(f'<p class="wb-note" dir="auto">{escape(one)}</p>' for one in told)


def _texts(clip: StackedClip, systems: Sequence[System], language: str) -> Iterator[str]:
    yield f"<dt>{say('Reference')}</dt><dd>{_text(clip.reference, language)}</dd>"
    for one, system in zip(clip.outcomes, systems, strict=True):
        yield f'<dt title="{escape(system.label)}">{escape(system.label)}</dt><dd>{_heard(one, language)}</dd>'


def _heard(one: ItemOutcome | None, language: str) -> str:
    return _text(one.text, language) if isinstance(one, ItemResult) else f"<p><em>{say('no text')}</em></p>"


def _text(text: str, language: str) -> str:
    lang = f' lang="{escape(language)}"' if language else ""
    if not text.strip():
        return f"<p><em>{say('nothing')}</em></p>"
    return f'<p class="wb-whole" dir="auto"{lang}>{escape(text)}</p>'
