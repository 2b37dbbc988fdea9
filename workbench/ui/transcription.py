"""What the Transcribe tab's events do: each takes what the form says and gives updates by component."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gradio as gr

from workbench import services
from workbench.engines.base import Segment
from workbench.errors import UsageError
from workbench.pipeline.transcribe import ChunkDone
from workbench.pipeline.transcript import Transcript, join_texts
from workbench.ui import controls, result
from workbench.ui.commands import command_view, transcribe_command
from workbench.ui.context import PageContext, Updates
from workbench.ui.notices import notice, page_error, warning_list
from workbench.ui.player import player_view, segments_view
from workbench.ui.recording import outline
from workbench.ui.samples import Sample, copy_sample

_SECONDS_BETWEEN_VIEWS = 0.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Where the answer appears."""

    start: Any
    notice: Any
    player: Any
    progress: Any
    result: Any
    facts: Any
    warnings: Any
    text: Any
    segments: Any
    downloads: Any
    command: Any
    run: Any
    cancel: Any
    caption: Any
    seconds: Any


@dataclass(slots=True)
class Draft:
    """What has been heard so far."""

    seconds: float | None
    began: float = field(default_factory=time.monotonic)
    segments: list[Segment] = field(default_factory=list[Segment])
    paragraphs: list[str] = field(default_factory=list[str])
    shown: float = 0.0

    def is_due(self) -> bool:
        """Whether it should be shown again: every view carries all the text, so a fast engine's are thinned out."""
        now = time.monotonic()
        if now - self.shown < _SECONDS_BETWEEN_VIEWS:
            return False
        self.shown = now
        return True

    def add(self, chunk: ChunkDone) -> None:
        self.segments += chunk.segments
        text = join_texts(segment.text for segment in chunk.segments)
        if text:
            self.paragraphs.append(text)

    @property
    def text(self) -> str:
        """A paragraph for every chunk, so that an hour is not one wall of text."""
        return "\n\n".join(self.paragraphs)


def parse_seconds(text: str | None) -> float | None:
    """A number of seconds as typed; None for an empty field.

    Raises:
        UsageError: It is not a number.
    """
    if not (text or "").strip():
        return None
    try:
        seconds = float(str(text).strip().removesuffix("s"))
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds):
        raise UsageError(f"{text!r} is not a number of seconds.", hint="Write it as 30 or 12.5.")
    return seconds


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
            shown.facts: "",
            shown.warnings: "",
            shown.text: "",
            shown.segments: "",
            shown.downloads: "",
            shown.command: "",
        }

    def reset(self) -> Updates:
        """The recording was taken away."""
        shown = self.shown
        start = gr.HTML(visible=True)
        return self.cleared() | {shown.player: "", shown.start: start, shown.caption: "", shown.seconds: None}

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
            shown.seconds: None,
        }
        try:
            drawn = outline(Path(recording), self.context.folder)
        except Exception as error:
            yield {shown.player: "", shown.notice: page_error(error, self.labels)}
            return
        player = player_view(drawn, caption=caption, labels=self.labels)
        yield {shown.player: player, shown.seconds: drawn.seconds}

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
                "options": controls.chosen_values(self.context, engine, options),
                "chunk_seconds": parse_seconds(chunk_seconds),
            }
            command = command_view(
                transcribe_command(Path(recording).name, **asked), element_id="transcribe-command", labels=self.labels
            )
            yield self._started(engine) | {self.shown.command: command}
            for event in services.transcribe_events(recording, pool=self.context.pool, **asked):
                if isinstance(event, ChunkDone):
                    draft.add(event)
                    if draft.is_due():
                        yield self._after_chunk(draft, event)
                else:
                    yield self._finished(event, draft, engine)
        except Exception as error:
            yield self._idle() | {self.shown.notice: page_error(error, self.labels)}
        # Not in a finally: a closed generator (Cancel) may not yield; `stopped` shows that.

    def _started(self, engine: str) -> Updates:
        ready = any(state.ref == engine and state.state == "ready" for state in self.context.pool.states())
        message = self.labels.starting if ready else self.labels.loading_model
        return {self.shown.progress: result.progress_view(message, key="working")}

    def _after_chunk(self, draft: Draft, event: ChunkDone) -> Updates:
        shown = self.shown
        progress = result.chunk_progress(
            index=event.index,
            total=event.total,
            audio_seconds=event.end,
            length=draft.seconds,
            elapsed=time.monotonic() - draft.began,
        )
        return {
            shown.progress: progress,
            shown.result: gr.Column(visible=True),
            shown.text: draft.text,
            shown.segments: segments_view(draft.segments),
        }

    def _finished(self, transcript: Transcript, draft: Draft, engine: str) -> Updates:
        shown = self.shown
        folder = Path(tempfile.mkdtemp(dir=self.context.folder))
        device = next((state.device for state in self.context.pool.states() if state.ref == engine), "")
        return self._idle() | {
            shown.result: gr.Column(visible=True),
            shown.facts: result.facts_view(transcript, device=device, labels=self.labels),
            shown.warnings: warning_list(transcript.warnings),
            shown.text: draft.text if len(draft.paragraphs) > 1 else transcript.text,
            shown.segments: segments_view(transcript.segments, language=transcript.language),
            shown.downloads: result.downloads_view(
                result.write_downloads(transcript, folder), self.labels, note=self.labels.download_note
            ),
        }

    def stopped(self) -> Updates:
        """Cancelled: what is there stays."""
        return self._idle() | {self.shown.notice: notice(self.labels.cancelled)}

    def _idle(self) -> Updates:
        shown = self.shown
        return {shown.progress: "", shown.run: gr.Button(visible=True), shown.cancel: gr.Button(visible=False)}
