"""A zip that says nothing of when and where it was written: the same parts give the same bytes."""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from workbench.storage import told_place

_MADE = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip can tell
_BLOCK = 1 << 20

Last = tuple[str, Callable[[Sequence["Part"]], bytes]]
"""The last part: its name, and what makes it of all others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One file of a bundle."""

    name: str
    bytes: int
    sha256: str


def write_archive(path: Path, contents: Mapping[str, bytes], files: Sequence[tuple[str, Path]], *, last: Last) -> bytes:
    """Write parts uncompressed, in the order given. The file appears complete or not at all.

    Args:
        path: Of the zip; one that is there is replaced.
        contents: Parts by name.
        files: Further parts: name, and the file that is copied.
        last: The last one, which knows the others.

    Returns:
        The content of the last part.

    Raises:
        UsageError: Nothing can be written at this place.
        DiskError: The disk is full.
    """
    with told_place(path):
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        try:
            with os.fdopen(handle, "w+b") as file:
                content = _write(file, contents, files, last)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(temporary).unlink(missing_ok=True)
            raise
    return content


def _write(file: BinaryIO, contents: Mapping[str, bytes], files: Sequence[tuple[str, Path]], last: Last) -> bytes:
    parts: list[Part] = []
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, content in contents.items():
            parts.append(_add(archive, name, [content], len(content)))
        for name, source in files:
            with source.open("rb") as opened:
                parts.append(_add(archive, name, _blocks(opened), source.stat().st_size))
        name, make = last
        content = make(parts)
        _add(archive, name, [content], len(content))
    return content


def _add(archive: zipfile.ZipFile, name: str, blocks: Iterable[bytes], size: int) -> Part:
    entry = zipfile.ZipInfo(name, date_time=_MADE)
    entry.create_system = 3  # Unix, wherever it is written
    entry.external_attr = 0o100644 << 16
    entry.file_size = size
    sha, written = hashlib.sha256(), 0
    with archive.open(entry, "w") as part:
        for block in blocks:
            part.write(block)
            sha.update(block)
            written += len(block)
    return Part(name=name, bytes=written, sha256=sha.hexdigest())


def _blocks(source: BinaryIO) -> Iterator[bytes]:
    while block := source.read(_BLOCK):
        yield block
