"""What of a long transcription is done, on disk until the whole is delivered: a crash costs one chunk.

`HOME/transcripts/<key>/chunks.jsonl`: a head, then a line a chunk, each `{"crc": "<crc32 of the entry>", "entry": …}`,
on the disk before the next chunk is begun. The key is a hash over the sound and everything that decides the text, so
the same recording asked for in the same way goes on where it was left, under whatever name. What is there is
confidential: only its owner may read it, it is deleted once the transcript was delivered, and after a week in any case.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import time
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import pydantic

from workbench.audio.segment import Span
from workbench.pipeline.stretch import ChunkHeard

FORMAT = 2
KEPT_DAYS = 7
_HEAD = b'{"crc": "'
_MIDDLE = b'", "entry": '


class TranscriptJournal:
    """The finished chunks of one transcription; the one writer of its folder. A torn or damaged end is cut off.

    Args:
        home: The folder of all journals.
        decides: What decides the text: sound, engine, model, options, chain. Anything that JSON can hold.
        chunks: As planned; a journal of another plan is begun anew.
        beginning: Digest of the first chunk's sound, by which `kept_beginnings` knows it.

    Attributes:
        done: The chunks that were finished before, from the first on.

    Raises:
        OSError: The folder cannot be written, or another process transcribes the same.
    """

    def __init__(self, home: Path, decides: Mapping[str, Any], chunks: Sequence[Span], *, beginning: str = "") -> None:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        delete_old(home)
        key = hashlib.sha256(json.dumps(decides, sort_keys=True, default=str).encode()).hexdigest()[:32]
        self._folder = home / key
        self._folder.mkdir(mode=0o700, exist_ok=True)
        opened = os.open(self._folder / "chunks.jsonl", os.O_RDWR | os.O_APPEND | os.O_CREAT, mode=0o600)
        self._file = os.fdopen(opened, "a+b", buffering=0)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            head = {"format": FORMAT, "beginning": beginning, "chunks": [[one.start, one.end] for one in chunks]}
            self.done = self._read(_line(json.dumps(head).encode()), chunks)
        except BaseException:
            self._file.close()
            raise

    def _read(self, head: bytes, chunks: Sequence[Span]) -> list[ChunkHeard]:
        self._file.seek(0)
        first, *lines = self._file.read().splitlines(keepends=True) or [b""]
        if first != head:
            self._file.truncate(0)
            self._write(head)
            return []
        done: list[ChunkHeard] = []
        size = len(head)
        for line in lines:
            chunk = _chunk(line)
            if chunk is None or chunk.index != len(done) or chunk.index >= len(chunks):
                break
            done.append(chunk)
            size += len(line)
        self._file.truncate(size)
        return done

    def append(self, chunk: ChunkHeard) -> None:
        """Write the next chunk and wait until the disk has it.

        Raises:
            OSError: The disk takes no more.
            ValueError: The text cannot be written as UTF-8.
        """
        self._write(_line(_format().dump_json(chunk)))

    def _write(self, line: bytes) -> None:
        if self._file.write(line) != len(line):
            raise OSError("the disk took only a part of the line")
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Let others write; what is done stays."""
        self._file.close()

    def delete(self) -> None:
        """The transcript was delivered: nothing of it stays here."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self.close()


def kept_beginnings(home: Path) -> set[str]:
    """The digests of the first chunks of what is kept, whatever was asked for; nothing is locked or changed."""
    found: set[str] = set()
    for path in home.glob("*/chunks.jsonl"):
        with suppress(OSError, ValueError, KeyError, TypeError), path.open("rb") as file:
            found.add(json.loads(file.readline())["entry"]["beginning"])
    return found


def delete_old(home: Path) -> None:
    """Delete what nobody came back for within a week."""
    oldest = time.time() - KEPT_DAYS * 86_400
    for folder in home.iterdir():
        with suppress(OSError):  # somebody else deletes it too
            newest = max((one.stat().st_mtime for one in folder.iterdir()), default=folder.stat().st_mtime)
            if newest < oldest:
                shutil.rmtree(folder)


@cache
def _format() -> pydantic.TypeAdapter[ChunkHeard]:
    """Made when it is needed: at import it would take every command 70 ms."""
    return pydantic.TypeAdapter(ChunkHeard)


def _line(body: bytes) -> bytes:
    return _HEAD + b"%08x" % zlib.crc32(body) + _MIDDLE + body + b"}\n"


def _chunk(line: bytes) -> ChunkHeard | None:
    """The chunk of a line; None where the line is torn, damaged or of another version."""
    body = line[len(_HEAD) + 8 + len(_MIDDLE) : -2]
    if line != _line(body):
        return None
    try:
        return _format().validate_json(body)
    except pydantic.ValidationError:
        return None
