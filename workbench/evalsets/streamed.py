"""Items that are read when asked for: a set of any size takes a few bytes an item."""

from __future__ import annotations

from abc import abstractmethod
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, groupby
from typing import overload

from workbench.evalsets.model import EvalItem


class StreamedItems(Sequence[EvalItem]):
    """A sequence whose items are made anew each time; parts of it are such sequences, too.

    Going through it once reads once. Each pass and each item is read again, so whoever needs an item twice keeps it.
    """

    @abstractmethod
    def at(self, places: Iterable[int]) -> Iterator[EvalItem]:
        """The items at these places, each from 0 to the length less one, in this order."""

    def __iter__(self) -> Iterator[EvalItem]:
        return self.at(range(len(self)))

    @overload
    def __getitem__(self, index: int) -> EvalItem: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[EvalItem]: ...
    def __getitem__(self, index: int | slice) -> EvalItem | Sequence[EvalItem]:
        places = range(len(self))[index]
        return next(self.at([places])) if isinstance(places, int) else ChosenItems(self, places)


class ChosenItems(StreamedItems):
    """Some items of others.

    Args:
        items: The others.
        places: Of those that are meant, in their order; an `array` or a `range`, so that it stays small.
    """

    def __init__(self, items: StreamedItems, places: Sequence[int]) -> None:
        self._items, self._places = items, places

    def __len__(self) -> int:
        return len(self._places)

    def at(self, places: Iterable[int]) -> Iterator[EvalItem]:
        """See `StreamedItems.at`."""
        return self._items.at(self._places[place] for place in places)


class ChangedItems(StreamedItems):
    """Other items, each changed when it is read.

    Args:
        items: The others.
        change: From one of them to what stands in its place.
    """

    def __init__(self, items: StreamedItems, change: Callable[[EvalItem], EvalItem]) -> None:
        self._items, self._change = items, change

    def __len__(self) -> int:
        return len(self._items)

    def at(self, places: Iterable[int]) -> Iterator[EvalItem]:
        """See `StreamedItems.at`."""
        return map(self._change, self._items.at(places))


class JoinedItems(StreamedItems):
    """The items of several sequences, one after the other.

    Args:
        parts: The sequences, held or streamed.
    """

    def __init__(self, parts: Sequence[Sequence[EvalItem]]) -> None:
        self._parts = tuple(parts)
        self._ends = list(accumulate(len(part) for part in self._parts))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def at(self, places: Iterable[int]) -> Iterator[EvalItem]:
        """See `StreamedItems.at`."""
        for number, several in groupby(places, lambda place: bisect_right(self._ends, place)):
            part = self._parts[number]
            first = self._ends[number] - len(part)
            inner = (place - first for place in several)
            yield from part.at(inner) if isinstance(part, StreamedItems) else (part[place] for place in inner)


def keep_items(items: Sequence[EvalItem], claim: Callable[[EvalItem], bool]) -> Sequence[EvalItem]:
    """The items that a claim holds of, streamed where these are."""
    if not isinstance(items, StreamedItems):
        return tuple(item for item in items if claim(item))
    return ChosenItems(items, array("Q", (place for place, item in enumerate(items) if claim(item))))


def change_items(items: Sequence[EvalItem], change: Callable[[EvalItem], EvalItem]) -> Sequence[EvalItem]:
    """All items, each changed, streamed where these are."""
    return ChangedItems(items, change) if isinstance(items, StreamedItems) else tuple(map(change, items))


def chain_items(parts: Sequence[Sequence[EvalItem]]) -> Sequence[EvalItem]:
    """The items of all parts, streamed where one is."""
    if any(isinstance(part, StreamedItems) for part in parts):
        return JoinedItems(parts)
    return tuple(item for part in parts for item in part)
