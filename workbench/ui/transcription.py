"""What the Transcribe tab shows, and its work: one recording of the queue an event, with a view after every chunk."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any

import gradio as gr

from workbench import services
from workbench.errors import UsageError, WorkbenchError
from workbench.pipeline.transcribe import ChunkDone, Opening
from workbench.pipeline.transcript import Transcript
from workbench.ui import controls, result
from workbench.ui import format as written
from workbench.ui.answer import AnswerPanel
from workbench.ui.context import PageContext, Updates, components_of
from workbench.ui.expected import expect_recording
from workbench.ui.input_check import check_view
from workbench.ui.notices import error_notice, notice, page_error
from workbench.ui.player import player_view
from workbench.ui.queue import Entry, Job, Queue, finished
from workbench.ui.queue_view import queue_view, run_label
from workbench.ui.recording import outline
from workbench.ui.transcribe_form import has_word_times, parse_seconds, parse_speakers

_CHECKED_SECONDS = 1800.0
"""The longest recording that is looked at unasked: 0.3 s for 107 s of sound, so some 5 s for this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the tab shows beside the answer itself; `queue` and `turn` are states.

    Attributes:
        queue: The `Queue` of this browser tab, or None before there is a recording.
        turn: A number; when it changes, the next recording that waits has its turn.
    """

    file: Any
    files: Any
    start: Any
    notice: Any
    player: Any
    said: Any
    check: Any
    progress: Any
    run: Any
    cancel: Any
    queue: Any
    turn: Any


class TranscribeTab:
    """What is shown of the queue, and the work on it. Each method returns or yields updates by component."""

    def __init__(self, context: PageContext, shown: Shown, answer: AnswerPanel) -> None:
        self.context = context
        self.labels = context.labels
        self.shown = shown
        self.answer = answer

    @property
    def components(self) -> list[Any]:
        """All that an update may name."""
        return [*components_of(self.shown), *self.answer.components]

    def listed(self, queue: Queue, *, fetch: tuple[str, str] | None = None) -> Updates:
        """The list and the buttons below the form, as they are now."""
        several = len(queue.entries) > 1
        stop = self.labels.stop_all if several else self.labels.cancel
        return {
            self.shown.queue: queue,
            self.shown.files: queue_view(queue, self.labels, fetch=fetch),
            self.shown.run: gr.Button(run_label(queue, self.labels), visible=not queue.is_busy),
            self.shown.cancel: gr.Button(stop, visible=queue.is_busy),
        }

    def opened(self, queue: Queue) -> Updates:
        """The list, and everything of the recording that is selected."""
        shown, entry = self.shown, queue.selected
        updates = self.listed(queue) | self.answer.cleared()
        updates |= {shown.notice: "", shown.progress: "", shown.player: "", shown.said: "", shown.check: ""}
        if entry is None:
            return updates | {shown.start: gr.HTML(visible=True)}
        updates |= {shown.start: gr.HTML(visible=False)}
        if entry.drawn is not None:
            updates |= self._drawn(entry) | {shown.check: entry.check or ""}
        if entry.is_busy and entry.job is not None:
            return updates | self._at_work(entry, entry.job)
        if entry.answer is not None:
            updates |= self.answer.show(entry.answer, device=entry.device)
        return updates | {shown.notice: self._outcome(entry)}

    def _outcome(self, entry: Entry) -> str:
        if entry.error is not None:
            return error_notice(entry.error, self.labels)
        if entry.is_text:
            return notice(self.labels.recording_apart.format(name=entry.name), self.labels.recording_apart_hint)
        if entry.state != "stopped" or entry.job is None:
            return ""
        draft = entry.job.draft
        if draft.last is None:
            return notice(self.labels.stopped_before)
        now, length = written.clock(draft.reached), written.clock(draft.seconds)
        return notice(self.labels.stopped_at.format(now=now, length=length))

    def _at_work(self, entry: Entry, job: Job) -> Updates:
        updates = self.answer.command(job.command) | {self.shown.progress: self._progress(entry, job)}
        if job.goes_on:
            updates |= {self.shown.notice: notice(self._where_from(job))}
        elif job.expected:
            updates |= {self.shown.notice: notice(job.expected)}
        return updates | (self.answer.draft(job.shown) if job.shown.is_begun else {})

    def _where_from(self, job: Job) -> str:
        """Where an earlier try was stopped; while its chunks still come in, only the page that stopped it knows."""
        if job.draft.is_new():
            return self.labels.goes_on.format(now=written.clock(job.draft.kept_until))
        if job.before is not None:
            return self.labels.goes_on.format(now=written.clock(job.before.reached))
        return self.labels.goes_on_somewhere

    def _progress(self, entry: Entry, job: Job) -> str:
        labels, last = self.labels, job.draft.last
        if entry.state == "waiting":
            return result.progress_view(labels.waiting, key="waiting")
        if last is None or (not job.draft.is_new() and last.index + 1 < last.total):
            engine = job.asked["engine"]
            ready = any(state.ref == engine and state.state == "ready" for state in self.context.pool.states())
            return result.progress_view(labels.starting if ready else labels.loading_model, key="working")
        if job.asked["speakers"] is not None and last.index + 1 == last.total:
            return result.progress_view(labels.telling_apart, key="speakers")
        return result.chunk_progress(
            index=last.index,
            total=last.total,
            audio_seconds=last.end,
            length=last.duration_seconds or job.draft.seconds,
            eta_seconds=last.eta_seconds,
            labels=labels,
        )

    def look(self, queue: Queue | None) -> Generator[Updates, None, None]:
        """Draw the recording that is selected and make it playable, or say why it cannot be read."""
        entry = queue.selected if queue is not None else None
        if queue is None or entry is None:
            yield {self.shown.queue: queue}
            return
        if entry.drawn is not None or entry.is_text:
            # Another one's drawing may have been on its way when this one was chosen.
            yield {self.shown.queue: queue} | (self._drawn(entry) if queue.looking else {})
            return
        queue.looking += 1
        try:
            yield {self.shown.player: result.progress_view(self.labels.starting)}
            self._draw(queue, entry)
            yield self.listed(queue) | (self._drawn(entry) if queue.selected is entry else {})
        finally:
            queue.looking -= 1

    def _draw(self, queue: Queue, entry: Entry) -> None:
        try:
            entry.drawn = outline(entry.path, self.context.folder)
            entry.seconds = entry.drawn.seconds
        except Exception as error:
            page_error(error, self.labels)  # to the log
            queue.fail(entry, error)

    def _drawn(self, entry: Entry) -> Updates:
        """Player and caption, or why there is none."""
        shown = self.shown
        if entry.drawn is None:
            return {shown.player: "", shown.said: "", shown.notice: self._outcome(entry)}
        drawn = player_view(entry.drawn, labels=self.labels)
        return {shown.player: drawn, shown.said: result.said_view(entry.caption)}

    def check(self, queue: Queue | None) -> Any:
        """What the recording is like, and what would help; nothing for one that could not be drawn or is long.

        What goes wrong here was said by `look`, or will be by `work`: a look ahead has no errors of its own.
        """
        entry = queue.selected if queue is not None else None
        if queue is None or entry is None or entry.drawn is None:
            return ""
        if entry.check is None:
            entry.check = ""
            if entry.drawn.seconds <= _CHECKED_SECONDS:
                with suppress(WorkbenchError):
                    entry.check = check_view(services.inspect_recording(entry.path), self.labels)
        return entry.check if queue.selected is entry else gr.skip()

    def work(self, queue: Queue | None) -> Generator[Updates, None, None]:
        """Transcribe the next recording that waits: a view after every chunk, the whole at the end.

        Stop is seen after the call under way, and the page does not wait for it: it was told by the click. So the
        generator is never closed from outside, and what it kept on disk is free again when the next begins.
        """
        entry = queue.take() if queue is not None else None
        if queue is None or entry is None or entry.job is None:
            yield {self.shown.queue: queue}
            return
        job = entry.job
        seconds = entry.seconds or job.draft.seconds
        job.expected = "" if job.goes_on else expect_recording(self.context.pool, job.asked, seconds)
        yield from job.view(self.listed(queue) | ({} if queue.selected is not entry else self._at_work(entry, job)))
        try:
            with closing(services.transcribe_events(entry.path, pool=self.context.pool, **job.asked)) as events:
                for event in events:
                    if job.stopping:
                        break
                    if isinstance(event, ChunkDone):
                        job.draft.add(event)
                        if job.draft.is_due() or event.index + 1 == event.total:
                            yield from job.view(self._after_chunk(queue, entry, job))
                    elif isinstance(event, Opening):
                        job.draft.opening = event.segments
                        yield from job.view(self._after_chunk(queue, entry, job))
                    elif isinstance(event, Transcript):
                        self._finish(queue, entry, job, event)
                        yield from job.view(self._after(queue, entry))
        except Exception as error:
            page_error(error, self.labels)  # to the log
            if not job.stopping:
                queue.fail(entry, error)
                yield from job.view(self._after(queue, entry))
            else:
                yield {self.shown.queue: queue}
        else:
            if job.stopping:  # gradio sends what was yielded last once more at the end: nothing of a stopped try
                yield {self.shown.queue: queue}
        finally:
            if entry.job is job and not job.stopping:
                queue.stop(entry)  # the browser tab was closed

    def _after_chunk(self, queue: Queue, entry: Entry, job: Job) -> Updates:
        updates = {self.shown.files: queue_view(queue, self.labels)}
        return updates | self._at_work(entry, job) if queue.selected is entry else updates

    def _finish(self, queue: Queue, entry: Entry, job: Job, transcript: Transcript) -> None:
        engine = job.asked["engine"]
        entry.device = next((state.device for state in self.context.pool.states() if state.ref == engine), "")
        entry.seconds = transcript.duration_seconds
        queue.deliver(entry, finished(transcript, entry, job))
        entry.state = "done"

    def _after(self, queue: Queue, entry: Entry) -> Updates:
        return self.opened(queue) if queue.selected is entry else self.listed(queue)

    def rested(self, queue: Queue | None) -> Updates:
        """Nothing of it can be on its way any more: the list as it is, and no progress of what was stopped."""
        queue = queue or Queue()
        idle = queue.selected is None or not queue.selected.is_busy
        return self.listed(queue) | ({self.shown.progress: ""} if idle else {})

    def next_turn(self, queue: Queue | None, turn: int) -> Any:
        """Whose turn it is next: other work on the device comes between two recordings."""
        waits = queue is not None and any(entry.state == "waiting" for entry in queue.entries)
        return turn + 1 if waits else gr.skip()


def read_form(
    page: PageContext,
    *,
    engine: str | None,
    language: str,
    chain: str,
    context: str,
    channel: str,
    speakers: str | None,
    word_times: bool,
    chunk_seconds: str,
    **options: Any,
) -> Mapping[str, Any]:
    """Arguments of `services.transcribe_events`, as the form has them now.

    Raises:
        UsageError: Something in it cannot be used.
    """
    if not engine:
        raise UsageError(page.labels.no_engine, hint=page.labels.no_engine_hint)
    return {
        "engine": engine,
        "language": language,
        "chain": chain or "",
        "context": context or "",
        "channel": channel or "mix",
        "speakers": parse_speakers(speakers),
        "word_times": word_times and has_word_times(page, engine),
        "options": controls.chosen_values(page, engine, options),
        "chunk_seconds": parse_seconds(chunk_seconds),
    }
