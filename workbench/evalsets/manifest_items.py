"""The items of a manifest: checked in one pass, then held where they are few, and read again where they are many."""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from workbench.errors import ManifestError
from workbench.evalsets.items import check_item
from workbench.evalsets.manifest import Fault, Line, Row, content_of, find_layout, read_rows
from workbench.evalsets.model import EvalItem
from workbench.evalsets.streamed import StreamedItems

HELD_ITEMS = 4096
"""Sets of up to so many items are held, about 1 KB an item; of larger ones, 16 bytes an item."""


class LineIndex:
    """Where the lines of a file are, and a checksum of each."""

    def __init__(self) -> None:
        self._starts, self._numbers, self._sums = array("Q"), array("I"), array("I")

    def __len__(self) -> int:
        return len(self._starts)

    def add(self, line: Line) -> None:
        """One more."""
        self._starts.append(line.start)
        self._numbers.append(line.number)
        self._sums.append(zlib.crc32(line.content))

    def start_of(self, place: int) -> int:
        """The first byte of a line, by its place among those added."""
        return self._starts[place]

    def number_of(self, place: int) -> int:
        """Which line of the file it is, from 1."""
        return self._numbers[place]

    def is_of(self, place: int, content: bytes) -> bool:
        """Whether this is what the line said."""
        return zlib.crc32(content) == self._sums[place]


class ManifestItems(StreamedItems):
    """Items that lie in a manifest, of any layout, and are read from it when asked for.

    A line that is not the one that was checked is refused, by its checksum; lines added at the end do not matter.

    Args:
        manifest: The file.
        index: Its lines that are items, all of them checked.
    """

    def __init__(self, manifest: Path, index: LineIndex) -> None:
        self._manifest, self._index = manifest.absolute(), index
        self._layout = find_layout(manifest)

    def __len__(self) -> int:
        return len(self._index)

    def at(self, places: Iterable[int]) -> Iterator[EvalItem]:
        """See `StreamedItems.at`.

        Raises:
            ManifestError: The manifest is gone, or another than it was.
        """
        try:
            with self._manifest.open("rb") as file:
                for place in places:
                    start = self._index.start_of(place)
                    file.seek(start)
                    yield self._item(place, content_of(file.readline(), start))
        except OSError as error:
            raise self._changed(0, f"cannot be read any more ({error.strerror})") from error

    def _item(self, place: int, content: bytes) -> EvalItem:
        number = self._index.number_of(place)
        if not self._index.is_of(place, content):
            raise self._changed(number, "is not what it was when the set was read")
        return check_item(Row(number, self._layout(content)), self._manifest, check_audio=False)[0]

    def _changed(self, line: int, clause: str) -> ManifestError:
        hint = "Leave a manifest as it is while it is in use, and start again."
        return ManifestError(self._manifest.name, [_sentence(self._manifest, (line, clause))], hint=hint)


def read_items(manifest: Path, *, check_audio: bool = True) -> Sequence[EvalItem]:
    """The items of a manifest, every line checked: a tuple, or where there are many, items that are read when needed.

    Args:
        manifest: JSON Lines, CSV or TSV.
        check_audio: Whether each recording must be there.

    Raises:
        ManifestError: It has faults; all are listed with their lines.
    """
    held: list[EvalItem] = []
    index, hashes = LineIndex(), array("q")
    faults: list[Fault] = []
    for line, item, clauses in _check_lines(manifest, check_audio=check_audio):
        faults += ((line.number, clause) for clause in clauses)
        if item is not None:
            index.add(line)
            hashes.append(hash(item.id))
            if len(index) <= HELD_ITEMS:
                held.append(item)
            else:
                held.clear()
    faults += _repeated_ids(manifest, hashes)
    if not (index or faults):
        faults = [(0, "holds no items")]
    if faults:
        ordered = sorted(faults, key=lambda fault: fault[0])
        raise ManifestError(manifest.name, [_sentence(manifest, fault) for fault in ordered])
    return tuple(held) if len(index) <= HELD_ITEMS else ManifestItems(manifest, index)


def _check_lines(manifest: Path, *, check_audio: bool) -> Iterator[tuple[Line, EvalItem | None, list[str]]]:
    for line, found in read_rows(manifest):
        if isinstance(found, str):
            yield line, None, [found]
        else:
            yield line, *check_item(Row(line.number, found), manifest, check_audio=check_audio)


def _repeated_ids(manifest: Path, hashes: Sequence[int]) -> Iterator[Fault]:
    """Ids that are those of an earlier line. The file is read again only where two hashes are alike, 8 bytes each."""
    alike = {one for one, other in pairwise(sorted(hashes)) if one == other}
    lines: dict[str, int] = {}
    for line, item, _ in _check_lines(manifest, check_audio=False) if alike else ():
        if item is not None and hash(item.id) in alike and lines.setdefault(item.id, line.number) != line.number:
            yield line.number, f"id {item.id!r} is already that of line {lines[item.id]}"


def _sentence(manifest: Path, fault: Fault) -> str:
    line, clause = fault
    return f"{manifest.name}:{line}: {clause}" if line else f"{manifest.name}: {clause}"
