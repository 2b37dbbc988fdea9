"""The runs that curves along an axis are made of."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.audio.steps import parse_chain
from workbench.errors import UsageError
from workbench.pipeline.chunk_length import checked_chunk_seconds
from workbench.runs.curve_axis import CHUNK_SECONDS
from workbench.runs.engine_options import options_of

MOST_CELLS = 400
"""More runs than this are a mistake in typing rather than a question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveCell:
    """One run.

    Attributes:
        engine: As asked for.
        chain: With the axis in it, where that is a parameter of it.
        eval_set: Name, folder or manifest.
        options: The engine's own, with the axis among them, where it is one.
        chunk_seconds: The longest stretch the engine is given, where that is the axis.
        at: Along the axis; None where the clips' tags say it.
    """

    engine: str
    chain: str
    eval_set: str
    options: Mapping[str, Any]
    at: float | None
    chunk_seconds: float | None = None

    def label(self, axis: str) -> str:
        """For people: `builtin · highpass+gain · beam_size 5 · my-set`."""
        place = [] if self.at is None else [f"{axis} {self.at:g}"]
        return " · ".join([self.engine, self.chain or "none", *place, self.eval_set])


def plan_cells(
    sets: Sequence[str],
    *,
    axis: str,
    values: Sequence[float],
    engines: Sequence[str],
    chains: Sequence[str],
    options: Mapping[str, Any],
) -> list[CurveCell]:
    """Every engine with every chain at every place on every set, so that an engine is loaded once.

    Args:
        sets: Names, folders or manifests.
        axis: A tag of their clips, an option of the engines, chunk_seconds, or STEP.PARAMETER.
        values: Where along an option or a parameter; none for a tag.
        engines: One or more.
        chains: Without the axis; a chain that lacks its step gets it at its end.
        options: Of the engines, as `options_of` reads them.

    Raises:
        UsageError: A step or the chunk length has no values, there are too many cells, or a value cannot be.
        UnknownName: No such step.
    """
    if ("." in axis or axis == CHUNK_SECONDS) and not values:
        raise UsageError(f"Where along {axis} is not said.", hint="Give two values or more.")
    if any(not math.isfinite(one) for one in values):
        raise UsageError("A value along the axis is not a number.", hint="Give finite numbers.")
    for one in values if axis == CHUNK_SECONDS else ():
        checked_chunk_seconds(one)
    places: list[float | None] = [*dict.fromkeys(values)] if values else [None]
    cells = [
        _cell(engine, chain, name, axis, at, options)
        for engine in dict.fromkeys(engines)
        for chain in dict.fromkeys(chains)
        for at in places
        for name in dict.fromkeys(sets)
    ]
    if len(cells) > MOST_CELLS:
        raise UsageError(f"{len(cells)} runs are too many.", hint=f"At most {MOST_CELLS} are made for curves.")
    return cells


def _cell(engine: str, chain: str, name: str, axis: str, at: float | None, options: Mapping[str, Any]) -> CurveCell:
    own = options_of(engine, options)
    if axis == CHUNK_SECONDS:
        return CurveCell(engine=engine, chain=chain, eval_set=name, options=own, at=at, chunk_seconds=at)
    if at is not None and "." in axis:
        chain = chain_at(chain, axis, at)
    elif at is not None:
        own |= {axis: _plain(at)}
    return CurveCell(engine=engine, chain=chain, eval_set=name, options=own, at=at)


def chain_at(chain: str, axis: str, at: float) -> str:
    """The chain with a step's parameter as it is there; the step comes last where the chain does not have it.

    Raises:
        UnknownName: No such step.
        UsageError: The step has no such parameter, or the value is out of its range.
    """
    step, _, name = axis.partition(".")
    value, found = f"{name}={at:g}", False
    parts: list[str] = []
    for part in chain.split("+") if chain else ():
        head, _, values = part.partition(":")
        if head.partition("@")[0] == step:
            found = True
            kept = [pair for pair in values.split(",") if pair and pair.partition("=")[0] != name]
            part = f"{head}:{','.join([*kept, value])}"
        parts.append(part)
    return str(parse_chain("+".join(parts if found else [*parts, f"{step}:{value}"])))


def _plain(number: float) -> float | int:
    """5 for 5.0: a beam is a whole number."""
    return int(number) if float(number).is_integer() else number
