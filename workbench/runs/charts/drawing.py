"""What the charts are drawn with: escaped text that fits, marks, axes, and the SVG element around them."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

WIDTH = 400.0
"""Units of the viewBox. At 350 px a text of 13 units is 11.4 px high; wider than 520 px a chart does not grow."""

TEXT = 13.0
SMALL = 12.0
LINE = 16.0

ACCENT = "var(--wb-accent, #16877f)"  # fallbacks read on white and on black: 4.4 : 1 and 4.7 : 1
GOOD = "var(--wb-good, #2c8a55)"
BAD = "var(--wb-error, #c4503f)"
INK = "currentColor"
MISSING = "–"

_GAP = 14.0  # between a name and its figures, and between those
_ANY = 1000  # lines: as many as it takes

# What is no character, and marks that turn the direction of what follows.
_UNSHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_BREAKS = " -_+:/、，。"


def shown(text: str) -> str:
    """A label on one line, without characters that no markup may hold or that turn the line around."""
    return " ".join(_UNSHOWN.sub("\N{REPLACEMENT CHARACTER}", text).split())


_WIDTHS = (
    ("ijlI.,' ·", 0.34),
    ("frt:;|!()[]/\\-_–", 0.5),
    ("mwMW@%&+…", 1.0),
)
"""Of what is narrower or wider than most, in ems, rounded up from DejaVu Sans, the widest font a page falls back to."""
_EMS = {character: width for characters, width in _WIDTHS for character in characters}
_BOLD = 1.12  # DejaVu Sans Bold by DejaVu Sans: 1.09 for digits, 1.12 for letters


def text_width(text: str, size: float = TEXT, *, strong: bool = False) -> float:
    """How wide a text is at most: a Chinese character is as wide as high.

    Args:
        text: On one line.
        size: Of the type, in units.
        strong: Whether it is bold.
    """
    return size * sum(map(_em, text)) * (_BOLD if strong else 1.0)


def _em(character: str) -> float:
    if unicodedata.combining(character):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    if (width := _EMS.get(character)) is not None:
        return width
    if ord(character) > 0x2FF:
        return 0.9
    return 0.79 if character.isupper() else 0.64


def fit(text: str, width: float, *, size: float = TEXT, lines: int = 2) -> list[str]:
    """A label in at most so many lines of that width; what does not fit is cut and ends in an ellipsis."""
    rest, found = shown(text), list[str]()
    while rest and len(found) < lines:
        place = _fitting(rest, width, size)
        if place < len(rest) and len(found) == lines - 1:
            return [*found, f"{rest[: _fitting(rest, width - size, size)].rstrip()}…"]
        if place < len(rest):
            place = max((rest.rfind(mark, place // 2, place) + 1 for mark in _BREAKS), default=0) or place
        found.append(rest[:place].strip())
        rest = rest[place:].strip()
    return found or [""]


def _fitting(text: str, width: float, size: float) -> int:
    """How many characters fit; one at least."""
    for place in range(1, len(text) + 1):
        if text_width(text[:place], size) > width:
            return max(1, place - 1)
    return len(text)


def label(
    x: float,
    y: float,
    text: str,
    *,
    anchor: Literal["start", "middle", "end"] = "start",
    size: float = TEXT,
    faint: bool = False,
    strong: bool = False,
) -> str:
    """A line of text whose baseline is at `y`."""
    weight = ' font-weight="600"' if strong else ""
    opacity = ' fill-opacity=".72"' if faint else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}" fill="{INK}"{opacity}{weight}>'
        f"{escape(shown(text))}</text>"
    )


def bar(x: float, y: float, width: float, height: float, *, fill: str = ACCENT) -> str:
    """A filled rectangle; as thin as it may be, it is seen."""
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{max(height, 0):.1f}" fill="{fill}"/>'


def frame(x: float, y: float, width: float, height: float, *, stroke: str = ACCENT, dashed: bool = False) -> str:
    """An empty rectangle, its line inside the bounds."""
    dashes = ' stroke-dasharray="4 3"' if dashed else ""
    return (
        f'<rect x="{x + 0.75:.1f}" y="{y + 0.75:.1f}" width="{max(width - 1.5, 0):.1f}" '
        f'height="{max(height - 1.5, 0):.1f}" fill="none" stroke="{stroke}" stroke-width="1.5"{dashes}/>'
    )


def stripes(x: float, y: float, width: float, height: float, *, stroke: str = ACCENT) -> str:
    """A rectangle of level stripes; without a pattern, which would need an identifier that is unique on the page."""
    count = max(1, int(height // 4))
    lines = "".join(f"M{x:.1f} {y + (step + 0.5) * height / count:.1f}h{width:.1f}" for step in range(count))
    return f'<path d="{lines}" stroke="{stroke}" stroke-width="{min(2.0, height):.1f}" fill="none"/>' if height else ""


def rule(x1: float, y1: float, x2: float, y2: float, *, opacity: float = 1.0, width: float = 1.0) -> str:
    """A straight line in the colour of the text."""
    line = f"M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"
    return f'<path d="{line}" stroke="{INK}" stroke-opacity="{opacity:g}" stroke-width="{width:g}"/>'


def whisker(low: float, high: float, y: float, limits: tuple[float, float]) -> str:
    """An interval on a level line, with a stroke at each end, or an arrow where it goes on beyond the limits."""
    left, right = limits
    parts = [rule(min(max(low, left), right), y, max(min(high, right), left), y, width=1.5)]
    for place, outwards in ((low, -1), (high, 1)):
        limit = left if outwards < 0 else right
        if (place - limit) * outwards > 0:
            back = limit - 6 * outwards
            line = f"M{back:.1f} {y - 4:.1f}L{limit:.1f} {y:.1f}L{back:.1f} {y + 4:.1f}"
            parts.append(f'<path d="{line}" fill="none" stroke="{INK}" stroke-width="1.5"/>')
        elif left <= place <= right:
            parts.append(rule(place, y - 4, place, y + 4, width=1.5))
    return "".join(parts)


def steps(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers from `low` to `high`, 0 among them where it lies between: 1, 2, 2.5 or 5 × a power of ten apart."""
    span = (high - low) or 1.0
    power = 10.0 ** math.floor(math.log10(span / most))
    step = next(power * one for one in (1, 2, 2.5, 5, 10) if span / (power * one) <= most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


Bands = Sequence[tuple[float, float]]
"""From where to where marks are drawn, downwards."""


def level_axis(values: Sequence[float], place: Callable[[float], float], bands: Bands, unit: str) -> str:
    """Upright lines behind level marks and not behind their labels; under them the numbers, the last with the unit."""
    parts: list[str] = []
    for index, value in enumerate(values):
        x, bottom = place(value), bands[-1][1]
        opacity = 0.55 if value == 0 else 0.16
        parts += [rule(x, top, x, end, opacity=opacity) for top, end in bands]
        number = f"{value:g}{f' {unit}' if unit and index == len(values) - 1 else ''}".replace("-", "−")
        half = text_width(number, SMALL) / 2
        middle = min(max(x, half), WIDTH - half)
        parts.append(label(middle, bottom + LINE - 2, number, anchor="middle", size=SMALL, faint=True))
    return "".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What stands above a level mark: a name to the left, figures to the right.

    Attributes:
        name: Takes a second line where it is long.
        strong: The figure that counts.
        faint: What belongs to it.
    """

    name: str
    strong: str
    faint: str


def draw_headings(headings: Sequence[Heading], height: float, *, top: float = 0.0) -> tuple[list[str], Bands]:
    """Names with room for a mark under each, the figures in two columns to the right, beside the names or below them.

    Args:
        headings: From above.
        height: Of a mark.
        top: Where the first line begins.

    Returns:
        The lines, and the bands where the marks go, with a little air on both sides.
    """
    faint = max((text_width(one.faint, SMALL) + _GAP for one in headings if one.faint), default=0.0)
    strong = max((text_width(one.strong, strong=True) + _GAP for one in headings if one.strong), default=4.0)
    room = WIDTH - faint - strong
    # Where a name would be cut beside the figures, all names get lines of their own above them.
    above = any(fit(one.name, room) != fit(one.name, room, lines=_ANY) for one in headings)
    drawn, bands = list[str](), list[tuple[float, float]]()
    for one in headings:
        names = fit(one.name, WIDTH if above else room)
        base = top + LINE - 3
        parts = [label(0, base + LINE * number, text) for number, text in enumerate(names)]
        figures = base + LINE * len(names) if above else base
        parts.append(label(WIDTH, figures, one.faint, anchor="end", size=SMALL, faint=True))
        parts.append(label(WIDTH - faint, figures, one.strong, anchor="end", strong=True))
        drawn.append("".join(parts))
        top = max(figures, base + LINE * (len(names) - 1)) + 4 + height + 4
        bands.append((top - height - 4, top))
        top += 7
    return drawn, bands


def group(parts: Iterable[str], *, hint: str) -> str:
    """Marks that belong together; a pointer that rests on them is told the hint."""
    return f"<g><title>{escape(shown(hint))}</title>{''.join(parts)}</g>"


def svg(parts: Iterable[str], *, height: float, title: str, description: str) -> str:
    """The element: as wide as its place up to 520 px, named and described for those who do not see it.

    Args:
        parts: Markup.
        height: In units; the width is `WIDTH`.
        title: What it shows.
        description: Its figures, as a sentence.
    """
    return (
        f'<svg class="wb-chart" viewBox="0 0 {WIDTH:g} {height:.0f}" role="img" font-family="inherit" '
        'style="display:block;width:100%;max-width:520px;height:auto" preserveAspectRatio="xMinYMin meet">'
        f"<title>{escape(shown(title))}</title><desc>{escape(shown(description))}</desc>{''.join(parts)}</svg>"
    )


def nothing(title: str, words: str) -> str:
    """A chart that has nothing to show, and says so."""
    return svg([label(0, LINE, words, faint=True)], height=LINE + 8, title=title, description=words)


def written(value: float | None, unit: str) -> str:
    """A value as read: 12.3 %, or − where it is less than nothing."""
    if value is None:
        return MISSING
    digits = f"{value:,.1f}" if unit else f"{value:,.3g}" if value % 1 else f"{value:,.0f}"
    return f"{digits}{f' {unit}' if unit else ''}".replace("-", "−")


Noun = tuple[str, str]
"""A word for one thing and for several: ("clip", "clips")."""

CLIPS: Noun = ("clip", "clips")


def counted(count: int, noun: Noun) -> str:
    """`1 clip`, `1,204 clips`."""
    return f"{count:,} {noun[count != 1]}"


def signed(value: float) -> str:
    """A difference as read: −4.2, +0.5, 0.0."""
    digits = f"{abs(value):,.1f}"
    return digits if float(digits.replace(",", "")) == 0 else f"{'+' if value > 0 else '−'}{digits}"


def between(interval: tuple[float, float] | None) -> str:
    """An interval of what is never below nothing, as read: 9.8 – 15.1; nothing where there is none."""
    if interval is None:
        return ""
    return f"{interval[0]:,.1f} – {interval[1]:,.1f}"
