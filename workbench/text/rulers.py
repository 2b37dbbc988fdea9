"""Rulers: what is done to a text before it is compared.

A figure means nothing without its ruler, so each has a name, a version and a hash, and is printed beside every rate.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from workbench.errors import UnknownName
from workbench.text.cantonese import CANTONESE
from workbench.text.chinese import SCRIPT, VARIANTS
from workbench.text.custom_rulers import read_header, read_steps, read_table
from workbench.text.english import ENGLISH_PARTS, INITIALS, TYPOGRAPHY, WHISPER_ENGLISH
from workbench.text.fillers import FILLERS
from workbench.text.numerals import NUMBERS
from workbench.text.steps import TextStep
from workbench.text.surface import CASE, PUNCTUATION, TRIM, UNICODE

MetricName = Literal["wer", "cer", "mer"]

_PASSES = 12
_CACHED_TEXTS = 1 << 18  # both sides of 100 000 utterances, and more
_CACHED_LENGTH = 200  # characters of a text; with the longest the cache would take some 300 MB
_CACHED_LONGER_TEXTS = 1 << 15
_CACHED_LONGER_LENGTH = 1000

_CHINESE = frozenset({"zh", "cmn", "yue", "wuu", "nan", "hak", "gan", "hsn", "cdo", "cjy", "chinese", "cantonese"})
_UNSPACED_LANGUAGES = frozenset({"ja", "th", "lo", "my", "km", "bo", "japanese", "thai", "lao"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruler:
    """A named and versioned list of text steps.

    Attributes:
        name: `zh`.
        version: Raised when a step is added, dropped or moved; steps have versions of their own.
        summary: What it makes equal, as a clause.
        steps: Applied in this order.
    """

    name: str
    version: int
    summary: str
    steps: tuple[TextStep, ...]

    @property
    def id(self) -> str:
        return f"{self.name}@{self.version}"

    @property
    def hash(self) -> str:
        """Eight hex digits over the steps' names, versions, tables and the versions of the libraries they ask."""
        return _hash(self)

    def __hash__(self) -> int:
        # Asked for every text that is looked up; hashing all steps takes as long as all the rest of a look-up.
        return hash((self.name, self.version))

    def apply(self, text: str) -> str:
        """The text as it is compared. Idempotent: applying it again changes nothing."""
        if len(text) <= _CACHED_LENGTH:
            return _measure(self, text)
        return _measure_longer(self, text) if len(text) <= _CACHED_LONGER_LENGTH else settle(self._pass, text)

    def _pass(self, text: str) -> str:
        for step in self.steps:
            text = step.apply(text)
        return text


def settle(change: Callable[[str], str], text: str) -> str:
    """Repeat a change until it changes nothing; of texts that turn into each other for ever, the least.

    Steps may undo each other's ground (a dropped comma brings two numbers together), and Whisper's English rules are
    not idempotent by themselves. One pass is enough for nearly every text; the second only shows it.
    """
    seen: dict[str, int] = {}
    while text not in seen and len(seen) < _PASSES:
        seen[text] = len(seen)
        text = change(text)
    cycle = list(seen)[seen[text] :] if text in seen else [text]
    return min(cycle)


@lru_cache(maxsize=_CACHED_TEXTS)
def _measure(ruler: Ruler, text: str) -> str:
    return settle(ruler._pass, text)  # pyright: ignore[reportPrivateUsage]


@lru_cache(maxsize=_CACHED_LONGER_TEXTS)
def _measure_longer(ruler: Ruler, text: str) -> str:
    return settle(ruler._pass, text)  # pyright: ignore[reportPrivateUsage]


@lru_cache(maxsize=64)
def _hash(ruler: Ruler) -> str:
    sha = hashlib.sha256()
    for step in ruler.steps:
        for part in (step.id, step.data()):
            sha.update(len(part.encode()).to_bytes(8, "big") + part.encode())
    return sha.hexdigest()[:8]


