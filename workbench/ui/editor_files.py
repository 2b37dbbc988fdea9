"""Files of an edited transcript, made when they are asked for: they hold it as it is then."""

from __future__ import annotations

import re
import tempfile
from html import escape
from pathlib import Path
from typing import Any

from workbench import services
from workbench.audio.held import hold, linger
from workbench.errors import UsageError
from workbench.pipeline.export import FORMATS, export
from workbench.pipeline.transcript_file import SUFFIX
from workbench.storage import told
from workbench.ui import format as written
from workbench.ui.answers import Answer
from workbench.ui.context import PageContext
from workbench.ui.labels import ENGLISH, Labels
from workbench.ui.player import file_url
from workbench.ui.uploaded import FETCH_SECONDS


class EditorFiles:
    """Writes them into the page's private folder, where they have no name once they are made."""

    def __init__(self, context: PageContext) -> None:
        self.labels = context.labels
        self.folder = context.folder

    def make(self, answer: Answer, form: str) -> dict[str, Any]:
        """A file to be downloaded.

        Args:
            answer: Of which.
            form: One of the formats of `export`, `transcript` for the file to go on from, `set` for an eval set.

        Returns:
            `url`, `name`, and `note` on what is in it.

        Raises:
            WorkbenchError: It cannot be made.
        """
        with told("The file"), tempfile.TemporaryDirectory(dir=self.folder) as folder:
            path, note = self._write(answer, form, Path(folder))
            held = hold(path)  # from here on without a name, and gone a minute later
        linger(held, FETCH_SECONDS)
        return {"url": file_url(held), "name": held.name, "note": note}

    def _write(self, answer: Answer, form: str, folder: Path) -> tuple[Path, str]:
        edited = answer.edited
        stem = Path(edited.raw.source or "transcript").stem or "transcript"
        note = ""
        if form == "transcript":
            path = folder / f"{stem}{SUFFIX}"
            services.save_transcript(edited, path)
        elif form == "set":
            path = folder / f"{_set_name(stem)}.zip"
            note = self._make_set(answer, path)
        else:
            path = folder / f"{stem}.{form if form in FORMATS else 'txt'}"
            path.write_bytes(export(edited, form))
        return path, note

    def _make_set(self, answer: Answer, path: Path) -> str:
        if answer.recording is None:
            raise UsageError(self.labels.run_again_no_recording, hint=self.labels.reload_hint)
        made = services.archive_set(answer.edited, answer.recording, path, channel=answer.channel)
        told = self.labels.set_made.format(clips=made.clips, time=written.duration(made.seconds))
        if made.flagged or made.too_short:
            told += " " + self.labels.set_left_out.format(flagged=made.flagged, short=made.too_short)
        return told


def files_view(labels: Labels = ENGLISH, *, can_hear: bool = True) -> str:
    """The buttons that make files, and what is in them."""
    buttons = "".join(_button(name, name.upper()) for name in FORMATS)
    more = _button("transcript", labels.download_transcript, labels.download_transcript_does)
    if can_hear:
        more += _button("set", labels.download_set, labels.download_set_does)
    return (
        f'<div class="wb-downloads wb-files" data-preparing="{escape(labels.preparing)}">'
        f"<span>{escape(labels.download)}</span>{buttons}{more}"
        f'<small>{escape(labels.downloads_hold)}</small><small data-file-note role="status"></small></div>'
    )


def _button(form: str, label: str, title: str = "") -> str:
    told = f' title="{escape(title)}"' if title else ""
    return f'<button type="button" data-act="download" data-format="{form}"{told}>{escape(label)}</button>'


def _set_name(stem: str) -> str:
    """A name that any system takes for a folder."""
    return re.sub(r"[^\w-]+", "-", stem).strip("-")[:60] or "transcript"
