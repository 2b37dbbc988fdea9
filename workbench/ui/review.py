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
from workbench.ui.language import tell

_CELLS = 560
"""Parts of the strip: finer than it is wide on most screens, and as light for a day as for a minute."""


def places_to_check(count: int, labels: Labels = ENGLISH) -> str:
    """How many there are, in words."""
    return labels.place_to_check if count == 1 else labels.places_to_check.format(count=count)


def review_view(
    transcript: Transcript,
    *,
    flags: Sequence[tuple[Flag, bool]] | None = None,
    player_id: str = "player",
    labels: Labels = ENGLISH,
) -> str:
    """The places to check, each with a button that plays it; nothing where there is none.

    Args:
        transcript: As readers get it: only what is open is among its flags.
        flags: All of them, and whether somebody looked at each; None where nobody can say so yet.
        player_id: The player that they are heard on.
        labels: Words.
    """
    shown = [(flag, False) for flag in transcript.flags] if flags is None else list(flags)
    if not shown:
        return ""
    left = sum(not checked for _, checked in shown)
    rows = "".join(
        _review_row(number, flag, checked, labels, can_check=flags is not None and flag.kind != "not_transcribed")
        for number, (flag, checked) in enumerate(shown)
    )
    missing = any(flag.is_missing for flag in transcript.flags)
    note = labels.something_missing if missing else labels.nothing_missing if left and transcript.complete else ""
    done = len(shown) - left
    count = labels.checked_count.format(done=done, count=len(shown)) if done and left else ""
    head = places_to_check(left, labels) if left else labels.all_checked.format(count=len(shown))
    looks = "wb-review" if left else "wb-review wb-all-checked"
    return (
        f'<section class="{looks}"><h3>{escape(head)}<small class="wb-num">{escape(count)}</small></h3>'
        f'<p class="wb-hint">{escape(note)}</p><ol data-plays="{escape(player_id)}">{rows}</ol></section>'
    )


def _review_row(number: int, flag: Flag, checked: bool, labels: Labels, *, can_check: bool) -> str:
    missing = f'<em class="wb-missing-text">{escape(labels.text_missing)}</em> ' if flag.is_missing else ""
    times = f"{written.clock(flag.start, decimals=1)} – {written.clock(flag.end, decimals=1)}"
    place = f'data-seek="{flag.start:.3f}" data-end="{flag.end:.3f}"'
    check = (
        f'<button type="button" class="wb-small" data-act="check" data-flag-number="{number}" '
        f'data-keep="check-{number}" aria-pressed="{"true" if checked else "false"}">'
        f"{escape(labels.check_again if checked else labels.check_done)}</button>"
    )
    again = (
        f'<button type="button" class="wb-small" data-act="again" {place.replace("data-seek", "data-start")}>'
        f"{escape(labels.run_again)}</button>"
    )
    tools = f'<span class="wb-review-tools">{"" if checked else again}{check}</span>' if can_check else ""
    return (
        f'<li{" class=wb-checked" if checked else ""}><button type="button"{"" if checked else " data-flag"} {place}>'
        f'<time class="wb-num">{times}</time><span>{missing}{escape(tell(flag.sentence))}</span>'
        f"<b>{escape(labels.hear_it)}</b></button>{tools}</li>"
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
