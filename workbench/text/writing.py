"""A text in another Chinese script, place by place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import TYPE_CHECKING

from workbench.text.scripts import has_han

if TYPE_CHECKING:
    from opencc import OpenCC

# OpenCC's s2hk follows the Education Bureau's list of forms; newspapers and people in Hong Kong write these otherwise.
_USUAL_IN_HONG_KONG = str.maketrans("羣麪", "群麵")
# 晒 is the simplified form of 曬 (to sun) and the Cantonese particle "all, completely" (唔該晒), which stays.
_SUNNING = re.compile("晒(?=太阳|太陽|衫|干|乾|黑|伤|傷|谷|穀|相|被|图|圖|书|書)|(?<=[日暴西])晒")


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetScript:
    """A way of writing Chinese."""

    summary: str
    find: Callable[[str], Iterator[tuple[int, int, str, str]]]


@lru_cache(maxsize=4)
def _converter(name: str) -> OpenCC:
    from opencc import OpenCC

    return OpenCC(name)


def _differences(text: str, written: str, reason: str) -> Iterator[tuple[int, int, str, str]]:
    if len(text) == len(written):
        matcher = None
        runs = re.finditer("1+", "".join("01"[one != other] for one, other in zip(text, written, strict=True)))
        yield from ((run.start(), run.end(), written[run.start() : run.end()], reason) for run in runs)
    else:
        matcher = SequenceMatcher(None, text, written, autojunk=False)
        for op, start, end, new_start, new_end in matcher.get_opcodes():
            if op != "equal":
                yield start, end, written[new_start:new_end], reason


def find_simplified(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Traditional characters, by OpenCC's t2s."""
    if has_han(text):
        yield from _differences(text, _converter("t2s").convert(text), "simplified form")


def find_hong_kong(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Simplified characters, by OpenCC's s2hk with what is usual in Hong Kong; the particle 晒 stays."""
    if has_han(text):
        written = _converter("s2hk").convert(text).translate(_USUAL_IN_HONG_KONG)
        yield from _differences(text, _keep_particle(text, written), "traditional form (Hong Kong)")


def find_taiwan(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Simplified characters, by OpenCC's s2tw; words stay as they were said (软件 is 軟件, not 軟體)."""
    if has_han(text):
        yield from _differences(
            text, _keep_particle(text, _converter("s2tw").convert(text)), "traditional form (Taiwan)"
        )


def _keep_particle(text: str, written: str) -> str:
    if "晒" not in text or len(text) != len(written):
        return written
    sunning = {match.start() for match in _SUNNING.finditer(text)}
    return "".join(
        old if old == "晒" and place not in sunning else new
        for place, (old, new) in enumerate(zip(text, written, strict=True))
    )


SCRIPTS = {
    "simplified": TargetScript(summary="simplified characters", find=find_simplified),
    "traditional-hk": TargetScript(summary="traditional characters as in Hong Kong", find=find_hong_kong),
    "traditional-tw": TargetScript(summary="traditional characters as in Taiwan", find=find_taiwan),
}
