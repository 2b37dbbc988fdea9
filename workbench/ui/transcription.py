"""What the Transcribe tab's events do: each takes what the form says and gives updates by component."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from workbench import services
from workbench.errors import UsageError, WorkbenchError
from workbench.pipeline.transcribe import ChunkDone
from workbench.pipeline.transcript import Transcript
from workbench.ui import controls, result
from workbench.ui.answer import AnswerPanel
from workbench.ui.commands import transcribe_command
from workbench.ui.context import PageContext, Updates
from workbench.ui.corrections import Answer
from workbench.ui.draft import Draft
from workbench.ui.input_check import check_view
from workbench.ui.notices import notice, page_error
from workbench.ui.player import player_view
from workbench.ui.recording import outline
from workbench.ui.samples import Sample, copy_sample
from workbench.ui.transcribe_form import has_word_times, parse_seconds, parse_speakers

_CHECKED_SECONDS = 1800.0
"""The longest recording that is looked at unasked: 0.3 s for 107 s of sound, so some 5 s for this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the tab shows beside the answer itself."""

    start: Any
    notice: Any
    player: Any
    said: Any
    check: Any
    progress: Any
    run: Any
    cancel: Any
    caption: Any
    seconds: Any


class TranscribeTab:
    """What the tab's events do. Each method returns or yields updates by component."""

    def __init__(self, context: PageContext, shown: Shown, answer: AnswerPanel) -> None:
        self.context = context
        self.labels = context.labels
        self.shown = shown
        self.answer = answer

    @property
    def components(self) -> list[Any]:
        """All that an update may name."""
        return [*(getattr(self.shown, name) for name in Shown.__dataclass_fields__), *self.answer.components]

    def cleared(self) -> Updates:
        """Nothing of an earlier recording."""
        return self._idle() | self.answer.cleared() | {self.shown.notice: ""}

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
            yield self._started(engine) | self.answer.command(command)
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
        return self.answer.draft(draft) | {self.shown.progress: progress}

    def _finished(self, transcript: Transcript, draft: Draft, engine: str, command: str) -> Updates:
        device = next((state.device for state in self.context.pool.states() if state.ref == engine), "")
        text = draft.text if len(draft.paragraphs) > 1 else transcript.text
        answer = Answer(transcript=transcript, ends=tuple(draft.ends), plain=text, text=text, command=command)
        return self._idle() | self.answer.show(answer, device=device)

    def stopped(self) -> Updates:
        """Cancelled: what is there stays."""
        return self._idle() | {self.shown.notice: notice(self.labels.cancelled)}

    def _idle(self) -> Updates:
        shown = self.shown
        return {shown.progress: "", shown.run: gr.Button(visible=True), shown.cancel: gr.Button(visible=False)}
