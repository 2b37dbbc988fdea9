"""A text as another system gave it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from workbench.engines.base import Segment

Side = Literal["reference", "hypothesis"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenText:
    """One text of a file.

    Attributes:
        id: What the file calls it.
        text: As it is there; may be empty.
        line: Where in the file, from 1.
        segments: Its stretches with times, where the file has them.
        by_recording: Whether `id` is the path or name of a recording, as no id was given.
    """

    id: str
    text: str
    line: int
    segments: tuple[Segment, ...] = ()
    by_recording: bool = False
