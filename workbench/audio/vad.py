"""Where somebody speaks, by silero-vad; its weights are in its package.

The network runs in onnxruntime on frames of 32 ms and keeps its state from block to block, so a recording of any
length is heard as a stream. The package itself is not imported: it would bring torch, 200 MB that nothing here needs.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from workbench.audio.clip import AudioClip, Samples
from workbench.audio.segment import Span

_RATE = 16_000
_FRAME = 512
_CONTEXT = 64
_FRAMES_A_CALL = 512
"""As in silero's own front end for many frames: 16.4 s."""
_THRESHOLD = 0.5
_HYSTERESIS = 0.15
_GAP_FRAMES = 31
"""One second; a shorter gap is not listened to again, so that pauses stay pauses."""
_CERTAIN, _UNCERTAIN = 0.9, 0.49
"""In a gap, speech begins where the network is this certain: a fresh state hears a little in noise, too, up to 0.81 in
the recordings of noise among the development recordings."""
_FADING_FRAMES = 10
"""The end of what was said before is heard in them."""
_loading = Lock()


_State = tuple[NDArray[np.float32], NDArray[np.float32]]


def _fresh() -> _State:
    return np.zeros((1, 1, 128), np.float32), np.zeros((1, 1, 128), np.float32)


class SpeechDetector:
    """Hears a recording block by block; knows where somebody spoke once it has ended.

    The network grows deaf to a quiet voice after a loud one: of 13 s of a hoarse speaker after a studio voice it heard
    nothing, and all of it with a fresh state. So every gap of a second and more is listened to again from a fresh one.

    Args:
        sample_rate: Of the blocks, in Hz; the network hears them at 16 kHz.
        twice: Whether gaps are listened to again; else it hears what silero does.
    """

    def __init__(self, sample_rate: int, *, twice: bool = True) -> None:
        self._twice = twice
        self._gap: _State | None = None  # of a gap that the last block ended in
        self._session = _ready()
        self._resampler = None if sample_rate == _RATE else soxr.ResampleStream(sample_rate, _RATE, 1)
        self._state = _fresh()
        self._before = np.zeros(_CONTEXT, np.float32)
        self._waiting: list[Samples] = []
        self._waiting_size = 0
        self._probabilities: list[NDArray[np.float32]] = []
        self._size = 0

    def feed(self, block: Samples) -> None:
        """Hear the next float32 (n,)."""
        if self._resampler is not None:
            block = self._resampler.resample_chunk(block)
        self._waiting.append(block)
        self._waiting_size += block.size
        self._size += block.size
        whole = _FRAME * _FRAMES_A_CALL
        if self._waiting_size >= whole:
            waiting = np.concatenate(self._waiting)
            end = waiting.size - waiting.size % whole
            for first in range(0, end, whole):
                self._hear(waiting[first : first + whole])
            self._waiting, self._waiting_size = [waiting[end:]], waiting.size - end

    def spans(
        self,
        *,
        threshold: float = _THRESHOLD,
        min_speech_seconds: float = 0.25,
        min_pause_seconds: float = 0.1,
        pad_seconds: float = 0.03,
    ) -> list[Span]:
        """Where somebody spoke, once everything was fed; arguments as `speech_spans`."""
        if self._resampler is not None:
            rest = self._resampler.resample_chunk(np.empty(0, np.float32), last=True)
            self._resampler = None
            self.feed(rest)
        if self._waiting_size:
            self._hear(np.concatenate(self._waiting))
            self._waiting, self._waiting_size = [], 0
        found = spoken_ranges(
            np.concatenate(self._probabilities or [np.empty(0, np.float32)]).tolist(),
            self._size,
            threshold=threshold,
            min_speech=min_speech_seconds * _RATE,
            min_pause=min_pause_seconds * _RATE,
            pad=pad_seconds * _RATE,
        )
        return [Span(first / _RATE, end / _RATE) for first, end in found]

    def _hear(self, samples: Samples) -> None:
        """Whole frames, the last one filled up with silence; each is led by the end of the one before it."""
        count = -(-samples.size // _FRAME)
        frames = np.zeros((count, _FRAME), np.float32)
        frames.reshape(-1)[: samples.size] = samples
        contexts = np.concatenate([self._before[None], frames[:-1, -_CONTEXT:]])
        self._before = frames[-1, -_CONTEXT:].copy()
        inputs = np.concatenate([contexts, frames], axis=1)
        heard, self._state = self._run(inputs, self._state)
        self._probabilities.append(np.maximum(heard, self._hear_gaps(inputs, heard)) if self._twice else heard)

    def _run(self, inputs: NDArray[np.float32], state: _State) -> tuple[NDArray[np.float32], _State]:
        fed = {"input": inputs, "h": state[0], "c": state[1]}
        heard, *after = self._session.run(["speech_probs", "hn", "cn"], fed)
        return heard.reshape(-1), (after[0], after[1])

    def _hear_gaps(self, inputs: NDArray[np.float32], heard: NDArray[np.float32]) -> NDArray[np.float32]:
        """Probabilities in the gaps, 0 elsewhere; a gap at the end of a block goes on in the next."""
        again = np.zeros_like(heard)
        quiet = np.concatenate([[False], heard < _THRESHOLD, [False]])
        edges = np.flatnonzero(quiet[1:] != quiet[:-1]).reshape(-1, 2)
        going_on, self._gap = self._gap, None
        for first, end in edges.tolist():
            state = going_on if first == 0 else None
            long = state is not None or end - first >= _GAP_FRAMES
            if not long and end < heard.size:
                continue
            found, after = self._run(inputs[first:end], state or _fresh())
            skipped = 0 if state is not None else _FADING_FRAMES
            if long:
                again[first + skipped : end] = np.where(found < _CERTAIN, found.clip(max=_UNCERTAIN), found)[skipped:]
            if end == heard.size:
                self._gap = after
        return again


def speech_spans(
    clip: AudioClip,
    *,
    threshold: float = _THRESHOLD,
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
    detector = SpeechDetector(clip.sample_rate)
    detector.feed(np.ascontiguousarray(clip.samples))
    found = detector.spans(
        threshold=threshold,
        min_speech_seconds=min_speech_seconds,
        min_pause_seconds=min_pause_seconds,
        pad_seconds=pad_seconds,
    )
    spans = (Span(one.start, min(one.end, clip.duration)) for one in found)
    return [span for span in spans if span.duration > 0]


def spoken_ranges(
    probabilities: Sequence[float], size: int, *, threshold: float, min_speech: float, min_pause: float, pad: float
) -> list[tuple[int, int]]:
    """Samples from and to which somebody speaks: silero's `get_speech_timestamps_from_probs`, without its length cap.

    Args:
        probabilities: Of speech, one for every 512 samples.
        size: Samples in all.
        threshold: From which on a frame is speech.
        min_speech: Samples; what is no longer is left out.
        min_pause: Samples; a shorter pause ends nothing.
        pad: Samples added on both sides, at most half of the pause between two.
    """
    lowest = max(threshold - _HYSTERESIS, 0.01)
    found: list[tuple[int, int]] = []
    start: int | None = None
    quiet: int | None = None
    for place, probability in enumerate(probabilities):
        at = place * _FRAME
        if probability >= threshold:
            start, quiet = at if start is None else start, None
        elif probability < lowest and start is not None:
            quiet = at if quiet is None else quiet
            if at - quiet >= min_pause:
                if quiet - start > min_speech:
                    found.append((start, quiet))
                start = quiet = None
    if start is not None and size - start > min_speech:
        found.append((start, size))
    return _padded(found, size, pad)


def _padded(ranges: Sequence[tuple[int, int]], size: int, pad: float) -> list[tuple[int, int]]:
    padded = [list(one) for one in ranges]
    for place, one in enumerate(padded):
        if place == 0:
            one[0] = int(max(0, one[0] - pad))
        if place == len(padded) - 1:
            one[1] = int(min(size, one[1] + pad))
            continue
        after = padded[place + 1]
        pause = after[0] - one[1]
        around = pause // 2 if pause < 2 * pad else pad
        one[1], after[0] = int(min(size, one[1] + around)), int(max(0, after[0] - around))
    return [(first, end) for first, end in padded]


def warm_up() -> None:
    """Load the model, so that the first recording's time is not the time of loading it."""
    _ready()


def _ready() -> Any:
    with _loading:
        return _load()


@lru_cache(maxsize=1)
def _load() -> Any:
    """The network that takes many frames at once. It keeps no state between calls, so threads can share it."""
    # 1.31 keeps a journal of what it runs in the home folder, and would send it to its maker, from C++.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    package = find_spec("silero_vad")
    assert package is not None, "silero-vad is a dependency"
    assert package.origin is not None
    options = onnxruntime.SessionOptions()  # pyright: ignore[reportAttributeAccessIssue] - missing in its stubs
    options.inter_op_num_threads = options.intra_op_num_threads = 1
    path = Path(package.origin).parent / "data" / "silero_vad_16k_sequence.onnx"
    return onnxruntime.InferenceSession(str(path), sess_options=options, providers=["CPUExecutionProvider"])
