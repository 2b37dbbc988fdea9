"""An axis of curves in what a run was made with: an option of the engine, a step's parameter, the chunk length."""

from __future__ import annotations

import math
from typing import Any

from workbench.runs.records import RunSpec

CHUNK_SECONDS = "chunk_seconds"
"""The axis along which clips are cut shorter; a run that gave the engine whole clips is nowhere on it."""

Others = tuple[tuple[str, str], ...]
"""Names and values, as Python writes them."""


def place_of(spec: RunSpec, axis: str) -> float | None:
    """Where along the axis a run lies; None where its spec does not say."""
    if axis == CHUNK_SECONDS:
        return spec.chunk_seconds
    if (value := as_number(spec.options.get(axis))) is not None:
        return value
    step, dot, name = axis.partition(".")
    for part in spec.chain.split("+") if dot else ():
        head, _, values = part.partition(":")
        if head.partition("@")[0] == step:
            found = [value for key, _, value in (pair.partition("=") for pair in values.split(",")) if key == name]
            return as_number(found[0]) if found else None
    return None


def others_of(spec: RunSpec, axis: str) -> Others:
    """What was asked besides the axis: runs that differ in it are of different curves."""
    asked = dict(spec.options)
    if spec.chunk_seconds is not None:
        asked[CHUNK_SECONDS] = spec.chunk_seconds
    return tuple(sorted((name, repr(value)) for name, value in asked.items() if name != axis))


def numbers_of(spec: RunSpec) -> set[str]:
    """What of a run can be an axis, besides parameters of its chain."""
    chunked = set[str]() if spec.chunk_seconds is None else {CHUNK_SECONDS}
    return chunked | {name for name, value in spec.options.items() if as_number(value) is not None}


def chain_without(chain: str, axis: str) -> str:
    """The chain with a mark for the parameter that is the axis, so that it makes no curve of its own."""
    step, dot, name = axis.partition(".")
    parts: list[str] = []
    for part in chain.split("+") if chain else ():
        head, colon, values = part.partition(":")
        if dot and head.partition("@")[0] == step:
            pairs = (pair.partition("=") for pair in values.split(","))
            values = ",".join(f"{key}=*" if key == name else f"{key}={value}" for key, _, value in pairs)
        parts.append(f"{head}{colon}{values}")
    return "+".join(parts)


def as_number(value: Any) -> float | None:
    """A tag or an option as a number; tags of tables are texts."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
