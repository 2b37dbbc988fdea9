"""All installed engines with what they say of themselves."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.engines.base import Availability, EngineInfo
from workbench.engines.registry import engine_names, plugin
from workbench.errors import WorkbenchError
from workbench.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineRow:
    """An installed engine, and whether it can run here.

    Attributes:
        name: Its name.
        summary: One sentence.
        models: Models it knows by name, the default first.
        info: What it says of itself with its default model; None where it cannot say.
        availability: Whether it can run here, and why not.
    """

    name: str
    summary: str
    models: tuple[str, ...]
    info: EngineInfo | None
    availability: Availability


def engine_rows(settings: Settings) -> list[EngineRow]:
    """Every installed engine, the default first; none is loaded."""
    return [_row(name, settings) for name in engine_names()]


def _row(name: str, settings: Settings) -> EngineRow:
    try:
        found = plugin(name)
        availability = found.check(None, settings)
    except WorkbenchError as error:
        unavailable = Availability(ok=False, reason=error.message, command=error.hint)
        return EngineRow(name=name, summary="", models=(), info=None, availability=unavailable)
    try:
        info = found.info(None, settings)
    except WorkbenchError:
        info = None
    return EngineRow(name=name, summary=found.summary, models=found.models, info=info, availability=availability)
