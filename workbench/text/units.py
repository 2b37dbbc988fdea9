"""Text as a list of what is counted: words, characters, or a mix of both."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Literal, get_args

from workbench.errors import UnknownName
from workbench.text.scripts import ATTACHED, UNSPACED

Unit = Literal["word", "char", "mixed"]
UNITS: tuple[Unit, ...] = get_args(Unit)

_MIXED = re.compile(f"[{UNSPACED}][{ATTACHED}]*|[^\\s{UNSPACED}]+")
_LONGER = re.compile(f"[{UNSPACED}][{ATTACHED}]|[^\\s{UNSPACED}]{{2}}")
_UNSPACED = re.compile(f"[{UNSPACED}]")


def split(text: str, unit: Unit) -> list[str]:
    """The units of a text, in order; white space separates and is never a unit.

    - `word`: what stands between white space. Chinese and Japanese have no spaces: a whole clause is one word there.
    - `char`: every code point but white space, as sclite and the field's CER count. A combining mark that has no
      composed form (Thai vowels, Devanagari signs) is a unit of its own; the rulers compose what can be composed.
    - `mixed`: every Han character, kana or bopomofo sign is one unit; runs of everything else are split at white space
      and where those begin: "用API吧" → 用, API, 吧. Hangul is written with spaces and stays in words; so do Thai, Lao,
      Khmer and Burmese, which are better counted by character.

    Args:
        text: Any text; a ruler is applied before, if at all.
        unit: Which units.

    Raises:
        UnknownName: No such unit.
    """
    if unit == "char":
        return list(join_characters(text))
    if unit == "word":
        return text.split()
    if unit == "mixed":
        return _MIXED.findall(text)
    raise UnknownName("unit", unit, UNITS)


def join_characters(text: str) -> str:
    """The units `char` of a text as one string; several times as fast as the list, and a fraction of the memory."""
    return "".join(text.split())


def join_texts(texts: Iterable[str]) -> str:
    """Texts of neighbouring chunks as one, without fusing words: a space, but none beside a full-width character."""
    joined = ""
    for text in filter(None, (text.strip() for text in texts)):
        joined += f" {text}" if joined and not (_is_wide(joined[-1]) or _is_wide(text[0])) else text
    return joined


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


def mixed_as(text: str) -> frozenset[Unit]:
    """Which other units of a text are its `mixed` ones: `char` in Chinese alone, `word` where nothing is unspaced."""
    same: set[Unit] = set()
    if not _LONGER.search(text):
        same.add("char")
    if not _UNSPACED.search(text):
        same.add("word")
    return frozenset(same)
