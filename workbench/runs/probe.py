"""A few seconds of an engine's work, measured: what estimates rest on where nothing like the work was done before."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from workbench.audio.clip import AudioClip
from workbench.audio.io import read_clip
from workbench.audio.steps import Chain
from workbench.engines.base import DecodeOptions
from workbench.engines.memory import ran_out_of_memory, release_memory
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef
from workbench.errors import RunError, WorkbenchError
from workbench.evalsets.model import EvalItem
from workbench.pipeline.measurement import Measurement
from workbench.pipeline.meter import Meter
from workbench.pipeline.transcribe import transcribe_clips
from workbench.runs.estimate import Sample, count_pieces

SHORTEST_SECONDS = 4.0
LONGEST_SECONDS = 30.0
"""What a probe listens to at most: one window of Whisper. Longer pieces are extrapolated."""
ROUNDS = 2
_RATE = 16_000


def gather_speech(items: Sequence[EvalItem], seconds: float, *, sample_rate: int | None) -> AudioClip:
    """Recordings one after the other, over again where they are not enough: speech of just that length.

    Raises:
        RunError: Not one of them can be read.
    """
    parts: list[AudioClip] = []
    for item in items:
        try:
            parts.append(read_clip(item.audio, sample_rate=sample_rate or _RATE, max_seconds=600))
        except WorkbenchError:
            continue
        if sum(part.duration for part in parts) >= seconds:
            break
    rate = sample_rate or _RATE
    samples = np.concatenate([part.samples for part in parts]) if parts else np.empty(0, np.float32)
    if not samples.size:
        raise RunError("There is no recording to probe the engine with.", hint="Name a set with --set.")
    return AudioClip(samples=np.resize(samples, round(seconds * rate)), sample_rate=rate, source="probe")


def probe_engine(
    pool: EnginePool,
    ref: EngineRef,
    speech: Callable[[float], AudioClip],
    *,
    chain: Chain,
    options: DecodeOptions,
    longest: float,
    piece_seconds: float,
    batch_size: int,
) -> list[Sample]:
    """Transcribe speech of two lengths, a few times after a warm-up, and say what each took.

    Args:
        pool: Where the engine comes from.
        ref: Which engine.
        speech: Makes a clip of so many seconds.
        chain: Preprocessing; its time is measured with the engine's.
        options: Resolved for the engine.
        longest: Seconds of the longest piece there will be.
        piece_seconds: The longest stretch that is worked on at once.
        batch_size: Clips decoded together.

    Raises:
        RunError: So many clips together do not fit into memory.
    """
    info = pool.get(ref).info
    meter = Meter(info.device, info.runtime)
    long = min(max(longest, 1.0), LONGEST_SECONDS)
    short = min(max(long / 4, SHORTEST_SECONDS), long)

    def measure(seconds: float, group: str) -> Sample:
        clips = [speech(seconds)] * batch_size
        with pool.use(ref) as engine:
            heard = transcribe_clips(
                engine, clips, chain=chain, options=options, max_seconds=info.max_seconds, meter=meter
            )
        cost = heard[0].measurement
        assert cost is not None
        return sample_of(cost, group, piece_seconds=piece_seconds)

    try:
        measure(long, "warm-up")
        return [measure(seconds, str(number)) for number in range(ROUNDS) for seconds in (short, long)]
    except Exception as error:
        if not ran_out_of_memory(error):
            raise
        release_memory()
        raise RunError(
            f"{ref} has too little memory for {batch_size} clips of {long:.0f} s together.",
            hint="Use a smaller batch size." if batch_size > 1 else "Use a smaller model, or shorter chunks.",
        ) from error


def sample_of(cost: Measurement, group: str, *, piece_seconds: float) -> Sample:
    """A measurement as what estimates are made of."""
    return Sample(
        group=group,
        seconds=cost.audio_seconds,
        pieces=count_pieces(cost.audio_seconds, piece_seconds),
        wall_seconds=cost.wall_seconds,
        cpu_seconds=cost.cpu_seconds,
        peak_rss_bytes=cost.peak_rss_bytes,
        peak_gpu_bytes=cost.peak_gpu_process_bytes if cost.peak_gpu_bytes is None else cost.peak_gpu_bytes,
    )
