"""`items.jsonl`: one line an outcome, each with its checksum, written by one process at a time."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import zlib
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, BinaryIO, Self, TypeVar

import pydantic

from workbench.errors import DiskError, RunError
from workbench.runs.records import ItemOutcome, ItemResult
from workbench.storage import told

_OUTCOME: pydantic.TypeAdapter[ItemOutcome] = pydantic.TypeAdapter(
    Annotated[ItemOutcome, pydantic.Field(discriminator="kind")], config=pydantic.ConfigDict(extra="forbid")
)
_HEAD = b'{"crc": "'
_MIDDLE = b'", "entry": '

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line.

    Attributes:
        outcome: What came of the item.
        wall_seconds: How long the run had worked when the item was done, resumptions included: a run that was killed
            knows its time.
        place: Where the item stands in its set, from 0; None in the journals of earlier versions, which are in order.
    """

    outcome: ItemOutcome
    wall_seconds: float
    place: int | None = None


def encode(entry: Entry) -> bytes:
    """The entry as a line: `{"crc": "<crc32 of the entry's bytes>", "entry": {…}}`."""
    item = _OUTCOME.dump_json(entry.outcome)
    wall = json.dumps(entry.wall_seconds, allow_nan=False).encode()
    place = b"" if entry.place is None else b', "place": %d' % entry.place
    body = b'{"wall_seconds": ' + wall + place + b', "item": ' + item + b"}"
    return _HEAD + b"%08x" % zlib.crc32(body) + _MIDDLE + body + b"}\n"


def decode(line: bytes) -> Entry | None:
    """The entry of a line; None where the line is damaged or torn.

    Raises:
        pydantic.ValidationError: The line is whole, and of another format.
    """
    start = len(_HEAD) + 8 + len(_MIDDLE)
    body = line[start:-2]
    if line != _HEAD + b"%08x" % zlib.crc32(body) + _MIDDLE + body + b"}\n":
        return None
    fields = json.loads(body)
    outcome = _OUTCOME.validate_python(_share(fields["item"]))
    return Entry(outcome=outcome, wall_seconds=fields["wall_seconds"], place=fields.get("place"))


def _share(item: Any) -> Any:
    """The item with what most items have in common, or one says twice, held once: 300 of 1350 bytes."""
    if not isinstance(item, dict) or not isinstance(item.get("tags"), dict):
        return item
    if "raw" in item and item["raw"] == item.get("text"):
        item["raw"] = item["text"]
    if isinstance(item.get("language"), str):
        item["language"] = _once(item["language"])
    item["tags"] = {_once(k): _once(v) if isinstance(v, str) else v for k, v in item["tags"].items()}
    return item


@lru_cache(maxsize=4096)
def _once(text: str) -> str:
    return text


def read_journal(path: Path) -> tuple[list[Entry], int]:
    """All whole entries, and how many bytes they take; a torn last line is left out.

    Raises:
        RunError: A line is damaged, or of another format.
    """
    found = list(each_entry(path))
    return [entry for entry, _ in found], found[-1][1] if found else 0


def each_entry(path: Path) -> Iterator[tuple[Entry, int]]:
    """Each whole entry and the byte at which it ends, of which none is held; as `read_journal`."""
    if not path.exists():
        return
    end = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            entry = _decoded(line, path, number)
            if entry is None and (file.read(1) or not _is_torn(line)):
                raise _damaged(path, number)
            if entry is None:
                return
            end += len(line)
            yield entry, end


def latest(entries: Iterable[Entry]) -> list[ItemOutcome]:
    """One outcome an item, the last one written, in the order of the set: a failure that was tried again is gone.

    Several engines, and batches sorted by length, are done in another order than the set's. Entries without a place
    stand where the item first stood.
    """
    return _latest((entry, entry.outcome) for entry in entries)


