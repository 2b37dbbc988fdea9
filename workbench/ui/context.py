"""What every tab is given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContext:
    """The engines, and where the page may keep files.

    Attributes:
        pool: Loaded engines, and the settings.
        engines: Engines with their models, as they were when the page was built.
        folder: Private folder of this process: uploads, and what may be downloaded. Only files in it are served.
        labels: What the shell and the Transcribe tab say.
        language: What the page speaks.
    """

    pool: EnginePool
    engines: tuple[EngineChoice, ...]
    folder: Path
    labels: Labels
    language: Language = ENGLISH
