"""Items by the values of their tags, and by duration."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from workbench.evalsets.selection import tag_text
from workbench.runs.records import ItemOutcome, ItemResult, Scalar
from workbench.scoring.clusters import TAGS
from workbench.scoring.distributions import DURATION_BUCKETS, duration_bucket

MOST_TAG_VALUES = 24
"""A tag with more values than this labels items rather than groups them."""

MOST_NUMBERS = 12
"""A tag with more numbers than this is divided into ranges."""

MOST_RANGES = 8
"""Into so many at most."""

DURATION = "duration"

_STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Items that share a tag's value, or whose number lies in a range.

    Attributes:
        tag: "noise".
        value: "babble", or a range with its lower bound in it and its upper bound not: "5 to 10".
        places: Of its items, among those that were grouped.
    """

    tag: str
    value: str
    places: tuple[int, ...]


def labelled(results: Sequence[ItemResult]) -> ItemResult:
    """One item as several runs know it: texts of the first, its tags with those that only others have, and its length.

    Args:
        results: Of one item; runs of other systems' texts may know little of it.
    """
    tags = {tag: value for one in reversed(results) for tag, value in one.tags.items()}
    first, lengths = results[0], [one.audio_seconds for one in results if one.audio_seconds is not None]
    duration = lengths[0] if first.audio_seconds is None and lengths else first.duration
    return replace(first, tags=tags, duration=duration)


def group_by_tags(outcomes: Sequence[ItemOutcome]) -> list[Group]:
    """Groups of each tag that groups: of two values or more, not too many, and not one of its own for each item.

    Numbers are in order; more than `MOST_NUMBERS` of them are divided into ranges of equal width (1, 2 or 5 times a
    power of ten), except whole numbers of which each occurs once, which label items, and speakers and recordings. Items
    whose duration is known are grouped by it too.
    """
    groups: list[Group] = []
    for tag in dict.fromkeys(tag for outcome in outcomes for tag in outcome.tags):
        values = {place: one.tags[tag] for place, one in enumerate(outcomes) if tag in one.tags}
        numbers = _numbers(values) if tag not in TAGS else None
        groups += _grouped(tag, _named(values) if numbers is None else _in_order(numbers))
    seconds = {place: one.audio_seconds for place, one in enumerate(outcomes) if isinstance(one, ItemResult)}
    known = {place: value for place, value in seconds.items() if value is not None}
    if not any(DURATION in outcome.tags for outcome in outcomes):
        groups += _grouped(DURATION, _by_duration(known))
    return groups


def _grouped(tag: str, members: Mapping[str, list[int]]) -> Iterator[Group]:
    if 2 <= len(members) <= MOST_TAG_VALUES and max(map(len, members.values())) > 1:
        for value, places in members.items():
            yield Group(tag=tag, value=value, places=tuple(places))


def _named(values: Mapping[int, Scalar]) -> dict[str, list[int]]:
    members: dict[str, list[int]] = {}
    for place, value in values.items():
        members.setdefault(tag_text(value), []).append(place)
    return members


def _numbers(values: Mapping[int, Scalar]) -> dict[int, float] | None:
    """The values, if all are finite numbers."""
    found: dict[int, float] = {
        place: value
        for place, value in values.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    }
    return found if len(found) == len(values) else None


def _in_order(numbers: Mapping[int, float]) -> dict[str, list[int]]:
    different = sorted(set(numbers.values()))
    labels = len(different) == len(numbers) and all(isinstance(value, int) for value in different)
    ordered = dict(sorted(numbers.items(), key=lambda item: item[1]))
    if labels or len(different) <= MOST_NUMBERS:
        return _named(ordered)
    width = _width(different[0], different[-1])
    members: dict[str, list[int]] = {}
    for place, value in ordered.items():
        start = math.floor(value / width)
        members.setdefault(f"{start * width:g} to {(start + 1) * width:g}", []).append(place)
    return members


def _width(lowest: float, highest: float) -> float:
    """The narrowest of 1, 2, 5, 10 … that makes few enough ranges."""
    power = math.floor(math.log10((highest - lowest) / MOST_RANGES))
    widths = (step * 10.0**exponent for exponent in (power, power + 1, power + 2) for step in _STEPS)
    return next(w for w in widths if math.floor(highest / w) - math.floor(lowest / w) < MOST_RANGES)


def _by_duration(seconds: Mapping[int, float]) -> dict[str, list[int]]:
    members: dict[str, list[int]] = {name: [] for name in DURATION_BUCKETS}
    for place, value in seconds.items():
        members[duration_bucket(value)].append(place)
    return {name: places for name, places in members.items() if places}
