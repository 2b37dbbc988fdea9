"""Charts of level bars, each under its label, so that long names and many rows fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.runs.charts.drawing import (
    CLIPS,
    LINE,
    WIDTH,
    Heading,
    Noun,
    bar,
    between,
    counted,
    draw_headings,
    frame,
    group,
    level_axis,
    nothing,
    rule,
    steps,
    stripes,
    svg,
    whisker,
    written,
)

_BAR = 11.0
_FAR = 2.5
"""The axis ends at this many times the longest bar; a longer interval ends in an arrow, its bounds are in the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalBar:
    """One bar with its interval.

    Attributes:
        label: Whose value it is.
        value: In the chart's unit; with "%", a rate: 0.123 is shown as 12.3 %. None is shown as a dash.
        interval: The same, from and to.
        clips: How many clips it is of.
    """

    label: str
    value: float | None
    interval: tuple[float, float] | None = None
    clips: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaterfallBar:
    """Errors left after a step.

    Attributes:
        label: What the step did.
        errors: How many are left.
        rate: The error rate then; None without a reference.
        beyond: Whether the step is not among those that the rate is measured with.
    """

    label: str
    errors: int
    rate: float | None = None
    beyond: bool = False


def interval_chart(
    rows: Sequence[IntervalBar], *, title: str, unit: str = "%", clips: Noun = CLIPS, empty: str = "Nothing to show."
) -> str:
    """Bars with interval whiskers: systems, values of a tag, lengths of recordings.

    Args:
        rows: One a bar, from above.
        title: What it shows.
        unit: Of the values; "%" for rates.
        clips: The words for one clip and for several.
        empty: What to say where there are no rows.
    """
    if not rows:
        return nothing(title, empty)
    scale = 100.0 if unit == "%" else 1.0
    values = [None if row.value is None else row.value * scale for row in rows]
    spans = [None if row.interval is None else (row.interval[0] * scale, row.interval[1] * scale) for row in rows]
    longest = max((value for value in values if value is not None), default=0.0)
    farthest = max((span[1] for span in spans if span is not None), default=longest)
    end = max(longest, min(farthest, longest * _FAR if longest else farthest)) or 1.0

    def place(value: float) -> float:
        return value / end * WIDTH

    headings = [_heading(row, value, span, unit, clips) for row, value, span in zip(rows, values, spans, strict=True)]
    lines, bands = draw_headings(headings, _BAR)
    marks, descriptions = list[str](), list[str]()
    for heading, line, (top, _), value, span in zip(headings, lines, bands, values, spans, strict=True):
        drawn = [] if value is None else [bar(0, top + 2, max(place(value), 1.0), _BAR)]
        if span is not None:
            drawn.append(whisker(place(span[0]), place(span[1]), top + 2 + _BAR / 2, (0.0, WIDTH)))
        descriptions.append(f"{heading.name}: {heading.strong} {heading.faint}".strip())
        marks.append(group([line, *drawn], hint=descriptions[-1]))
    axis = level_axis(steps(0, end), place, bands, unit)
    return svg([axis, *marks], height=bands[-1][1] + LINE + 4, title=title, description="; ".join(descriptions))


def _heading(
    row: IntervalBar, value: float | None, span: tuple[float, float] | None, unit: str, clips: Noun
) -> Heading:
    notes = (between(span), "" if row.clips is None else counted(row.clips, clips))
    return Heading(name=row.label, strong=written(value, unit), faint=", ".join(note for note in notes if note))


def waterfall_chart(
    rows: Sequence[WaterfallBar],
    *,
    title: str,
    errors: Noun = ("error", "errors"),
    beyond: str = "not in the ruler",
    empty: str = "Nothing to show.",
) -> str:
    """Errors falling step by step: what is left is a solid bar, what a step took away a dashed frame beside it.

    Where a step adds errors, the ones it added are striped. A step beyond the ruler is a frame throughout.

    Args:
        rows: The texts as they are first, then step by step.
        title: What it shows.
        errors: The words for one error and for several.
        beyond: Written behind the label of a step that is not in the ruler.
        empty: What to say where there are no rows.
    """
    if not rows:
        return nothing(title, empty)
    most = max(row.errors for row in rows) or 1
    changes = [row.errors - before.errors for before, row in zip((rows[0], *rows), rows, strict=False)]
    headings = [_fall_heading(*one, errors, beyond) for one in zip(rows, changes, strict=True)]
    lines, bands = draw_headings(headings, _BAR)
    marks, descriptions = list[str](), list[str]()
    for row, change, heading, line, (top, _) in zip(rows, changes, headings, lines, bands, strict=True):
        left, right = sorted((row.errors, row.errors - change))
        drawn = _fall(row, left / most * WIDTH, right / most * WIDTH, top + 2, rises=change > 0)
        descriptions.append(f"{heading.name}: {heading.strong} {heading.faint}")
        marks.append(group([line, *drawn], hint=descriptions[-1]))
    baseline = "".join(rule(0, top, 0, bottom, opacity=0.55) for top, bottom in bands)
    return svg([*marks, baseline], height=bands[-1][1] + 4, title=title, description="; ".join(descriptions))


def _fall_heading(row: WaterfallBar, change: int, errors: Noun, beyond: str) -> Heading:
    rate = "" if row.rate is None else f", {written(100 * row.rate, '%')}"
    return Heading(
        name=f"{row.label} ({beyond})" if row.beyond else row.label,
        strong=f"{'+' if change > 0 else '−'}{abs(change):,}" if change else "",
        faint=f"{counted(row.errors, errors)}{rate}",
    )


def _fall(row: WaterfallBar, left: float, right: float, top: float, *, rises: bool) -> list[str]:
    if row.beyond:
        return [frame(0, top, left, _BAR), frame(left, top, right - left, _BAR, dashed=True)]
    kept = bar(0, top, left, _BAR)
    if right - left < 1:
        return [kept]
    changed = stripes(left, top, right - left, _BAR) if rises else frame(left, top, right - left, _BAR, dashed=True)
    return [kept, changed]
