"""A chain's text taken apart for a form, and written again from it; no gradio here.

Reading is lenient: values out of range and unknown steps stay as they were typed, so that they can be mended in place.
What is wrong with them is told by `workbench.audio.steps.parse_chain`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, cast

from workbench.audio.steps import StepInfo, list_steps

_MOST_PIECES = 50
_MOST_CHARACTERS = 200
_SEPARATORS = re.compile(r"[+,:=]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One step of a chain as it was written.

    Attributes:
        text: As it stands in the chain.
        step: Which it is; None where it cannot be read.
        values: What was typed for parameters, by name; those left out have their defaults.
    """

    text: str
    step: StepInfo | None = None
    values: Mapping[str, str] = field(default_factory=dict[str, str])


def read_pieces(text: str) -> tuple[Piece, ...]:
    """The steps of a chain's text; `none` and the empty text have none."""
    if text.strip().lower() in ("", "none"):
        return ()
    return tuple(_read_piece(part.strip()) for part in text.split("+"))


def write_pieces(pieces: Sequence[Piece]) -> str:
    """The text of a chain in its short form: defaults and the newest version are left out."""
    return "+".join(map(_write_piece, pieces))


def told_pieces(told: object) -> tuple[Piece, ...]:
    """The steps that a form on the page tells, in its order; a page that is not ours may tell anything.

    Args:
        told: A list with `{"text": …}` for what could not be read and `{"step": …, "values": {name: text}}` else.
    """
    rows = cast("list[object]", told)[:_MOST_PIECES] if isinstance(told, list) else []
    pieces = [_told_piece(cast("Mapping[str, Any]", row)) for row in rows if isinstance(row, dict)]
    return tuple(piece for piece in pieces if piece.step or piece.text)


def _told_piece(row: Mapping[str, Any]) -> Piece:
    step = _find_step(str(row.get("step", "")))
    if step is None:
        return Piece(text=str(row.get("text", ""))[:_MOST_CHARACTERS].replace("+", ""))
    given = row.get("values")
    typed = cast("Mapping[str, object]", given) if isinstance(given, dict) else {}
    values = {one.name: str(typed[one.name])[:_MOST_CHARACTERS] for one in step.parameters if one.name in typed}
    return Piece(text=step.name, step=step, values=values)


def _read_piece(part: str) -> Piece:
    head, _, told = part.partition(":")
    step = _find_step(head)
    if step is None:
        return Piece(text=part)
    values: dict[str, str] = {}
    names = {one.name for one in step.parameters}
    for pair in told.split(",") if told.strip() else ():
        name, equals, value = (word.strip() for word in pair.partition("="))
        if not equals or name not in names or name in values:
            return Piece(text=part)
        values[name] = value
    return Piece(text=part, step=step, values=values)


def _find_step(head: str) -> StepInfo | None:
    """The step of `name` or `name@version`."""
    name, at, version = (word.strip() for word in head.partition("@"))
    known = [one for one in list_steps() if one.name == name and (not at or version == str(one.version))]
    return max(known, key=lambda one: one.version, default=None)


def step_head(step: StepInfo) -> str:
    """As a chain names the step: with its version where there is a newer one."""
    return step.name if _find_step(step.name) == step else f"{step.name}@{step.version}"


def _write_piece(piece: Piece) -> str:
    if piece.step is None:
        return piece.text
    typed = {name: _write_number(text) for name, text in piece.values.items()}
    shown = [
        f"{one.name}={typed[one.name]}"
        for one in piece.step.parameters
        if typed.get(one.name, "") not in ("", _write_number(str(one.default)))
    ]
    head = step_head(piece.step)
    return f"{head}:{','.join(shown)}" if shown else head


def _write_number(text: str) -> str:
    """`-3.0` as `-3`; what is no number as it is, without what would end it in a chain."""
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not isfinite(number):
        return _SEPARATORS.sub("", text.strip())
    whole = int(number)
    return _SEPARATORS.sub("", str(whole) if whole == number else repr(number))
