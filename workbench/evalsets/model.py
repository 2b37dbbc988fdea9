"""Labelled recordings."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

Scalar = str | float | int | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalItem:
    """One labelled utterance.

    Attributes:
        id: Unique in its set.
        audio: Absolute path of the recording.
        reference: What was said, as labelled; may be empty (noise, silence).
        language: Code such as "zh", "yue", "en", "zh-en"; empty where not labelled.
        tags: dialect, condition, snr_db, speaker and whatever else the manifest says.
        duration: In seconds, as labelled; None where not.
    """

    id: str
    audio: Path
    reference: str
    language: str = ""
    tags: Mapping[str, Scalar] = field(default_factory=dict[str, Scalar])
    duration: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalSet:
    """A named list of items.

    Attributes:
        items: A tuple, or of a large set a sequence that reads its manifest again each time (see `evalsets.streamed`):
            go through it, and hold no more of it than is needed.
    """

    name: str
    items: Sequence[EvalItem]
    version: str = ""
    licence: str = ""
    language: str = ""
    title: str = ""
    description: str = ""
    synthetic: bool = False

    @property
    def seconds(self) -> float | None:
        """Labelled length of all items together; None where one is not labelled."""
        total = 0.0
        for item in self.items:
            if item.duration is None:
                return None
            total += item.duration
        return total

    def digest(self) -> str:
        """sha256 over ids, references and audio bytes, in order; reads every file."""
        sha = hashlib.sha256()
        for item in self.items:
            for text in (item.id, item.reference):
                sha.update(len(text.encode()).to_bytes(8, "big") + text.encode())
            sha.update(_file_digest(item.audio))
        return sha.hexdigest()


def _file_digest(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return b"unreadable"
