"""What an engine has to say about a stretch of work, beyond the texts."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from workbench.engines.base import Engine


@runtime_checkable
class TakesNotes(Protocol):
    """An engine that remembers what happened on the way: requests sent again, how long answers took."""

    def take_notes(self) -> tuple[str, ...]:
        """What happened since this was last asked, a sentence each; asking begins afresh."""
        ...


def take_notes(engine: Engine) -> tuple[str, ...]:
    """The engine's notes since they were last taken; none of an engine that takes none."""
    return engine.take_notes() if isinstance(engine, TakesNotes) else ()
