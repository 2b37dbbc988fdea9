"""A language's texts: what was written in English, and the sentences known by their shape."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).parent / "languages"

_PLACE = re.compile(r"\{(\w*)(?::d)?\}")
_NUMBER = re.compile(r"[−+-]?\d[\d,.]*")
_SENTENCES = re.compile(r"(?<=[.?!])\s+(?=\S)")
_SEVERAL = re.compile(rf"\n|{_SENTENCES.pattern}")
_DEEPEST = 3
_MOST_SENTENCES = 12
# OpenCC's s2hk follows the Education Bureau's list of forms; newspapers and people in Hong Kong write these otherwise.
_USUAL_IN_HONG_KONG = str.maketrans("羣麪啓説閲峯脱“”‘’", "群麵啟說閱峰脫「」『』")


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """The shape of a sentence: the fixed parts around its numbered places.

    Attributes:
        parts: Text before the first place, between two, and after the last: one more than there are places.
        places: Number of each place, as the sentence has them from left to right.
        figures: Those of them where only a figure may stand, written `{0:d}`.
        text: The same sentence in the other language, with the same places.
    """

    parts: tuple[str, ...]
    places: tuple[str, ...]
    figures: frozenset[str]
    text: str

    @property
    def anchor(self) -> str:
        """The longest fixed part; a sentence without it is another one."""
        return max(self.parts, key=len)

    def match(self, sentence: str) -> dict[str, str] | None:
        """What stands at each place, or None where the sentence has another shape.

        The parts are looked for from left to right, each at its first occurrence, which finds a way whenever there is
        one and takes time proportional to the length: no text can make it slow, as it can a regular expression.
        """
        first, last = self.parts[0], self.parts[-1]
        end = len(sentence) - len(last)
        if end < len(first) or not sentence.startswith(first) or not sentence.endswith(last):
            return None
        values, at = dict[str, str](), len(first)
        for place, part in zip(self.places, (*self.parts[1:-1], None), strict=True):
            found = end if part is None else sentence.find(part, at, end)
            if found < 0:
                return None
            values[place] = sentence[at:found]
            at = found + len(part or "")
        return values if all(_NUMBER.fullmatch(values[place]) for place in self.figures) else None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One language.

    Attributes:
        texts: English text to the other language's.
        joint: What stands between two sentences.
    """

    texts: Mapping[str, str]
    joint: str = ""
    _shapes: Sequence[tuple[str, Template]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        shapes = sorted(_templates(self.texts), key=lambda one: (-sum(map(len, one.parts)), one.parts))
        object.__setattr__(self, "_shapes", tuple((one.anchor, one) for one in shapes))

    def text(self, english: str) -> str:
        """The text for an English one, its places still in it; the English one where there is none."""
        return self.texts.get(english, english)

    def sentence(self, english: str, deepest: int = _DEEPEST) -> str:
        """A finished text of one sentence or several.

        As a whole where it is known so, else line by line, else by as many sentences at a time as are known together;
        last, by a shape one of whose places would hold sentences. What is not known stays English.
        """
        whole = self._known(english, deepest)
        if whole is not None:
            return whole
        if "\n" in english:
            lines = "\n".join(self._line(line, deepest) for line in english.split("\n"))
            return lines if lines != english else self._known(english, deepest, loosely=True) or english
        parts = _SENTENCES.split(english)
        told = self._parts(parts, deepest) if 1 < len(parts) <= _MOST_SENTENCES else None
        return told or self._clause(english, deepest) or self._known(english, deepest, loosely=True) or english

    def _clause(self, english: str, deepest: int) -> str | None:
        """A sentence that stands in another one, and has lost its full stop there."""
        told = self._known(f"{english}.", deepest)
        return None if told is None else told.rstrip("。.")

    def _line(self, line: str, deepest: int) -> str:
        words = line.strip()
        return line.replace(words, self.sentence(words, deepest)) if words else line

    def _parts(self, parts: Sequence[str], deepest: int) -> str | None:
        """Sentence by sentence; None where none of them is known."""
        told, at, any_known = list[str](), 0, False
        while at < len(parts):
            first, count = self._first(parts[at:], deepest)
            told.append(first or parts[at])
            any_known |= first is not None
            at += count
        return self.joint.join(told) if any_known else None

    def _first(self, parts: Sequence[str], deepest: int) -> tuple[str | None, int]:
        """As many of the first sentences as are known together, and how many they are; None and 1 for none."""
        for count in range(len(parts), 0, -1):
            known = self._known(" ".join(parts[:count]), deepest)
            if known is not None:
                return known, count
        return None, 1

    def _known(self, english: str, deepest: int, *, loosely: bool = False) -> str | None:
        exact = self.texts.get(english)
        if exact is not None or deepest <= 0:
            return exact
        for anchor, shape in self._shapes:
            if anchor not in english or (values := shape.match(english)) is None:
                continue
            if loosely or not any(_SEVERAL.search(value) for value in values.values()):
                told = {place: self.sentence(value, deepest - 1) for place, value in values.items()}
                return fill(shape.text, told)
        return None


def fill(text: str, values: Mapping[str, object]) -> str:
    """A text with its places filled; what is filled in is not looked at again."""
    return _PLACE.sub(lambda place: str(values.get(place[1], place[0])), text)


def places(text: str) -> list[str]:
    """Names or numbers of a text's places, from left to right."""
    return _PLACE.findall(text)


def _templates(texts: Mapping[str, str]) -> Iterable[Template]:
    for english, text in texts.items():
        found = places(english)
        if found and all(place.isdigit() for place in found):
            figures = frozenset(re.findall(r"\{(\d+):d\}", english))
            yield Template(parts=tuple(_PLACE.split(english)[::2]), places=tuple(found), figures=figures, text=text)


@lru_cache(maxsize=4)
def load_catalogue(code: str) -> Catalogue:
    """The catalogue of a language, read once a process.

    Traditional Chinese is the simplified catalogue by OpenCC's s2hk, with the words that are others in Hong Kong and
    whole texts where that is not enough.

    Args:
        code: "zh-Hans" or "zh-Hant"; anything else has no texts.
    """
    if code == "zh-Hans":
        return Catalogue(_read("zh-Hans"))
    if code == "zh-Hant":
        return Catalogue(_traditional(_read("zh-Hans")))
    return Catalogue({}, joint=" ")


def _read(name: str) -> dict[str, str]:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def _traditional(texts: Mapping[str, str]) -> dict[str, str]:
    own = json.loads((FOLDER / "zh-Hant.json").read_text(encoding="utf-8"))
    written = _hong_kong(own["words"])
    return {english: written(text) for english, text in texts.items()} | own["texts"]


def _hong_kong(words: Mapping[str, str]) -> Callable[[str], str]:
    from opencc import OpenCC

    converter = OpenCC("s2hk")
    other = re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True))) or r"(?!)")

    def written(text: str) -> str:
        return other.sub(lambda word: words[word[0]], converter.convert(text).translate(_USUAL_IN_HONG_KONG))

    return written
