"""What is made so far of a derived set, so that a command that broke off goes on where it was."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from workbench.audio.clip import AudioClip
from workbench.audio.io import write_clip
from workbench.errors import UsageError
from workbench.storage import replace_file, told

_NAME = "journal.jsonl"


class Journal:
    """Clips that are made, one line each, in a folder that is no set yet.

    Args:
        folder: Is there; clips go to its folder `audio`.
        head: What they depend on; those that were made for another one are deleted.

    Attributes:
        rows: Of the manifest, by key.
        made: How many were added.
    """

    def __init__(self, folder: Path, head: Mapping[str, Any]) -> None:
        self.folder = folder
        self.made = 0
        self.rows: dict[str, dict[str, Any]] = {}
        lines = self._lines()
        if not lines or lines[0] != head:
            shutil.rmtree(folder / "audio", ignore_errors=True)
            lines = [dict(head)]
        with told("The set"):
            (folder / "audio").mkdir(exist_ok=True)
        good = [line for line in lines[1:] if self._is_whole(line)]
        self.rows = {line["key"]: line["row"] for line in good}
        # Written anew, since the last line may be torn, and a line after it would be so, too.
        replace_file(folder / _NAME, "".join(map(_line, (head, *good))).encode())

    def add(self, key: str, clip: AudioClip, row: dict[str, Any]) -> None:
        """Write a clip, then the line that says so.

        Args:
            key: What it is, so that it is not made twice.
            clip: Goes to where the row says.
            row: Its line in the manifest.
        """
        path = self.folder / row["audio_filepath"]
        write_clip(clip, path)
        with told("The set"), (self.folder / _NAME).open("a", encoding="utf-8") as file:
            file.write(_line({"key": key, "sha256": _sha256(path), "row": row}))
        self.rows[key] = row
        self.made += 1

    def close(self) -> None:
        """Delete the journal: the set is complete."""
        (self.folder / _NAME).unlink()

    def _is_whole(self, line: Mapping[str, Any]) -> bool:
        path = self.folder / line["row"]["audio_filepath"]
        return path.is_file() and _sha256(path) == line["sha256"]

    def _lines(self) -> list[dict[str, Any]]:
        path, found = self.folder / _NAME, list[dict[str, Any]]()
        for line in path.read_text(encoding="utf-8").split("\n") if path.is_file() else ():
            try:
                found.append(json.loads(line))
            except json.JSONDecodeError:  # the last line, where the process ended while it was written
                break
        return found


@contextmanager
def held(folder: Path) -> Generator[None]:
    """Hold a folder for writing, made where it is not there; the lock ends with the block, or with the process.

    Raises:
        UsageError: Another process holds it.
    """
    with told("The set"):
        folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        name = folder.name.strip(".").removesuffix(".partial")
        raise UsageError(f"The set {name} is being made by another process.", hint="Wait for it.") from error
    finally:
        os.close(handle)


def _line(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
