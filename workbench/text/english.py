"""Whisper's English normaliser."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from workbench.text.steps import TextStep, library

if TYPE_CHECKING:
    from whisper_normalizer.english import EnglishTextNormalizer

# Rules that whisper-normalizer adds to OpenAI's; without them it equals openai/whisper and transformers, which is what
# published English figures were made with ("cause" as a noun would become "because").
_ADDED = (r"\bkinda\b", r"\bsorta\b", r"\bdunno\b", r"\bcause\b")
_CURLY = re.compile("[\u2018\u2019\u02bc\uff07]")
# Python refuses to read an integer of more than 4300 digits, and the library asserts that it does not.
_ENDLESS_NUMBER = re.compile(r"((?:\d,?){1000})(?=\d)")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ud800-\udfff]")


@lru_cache(maxsize=1)
def _normaliser() -> EnglishTextNormalizer:
    from whisper_normalizer.english import EnglishTextNormalizer

    normaliser = EnglishTextNormalizer()
    for pattern in _ADDED:
        normaliser.replacers.pop(pattern, None)
    return normaliser


def fold_typography(text: str) -> str:
    """Curly apostrophes as straight ones, without which "don’t" is not "do not"; invisible characters gone."""
    return _CURLY.sub("'", _INVISIBLE.sub("", text))


def standardise(text: str) -> str:
    """Whisper's rules: contractions written out, fillers and bracketed text dropped, numbers as digits, US spelling.

    Source: Radford et al. 2022, "Robust Speech Recognition via Large-Scale Weak Supervision", appendix C.
    """
    return " ".join(_normaliser()(_ENDLESS_NUMBER.sub(r"\1 ", text)).split())


TYPOGRAPHY = TextStep(
    name="typography", version=1, summary="straight apostrophes, invisible characters removed", apply=fold_typography
)
WHISPER_ENGLISH = TextStep(
    name="whisper-english",
    version=1,
    summary="OpenAI's English normaliser: contractions, fillers, numbers as digits, US spelling",
    apply=standardise,
    data=lambda: library("whisper-normalizer") + "".join(_ADDED),
)
