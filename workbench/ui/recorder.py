"""The microphone. The browser records compressed sound and uploads it; it asks for permission on the click only."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from workbench.ui import theme
from workbench.ui.context import PageContext
from workbench.ui.labels import ENGLISH, Labels
from workbench.ui.markup import html
from workbench.ui.notices import notice


def recorder_view(labels: Labels = ENGLISH) -> str:
    """Button, level and time; sentences for when it does not work are kept in it."""
    return (
        f'<div class="wb-recorder" data-recorder data-refused="{escape(labels.microphone_refused)}" '
        f'data-missing="{escape(labels.microphone_missing)}" data-failed="{escape(labels.recording_failed)}">'
        f'<button type="button" data-record data-start="{escape(labels.record)}" data-stop="{escape(labels.stop)}">'
        f"<i></i><span>{escape(labels.record)}</span></button>"
        f'<span class="wb-level"><i></i></span><span class="wb-num" data-clock>0:00</span>'
        f'<p role="status" data-said></p></div>'
    )


def build(context: PageContext) -> Any:
    """The recorder; what it recorded arrives as its `stop_recording` event."""
    script = (theme.ASSETS / "recorder.js").read_text(encoding="utf-8")
    return html(recorder_view(context.labels), js_on_load=script)


def on_recorded(component: Any, context: PageContext, outputs: list[Any]) -> Any:
    """Hand the recorded file to [file, caption, notice]."""

    def take(event: gr.EventData) -> tuple[Any, str, str]:
        path = uploaded_path(str(event._data.get("path", "")), context.folder)  # pyright: ignore[reportPrivateUsage]
        if path is None:
            return gr.skip(), "", notice(context.labels.recording_failed, kind="error")
        return str(path), "", ""

    return component.stop_recording(take, None, outputs, queue=False, show_progress="hidden", api_visibility="private")


def uploaded_path(text: str, folder: Path) -> Path | None:
    """A path that a browser named, where it is a plain file of the private folder; None otherwise."""
    path = Path(text)
    try:
        real = path.resolve(strict=True)
    except (OSError, ValueError):
        return None
    is_ours = real.is_file() and not path.is_symlink() and real.is_relative_to(folder.resolve())
    return real if text and is_ours else None
