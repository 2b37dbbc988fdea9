"""A chart of error rates along an axis, with their intervals as bands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from workbench.runs.charts.drawing import (
    ACCENT,
    BAD,
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
_LEFT, _RIGHT = 46.0, 12.0
_RADIUS = 3.4
_FAR = 1.6
_STYLES = ((ACCENT, ""), (BAD, "7 4"), (GOOD, "2 3"), (INK, "9 3 2 3"), (ACCENT, "2 3"), (BAD, ""))
"""Colour and dashes; a curve is told from another by its dashes, its marks and its letter, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveLine:
    """One curve.

    Attributes:
        mark: A letter or a number, unique in the chart.
        name: What it is.
        points: Place along the axis, rate, interval of the rate; rising.
        clean: Rate of the clean clips, drawn as a level line; None for none.
        note: What stands beside its name: where the error doubles.
    """

    mark: str
    name: str
    points: Sequence[tuple[float, float | None, tuple[float, float] | None]]
    clean: float | None = None
    note: str = ""


def curve_chart(lines: Sequence[CurveLine], *, title: str, axis: str, empty: str = "Nothing was measured.") -> str:
    """Rates upwards, the axis to the right, each curve with its band; level strokes at the left are clean clips.

    Args:
        lines: In the order in which they are listed.
        title: What it shows.
        axis: What lies to the right, with its unit.
        empty: What to say where nothing can be drawn.
    """
    rates = [rate for one in lines for _, rate, _ in one.points if rate is not None]
    if not rates:
        return nothing(title, empty)
    places = [at for one in lines for at, rate, _ in one.points if rate is not None]
    bounds = [interval[1] for one in lines for _, rate, interval in one.points if rate is not None and interval]
    top = 108 * max(max(rates), min(max(bounds, default=0.0), _FAR * max(rates))) or 1.0
    low, high = min(places), max(places)
    span = (high - low) or 1.0

    def x(at: float) -> float:
        return _LEFT + 8 + (at - low) / span * (WIDTH - _LEFT - _RIGHT - 16)

    def y(rate: float) -> float:
        return LINE + _HEIGHT * (1 - min(100 * rate / top, 1.0))

    bottom = LINE + _HEIGHT
    axes = [*_levels(top, y), *_uprights(sorted(set(places)), x, bottom)]
    axes.append(label(WIDTH - _RIGHT, bottom + 2 * LINE, axis, anchor="end", size=SMALL, faint=True))
    drawn = [_draw(one, _STYLES[number % len(_STYLES)], x, y) for number, one in enumerate(lines)]
    headings = [_heading(one) for one in lines]
    names, bands = draw_headings(headings, 0.0, top=bottom + 2 * LINE + 14)
    description = "; ".join(f"{one.name}: {_told(one)}" for one in lines)
    return svg([*axes, *drawn, *names], height=bands[-1][1] + 4, title=title, description=description)


def _draw(one: CurveLine, style: tuple[str, str], x: Callable[[float], float], y: Callable[[float], float]) -> str:
    colour, dashes = style
    known = [(x(at), y(rate), interval) for at, rate, interval in one.points if rate is not None]
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    parts: list[str] = []
    banded = [(place, y(interval[0]), y(interval[1])) for place, _, interval in known if interval is not None]
    if len(banded) > 1:
        around = [
            *((place, above) for place, _, above in banded),
            *((place, below) for place, below, _ in banded[::-1]),
        ]
        corners = " ".join(f"{place:.1f},{height:.1f}" for place, height in around)
        parts.append(f'<polygon points="{corners}" fill="{colour}" fill-opacity="0.14"/>')
    line = "L".join(f"{place:.1f} {height:.1f}" for place, height, _ in known)
    parts.append(f'<path d="M{line}" fill="none" stroke="{colour}" stroke-width="1.8"{dashed}/>')
    parts += [
        f'<circle cx="{place:.1f}" cy="{height:.1f}" r="{_RADIUS}" fill="{colour}"/>' for place, height, _ in known
    ]
    if one.clean is not None:
        height = y(one.clean)
        parts.append(
            f'<path d="M{_LEFT:.1f} {height:.1f}H{WIDTH - _RIGHT:.1f}" stroke="{colour}" stroke-opacity="0.5" '
            f'stroke-width="1"{dashed}/>'
        )
    if known:
        parts.append(label(known[-1][0] + 5, known[-1][1] - 5, one.mark, anchor="middle", size=SMALL, strong=True))
    return group(parts, hint=f"{one.mark}. {one.name}: {_told(one)}")


def _levels(top: float, y: Callable[[float], float]) -> list[str]:
    found = steps(0.0, top)
    return [
        rule(_LEFT, y(step / 100), WIDTH - _RIGHT, y(step / 100), opacity=0.16)
        + label(
            _LEFT - 5,
            y(step / 100) + 4,
            f"{step:g}{' %' if step == found[-1] else ''}",
            anchor="end",
            size=SMALL,
            faint=True,
        )
        for step in found
    ]


def _uprights(places: Sequence[float], x: Callable[[float], float], bottom: float) -> list[str]:
    """A line at each place measured; its number where there is room."""
    drawn, taken = list[str](), 0.0
    for at in places:
        drawn.append(rule(x(at), LINE, x(at), bottom, opacity=0.1))
        text = f"{at:g}".replace("-", "−")
        half = text_width(text, SMALL) / 2
        if x(at) - half >= taken:
            drawn.append(label(x(at), bottom + LINE - 2, text, anchor="middle", size=SMALL, faint=True))
            taken = x(at) + half + 6
    return drawn


def _heading(one: CurveLine) -> Heading:
    clean = f"clean {written(100 * one.clean, '%')}" if one.clean is not None else ""
    return Heading(name=f"{one.mark}. {one.name}", strong=clean, faint=one.note)


def _told(one: CurveLine) -> str:
    known = ", ".join(f"{at:g}: {written(100 * rate, '%')}" for at, rate, _ in one.points if rate is not None)
    clean = "" if one.clean is None else f", clean: {written(100 * one.clean, '%')}"
    return f"{known}{clean}{f', {one.note}' if one.note else ''}"
