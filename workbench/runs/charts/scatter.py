"""Errors against what they cost: a mark a setting, and under it who is who."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from workbench.runs.charts.drawing import (
    GOOD,
    INK,
    LINE,
    SMALL,
    WIDTH,
    Heading,
    draw_headings,
    group,
    label,
    nothing,
    rule,
    steps,
    svg,
    text_width,
    written,
)

_HEIGHT = 190.0
_LEFT = 40.0
_RIGHT = 12.0
_RADIUS = 9.0
_FAR = 2.5
"""The axis ends at this many times the highest rate; a longer interval is cut there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostPoint:
    """A setting by its rate and its cost; one of which either is not known is named and not drawn.

    Attributes:
        mark: A letter or a number, unique in the chart.
        label: Its name.
        rate: 0.123 is shown as 12.3 %.
        interval: The same, from and to.
        cost: In the chart's unit, above 0.
        best: Whether none makes as few errors for less.
    """

    mark: str
    label: str
    rate: float | None
    interval: tuple[float, float] | None
    cost: float | None
    best: bool


def trade_off_chart(
    points: Sequence[CostPoint],
    *,
    title: str,
    cost: str,
    say_cost: Callable[[float | None], str],
    best: str = "best trade-off",
    empty: str = "Nothing was measured.",
) -> str:
    """Error rates upwards, cost to the right on a scale of powers; a filled diamond is a best trade-off.

    Args:
        points: In the order in which they are listed.
        title: What it shows.
        cost: What lies to the right, with its unit.
        say_cost: How a cost is written.
        best: The words for a best trade-off.
        empty: What to say where nothing can be drawn.
    """
    drawn = [(one, one.rate, one.cost) for one in points if one.rate is not None and one.cost]
    if not drawn:
        return nothing(title, empty)
    top = _reach([(rate, one.interval) for one, rate, _ in drawn])
    left, right, ticks = _scale([value for *_, value in drawn])

    def x(value: float) -> float:
        return _LEFT + (math.log(value) - left) / (right - left) * (WIDTH - _LEFT - _RIGHT)

    def y(rate: float) -> float:
        return LINE + _HEIGHT * (1 - 100 * rate / top)

    marks = [_mark(one, x(value), y(rate), y, top) for one, rate, value in drawn]
    bottom = LINE + _HEIGHT
    axes = [
        *(_level(y(step / 100), f"{step:g}{' %' if step == most else ''}") for step, most in _levels(top)),
        *_uprights([(x(tick), say_cost(tick)) for tick in ticks], bottom),
        label(WIDTH - _RIGHT, bottom + 2 * LINE, cost, anchor="end", size=SMALL, faint=True),
    ]
    headings = [_heading(one, say_cost, best) for one in points]
    names, bands = draw_headings(headings, 0.0, top=bottom + 2 * LINE + 14)
    description = "; ".join(f"{one.name}: {one.strong} {one.faint}" for one in headings)
    return svg([*axes, *marks, *names], height=bands[-1][1] + 4, title=title, description=description)


def _levels(top: float) -> list[tuple[float, float]]:
    """Rates to draw lines at, each with the highest of them."""
    found = steps(0.0, top)
    return [(step, found[-1]) for step in found]


def _reach(rates: Sequence[tuple[float, tuple[float, float] | None]]) -> float:
    """Where the axis of rates ends, in percent."""
    highest = max(100 * rate for rate, _ in rates)
    bound = max((100 * interval[1] for _, interval in rates if interval is not None), default=highest)
    return max(highest, min(bound, _FAR * highest if highest else bound)) * 1.08 or 1.0


def _scale(costs: Sequence[float]) -> tuple[float, float, list[float]]:
    """From where to where, in logarithms, and round numbers between, as few as show the scale."""
    low, high = math.log(min(costs)), math.log(max(costs))
    room = max(0.12 * (high - low), 0.35 if high - low < 0.7 else 0.0)
    low, high, shown = low - room, high + room, list[float]()
    powers = range(math.floor(low / math.log(10)), math.ceil(high / math.log(10)) + 1)
    for digits in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9)):
        shown = [tick for power in powers for one in digits if low <= math.log(tick := one * 10.0**power) <= high]
        if len(shown) > 2:
            break
    return low, high, shown


def _mark(one: CostPoint, x: float, y: float, place: Callable[[float], float], top: float) -> str:
    parts: list[str] = []
    if one.interval is not None:
        low, high = one.interval
        parts.append(rule(x, place(low), x, place(min(high, top / 100)), opacity=0.45, width=1.5))
    side = _RADIUS * 1.25
    shape = (
        f'<path d="M{x:.1f} {y - side:.1f}l{side:.1f} {side:.1f}l{-side:.1f} {side:.1f}l{-side:.1f} {-side:.1f}z" '
        f'fill="{GOOD}"/>'
        if one.best
        else f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{_RADIUS}" fill="var(--wb-card, Canvas)" stroke="{INK}"/>'
    )
    ink = 'fill="#fff"' if one.best else f'fill="{INK}"'
    figure = (
        f'<text x="{x:.1f}" y="{y + 4:.1f}" font-size="{SMALL:g}" font-weight="600" text-anchor="middle" {ink}>'
        f"{escape(one.mark)}</text>"
    )
    return group([*parts, shape, figure], hint=one.label)


def _level(y: float, text: str) -> str:
    return rule(_LEFT, y, WIDTH - _RIGHT, y, opacity=0.16) + label(
        _LEFT - 5, y + 4, text, anchor="end", size=SMALL, faint=True
    )


def _uprights(ticks: Sequence[tuple[float, str]], bottom: float) -> list[str]:
    """Lines with their numbers; where there is no room for a number, the line alone."""
    drawn, taken = list[str](), 0.0
    for x, text in ticks:
        drawn.append(rule(x, LINE, x, bottom, opacity=0.16))
        half = text_width(text, SMALL) / 2
        middle = min(max(x, half), WIDTH - half)
        if middle - half >= taken:
            drawn.append(label(middle, bottom + LINE - 2, text, anchor="middle", size=SMALL, faint=True))
            taken = middle + half + 6
    return drawn


def _heading(one: CostPoint, say_cost: Callable[[float | None], str], best: str) -> Heading:
    rate = written(None if one.rate is None else 100 * one.rate, "%")
    faint = f"{say_cost(one.cost)}{f', {best}' if one.best else ''}"
    return Heading(name=f"{one.mark}. {one.label}", strong=rate, faint=faint)
