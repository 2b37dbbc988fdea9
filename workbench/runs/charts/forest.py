"""Differences with their intervals about a line of no difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from workbench.runs.charts.drawing import (
    BAD,
    GOOD,
    INK,
    LINE,
    MISSING,
    SMALL,
    WIDTH,
    Heading,
    draw_headings,
    fit,
    group,
    label,
    level_axis,
    nothing,
    signed,
    steps,
    svg,
    whisker,
)

_MARK = 14.0
_FAR = 4.0
"""The axis reaches at most this many times as far as the farthest difference; a longer interval ends in an arrow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestRow:
    """One difference.

    Attributes:
        label: Of what.
        difference: Of two rates: −0.02 is shown as −2.0 points. None is shown as a dash.
        interval: The same, from and to.
        verdict: What may be said of it; decides the mark.
        words: The verdict in words.
    """

    label: str
    difference: float | None
    interval: tuple[float, float] | None
    verdict: Literal["better", "worse", "no difference shown"]
    words: str = ""


def forest_chart(
    rows: Sequence[ForestRow],
    *,
    title: str,
    sides: tuple[str, str] = ("← B makes fewer errors", "B makes more errors →"),
    unit: str = "points",
    empty: str = "Nothing to show.",
) -> str:
    """Differences with intervals: a diamond is better, a square worse, an empty circle no difference shown.

    Args:
        rows: One a difference, from above.
        title: What it shows.
        sides: What lies left and right of no difference.
        unit: The word for percentage points.
        empty: What to say where there are no rows.
    """
    if not rows:
        return nothing(title, empty)
    reach = _reach(rows)

    def place(value: float) -> float:
        return WIDTH / 2 + value / reach * (WIDTH / 2 - 12)

    headings = [_heading(row) for row in rows]
    lines, bands = draw_headings(headings, _MARK, top=LINE + 4)
    marks, descriptions = list[str](), list[str]()
    for row, heading, line, (top, _) in zip(rows, headings, lines, bands, strict=True):
        y = top + 2 + _MARK / 2
        drawn: list[str] = []
        if row.interval is not None:
            low, high = (place(100 * bound) for bound in row.interval)
            drawn.append(whisker(low, high, y, (2.0, WIDTH - 2)))
        if row.difference is not None:
            drawn.append(_mark(place(100 * row.difference), y, row.verdict))
        descriptions.append(f"{heading.name}: {heading.strong} {heading.faint}")
        marks.append(group([line, *drawn], hint=descriptions[-1]))
    axis = level_axis(steps(-reach, reach), place, bands, unit)
    parts = [*_sides(sides), axis, *marks]
    return svg(parts, height=bands[-1][1] + LINE + 4, title=title, description="; ".join(descriptions))


def _heading(row: ForestRow) -> Heading:
    difference = MISSING if row.difference is None else signed(100 * row.difference)
    span = "" if row.interval is None else " … ".join(signed(100 * bound) for bound in row.interval)
    faint = ", ".join(word for word in (span, row.words or row.verdict) if word)
    return Heading(name=row.label, strong=difference, faint=faint)


def _reach(rows: Sequence[ForestRow]) -> float:
    """How far the axis goes to either side, in points."""
    differences = [abs(100 * row.difference) for row in rows if row.difference is not None]
    bounds = [abs(100 * bound) for row in rows for bound in row.interval or ()]
    most, farthest = max(differences, default=0.0), max(bounds, default=0.0)
    return max(most, min(farthest, most * _FAR if most else farthest)) * 1.05 or 1.0


def _sides(sides: tuple[str, str]) -> list[str]:
    room = WIDTH / 2 - 6
    left, right = (fit(side, room, size=SMALL, lines=1)[0] for side in sides)
    return [
        label(0, LINE - 4, left, size=SMALL, faint=True),
        label(WIDTH, LINE - 4, right, anchor="end", size=SMALL, faint=True),
    ]


def _mark(x: float, y: float, verdict: str) -> str:
    if verdict == "better":
        return f'<path d="M{x:.1f} {y - 7:.1f}l7 7l-7 7l-7 -7z" fill="{GOOD}"/>'
    if verdict == "worse":
        return f'<rect x="{x - 5.5:.1f}" y="{y - 5.5:.1f}" width="11" height="11" fill="{BAD}"/>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="var(--wb-card, Canvas)" stroke="{INK}" stroke-width="1.8"/>'