_BASIC = (UNICODE, CASE, PUNCTUATION)
_RULERS = {
    ruler.name: ruler
    for ruler in (
        Ruler(name="raw", version=1, summary="nothing but white space at both ends", steps=(TRIM,)),
        Ruler(name="basic", version=1, summary="encoding, case, punctuation and white space", steps=_BASIC),
        Ruler(
            name="zh",
            version=1,
            summary="basic, then traditional and simplified, variant spellings, and numbers in digits or Han",
            steps=(*_BASIC, SCRIPT, VARIANTS, NUMBERS),
        ),
        Ruler(
            name="yue",
            version=1,
            summary="zh, and Cantonese words written by ear in one way (咁/噉, 畀/俾, 係/喺)",
            steps=(*_BASIC, SCRIPT, VARIANTS, CANTONESE, NUMBERS),
        ),
        Ruler(
            name="mixed",
            version=1,
            summary="zh, and Whisper's English normaliser on the Latin parts",
            steps=(*_BASIC, ENGLISH_PARTS, SCRIPT, VARIANTS, NUMBERS),
        ),
        Ruler(
            name="en",
            version=1,
            summary="Whisper's English normaliser: contractions, fillers, numbers, US spelling",
            steps=(TYPOGRAPHY, WHISPER_ENGLISH),
        ),
        Ruler(
            name="leaderboard-en",
            version=1,
            summary="the Open ASR Leaderboard's: initials joined, then Whisper's English normaliser",
            steps=(INITIALS, WHISPER_ENGLISH),
        ),
    )
}
_STEPS = {step.name: step for ruler in _RULERS.values() for step in ruler.steps} | {FILLERS.name: FILLERS}


def list_rulers() -> tuple[Ruler, ...]:
    """All rulers, the mildest first."""
    return tuple(_RULERS.values())


def list_steps() -> tuple[TextStep, ...]:
    """All steps a ruler can be made of, those of the workbench's own rulers first."""
    return tuple(_STEPS.values())


def read_ruler(path: Path) -> Ruler:
    """A user's ruler from a TOML file (see `custom_rulers`).

    Raises:
        UsageError: The file cannot be read, is no TOML, or a key of it cannot be used.
    """
    table = read_table(path)
    name, version, summary = read_header(path, table, _RULERS)
    return Ruler(name=name, version=version, summary=summary, steps=read_steps(path, table, _STEPS))


def find_ruler(name: str, *, files: bool = True) -> Ruler:
    """A ruler by name (`zh`), by name and version (`zh@1`), or from a user's file (`rulers/court.toml`).

    Args:
        name: As above.
        files: Whether a path may be given; not from a network client, who has no business with files here.

    Raises:
        UnknownName: There is none of that name, or not in that version.
        UsageError: The file cannot be used.
    """
    wanted = name.strip()
    if files and wanted.endswith(".toml"):
        return read_ruler(Path(wanted))
    for ruler in _RULERS.values():
        if wanted in (ruler.name, ruler.id):
            return ruler
    known = [ruler.id for ruler in _RULERS.values()] if "@" in wanted else list(_RULERS)
    raise UnknownName("ruler", name, known)


def default_ruler(language: str) -> str:
    """The ruler a language is measured with unless told otherwise: "zh", "en", or "basic" for all others.

    Args:
        language: A code ("yue", "zh-HK", "en_US"), codes of a code-mixed set ("zh-en", "yue+en"), "mixed", or "".
    """
    parts = language_parts(language)
    if "mixed" in parts or parts & _CHINESE:
        return "zh"
    return "en" if parts & {"en", "eng", "english"} else "basic"


def headline_metric(language: str) -> MetricName:
    """The rate that leads: "mer" where Chinese and English mix, "cer" where words have no spaces, "wer" elsewhere.

    Args:
        language: As for `default_ruler`.
    """
    parts = language_parts(language)
    english = bool(parts & {"en", "eng", "english"})
    if "mixed" in parts or (english and parts & _CHINESE):
        return "mer"
    return "cer" if parts & (_CHINESE | _UNSPACED_LANGUAGES) else "wer"


def language_parts(language: str) -> set[str]:
    """The codes that a language is made of, in lower case: "zh-en" → {"zh", "en"}."""
    return set(re.findall("[a-z]+", language.lower()))
