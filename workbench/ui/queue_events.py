"""What clicks on the Transcribe tab's queue do: add, choose, start, stop, remove, take home."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr

from workbench.audio.held import HeldPath, lend, linger
from workbench.audio.io import probe
from workbench.errors import AudioError, UsageError, WorkbenchError
from workbench.ui.commands import transcribe_command
from workbench.ui.context import Updates
from workbench.ui.notices import notice, page_error
from workbench.ui.opened import find_text, is_transcript, join_recording, open_transcript
from workbench.ui.picks import picked
from workbench.ui.player import file_url
from workbench.ui.queue import Entry, Queue
from workbench.ui.queue_files import write_zip
from workbench.ui.samples import Sample
from workbench.ui.transcription import TranscribeTab, read_form
from workbench.ui.uploaded import FETCH_SECONDS, claimed, upload_gone


class QueueEvents:
    """Each method returns updates by component. Edits are made in the answers themselves; nothing is saved here."""

    def __init__(self, tab: TranscribeTab) -> None:
        self.tab = tab
        self.context = tab.context
        self.labels = tab.labels

    def add_files(self, paths: Sequence[str] | None, queue: Queue | None) -> Updates:
        """Recordings or saved transcripts were dropped or chosen; the drop zone is empty again for more."""
        queue = queue or Queue()
        found = claimed(paths)
        wrong: list[WorkbenchError] = [] if len(found) == len(paths or ()) else [upload_gone()]
        added: list[Entry] = []
        for held in sorted(found, key=is_transcript):  # a recording that comes with its transcript is there before it
            try:
                entry = open_transcript(queue, held) if is_transcript(held) else self._add(queue, held)
                added += [] if entry in added else [entry]
            except WorkbenchError as error:
                wrong.append(error)
        updates = self._shown(queue, added) | {self.tab.shown.file: None}
        if wrong:
            updates |= {self.tab.shown.notice: "".join(page_error(one, self.labels) for one in wrong)}
        return updates

    def add_folder(self, paths: Sequence[str] | None, queue: Queue | None) -> Updates:
        """A folder was chosen: its recordings are added, in the order of their names; the rest is left out."""
        queue = queue or Queue()
        chosen = sorted(claimed(paths), key=lambda held: held.name.casefold())
        added = [self._add(queue, held) for held in chosen if _is_recording(held)]
        left_out = len(chosen) - len(added)
        updates = self._shown(queue, added)
        if not added:
            return updates | {self.tab.shown.notice: notice(self.labels.folder_empty)}
        if left_out:
            updates |= {self.tab.shown.notice: notice(self.labels.folder_left_out.format(count=left_out))}
        return updates

    def add_recording(self, event: gr.EventData, queue: Queue | None) -> Updates:
        """The microphone's recording was uploaded."""
        queue = queue or Queue()
        found = claimed([str(picked(event).get("path", ""))])
        if not found:
            return {self.tab.shown.notice: notice(self.labels.recording_failed, kind="error")}
        return self._shown(queue, [self._add(queue, found[0])])

    def run_sample(self, sample: Sample, queue: Queue | None, **form: Any) -> Updates:
        """A sample is added and transcribed, and what was read aloud is its caption."""
        queue = queue or Queue()
        entry = self._add(queue, lend(sample.path), caption=f"{self.labels.said}: {sample.reference}")
        return self._shown(queue, [entry]) | self._ask(queue, [entry], form)

    def begin(self, queue: Queue | None, **form: Any) -> Updates:
        """At once on the click, before it is our turn on the device."""
        queue = queue or Queue()
        if not queue.to_do:
            if queue.is_busy:
                return self.tab.listed(queue)
            return {self.tab.shown.notice: notice(self.labels.no_recording, self.labels.no_recording_hint)}
        return self._ask(queue, queue.to_do, form)

    def stop(self, queue: Queue | None) -> Updates:
        """Everything ends; what was heard is the answer."""
        queue = queue or Queue()
        shown_ends = queue.selected is not None and queue.selected.is_busy
        for entry in [entry for entry in queue.entries if entry.is_busy]:
            queue.stop(entry)
        queue.wait_for_views()
        return self.tab.opened(queue) if shown_ends else self.tab.listed(queue)

    def refused(self, queue: Queue | None) -> Updates:
        """Gradio's queue had no room for our turn: what waits is stopped, unless the work on another goes on."""
        queue = queue or Queue()
        works = any(entry.state == "working" for entry in queue.entries)
        return self.tab.listed(queue) if works else self.stop(queue)

    def pick(self, event: gr.EventData, queue: Queue | None) -> Updates:
        """Something in the list was clicked."""
        queue, what = queue or Queue(), picked(event)
        entry = next((found for key in ("show", "stop", "remove") if (found := queue.find(what.get(key)))), None)
        if "files" in what:
            return self._zip(queue)
        if "clear" in what:
            for one in list(queue.entries):
                queue.remove(one)
            queue.wait_for_views()
            return self.tab.opened(queue)
        if entry is None:
            return self.tab.listed(queue)
        was_selected = entry is queue.selected
        if "show" in what:
            queue.selected = entry
        elif "stop" in what:
            queue.stop(entry)
        else:
            queue.remove(entry)
        queue.wait_for_views()
        return self.tab.opened(queue) if was_selected != ("show" in what) else self.tab.listed(queue)

    def recount(self, queue: Queue | None) -> Updates:
        """The answer was edited: the list says how many places are left to check."""
        return self.tab.listed(queue or Queue())

    def _add(self, queue: Queue, path: HeldPath, *, caption: str = "") -> Entry:
        if (text := find_text(queue, path)) is not None:
            join_recording(text, path)
            return text
        entry = queue.add(path, caption=caption)
        try:
            entry.seconds = probe(path).duration
        except AudioError as error:
            queue.fail(entry, error)
        except Exception as error:  # a decoder that fails at one file is no reason to lose the others
            page_error(error, self.labels)
            queue.fail(entry, error)
        return entry

    def _shown(self, queue: Queue, added: Sequence[Entry]) -> Updates:
        """With what was added: shown where nothing is going on, and waiting in line where something is."""
        queue.arrived += 1
        if not added:
            return self.tab.listed(queue)
        if queue.is_busy and queue.asked is not None:
            self._wait([entry for entry in added if entry.answer is None], queue.asked)
            return self.tab.opened(queue) if queue.selected in added else self.tab.listed(queue)
        queue.selected = added[0]
        return self.tab.opened(queue)

    def _ask(self, queue: Queue, entries: Sequence[Entry], form: dict[str, Any]) -> Updates:
        try:
            queue.asked = read_form(self.context, **form)
        except WorkbenchError as error:
            return {self.tab.shown.notice: page_error(error, self.labels)}
        self._wait(entries, queue.asked)
        if queue.selected is None or not queue.selected.is_busy:
            queue.selected = entries[0]
        return self.tab.opened(queue)

    def _wait(self, entries: Sequence[Entry], asked: Mapping[str, Any]) -> None:
        for entry in entries:
            entry.ask(asked, transcribe_command(entry.name, **asked))

    def _zip(self, queue: Queue) -> Updates:
        try:
            path = write_zip(queue, self.context.folder, self.labels)
        except OSError as error:
            raised = UsageError(f"The files cannot be written: {error.strerror}.", hint="Make room on the disk.")
            return {self.tab.shown.notice: page_error(raised, self.labels)}
        if path is None:
            return self.tab.listed(queue)
        linger(path, FETCH_SECONDS)
        return self.tab.listed(queue, fetch=(file_url(path), path.name))


def _is_recording(path: HeldPath) -> bool:
    try:
        probe(path)
    except Exception:  # whatever it is, it is none
        return False
    return True
