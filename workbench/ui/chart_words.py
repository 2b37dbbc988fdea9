"""The words in a finished chart, in the language of the page."""

from __future__ import annotations

import re
from html import escape, unescape

from workbench.ui.language import ENGLISH, current_language, say, tell

_FIRST = re.compile(r"[+−]?\d[\d,.]*(?: %)? (?=\S)")
_TEXT = re.compile(r"(?<=>)([^<>]+)(?=</(text|title|desc)>)")


def tell_chart(svg: str) -> str:
    """A chart of `workbench.runs.charts` with its words told; names and figures stay.

    Charts are drawn with the words that reports have, which are English. Chinese is shorter, so what fitted still fits.

    Args:
        svg: One SVG element; its texts have no markup in them.
    """
    if current_language() is ENGLISH:
        return svg
    return _TEXT.sub(lambda found: escape(_told(unescape(found[1]), found[2])), svg)


def _told(words: str, element: str) -> str:
    """A description names every mark, one after the other."""
    if element == "desc":
        return say("; ").join(_mark(part) for part in words.split("; "))
    return _mark(words)


def _mark(words: str) -> str:
    """As a whole where it is known so, else its name and its figures one by one: `s0: 12.5 %, 3 clips`."""
    told = tell(words)
    if told != words or ", " not in words:
        return told if told != words else _named(words)
    return say(", and ").join(_named(part) for part in words.split(", "))


def _named(words: str) -> str:
    name, colon, rest = words.partition(": ")
    return say("{name}: {rest}", name=tell(name), rest=_counted(rest)) if colon else _counted(words)


def _counted(words: str) -> str:
    """A change or a rate may stand before what was counted: `−3 12 errors`."""
    told, first = tell(words), _FIRST.match(words)
    return told if told != words or first is None else first[0] + tell(words[first.end() :])
