"""The microphone. The browser records compressed sound and uploads it; it asks for permission on the click only."""

from __future__ import annotations

from html import escape
from typing import Any

from workbench.ui import theme
from workbench.ui.context import PageContext
from workbench.ui.labels import ENGLISH, Labels
from workbench.ui.markup import html


def recorder_view(labels: Labels = ENGLISH) -> str:
    """Buttons, level and time; sentences for when it does not work are kept in it."""
    sentences = {
        "refused": labels.microphone_refused,
        "missing": labels.microphone_missing,
        "occupied": labels.microphone_busy,
        "insecure": labels.microphone_insecure,
        "asking": labels.microphone_asking,
        "lost": labels.microphone_lost,
        "silent": labels.microphone_silent,
        "loud": labels.microphone_loud,
        "failed": labels.recording_failed,
        "kept": labels.recording_kept,
    }
    told = " ".join(f'data-{name}="{escape(text)}"' for name, text in sentences.items())
    return (
        f'<div class="wb-recorder" data-recorder data-state="off" {told}>'
        f'<button type="button" data-record data-start="{escape(labels.record)}" data-stop="{escape(labels.stop)}">'
        f"<i></i><span>{escape(labels.record)}</span></button>"
        f'<button type="button" data-pause="{escape(labels.pause)}" '
        f'data-resume="{escape(labels.resume_recording)}">{escape(labels.pause)}</button>'
        f'<span class="wb-level" title="{escape(labels.recording_level)}"><i></i><u></u></span>'
        f'<span class="wb-num" data-clock>0:00</span><p role="status" data-said></p>{_rescue(labels)}</div>'
    )


def _rescue(labels: Labels) -> str:
    """What can be done with a recording that could not be sent."""
    return (
        f'<div data-rescue><button type="button" data-again>{escape(labels.recording_again)}</button>'
        f"<a data-save>{escape(labels.recording_save)}</a>"
        f'<button type="button" data-discard data-once="{escape(labels.recording_discard)}" '
        f'data-sure="{escape(labels.recording_discard_sure)}">{escape(labels.recording_discard)}</button></div>'
    )


def build(context: PageContext) -> Any:
    """The recorder; what it recorded arrives as its `stop_recording` event, with the path of the upload."""
    script = (theme.ASSETS / "recorder.js").read_text(encoding="utf-8")
    return html(recorder_view(context.labels), js_on_load=script)
