"""What was dropped on the page: Gradio names an empty file, whose name is the key of the recording that is held."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from workbench.audio.held import HeldPath, find, forget, lend
from workbench.errors import UsageError
from workbench.ui.context import QUIET
from workbench.ui.samples import SAMPLES

FETCH_SECONDS = 60.0
"""How long a file that was asked for waits for the browser to fetch it."""


def uploaded(path: str | None, folder: Path) -> HeldPath:
    """The recording that a path of Gradio's stands for.

    Args:
        path: As the browser names it; a page that is not ours may name anything.
        folder: Private folder of the page, where copies of our own samples lie.

    Raises:
        UsageError: It is held no longer, or never was.
    """
    held = find(Path(path or "").name) or _sample(Path(path or ""), folder / SAMPLES)
    if held is None:
        raise upload_gone()
    return held


def _sample(path: Path, folder: Path) -> HeldPath | None:
    """A copy of a sample that Gradio has copied once more; found by its name among those that were copied for it."""
    ours = folder / path.name
    return lend(ours) if path.name and ours.is_file() and not ours.is_symlink() else None


def claimed(paths: Sequence[str] | None) -> list[HeldPath]:
    """Those of the paths that stand for recordings; from now on they last as long as the caller holds them."""
    found = [held for path in paths or () if (held := find(Path(path).name)) is not None]
    for held in found:
        forget(held.key)
    return found


def upload_gone() -> UsageError:
    """Says that an upload is not there any more."""
    return UsageError("The recording is no longer here.", hint="Drop it again.")


def hold_while_chosen(file: Any) -> None:
    """Hold what is chosen in a `gr.File` for as long as it is, and its page is open."""
    held = gr.State(None)
    file.upload(_claim, file, held, queue=False, **QUIET)
    file.clear(lambda: None, None, held, queue=False, **QUIET)


def _claim(paths: str | list[str] | None) -> list[HeldPath]:
    return claimed([paths] if isinstance(paths, str) else paths)
