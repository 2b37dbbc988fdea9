"""Spacing, hesitations and a reader's own words, place by place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from workbench.text.fillers import HAN as HAN_FILLERS
from workbench.text.fillers import LATIN as LATIN_FILLERS
from workbench.text.scripts import HAN

_WORD = "A-Za-z0-9"
_MISSING_SPACE = re.compile(f"(?<=[{HAN}])(?=[{_WORD}])|(?<=[{_WORD}%°])(?=[{HAN}])")
_NEEDLESS_SPACE = re.compile(f"(?<=[{HAN}，。！？；：、（）「」])[ \t]+(?=[{HAN}，。！？；：、（）「」])")
_HESITATIONS = f"(?:[{HAN_FILLERS}]+|(?<![{_WORD}])(?:{'|'.join(LATIN_FILLERS)})(?![{_WORD}]))"
# A comma after a hesitation goes with it; a hesitation that is a sentence of its own goes with its full stop.
_HESITATION = re.compile(
    f"(?:(?<=[。！？!?.\\n])|^){_HESITATIONS}[，,、…。！？!?.]*[ \t]*|{_HESITATIONS}[，,、…]*[ \t]*", re.IGNORECASE
)


def find_spacing(text: str) -> Iterator[tuple[int, int, str, str]]:
    """One space between Chinese and Latin words or digits, none between Chinese characters."""
    places = [(*match.span(), " ", "a space between Chinese and Latin") for match in _MISSING_SPACE.finditer(text)]
    places += [(*match.span(), "", "no space between Chinese characters") for match in _NEEDLESS_SPACE.finditer(text)]
    yield from sorted(places)


def find_fillers(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Hesitations, as the rulers' `fillers` step knows them, with the comma after them."""
    for match in _HESITATION.finditer(text):
        yield *match.span(), "", "a hesitation"


def find_replacements(text: str, replacements: Mapping[str, str]) -> Iterator[tuple[int, int, str, str]]:
    """A reader's own words; of two that fit one place, the longer.

    Args:
        text: Where to look.
        replacements: What is written → what should be. Latin words are found as whole words, in any case.
    """
    asked = sorted((word for word in replacements if word.strip()), key=len, reverse=True)
    if not asked:
        return
    exact = {word.casefold(): replacements[word] for word in asked}
    pattern = re.compile("|".join(_whole(word) for word in asked), re.IGNORECASE)
    for match in pattern.finditer(text):
        yield *match.span(), exact.get(match[0].casefold(), match[0]), "your replacement list"


def _whole(word: str) -> str:
    before = f"(?<![{_WORD}])" if re.match(f"[{_WORD}]", word[0]) else ""
    after = f"(?![{_WORD}])" if re.match(f"[{_WORD}]", word[-1]) else ""
    return before + re.escape(word) + after
