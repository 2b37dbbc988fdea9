"""What the Transcribe tab's events do: each takes what the form says and gives updates by component."""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gradio as gr

from workbench import services
from workbench.errors import UsageError, WorkbenchError
from workbench.pipeline.edited import EditedTranscript
from workbench.pipeline.transcribe import ChunkDone
from workbench.pipeline.transcript import Transcript
from workbench.ui import controls, result
from workbench.ui.commands import command_view, transcribe_command
from workbench.ui.context import PageContext, Updates
from workbench.ui.corrections import Answer, changes_view, corrected_command, grouped, in_paragraphs
from workbench.ui.draft import Draft
from workbench.ui.input_check import check_view
from workbench.ui.notices import notice, page_error, warning_list
from workbench.ui.player import player_view
from workbench.ui.recording import outline
from workbench.ui.review import coverage_view, other_warnings, review_view
from workbench.ui.samples import Sample, copy_sample
from workbench.ui.segments import keys_view, segments_view
from workbench.ui.transcribe_form import has_word_times, parse_seconds, parse_speakers

_CHECKED_SECONDS = 1800.0
"""The longest recording that is looked at unasked: 0.3 s for 107 s of sound, so some 5 s for this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Where the answer appears."""

    start: Any
    notice: Any
    player: Any
    coverage: Any
    said: Any
    check: Any
    progress: Any
    result: Any
    facts: Any
    review: Any
    warnings: Any
    text: Any
    keys: Any
    segments: Any
    rules: Any
    changes: Any
    downloads: Any
    command: Any
    run: Any
    cancel: Any
    caption: Any
    seconds: Any
    answer: Any


