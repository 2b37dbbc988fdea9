"""Where Chinese and English meet: errors by script, at switch points, of terms and numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Literal

from workbench.scoring.counts import ErrorCounts
from workbench.scoring.score import Edit
from workbench.text.scripts import has_han

Part = Literal["han", "latin", "other"]

_LATIN = re.compile("[A-Za-zÀ-ÖØ-öø-ɏ]")
_NUMERAL = re.compile("[0-9零一二三四五六七八九十百千万亿点]")
_NO_COUNTS = ErrorCounts()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """How many of some things were found; adds.

    Attributes:
        said: In the reference.
        found: Of those, recognised whole.
    """

    said: int = 0
    found: int = 0

    def __add__(self, other: Recall) -> Recall:
        return Recall(said=self.said + other.said, found=self.found + other.found)

    @property
    def rate(self) -> float | None:
        """Found of said; None where there is none."""
        return self.found / self.said if self.said else None


_NO_RECALL = Recall()


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeSwitch:
    """Mixed-unit errors of code-mixed speech, divided; adds.

    `han`, `latin` and `other` add up to all counts, and so do `at_switch` and `elsewhere`.

    Attributes:
        han: Errors at Han units of the reference, and Han insertions.
        latin: The same of units with Latin letters.
        other: The same of all others (digits, kana, signs).
        at_switch: Errors at the last unit before and the first after a change between Han and Latin, and insertions at
            most one unit from the change.
        elsewhere: All other errors.
        terms: Latin terms: stretches of Latin units, found when all their units are hits with nothing put between.
        numbers: Numbers: stretches of two numerals and more (一 alone is mostly no number), or of units with digits.
        translated: Latin terms of which no unit was recognised and where Han stands instead: translated (English →
            英語) or written by their sound.
    """

    han: ErrorCounts = _NO_COUNTS
    latin: ErrorCounts = _NO_COUNTS
    other: ErrorCounts = _NO_COUNTS
    at_switch: ErrorCounts = _NO_COUNTS
    elsewhere: ErrorCounts = _NO_COUNTS
    terms: Recall = _NO_RECALL
    numbers: Recall = _NO_RECALL
    translated: int = 0

    def __add__(self, other: CodeSwitch) -> CodeSwitch:
        return CodeSwitch(**{one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(self)})


def part_of(unit: str) -> Part:
    """Which part of a mixed text a unit belongs to."""
    if has_han(unit):
        return "han"
    return "latin" if _LATIN.search(unit) else "other"


def divide_errors(alignment: Sequence[Edit]) -> CodeSwitch:
    """One clip's errors, divided.

    Args:
        alignment: In mixed units, under a ruler. Numbers are found where the ruler reads them (`zh`, `yue`, `mixed`).
    """
    by_part: dict[Part, ErrorCounts] = dict.fromkeys(("han", "latin", "other"), ErrorCounts())
    by_place = {True: ErrorCounts(), False: ErrorCounts()}
    for edit, at_switch in zip(alignment, _at_switches(alignment), strict=True):
        by_part[part_of(edit.reference or edit.hypothesis)] += _one(edit)
        by_place[at_switch] += _one(edit)
    terms = _stretches(alignment, lambda unit: part_of(unit) == "latin")
    numbers = _stretches(alignment, lambda unit: _NUMERAL.search(unit) is not None)
    return CodeSwitch(
        han=by_part["han"],
        latin=by_part["latin"],
        other=by_part["other"],
        at_switch=by_place[True],
        elsewhere=by_place[False],
        terms=_recall(alignment, terms),
        numbers=_recall(alignment, [one for one in numbers if _is_number(alignment, one)]),
        translated=sum(_is_translated(alignment, term) for term in terms),
    )


def _one(edit: Edit) -> ErrorCounts:
    return ErrorCounts(
        hits=int(edit.op == "hit"),
        substitutions=int(edit.op == "substitution"),
        deletions=int(edit.op == "deletion"),
        insertions=int(edit.op == "insertion"),
    )


def _at_switches(alignment: Sequence[Edit]) -> list[bool]:
    """For each edit, whether it lies at a switch point."""
    units = [edit.reference for edit in alignment if edit.op != "insertion"]
    switches = _switches([part_of(unit) for unit in units])
    placed: list[bool] = []
    before = 0  # reference units
    for edit in alignment:
        inserted = edit.op == "insertion"
        placed.append(bool(switches & ({before - 1, before, before + 1} if inserted else {before, before + 1})))
        before += not inserted
    return placed


def _switches(parts: Sequence[Part]) -> set[int]:
    """How many units stand before each change between Han and Latin; units of neither belong to what went before."""
    found: set[int] = set()
    last: Part = "other"
    for place, part in enumerate(parts):
        if part != "other":
            if last not in ("other", part):
                found.add(place)
            last = part
    return found


def _stretches(alignment: Sequence[Edit], wanted: Callable[[str], bool]) -> list[tuple[int, int]]:
    """From where to where in the alignment stretches of wanted reference units lie, insertions inside them included."""
    found: list[tuple[int, int]] = []
    start = end = -1
    for place, edit in enumerate(alignment):
        if edit.op == "insertion":
            continue
        if wanted(edit.reference):
            start = place if start < 0 else start
            end = place + 1
        elif start >= 0:
            found.append((start, end))
            start = -1
    return [*found, (start, end)] if start >= 0 else found


def _recall(alignment: Sequence[Edit], stretches: Sequence[tuple[int, int]]) -> Recall:
    whole = [all(edit.op == "hit" for edit in alignment[start:end]) for start, end in stretches]
    return Recall(said=len(whole), found=sum(whole))


def _is_number(alignment: Sequence[Edit], stretch: tuple[int, int]) -> bool:
    units = [edit.reference for edit in alignment[slice(*stretch)] if edit.reference]
    return len(units) > 1 or not has_han(units[0])


def _is_translated(alignment: Sequence[Edit], term: tuple[int, int]) -> bool:
    start, end = term
    while start > 0 and alignment[start - 1].op == "insertion":
        start -= 1
    while end < len(alignment) and alignment[end].op == "insertion":
        end += 1
    heard = [part_of(edit.hypothesis) for edit in alignment[start:end] if edit.hypothesis]
    return "han" in heard and "latin" not in heard
