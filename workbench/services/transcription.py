"""Recordings to text."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

from workbench.audio.io import read_clip
from workbench.audio.steps import parse_chain
from workbench.engines.base import DecodeOptions
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef, plugin
from workbench.errors import UsageError
from workbench.pipeline.transcribe import TranscribeEvent, transcribe_clip
from workbench.pipeline.transcript import Transcript
from workbench.services.process import DEFAULT_ENGINE, default_pool


def transcribe_events(
    path: Path | str,
    *,
    engine: str = DEFAULT_ENGINE,
    language: str | None = None,
    chain: str = "",
    context: str = "",
    options: Mapping[str, Any] | None = None,
    chunk_seconds: float | None = None,
    max_seconds: float | None = None,
    pool: EnginePool | None = None,
) -> Generator[TranscribeEvent, None, None]:
    """Transcribe one recording of any length, stretch by stretch.

    Args:
        path: An audio file, or a video with sound.
        engine: `name` or `name:model`.
        language: A code or an English name; None or "auto" lets the engine decide.
        chain: Preprocessing, as `highpass+gain:peak_db=-6`; empty for none.
        context: Names and terms to expect.
        options: The engine's own options.
        chunk_seconds: The longest stretch given to the engine at once; None is what the engine says serves it best.
        max_seconds: Refuse recordings longer than this; None for no limit.
        pool: Loaded engines; None is this process's own.

    Yields:
        `ChunkDone` for every stretch, then the `Transcript`.

    Raises:
        AudioError: The recording cannot be used.
        UsageError: An argument cannot be used.
        EngineError: The engine cannot run here, or failed.
    """
    pool = pool or default_pool()
    steps = parse_chain(chain)
    if chunk_seconds is not None and chunk_seconds < 1:
        raise UsageError(f"Chunks of {chunk_seconds:g} s are too short.", hint="Use at least 1 s.")
    plugin(EngineRef.parse(engine).name)  # an unknown engine is said before an hour of audio is decoded
    clip = read_clip(Path(path), sample_rate=steps.decode_rate, max_seconds=max_seconds)
    yield from transcribe_clip(
        pool,
        EngineRef.parse(engine),
        clip,
        chain=steps,
        options=DecodeOptions(language=language, context=context, extra=dict(options or {})),
        chunk_seconds=chunk_seconds,
    )


def transcribe(path: Path | str, **arguments: Any) -> Transcript:
    """Transcribe one recording and return the transcript; arguments and errors as `transcribe_events`."""
    *_, last = transcribe_events(path, **arguments)
    assert isinstance(last, Transcript)
    return last