class TranscribeTab:
    """What the tab's events do. Each method returns or yields updates by component."""

    def __init__(self, context: PageContext, shown: Shown) -> None:
        self.context = context
        self.labels = context.labels
        self.shown = shown

    def cleared(self) -> Updates:
        """Nothing of an earlier recording."""
        shown = self.shown
        return self._idle() | {
            shown.notice: "",
            shown.result: gr.Column(visible=False),
            shown.coverage: "",
            shown.facts: "",
            shown.review: "",
            shown.warnings: "",
            shown.text: "",
            shown.keys: "",
            shown.segments: "",
            shown.rules: [],
            shown.changes: "",
            shown.answer: None,
            shown.downloads: "",
            shown.command: "",
        }

    def reset(self) -> Updates:
        """The recording was taken away."""
        shown = self.shown
        return self.cleared() | {
            shown.player: "",
            shown.said: "",
            shown.check: "",
            shown.start: gr.HTML(visible=True),
            shown.caption: "",
            shown.seconds: None,
        }

    def take_sample(self, sample: Sample) -> tuple[str, str]:
        """The sample as the recording, and what was read aloud as its caption."""
        path = copy_sample(sample, self.context.folder)
        return str(path), f"{self.labels.said}: {sample.reference}"

    def preview(self, recording: str | None, caption: str) -> Generator[Updates, None, None]:
        """Draw the recording and make it playable, or say why it cannot be read."""
        shown = self.shown
        if not recording:
            yield self.reset()
            return
        yield self.cleared() | {
            shown.start: gr.HTML(visible=False),
            shown.player: result.progress_view(self.labels.starting),
            shown.said: "",
            shown.check: "",
            shown.seconds: None,
        }
        try:
            drawn = outline(Path(recording), self.context.folder)
        except Exception as error:
            yield {shown.player: "", shown.notice: page_error(error, self.labels)}
            return
        yield {
            shown.player: player_view(drawn, labels=self.labels),
            shown.said: result.said_view(caption),
            shown.seconds: drawn.seconds,
        }

    def check(self, recording: str | None, seconds: float | None) -> str:
        """What the recording is like, and what would help; nothing for one that could not be drawn or is long.

        What goes wrong here was said by `preview`, or will be by `work`: a look ahead has no errors of its own.
        """
        if not recording or seconds is None or seconds > _CHECKED_SECONDS:
            return ""
        try:
            return check_view(services.inspect_recording(recording), self.labels)
        except WorkbenchError:
            return ""

    def begin(self, recording: str | None) -> Updates:
        """At once on the click, before it is our turn on the device."""
        shown = self.shown
        if not recording:
            return {shown.notice: notice(self.labels.no_recording, self.labels.no_recording_hint)}
        return self.cleared() | {
            shown.start: gr.HTML(visible=False),
            shown.progress: result.progress_view(self.labels.waiting, key="waiting"),
            shown.run: gr.Button(visible=False),
            shown.cancel: gr.Button(visible=True),
        }

    def work(
        self,
        recording: str | None,
        seconds: float | None,
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
    ) -> Generator[Updates, None, None]:
        """Transcribe: a view after every chunk, the whole at the end."""
        if not recording:
            yield {self.shown.progress: ""}
            return
        draft = Draft(seconds)
        try:
            if not engine:
                raise UsageError(self.labels.no_engine, hint=self.labels.no_engine_hint)
            asked: dict[str, Any] = {
                "engine": engine,
                "language": language,
                "chain": chain or "",
                "context": context or "",
                "channel": channel or "mix",
                "speakers": parse_speakers(speakers),
                "word_times": word_times and has_word_times(self.context, engine),
                "options": controls.chosen_values(self.context, engine, options),
                "chunk_seconds": parse_seconds(chunk_seconds),
            }
            command = transcribe_command(Path(recording).name, **asked)
            yield self._started(engine) | self._command(command)
            for event in services.transcribe_events(recording, pool=self.context.pool, **asked):
                if isinstance(event, ChunkDone):
                    draft.add(event)
                    if draft.is_due() or event.index + 1 == event.total:
                        yield self._after_chunk(draft, event, telling_apart=asked["speakers"] is not None)
                else:
                    yield self._finished(event, draft, engine, command)
        except Exception as error:
            yield self._idle() | {self.shown.notice: page_error(error, self.labels)}
        # Not in a finally: a closed generator (Cancel) may not yield; `stopped` shows that.

    def _started(self, engine: str) -> Updates:
        ready = any(state.ref == engine and state.state == "ready" for state in self.context.pool.states())
        message = self.labels.starting if ready else self.labels.loading_model
        return {self.shown.progress: result.progress_view(message, key="working")}

    def _after_chunk(self, draft: Draft, event: ChunkDone, *, telling_apart: bool) -> Updates:
        shown = self.shown
        if telling_apart and event.index + 1 == event.total:
            progress = result.progress_view(self.labels.telling_apart, key="speakers")
        else:
            progress = result.chunk_progress(
                index=event.index,
                total=event.total,
                audio_seconds=event.end,
                length=event.duration_seconds or draft.seconds,
                eta_seconds=event.eta_seconds,
                labels=self.labels,
            )
        return {
            shown.progress: progress,
            shown.result: gr.Column(visible=True),
            shown.text: draft.text,
            shown.segments: segments_view(draft.segments, labels=self.labels),
        }

    def _finished(self, transcript: Transcript, draft: Draft, engine: str, command: str) -> Updates:
        shown = self.shown
        device = next((state.device for state in self.context.pool.states() if state.ref == engine), "")
        text = draft.text if len(draft.paragraphs) > 1 else transcript.text
        return (
            self._idle()
            | self._files(transcript, self.labels.download_note)
            | {
                shown.result: gr.Column(visible=True),
                shown.facts: result.facts_view(transcript, device=device, labels=self.labels),
                shown.coverage: coverage_view(transcript, labels=self.labels),
                shown.review: review_view(transcript, labels=self.labels),
                shown.warnings: warning_list(other_warnings(transcript)),
                shown.text: text,
                shown.keys: keys_view(labels=self.labels, has_flags=bool(transcript.flags)),
                shown.segments: self._segments(transcript),
                shown.answer: Answer(
                    transcript=transcript, ends=tuple(draft.ends), plain=text, text=text, command=command
                ),
            }
        )

    def correct(self, answer: Answer | None, rules: list[str], text: str) -> Updates:
        """Corrections for reading were switched: show the transcript with those, unless its text was edited."""
        shown = self.shown
        if answer is None:
            return {shown.changes: notice(self.labels.corrections_none)}
        try:
            edited = services.correct_transcript(answer.transcript, corrections=rules)
        except WorkbenchError as error:
            return {shown.changes: page_error(error, self.labels)}
        view = edited.view()
        written = answer.plain
        if rules:
            written = in_paragraphs(view.segments, answer.ends) if view.segments else view.text
        changes = changes_view(grouped(edited), labels=self.labels) if rules else ""
        updates = self._files(edited, self.labels.download_corrected if rules else self.labels.download_note)
        updates |= self._command(corrected_command(answer.command, rules))
        updates |= {shown.changes: changes, shown.segments: self._segments(view)}
        if text != answer.text:
            return updates | {shown.changes: notice(self.labels.text_is_yours) + changes}
        return updates | {shown.text: written, shown.answer: replace(answer, text=written)}

    def _command(self, command: str) -> Updates:
        return {self.shown.command: command_view(command, element_id="transcribe-command", labels=self.labels)}

    def _segments(self, transcript: Transcript) -> str:
        return segments_view(
            transcript.segments,
            language=transcript.language,
            flags=transcript.flags,
            speakers=transcript.speakers,
            labels=self.labels,
        )

    def _files(self, transcript: Transcript | EditedTranscript, note: str) -> Updates:
        folder = Path(tempfile.mkdtemp(dir=self.context.folder))
        paths = result.write_downloads(transcript, folder)
        return {self.shown.downloads: result.downloads_view(paths, self.labels, note=note)}

    def stopped(self) -> Updates:
        """Cancelled: what is there stays."""
        return self._idle() | {self.shown.notice: notice(self.labels.cancelled)}

    def _idle(self) -> Updates:
        shown = self.shown
        return {shown.progress: "", shown.run: gr.Button(visible=True), shown.cancel: gr.Button(visible=False)}
