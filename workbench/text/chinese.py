"""Steps for Chinese text, Mandarin and Cantonese alike: one script, one spelling, one spacing."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from workbench.text import variants
from workbench.text.scripts import UNSPACED, has_han
from workbench.text.steps import TextStep, library

if TYPE_CHECKING:
    from opencc import OpenCC

_NEEDLESS_SPACE = re.compile(f"(?<=[{UNSPACED}0-9])\\s+(?=[{UNSPACED}])|(?<=[{UNSPACED}])\\s+(?=[0-9])")
_MISSING_SPACE = re.compile(f"(?<=[{UNSPACED}])(?=[^\\s{UNSPACED}0-9])|(?<=[^\\s{UNSPACED}0-9])(?=[{UNSPACED}])")
_CHARACTERS = variants.character_table()
_WORDS = variants.word_table()
_WORD = variants.word_pattern()


@lru_cache(maxsize=1)
def _converter() -> OpenCC:
    from opencc import OpenCC

    return OpenCC("t2s")


def space_scripts(text: str) -> str:
    """No space between Han characters or between them and digits, one between them and words of other scripts."""
    if not has_han(text):
        return text
    return _MISSING_SPACE.sub(" ", _NEEDLESS_SPACE.sub("", text))


def simplify(text: str) -> str:
    """Traditional to simplified by OpenCC's t2s, spaces between Han characters removed before.

    Never the other way: s2hk turns 唔該晒 into 唔該曬. Simplified Cantonese has characters beyond the basic plane
    (嗰 → 𠮶).
    """
    if not has_han(text):
        return text
    return _converter().convert(space_scripts(text))


def fold_variants(text: str) -> str:
    """Spellings of one word that t2s leaves apart, by the tables of `variants`."""
    if not has_han(text):
        return text
    return _WORD.sub(lambda match: _WORDS[match[0]], text.translate(_CHARACTERS))


SCRIPT = TextStep(
    name="script",
    version=1,
    summary="spaces between Han characters removed, traditional to simplified (OpenCC t2s)",
    apply=simplify,
    data=lambda: library("opencc"),
)
VARIANTS = TextStep(
    name="variants",
    version=variants.VERSION,
    summary="spellings of one word that t2s leaves apart (著/着, 妳/你, 甚么/什么)",
    apply=fold_variants,
    data=lambda: variants.CHARACTERS + variants.WORDS,
)
