"""Where somebody speaks, by silero-vad; its weights are in its package."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import soxr

from workbench.audio.clip import AudioClip
from workbench.audio.segment import Span

if TYPE_CHECKING:
    from silero_vad import SileroVADSequence

_RATE = 16_000
_loading = Lock()


class _Silero(NamedTuple):
    model: SileroVADSequence
    spans_from: Callable[..., list[dict[str, int]]]


def speech_spans(
    clip: AudioClip,
    *,
    threshold: float = 0.5,
    min_speech_seconds: float = 0.25,
    min_pause_seconds: float = 0.1,
    pad_seconds: float = 0.03,
) -> list[Span]:
    """Where somebody speaks, in order and without overlap; none in silence. May be called from any thread.

    The defaults are silero's own.

    Args:
        clip: A recording at any rate; the model hears it at 16 kHz.
        threshold: Probability of speech in 32 ms from which on it counts; it ends 0.15 below it.
        min_speech_seconds: Shorter speech is left out.
        min_pause_seconds: Shorter pauses do not end a span.
        pad_seconds: Added on both sides.
    """
    samples = clip.samples
    if clip.sample_rate != _RATE:
        samples = soxr.resample(samples, clip.sample_rate, _RATE)
    silero = _ready()
    found = silero.spans_from(
        silero.model.audio_forward(np.ascontiguousarray(samples)).tolist(),
        threshold=threshold,
        min_speech_duration_ms=round(min_speech_seconds * 1000),
        min_silence_duration_ms=round(min_pause_seconds * 1000),
        speech_pad_ms=round(pad_seconds * 1000),
        audio_length_samples=samples.size,
    )
    spans = (Span(one["start"] / _RATE, min(one["end"] / _RATE, clip.duration)) for one in found)
    return [span for span in spans if span.duration > 0]


def warm_up() -> None:
    """Load the model, so that the first recording's time is not the time of loading it."""
    _ready()


def _ready() -> _Silero:
    with _loading:
        return _load()


@lru_cache(maxsize=1)
def _load() -> _Silero:
    """The model that takes many frames at once. It keeps no state between calls, so threads can share it."""
    import torch

    threads = torch.get_num_threads()
    import silero_vad

    torch.set_num_threads(threads)  # the import above set it to 1, for the whole process
    return _Silero(silero_vad.load_silero_vad(sequence=True), silero_vad.get_speech_timestamps_from_probs)
