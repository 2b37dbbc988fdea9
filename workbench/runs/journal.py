"""`items.jsonl`: one line an outcome, each with its checksum, written by one process at a time."""

from __future__ import annotations

import fcntl
import json
import os
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Annotated, BinaryIO, Self

import pydantic

from workbench.errors import RunError
from workbench.runs.records import ItemOutcome
from workbench.storage import told

_OUTCOME: pydantic.TypeAdapter[ItemOutcome] = pydantic.TypeAdapter(
    Annotated[ItemOutcome, pydantic.Field(discriminator="kind")], config=pydantic.ConfigDict(extra="forbid")
)
_HEAD = b'{"crc": "'
_MIDDLE = b'", "entry": '


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
    outcome = _OUTCOME.validate_python(fields["item"])
    return Entry(outcome=outcome, wall_seconds=fields["wall_seconds"], place=fields.get("place"))


def read_journal(path: Path) -> tuple[list[Entry], int]:
    """All whole entries, and how many bytes they take; a torn last line is left out.

    Raises:
        RunError: A line before the last is damaged, or one is of another format.
    """
    lines = path.read_bytes().split(b"\n") if path.exists() else [b""]
    lines = [line + b"\n" for line in lines[:-1]] + [line for line in lines[-1:] if line]
    entries: list[Entry] = []
    size = 0
    for number, line in enumerate(lines, start=1):
        entry = _decoded(line, path, number)
        # Two lines whose newline was damaged are no torn one; within a text, quotes are escaped.
        if entry is None and (number < len(lines) or line.rfind(_HEAD) > 0):
            raise RunError(
                f"{path.parent.name}/{path.name}:{number} is damaged: its checksum is not that of its text.",
                hint="Restore the file from a copy, or delete the run and run it again.",
            )
        if entry is not None:
            entries.append(entry)
            size += len(line)
    return entries, size


def latest(entries: list[Entry]) -> list[ItemOutcome]:
    """One outcome an item, the last one written, in the order of the set: a failure that was tried again is gone.

    Several engines, and batches sorted by length, are done in another order than the set's. Entries without a place
    stand where the item first stood.
    """
    last = {entry.outcome.id: entry for entry in entries}
    ordered = list(last.values())
    if all(entry.place is not None for entry in ordered):
        ordered.sort(key=lambda entry: entry.place or 0)
    return [entry.outcome for entry in ordered]


class Journal:
    """The one writer of a run. Opening it cuts a torn last line off.

    Attributes:
        entries: What was there when it was opened.

    Raises:
        RunError: Somebody else is writing, or the journal is damaged.
        DiskError: It cannot be opened for writing.
    """

    def __init__(self, folder: Path) -> None:
        self._lock = lock(folder)
        self._torn = False
        try:
            path = folder / "items.jsonl"
            self.entries, size = read_journal(path)
            with told(f"The run {folder.name}"):
                self._file = path.open("ab", buffering=0)
                self._file.truncate(size)
        except BaseException:
            self._lock.close()
            raise

    def append(self, entry: Entry) -> None:
        """Write one entry and wait until the disk has it.

        Raises:
            RunError: The disk takes no more; what was written before stays.
        """
        self.extend([entry])

    def extend(self, entries: Iterable[Entry]) -> None:
        """Write several entries and wait once until the disk has them.

        Raises:
            RunError: The disk takes no more; what was written before stays.
        """
        if self._torn:  # a line after a torn one would make a damaged one of it
            raise RunError("The run cannot be written any more: its end is torn.", hint="Resume it: that cuts it off.")
        lines = b"".join(map(encode, entries))
        start = os.fstat(self._file.fileno()).st_size
        try:
            if self._file.write(lines) != len(lines):
                raise OSError("the disk took only a part of it")
            os.fsync(self._file.fileno())
        except OSError as error:
            self._cut_off(start)
            raise RunError(f"The run cannot be written: {error}.", hint="Free some disk space, then resume.") from error

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


def _decoded(line: bytes, path: Path, number: int) -> Entry | None:
    try:
        return decode(line)
    except (pydantic.ValidationError, KeyError, ValueError) as error:
        raise RunError(
            f"{path.parent.name}/{path.name}:{number} is of another format than this version writes.",
            hint="Read it with the version that wrote it (run.json names it).",
        ) from error
