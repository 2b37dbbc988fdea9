"""Chains of steps, written `highpass@1:cutoff=80,order=4+gain@1:peak_db=-3`.

Version and parameters may be left out: `highpass+gain` is the newest of each with its defaults. The empty text and
`none` are no preprocessing.
"""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass, fields
from typing import cast

from workbench.audio.clip import AudioClip
from workbench.audio.effects import STEPS, Step
from workbench.errors import UnknownName, UsageError

__all__ = ["Chain", "ParameterInfo", "Step", "StepInfo", "list_steps", "parse_chain"]

_ENGINE_RATE = 16_000
_BY_NAME: dict[str, dict[int, type[Step]]] = {}
for _step in STEPS:
    _BY_NAME.setdefault(_step.name, {})[_step.version] = _step


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterInfo:
    """One parameter of a step, for forms and help.

    Attributes:
        name: As it is written in a chain.
        default: An int or a float; the value has the same type.
        unit: "Hz", "dB"; empty for a bare number.
        least: The smallest value that is taken.
        most: The largest one.
        help: What it does, one sentence.
    """

    name: str
    default: float
    unit: str
    least: float
    most: float
    help: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepInfo:
    """One version of a step, for forms and help.

    Attributes:
        name: As it is written in a chain.
        version: Which one.
        summary: What it does, one sentence.
        parameters: In the order of the canonical form.
        extra: Which extra of this package it needs; empty for none.
    """

    name: str
    version: int
    summary: str
    parameters: tuple[ParameterInfo, ...]
    extra: str = ""


@dataclass(frozen=True, slots=True)
class Chain:
    """Steps that are applied one after the other; none is no preprocessing."""

    steps: tuple[Step, ...] = ()

    def apply(self, clip: AudioClip) -> AudioClip:
        """The clip after the last step.

        Raises:
            UsageError: A step cannot work on this clip.
        """
        for step in self.steps:
            clip = step.apply(clip)
        return clip

    @property
    def decode_rate(self) -> int | None:
        """The rate in Hz to decode a file at: None is the file's own, for a chain that resamples by itself."""
        return None if any(step.name == "resample" for step in self.steps) else _ENGINE_RATE

    def __str__(self) -> str:
        """The canonical form, with versions and all parameters; empty for no step."""
        return "+".join(map(str, self.steps))


def parse_chain(text: str, *, to_use: bool = True) -> Chain:
    """Read a chain; `parse_chain(str(chain)) == chain`.

    Args:
        text: Steps joined by `+`, each `name`, `name@version`, or either with `:parameter=value,parameter=value`.
        to_use: Whether it will be applied here, and what its steps need must be installed; else it is only read.

    Raises:
        UnknownName: No step of that name.
        UsageError: An unknown version or parameter, a value out of range, no chain at all, or a package is missing.
    """
    if text.strip().lower() in ("", "none"):
        return Chain()
    chain = Chain(tuple(_parse_step(part.strip(), text) for part in text.split("+")))
    if to_use:
        for step in chain.steps:
            step.check_installed()
    return chain


def list_steps() -> tuple[StepInfo, ...]:
    """Every step in every version, in the order in which they are usually chained."""
    return tuple(
        StepInfo(
            name=step.name,
            version=step.version,
            summary=step.summary,
            parameters=_parameters(step),
            extra=step.extra,
        )
        for step in STEPS
    )


def _parse_step(part: str, text: str) -> Step:
    head, _, values = part.partition(":")
    name, at, version = (piece.strip() for piece in head.partition("@"))
    if not name:
        raise UsageError(
            f"{text!r} is not a chain: a step is missing.", hint='Write steps joined by +: "highpass+gain".'
        )
    if name not in _BY_NAME:
        raise UnknownName("step", name, _BY_NAME)
    versions = _BY_NAME[name]
    if not at:
        version = str(max(versions))
    if version not in map(str, versions):
        known = ", ".join(map(str, sorted(versions)))
        raise UsageError(f"{name} has no version {version!r}.", hint=f"Known: {known}.")
    step = versions[int(version)]
    return step(**_parse_values(step, values))


def _parse_values(step: type[Step], text: str) -> dict[str, float]:
    known = {one.name: one.default for one in _parameters(step)}
    values: dict[str, float] = {}
    for pair in text.split(",") if text.strip() else ():
        key, equals, value = (piece.strip() for piece in pair.partition("="))
        if not equals:
            raise UsageError(
                f"{step.name}: {pair.strip()!r} is not parameter=value.", hint=_known(step.name, key, known)
            )
        if key not in known:
            raise UsageError(f"{step.name} has no parameter {key!r}.", hint=_known(step.name, key, known))
        if key in values:
            raise UsageError(f"{step.name}: {key} is given twice.", hint="Give it once.")
        values[key] = _parse_number(step.name, key, value, whole=isinstance(known[key], int))
    return values


def _parse_number(step: str, key: str, text: str, *, whole: bool) -> float:
    try:
        number = int(text) if whole else float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        kind = "a whole number" if whole else "a number"
        raise UsageError(f"{step}: {key} is {text!r}, which is not {kind}.", hint=f"Give {kind}.")
    return number


def _known(step: str, key: str, known: dict[str, float]) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    suggestion = f"Did you mean {near[0]!r}? " if near else ""
    return f"{suggestion}{step} takes: {', '.join(known)}."


def _parameters(step: type[Step]) -> tuple[ParameterInfo, ...]:
    return tuple(
        ParameterInfo(name=one.name, default=cast("float", one.default), **one.metadata) for one in fields(step)
    )
