"""Clips that several runs share: searched, filtered, sorted, paged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from workbench.errors import UnknownName, UsageError
from workbench.runs.clip_query import LARGEST_PAGE, searchable
from workbench.runs.records import ItemResult
from workbench.scoring.counts import ErrorCounts

SharedOrder = Literal["order", "apart", "id", "reference", "errors"]
SHARED_ORDERS: tuple[SharedOrder, ...] = get_args(SharedOrder)

Fate = Literal["apart", "all wrong", "all right"]
"""Not all make as many errors; each makes some; none makes any."""
FATES: tuple[Fate, ...] = get_args(Fate)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedClip:
    """One clip that all runs transcribed, with the same reference.

    Attributes:
        place: Among the shared ones, from 0 on.
        results: Of each run.
        counts: Of each run, of the leading metric.
        searched: What a search looks through.
    """

    place: int
    results: tuple[ItemResult, ...]
    counts: tuple[ErrorCounts, ...]
    searched: str

    @property
    def id(self) -> str:
        """The clip's id in every run."""
        return self.results[0].id

    @property
    def errors(self) -> tuple[int, ...]:
        """Of each run."""
        return tuple(one.errors for one in self.counts)

    @property
    def apart(self) -> int:
        """How many errors lie between the run that makes most and the one that makes fewest."""
        return max(self.errors) - min(self.errors)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedQuery:
    """A question about shared clips. All its conditions must be met.

    Attributes:
        text: Anywhere in id, reference or any run's text; case and width (NFKC) do not matter.
        fate: How the runs did.
        better: Places of two runs: the first makes fewer errors than the second.
        tag: Tag and value, or range, as `Comparison.by_tag` names them.
        sort: By what; equal ones stay in the first run's order.
        system: Whose errors, where it is sorted by errors.
        descending: Largest first.
        page: From 1 on.
        page_size: Clips a page.

    Raises:
        UnknownName: No such order or fate.
        UsageError: A page or its size is out of range.
    """

    text: str = ""
    fate: Fate | None = None
    better: tuple[int, int] | None = None
    tag: tuple[str, str] | None = None
    sort: SharedOrder = "apart"
    system: int = 0
    descending: bool = True
    page: int = 1
    page_size: int = 50

    def __post_init__(self) -> None:
        if self.sort not in SHARED_ORDERS:
            raise UnknownName("order", self.sort, SHARED_ORDERS)
        if self.fate is not None and self.fate not in FATES:
            raise UnknownName("fate of a clip", self.fate, FATES)
        if self.page < 1:
            raise UsageError(f"There is no page {self.page}.", hint="Pages are counted from 1.")
        if not 1 <= self.page_size <= LARGEST_PAGE:
            raise UsageError(f"A page of {self.page_size} clips is not possible.", hint=f"Use 1 to {LARGEST_PAGE}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedPage:
    """A page of the shared clips that a query matches.

    Attributes:
        query: What was asked.
        rows: The clips of the page; none beyond the last one.
        matches: How many match.
        total: How many clips are shared.
    """

    query: SharedQuery
    rows: tuple[SharedClip, ...]
    matches: int
    total: int

    @property
    def pages(self) -> int:
        """How many pages there are; one where nothing matches."""
        return max(1, -(-self.matches // self.query.page_size))

    @property
    def first(self) -> int:
        """Number of the first row among the matches, from 1 on."""
        return (self.query.page - 1) * self.query.page_size + 1


Groups = Mapping[tuple[str, str], frozenset[int]]
"""Places of clips by tag and value."""


def find_shared(clips: Sequence[SharedClip], groups: Groups, query: SharedQuery) -> SharedPage:
    """Answer a question about shared clips.

    Args:
        clips: All of them, in the first run's order.
        groups: Which of them have which tag.
        query: The question.
    """
    found = order_shared(clips, groups, query)
    start = (query.page - 1) * query.page_size
    return SharedPage(
        query=query, rows=tuple(found[start : start + query.page_size]), matches=len(found), total=len(clips)
    )


def order_shared(clips: Sequence[SharedClip], groups: Groups, query: SharedQuery) -> list[SharedClip]:
    """All clips that a query matches, whatever its page, in its order; arguments as `find_shared`."""
    conditions = _conditions(query, groups)
    found = [clip for clip in clips if all(holds(clip) for holds in conditions)]
    found.sort(key=_order(query), reverse=query.descending)
    return found


def _conditions(query: SharedQuery, groups: Groups) -> Sequence[Callable[[SharedClip], bool]]:
    found: list[Callable[[SharedClip], bool]] = []
    if text := searchable(query.text).strip():
        found.append(lambda clip: text in clip.searched)
    if query.fate is not None:
        found.append(_FATES[query.fate])
    if query.better is not None:
        less, more = query.better
        found.append(lambda clip: clip.errors[less] < clip.errors[more])
    if query.tag is not None:
        members = groups.get(query.tag, frozenset[int]())
        found.append(lambda clip: clip.place in members)
    return found


_FATES: Mapping[Fate, Callable[[SharedClip], bool]] = {
    "apart": lambda clip: clip.apart > 0,
    "all wrong": lambda clip: min(clip.errors) > 0,
    "all right": lambda clip: max(clip.errors) == 0,
}


def _order(query: SharedQuery) -> Callable[[SharedClip], int | str]:
    orders: Mapping[SharedOrder, Callable[[SharedClip], int | str]] = {
        "order": lambda clip: clip.place,
        "apart": lambda clip: clip.apart,
        "id": lambda clip: clip.id,
        "reference": lambda clip: clip.results[0].reference,
        "errors": lambda clip: clip.errors[query.system],
    }
    return orders[query.sort]
