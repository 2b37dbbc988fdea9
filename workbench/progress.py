"""How long work says how far it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called with how much is done; the caller decides what to show.

    Args:
        done: Units finished so far.
        total: Units in all, or None where that is not known.
        message: What is being done, a few words.
    """

    def __call__(self, done: float, total: float | None, message: str = "") -> None: ...


def silent(done: float, total: float | None, message: str = "") -> None:
    """Show nothing."""
