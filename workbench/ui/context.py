"""What every tab is given."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import gradio as gr

from workbench.audio.held import HeldPath, new_file, offer
from workbench.engines.pool import EnginePool
from workbench.ui.choices import EngineChoice
from workbench.ui.labels import Labels
from workbench.ui.language import ENGLISH, Language

DEVICE = "device"
"""The concurrency id of every event that uses the device: one at a time, whichever tab it came from."""


QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
"""Given to every event: progress is shown by ourselves, and the page's events are no API."""

Updates = dict[Any, Any]
"""What an event changes, by component."""


def unchanged(component: Any) -> Updates:
    """An event that changes nothing: Gradio takes an empty dictionary for too few values."""
    return {component: gr.skip()}


def components_of(parts: Any) -> list[Any]:
    """All fields of a dataclass of components, in their order: what an event may name."""
    return [getattr(parts, one.name) for one in fields(parts)]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContext:
    """The engines, and where the page may keep files.

    Attributes:
        pool: Loaded engines, and the settings.
        engines: Engines with their models, as they were when the page was built.
        folder: Private folder of this process, where files have a name only while they are made.
        labels: What the shell and the Transcribe tab say.
        language: What the page speaks.
    """

    pool: EnginePool
    engines: tuple[EngineChoice, ...]
    folder: Path
    labels: Labels
    language: Language = ENGLISH

    def offer(self, name: str, text: str) -> HeldPath:
        """A text that may be downloaded, as a file without a name on the disk.

        Args:
            name: What it is called once it was downloaded.
            text: What it says; a mark of its encoding is its first character.

        Raises:
            OSError: It cannot be written.
        """
        return offer(new_file(self.folder, name, text.encode("utf-8", "replace")))
