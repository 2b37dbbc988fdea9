"""Options told to several engines at once: `beam_size` to all of them, `whisper/num_beams` to one alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.engines.registry import EngineRef
from workbench.errors import UsageError

_SIGN = "/"


def options_of(engine: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """What one engine is told: what is told to all, then what is told to it, by its name or by name and model.

    Args:
        engine: `name` or `name:model`.
        options: By option, or by `ENGINE/option`.
    """
    ref = EngineRef.parse(engine)
    told = {name: value for name, value in options.items() if _SIGN not in name}
    for one in (ref.name, engine):
        told |= {name.removeprefix(f"{one}/"): value for name, value in options.items() if _is_for(name, one)}
    return told


def check_engine_options(engines: Sequence[str], options: Mapping[str, Any]) -> None:
    """Say that an option is for none of the engines before anything is run.

    Raises:
        UsageError: It is.
    """
    known = {*engines, *(EngineRef.parse(one).name for one in engines)}
    for name in options:
        if _SIGN in name and name.rpartition(_SIGN)[0] not in known:
            raise UsageError(
                f"The option {name} is for an engine that is not there.", hint=f"Engines: {', '.join(sorted(known))}."
            )


def _is_for(name: str, engine: str) -> bool:
    return name.rpartition(_SIGN)[0] == engine
