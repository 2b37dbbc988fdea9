"""Recordings before they are transcribed: which there are, and what they are like."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from workbench.audio.held import as_path
from workbench.audio.inspection import Inspection
from workbench.audio.inspection import inspect_recording as _inspect
from workbench.errors import UsageError

SUFFIXES = frozenset(
    {
        *(".3gp", ".aac", ".ac3", ".aif", ".aifc", ".aiff", ".amr", ".ape", ".au", ".avi", ".caf", ".dsf", ".flac"),
        *(".flv", ".m4a", ".m4b", ".m4v", ".mka", ".mkv", ".mov", ".mp2", ".mp3", ".mp4", ".mpeg", ".mpg", ".oga"),
        *(".ogg", ".opus", ".snd", ".sph", ".tta", ".voc", ".w64", ".wav", ".webm", ".wma", ".wmv", ".wv"),
    }
)
"""What recordings are called, and videos with sound: so they are told apart in a folder. A file that is named by itself
may be called anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRecording:
    """A recording that was named, or lies in a folder that was.

    Attributes:
        file: Its path, beginning as it was given.
        name: Its path below the folder that was named, without the suffix; the file's own name where it was named.
    """

    file: str
    name: str


def inspect_recording(path: Path | str) -> Inspection:
    """What a recording is like (length, channels, level, noise, clipping, bandwidth, hum, speech), and advice.

    Args:
        path: An audio file, or a video with sound, of any length.

    Raises:
        AudioError: The recording cannot be used.
    """
    return _inspect(as_path(path))


def find_recordings(paths: Iterable[Path | str]) -> list[FoundRecording]:
    """The files as they are named, and the recordings in folders, theirs included, in order of their names.

    In a folder a recording is known by its suffix; hidden files and folders are left out, and links to folders are not
    followed.

    Args:
        paths: Files and folders.

    Raises:
        UsageError: A folder cannot be read, or holds no recording.
    """
    found: list[FoundRecording] = []
    for path in paths:
        if os.path.isdir(path):  # noqa: PTH112  Path.is_dir raises where a name is too long to be one
            found += _in_folder(Path(path))
        else:
            found.append(FoundRecording(file=str(path), name=Path(path).stem))
    return found


def _in_folder(folder: Path) -> list[FoundRecording]:
    inside = sorted(_walk(folder))
    if not inside:
        raise UsageError(
            f"There is no recording in the folder {folder}.",
            hint="There, recordings are known by their suffix, as .wav or .m4a; name other files one by one.",
        )
    return [FoundRecording(file=str(one), name=one.relative_to(folder).with_suffix("").as_posix()) for one in inside]


def _walk(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> NoReturn:
        raise UsageError(
            f"The folder {error.filename} cannot be read: {error.strerror}.", hint="Check its permissions."
        ) from error

    for parent, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        names = (name for name in files if not name.startswith("."))
        yield from (Path(parent, name) for name in names if Path(name).suffix.lower() in SUFFIXES)
