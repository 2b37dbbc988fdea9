"""Whisper's English normaliser."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from workbench.text.scripts import UNSPACED
from workbench.text.steps import TextStep, library

if TYPE_CHECKING:
    from whisper_normalizer.english import EnglishTextNormalizer

# Rules that whisper-normalizer adds to OpenAI's; without them it equals openai/whisper and transformers, which is what
# published English figures were made with ("cause" as a noun would become "because").
_ADDED = (r"\bkinda\b", r"\bsorta\b", r"\bdunno\b", r"\bcause\b")
_CURLY = re.compile("[\u2018\u2019\u02bc\uff07]")
# Python refuses to read an integer of more than 4300 digits, and the library asserts that it does not.
_ENDLESS_NUMBER = re.compile(r"((?:\d,?){1000})(?=\d)")
_ELLIPSIS = re.compile(r"\s*\.{3,}\s*")
_PLURAL_INITIALS = re.compile(r"\b([a-z])\.([a-z])\.([a-z])\.s\b")
_INITIALS = tuple(re.compile(r"\b" + r"\.".join(["[a-z]"] * letters) + r"\.?\b") for letters in (4, 3, 2))
_SPACED_INITIALS = tuple(re.compile(r"\b" + r"\.\s+".join(["[a-z]"] * letters) + r"\.\b") for letters in (4, 3, 2))
_NEITHER_LETTER_NOR_DIGIT = re.compile(r"[\s.]+")
_LATIN = "a-z\u00df-\u00f6\u00f8-\u017f"
# What English rules may see of a mixed text: words, and the numbers and currencies that stand with them.
_ENGLISH_PART = re.compile(rf"(?<![^\s{UNSPACED}])[0-9$¢£€.%' ]*[{_LATIN}][{_LATIN}0-9$¢£€.%' ]*")
_ARABIC = re.compile("[0-9]")
_ONE = re.compile(r"\bone\b")
_ORDINAL = re.compile(r"\b([0-9]+)(?:st|nd|rd|th)\b")
_ORDINALS = (
    *("first", "second", "third", "fourth", "fifth", "sixth"),
    *("seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"),
)
_MODEL_NAME = re.compile(r"(?![0-9]+(?:st|nd|rd|th|s)$)\S*(?:[a-z][0-9]|[0-9][a-z])")
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


def join_initials(text: str) -> str:
    """Ellipses as spaces, and two to four letters with full stops as one word: "U.S." → "us", "a.b.c.s" → "abcs".

    What the Open ASR Leaderboard does before Whisper's rules, in the same order and with the same limits: longer runs
    are taken four letters at a time, and spaced ones only before another letter.
    """
    text = _ELLIPSIS.sub(" ", text.lower())
    text = _PLURAL_INITIALS.sub(r"\1\2\3s", text)
    for pattern in (*_INITIALS, *_SPACED_INITIALS):
        text = pattern.sub(lambda match: _NEITHER_LETTER_NOR_DIGIT.sub("", match[0]), text)
    return text


def standardise_parts(text: str) -> str:
    """Whisper's rules for the Latin parts of a text, and for nothing else.

    A part is a stretch of Latin words with the numbers among them. Numbers come out as digits, which a later step reads
    for both languages. Some of Whisper's habits would do harm beside Chinese and are undone: "oh" is zero only between
    numbers, and "one" a number only beside another; 1 stays a digit; ordinals stay English (1st → first, 21st → 21th).
    Names like h2o and b2b are not taken apart.
    """
    return " ".join(_ENGLISH_PART.sub(lambda match: f" {_standardise_part(match[0])} ", text).split())


def _standardise_part(part: str) -> str:
    words = part.split()
    done: list[str] = []
    stretch: list[str] = []
    for place, word in enumerate(words):
        if _MODEL_NAME.match(word) or _is_loose(words, place):
            done += [_standardise_stretch(stretch), word]
            stretch = []
        else:
            stretch.append(word)
    return " ".join([*done, _standardise_stretch(stretch)])


def _is_loose(words: list[str], place: int) -> bool:
    """Whether "oh" stands elsewhere than between numbers, or "one" beside none."""
    beside = [_is_number(word) for word in words[max(0, place - 1) : place] + words[place + 1 : place + 2]]
    if words[place] == "one":
        return not any(beside)
    return words[place] in ("oh", "o") and beside != [True, True]


def _is_number(word: str) -> bool:
    if _ARABIC.search(word):
        return True
    return word in _normaliser().standardize_numbers.words and word not in ("second", "seconds")


def _standardise_stretch(words: list[str]) -> str:
    return _ORDINAL.sub(_write_ordinal, _ONE.sub("1", standardise(" ".join(words))))


def _write_ordinal(match: re.Match[str]) -> str:
    number = int(match[1]) if len(match[1]) < 3 else 0
    return _ORDINALS[number - 1] if 0 < number <= len(_ORDINALS) else f"{match[1]}th"


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
INITIALS = TextStep(
    name="initials",
    version=1,
    summary="ellipses dropped, initials joined (U.S. → us), as the Open ASR Leaderboard does",
    apply=join_initials,
)
ENGLISH_PARTS = TextStep(
    name="english-parts",
    version=1,
    summary="OpenAI's English normaliser on the Latin parts",
    apply=standardise_parts,
    data=WHISPER_ENGLISH.data,
)
