"""Engines by name. The built-in ones are found the way any other package's are: by entry point."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from workbench.engines.base import EnginePlugin
from workbench.errors import EngineUnavailable, UnknownName

GROUP = "workbench.engines"


@dataclass(frozen=True, slots=True)
class EngineRef:
    """An engine and, after a colon, which of its models: `qwen3-asr`, `qwen3-asr:0.6B`, `faster-whisper:/a/folder`."""

    name: str
    model: str | None = None

    @classmethod
    def parse(cls, text: str) -> EngineRef:
        name, _, model = text.strip().partition(":")
        return cls(name, model or None)

    def __str__(self) -> str:
        return f"{self.name}:{self.model}" if self.model else self.name


@cache
def _entries() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def engine_names() -> list[str]:
    """The names of all installed engines, the built-in default first."""
    return sorted(_entries(), key=lambda name: (name != "builtin", name))


def plugin(name: str) -> EnginePlugin:
    """The engine of that name; its module is imported now, its weights are not loaded.

    Raises:
        UnknownName: No installed package offers it.
        EngineUnavailable: Its package is there and cannot be imported.
    """
    entry = _entries().get(name)
    if entry is None:
        raise UnknownName("engine", name, _entries())
    try:
        return entry.load()
    except ImportError as error:
        raise EngineUnavailable(name, f"its package does not import ({error})", hint="Reinstall it.") from error
