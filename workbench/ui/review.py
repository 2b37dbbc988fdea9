"""What is left to check in a transcript, and what became of every second. Pure: values in, HTML out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from itertools import groupby

from workbench.pipeline.coverage import Flag, Kind, Stretch
from workbench.pipeline.transcript import Transcript, warning_of
from workbench.ui import format as written
from workbench.ui.labels import ENGLISH, Labels

_CELLS = 560
"""Parts of the strip: finer than it is wide on most screens, and as light for a day as for a minute."""


def places_to_check(count: int, labels: Labels = ENGLISH) -> str:
    """How many there are, in words."""
    return labels.place_to_check if count == 1 else labels.places_to_check.format(count=count)


def review_view(transcript: Transcript, *, player_id: str = "player", labels: Labels = ENGLISH) -> str:
    """The places to check, each a button that plays it; nothing where there is none."""
    flags = transcript.flags
    if not flags:
        return ""
    rows = "".join(_review_row(flag, labels) for flag in flags)
    missing = any(flag.is_missing for flag in flags)
    note = labels.something_missing if missing else labels.nothing_missing if transcript.complete else ""
    return (
        f'<section class="wb-review"><h3>{escape(places_to_check(len(flags), labels))}</h3>'
        f'<p class="wb-hint">{escape(note)}</p><ol data-plays="{escape(player_id)}">{rows}</ol></section>'
    )


def _review_row(flag: Flag, labels: Labels) -> str:
    missing = f'<em class="wb-missing-text">{escape(labels.text_missing)}</em> ' if flag.is_missing else ""
    times = f"{written.clock(flag.start, decimals=1)} – {written.clock(flag.end, decimals=1)}"
    return (
        f'<li><button type="button" data-flag data-seek="{flag.start:.3f}" data-end="{flag.end:.3f}">'
        f'<time class="wb-num">{times}</time><span>{missing}{escape(flag.sentence)}</span>'
        f"<b>{escape(labels.hear_it)}</b></button></li>"
    )


def other_warnings(transcript: Transcript) -> tuple[str, ...]:
    """The warnings that the list of places to check does not say already."""
    told = {warning_of(flag) for flag in transcript.flags}
    return tuple(warning for warning in transcript.warnings if warning not in told)


def coverage_view(transcript: Transcript, *, player_id: str = "player", labels: Labels = ENGLISH) -> str:
    """A strip as wide as the waveform: what was transcribed, silent, or has to be checked; by colour and pattern."""
    if not transcript.coverage or transcript.duration_seconds <= 0:
        return ""
    names = _names(labels)
    parts = "".join(
        _part(first, count, kind, transcript.duration_seconds)
        for first, count, kind in runs(transcript.coverage, transcript.duration_seconds)
    )
    seconds = _seconds_of(transcript.coverage)
    keys = "".join(
        f'<span><i class="wb-part wb-{kind}"></i>{escape(name)} '
        f'<span class="wb-num">{written.clock(seconds[kind], decimals=1)}</span></span>'
        for kind, name in names.items()
        if seconds[kind] > 0
    )
    return (
        f'<div class="wb-coverage"><div class="wb-strip" data-plays="{escape(player_id)}" aria-hidden="true">{parts}'
        f'</div><p class="wb-strip-legend" aria-label="{escape(labels.coverage)}">{keys}</p></div>'
    )


def runs(coverage: Sequence[Stretch], duration: float, cells: int = _CELLS) -> list[tuple[int, int, Kind]]:
    """First cell, number of cells, and kind, for a strip of equal cells without a gap.

    A cell is what its middle is, but one that a flag touches is flagged: no place to check is too short to be seen.

    Args:
        coverage: From 0 to `duration` without a gap.
        duration: In seconds, more than 0.
        cells: How many.
    """
    kinds: list[Kind] = ["silence"] * cells
    for stretch in sorted(coverage, key=lambda one: one.kind == "flagged"):
        start, end = (cells * moment / duration for moment in (stretch.start, stretch.end))
        if stretch.kind == "flagged":
            first, last = math.floor(start), max(math.ceil(end), math.floor(start) + 1)
        else:
            first, last = math.ceil(start - 0.5), math.ceil(end - 0.5)
        for cell in range(max(first, 0), min(last, cells)):
            kinds[cell] = stretch.kind
    found: list[tuple[int, int, Kind]] = []
    for kind, group in groupby(kinds):
        first = found[-1][0] + found[-1][1] if found else 0
        found.append((first, len(list(group)), kind))
    return found


def _part(first: int, count: int, kind: Kind, duration: float) -> str:
    place = f"left:{100 * first / _CELLS:.2f}%;width:{100 * count / _CELLS:.2f}%"
    seek = f' data-seek="{duration * first / _CELLS:.3f}"' if kind == "flagged" else ""
    return f'<i class="wb-part wb-{kind}" style="{place}"{seek}></i>'


def _names(labels: Labels) -> dict[Kind, str]:
    return {
        "transcribed": labels.covered_transcribed,
        "silence": labels.covered_silence,
        "flagged": labels.covered_flagged,
    }


def _seconds_of(coverage: Sequence[Stretch]) -> dict[Kind, float]:
    kinds: tuple[Kind, ...] = ("transcribed", "silence", "flagged")
    return {kind: sum(one.end - one.start for one in coverage if one.kind == kind) for kind in kinds}
