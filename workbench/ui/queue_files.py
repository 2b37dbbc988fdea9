"""Every text of a queue as one zip."""

from __future__ import annotations

import re
import unicodedata
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from workbench.audio.held import HeldPath, new_file, writing
from workbench.pipeline.export import FORMATS, export
from workbench.ui import format as written
from workbench.ui.labels import ENGLISH, Labels
from workbench.ui.queue import Queue
from workbench.ui.queue_view import entry_name

NAME = "transcripts.zip"
_MOST_BYTES = 150
"""Of a name, so that with a number and an ending it stays below the 255 bytes of common file systems."""

_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')


def write_zip(queue: Queue, folder: Path, labels: Labels = ENGLISH) -> HeldPath | None:
    """Every transcript in every format, with the user's edits, and a folder for each; None where there is none.

    Args:
        queue: Whose.
        folder: The page's private folder.
        labels: Words: a text that is not whole says so in its name.
    """
    kept = [(entry, entry.answer) for entry in queue.entries if entry.answer is not None]
    if not kept:
        return None
    names: list[str] = []
    for entry, _ in kept:
        stem = entry_name(entry, labels) if entry.is_version else Path(entry.name).stem
        if entry.state in ("stopped", "failed") and entry.job is not None:
            stem += f" ({labels.left_partial.format(now=written.clock(entry.job.draft.reached))})"
        names.append(stem)
    made = new_file(folder, NAME)
    with writing(made) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, (_, answer) in zip(safe_names(names), kept, strict=True):
            for kind in FORMATS:
                packed.writestr(f"{name}/{name}.{kind}", export(answer.edited, kind))
    return made


def safe_names(names: Sequence[str]) -> list[str]:
    """File names that every system takes and that differ, also where upper and lower case do not."""
    taken: set[str] = set()
    return [_free(_safe(name), taken) for name in names]


def _safe(name: str) -> str:
    printable = "".join(character for character in name if character.isprintable())
    kept = _cut(_FORBIDDEN.sub("-", printable.replace(":", "."))).strip(" .-")
    return f"_{kept}" if _RESERVED.fullmatch(kept) else kept or "recording"


def _cut(name: str) -> str:
    return name.encode("utf-8", "replace")[:_MOST_BYTES].decode("utf-8", "ignore")


def _free(name: str, taken: set[str]) -> str:
    for one in _numbered(name):
        key = unicodedata.normalize("NFC", one).casefold()
        if key not in taken:
            taken.add(key)
            return one
    raise AssertionError("numbers do not end")


def _numbered(name: str) -> Iterable[str]:
    yield name
    number = 2
    while True:
        yield f"{name} ({number})"
        number += 1
