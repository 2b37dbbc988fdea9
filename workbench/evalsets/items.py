"""From a row of a manifest to an item, with every fault named."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from workbench.evalsets.manifest import AUDIO_FIELDS, TEXT_FIELDS, Row
from workbench.evalsets.model import EvalItem, Scalar


def check_item(row: Row, manifest: Path, *, check_audio: bool = True) -> tuple[EvalItem, list[str]]:
    """The item of a row, and what is wrong with it; then it is not to be used.

    Args:
        row: What the manifest says.
        manifest: Where it lies; audio paths are relative to its folder.
        check_audio: Whether the recording must be there. Whether it can be decoded is found out by the run.
    """
    clauses: list[str] = []
    item = _item(row, manifest.parent, clauses)
    if check_audio and not clauses and not _is_file(item.audio):
        clauses.append(f"no audio file {_audio_as_written(row)}")
    return item, clauses


def _audio_as_written(row: Row) -> Any:
    return next((row.fields[name] for name in AUDIO_FIELDS if name in row.fields), None)


def _item(row: Row, folder: Path, clauses: list[str]) -> EvalItem:
    fields = row.fields
    audio = _field(fields, AUDIO_FIELDS, clauses)
    return EvalItem(
        id=_id(row, clauses),
        audio=folder.absolute() / audio,
        reference=_field(fields, TEXT_FIELDS, clauses),
        language=_language(fields, clauses),
        tags=dict(_tags(fields, clauses)),
        duration=_duration(fields.get("duration"), clauses),
    )


def _field(fields: dict[str, Any], names: Sequence[str], clauses: list[str]) -> str:
    """The first of `names` that is given; an empty text is legal (noise, silence), an empty path is not."""
    name = next((name for name in names if name in fields), None)
    if name is None:
        clauses.append(f"no {names[0]!r}")
        return ""
    value = fields[name]
    if value is None and names is TEXT_FIELDS:
        clauses.append(f'{name!r} is null; write "" where nothing is said, or leave out what is not labelled')
    elif not isinstance(value, str):
        clauses.append(f"{name!r} is {value!r:.40}, not text")
    elif not value and names is AUDIO_FIELDS:
        clauses.append(f"{name!r} is empty")
    elif _is_broken(value):
        clauses.append(f"{name!r} holds half a character (a lone surrogate)")
    else:
        return value
    return ""


def _id(row: Row, clauses: list[str]) -> str:
    value = row.fields.get("id")
    if value in (None, ""):
        return f"line-{row.line}"
    if isinstance(value, bool) or not isinstance(value, str | int) or _is_broken(str(value)):
        clauses.append(f"'id' is {value!r:.40}, not text")
        return f"line-{row.line}"
    return str(value)


def _language(fields: dict[str, Any], clauses: list[str]) -> str:
    value = fields.get("language") or ""
    if not isinstance(value, str) or _is_broken(value):
        clauses.append(f"'language' is {value!r:.40}, not text")
        return ""
    return value


def _duration(value: Any, clauses: list[str]) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        clauses.append(f"'duration' is {value!r:.40}, not a number of seconds")
    elif not _is_finite(value):
        clauses.append("'duration' is not a finite number of seconds")
    elif value < 0:
        clauses.append(f"'duration' is {value:g} s, below zero")
    else:
        return float(value)
    return None


def _tags(fields: dict[str, Any], clauses: list[str]) -> Iterator[tuple[str, Scalar]]:
    """What else the row says. Null is nothing; lists and objects are passed over, they are no labels to group by."""
    known = {"id", "language", "duration"}
    known |= {next((name for name in names if name in fields), "") for names in (AUDIO_FIELDS, TEXT_FIELDS)}
    for name, value in fields.items():
        if name in known or not isinstance(value, str | int | float | bool):
            continue
        if _is_broken(name) or (isinstance(value, str) and _is_broken(value)):
            clauses.append(f"{name!a} holds half a character (a lone surrogate)")
        else:
            yield name, value


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond any float
        return False


def _is_broken(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name too long, a NUL in it
        return False