class Written:
    """What a journal holds, of which each outcome is read when asked for: 8 bytes an item, and the ids of those done.

    Attributes:
        size: Bytes of its whole entries.
        wall_seconds: How long the run had worked at the last of them; 0 where there is none.
        done: Ids of the items that were transcribed; what is not among them failed, the last time it was tried.

    Raises:
        RunError: A line is damaged, or of another format.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.size, self.wall_seconds = 0, 0.0
        self.done: set[str] = set()
        self._starts = array("Q", _latest(self._look_through()))

    def _look_through(self) -> Iterator[tuple[Entry, int]]:
        for entry, end in each_entry(self._path):
            yield entry, self.size
            self.size, self.wall_seconds = end, entry.wall_seconds
            if isinstance(entry.outcome, ItemResult):
                self.done.add(entry.outcome.id)
            else:
                self.done.discard(entry.outcome.id)

    def __len__(self) -> int:
        return len(self._starts)

    def outcomes(self) -> Iterator[ItemOutcome]:
        """What came of each item, as `latest` has it.

        Raises:
            RunError: The file is not what it was.
        """
        if not self._starts:
            return
        with self._path.open("rb") as file:
            for start in self._starts:
                file.seek(start)
                entry = decode(file.readline())
                if entry is None:
                    file.seek(0)
                    raise _damaged(self._path, file.read(start).count(b"\n") + 1)
                yield entry.outcome


class Journal:
    """The one writer of a run. Opening it cuts a torn last line off.

    Attributes:
        written: What was there when it was opened.

    Raises:
        RunError: Somebody else is writing, or the journal is damaged.
        DiskError: It cannot be opened for writing.
    """

    def __init__(self, folder: Path) -> None:
        self._lock = lock(folder)
        self._name = folder.name
        self._torn = False
        try:
            path = folder / "items.jsonl"
            self.written = Written(path)
            with told(f"The run {folder.name}"):
                self._file = path.open("ab", buffering=0)
                self._file.truncate(self.written.size)
        except BaseException:
            self._lock.close()
            raise

    def append(self, entry: Entry) -> None:
        """Write one entry and wait until the disk has it.

        Raises:
            DiskError: The disk takes no more; what was written before stays.
            RunError: See `extend`.
        """
        self.extend([entry])

    def extend(self, entries: Iterable[Entry]) -> None:
        """Write several entries and wait once until the disk has them.

        Raises:
            DiskError: The disk takes no more; what was written before stays.
            RunError: It took a part before, and that could not be cut off.
        """
        if self._torn:  # a line after a torn one would make a damaged one of it
            raise RunError("The run cannot be written any more: its end is torn.", hint="Resume it: that cuts it off.")
        lines = b"".join(map(encode, entries))
        start = os.fstat(self._file.fileno()).st_size
        try:
            if self._file.write(lines) != len(lines):
                raise OSError(errno.ENOSPC, "the disk took only a part of it")
            os.fsync(self._file.fileno())
        except OSError as error:
            self._cut_off(start)
            raise DiskError(f"The run {self._name}", error) from error

    def _cut_off(self, size: int) -> None:
        try:
            self._file.truncate(size)
        except OSError:
            self._torn = True

    def close(self) -> None:
        """Let others write."""
        self._file.close()
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def lock(folder: Path) -> BinaryIO:
    """Hold the run for writing until the file is closed, or the process ends in whatever way.

    Raises:
        RunError: It is held already.
        DiskError: The lock cannot be made.
    """
    with told(f"The run {folder.name}"):
        file = (folder / "lock").open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise RunError(
            f"The run {folder.name} is being written by another process or page.",
            hint="Wait until it ends or stop it there, or start a new run with --on-existing again.",
        ) from error
    return file


def _latest(entries: Iterable[tuple[Entry, T]]) -> list[T]:
    last: dict[str, tuple[int | None, T]] = {}
    for entry, kept in entries:
        last[entry.outcome.id] = (entry.place, kept)
    ordered = list(last.values())
    if all(place is not None for place, _ in ordered):
        ordered.sort(key=lambda one: one[0] or 0)
    return [kept for _, kept in ordered]


def _damaged(path: Path, line: int) -> RunError:
    return RunError(
        f"{path.parent.name}/{path.name}:{line} is damaged: its checksum is not that of its text.",
        hint="Restore the file from a copy, or delete the run and run it again.",
    )


def _is_torn(line: bytes) -> bool:
    """Whether a last line is what a write leaves that did not end: it has no newline, or blocks of zeros in it.

    Zeros stand where the disk had not got the content when the power went; a line of ours has none. Two lines whose
    newline was damaged are no torn one; within a text, quotes are escaped.
    """
    return line.rfind(_HEAD) <= 0 and (not line.endswith(b"\n") or line.startswith(b"\0") or b"\0\0" in line)


def _decoded(line: bytes, path: Path, number: int) -> Entry | None:
    try:
        return decode(line)
    except (pydantic.ValidationError, KeyError, ValueError) as error:
        raise RunError(
            f"{path.parent.name}/{path.name}:{number} is of another format than this version writes.",
            hint="Read it with the version that wrote it (run.json names it).",
        ) from error
