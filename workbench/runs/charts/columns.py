"""Charts of upright columns: how many clips have which rate, and errors by place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.runs.charts.drawing import (
    CLIPS,
    LINE,
    SMALL,
    WIDTH,
    Noun,
    bar,
    counted,
    fit,
    frame,
    group,
    label,
    nothing,
    rule,
    steps,
    stripes,
    svg,
    text_width,
    written,
)

_HEIGHT = 150.0
_LEFT = 46.0
_FAR = 2.5


@dataclass(frozen=True, slots=True, kw_only=True)
class HistogramBar:
    """Clips in one bin.

    Attributes:
        count: How many.
        label: Under the column's middle, where it stands apart from the others; else empty.
        start: Under its left edge.
        end: Under its right edge, where the next column does not begin there.
        hollow: Whether it is of another kind than the rest (clips without a rate).
    """

    count: int
    label: str = ""
    start: str = ""
    end: str = ""
    hollow: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionColumn:
    """Errors at one place of the reference, each as a rate of the reference units there.

    Attributes:
        substitutions: 0.1 is shown as 10 %.
        deletions: The same.
        insertions: The same.
        interval: Of their sum.
        clips: How many clips have a unit there.
    """

    substitutions: float
    deletions: float
    insertions: float
    interval: tuple[float, float] | None = None
    clips: int | None = None

    @property
    def total(self) -> float:
        return self.substitutions + self.deletions + self.insertions


def histogram_chart(
    bars: Sequence[HistogramBar], *, title: str, across: str, clips: Noun = CLIPS, empty: str = "Nothing to show."
) -> str:
    """How many clips are in each bin, the number above its column.

    Args:
        bars: From the left.
        title: What it shows.
        across: What the bins are of, under them.
        clips: The words for one clip and for several.
        empty: What to say where there are no clips.
    """
    most = max((one.count for one in bars), default=0)
    if not most:
        return nothing(title, empty)
    lefts, step = _places(bars)
    bottom = LINE + _HEIGHT
    ends = [one.end or after for one, after in zip(bars, [*(one.start for one in bars[1:]), ""], strict=True)]
    parts, descriptions = [rule(0, bottom, WIDTH, bottom, opacity=0.55)], list[str]()
    for one, end, x in zip(bars, ends, lefts, strict=True):
        height = one.count / most * _HEIGHT
        draw = frame if one.hollow else bar
        column = [draw(x + 1, bottom - height, step - 2, height)] if one.count else []
        column.append(label(x + step / 2, bottom - height - 4, f"{one.count:,}", anchor="middle", size=SMALL))
        name = one.label or f"{one.start} – {end}"
        descriptions.append(f"{name}: {counted(one.count, clips)}")
        parts.append(group(column, hint=descriptions[-1]))
        parts += _edges(one, x, step, bottom)
    parts.append(label(WIDTH / 2, bottom + 2 * LINE + 6, across, anchor="middle", size=SMALL, faint=True))
    return svg(parts, height=bottom + 2 * LINE + 12, title=title, description="; ".join(descriptions))


def _places(bars: Sequence[HistogramBar]) -> tuple[list[float], float]:
    """Where each column begins, those with a label of their own apart from their neighbours; and how wide one is."""
    gaps = [0.6 if number and (one.label or bars[number - 1].label) else 0.1 for number, one in enumerate(bars)]
    gaps = [gap if one.label or gap > 0.1 else 0.0 for gap, one in zip(gaps, bars, strict=True)]
    step = min(WIDTH / (len(bars) + sum(gaps) + 0.2), WIDTH / 6)
    return [step * (number + sum(gaps[: number + 1]) + 0.1) for number in range(len(bars))], step


def _edges(one: HistogramBar, x: float, step: float, bottom: float) -> list[str]:
    def tick(text: str, place: float) -> str:
        return rule(place, bottom, place, bottom + 3, opacity=0.55) + label(
            place, bottom + LINE, text, anchor="middle", size=SMALL, faint=True
        )

    if one.label:
        x = min(x + step / 2, WIDTH - text_width(one.label, SMALL) / 2)
        return [label(x, bottom + LINE, one.label, anchor="middle", size=SMALL, faint=True)]
    return [tick(text, place) for text, place in ((one.start, x), (one.end, x + step)) if text]


def position_chart(
    columns: Sequence[PositionColumn],
    *,
    title: str,
    kinds: tuple[str, str, str] = ("substituted", "missing", "added"),
    ends: tuple[str, str] = ("beginning of the reference", "end"),
    clips: Noun = CLIPS,
    empty: str = "Nothing to show.",
) -> str:
    """Errors by place in the reference: solid for substituted, hollow for missing, striped for added units.

    Args:
        columns: From the beginning of the reference to its end.
        title: What it shows.
        kinds: The words for the three.
        ends: Under the first and the last column.
        clips: The words for one clip and for several.
        empty: What to say where there is no reference.
    """
    if not any(column.clips != 0 for column in columns):
        return nothing(title, empty)
    highest = max(column.total for column in columns)
    farthest = max((column.interval[1] for column in columns if column.interval is not None), default=highest)
    end = max(highest, min(farthest, highest * _FAR if highest else farthest)) or 0.1
    top, bottom, step = 2 * LINE, 2 * LINE + _HEIGHT, (WIDTH - _LEFT) / max(len(columns), 1)
    parts, descriptions = [*_legend(kinds), _upright_axis(end, bottom)], list[str]()
    for number, column in enumerate(columns):
        x = _LEFT + number * step + 3
        said = ", ".join(
            f"{written(100 * value, '%')} {kind}"
            for value, kind in zip((column.substitutions, column.deletions, column.insertions), kinds, strict=True)
        )
        hint = f"{number + 1}: {said}" + ("" if column.clips is None else f", {counted(column.clips, clips)}")
        descriptions.append(hint)
        drawn = [
            *_stack(column, x, step - 6, bottom, end),
            *_upright_whisker(column, x + step / 2 - 3, top, bottom, end),
        ]
        parts.append(group(drawn, hint=hint))
    parts.append(label(_LEFT, bottom + LINE - 1, ends[0], size=SMALL, faint=True))
    parts.append(label(WIDTH, bottom + LINE - 1, ends[1], anchor="end", size=SMALL, faint=True))
    return svg(parts, height=bottom + LINE + 6, title=title, description="; ".join(descriptions))


def _legend(kinds: tuple[str, str, str]) -> list[str]:
    parts, x, room = list[str](), 0.0, WIDTH / len(kinds)
    for draw, kind in zip((bar, frame, stripes), kinds, strict=True):
        (words,) = fit(kind, room - 26, size=SMALL, lines=1)
        parts += [draw(x, 3, 12, 10), label(x + 17, 12, words, size=SMALL)]
        x += min(room, 34 + text_width(words, SMALL))
    return parts


def _upright_axis(end: float, bottom: float) -> str:
    parts: list[str] = []
    for value in steps(0, 100 * end, most=4):
        y = bottom - value / (100 * end) * _HEIGHT
        parts.append(rule(_LEFT, y, WIDTH, y, opacity=0.16 if value else 0.55))
        parts.append(label(_LEFT - 6, y + 4, f"{value:g} %", anchor="end", size=SMALL, faint=True))
    return "".join(parts)


def _stack(column: PositionColumn, x: float, width: float, bottom: float, end: float) -> list[str]:
    parts, y = list[str](), bottom
    for draw, value in ((bar, column.substitutions), (frame, column.deletions), (stripes, column.insertions)):
        height = value / end * _HEIGHT
        y -= height
        if height:
            parts.append(draw(x, y, width, height))
    return parts


def _upright_whisker(column: PositionColumn, x: float, top: float, bottom: float, end: float) -> list[str]:
    if column.interval is None:
        return []
    low, high = (max(bottom - bound / end * _HEIGHT, top) for bound in column.interval)
    parts = [rule(x, low, x, high, width=1.5), rule(x - 4, low, x + 4, low, width=1.5)]
    if column.interval[1] > end:
        parts.append(
            f'<path d="M{x - 4:.1f} {top + 6:.1f}L{x:.1f} {top:.1f}L{x + 4:.1f} {top + 6:.1f}" fill="none" '
            'stroke="currentColor" stroke-width="1.5"/>'
        )
    else:
        parts.append(rule(x - 4, high, x + 4, high, width=1.5))
    return parts
