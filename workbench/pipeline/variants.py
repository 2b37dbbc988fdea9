"""One recording, transcribed several ways: decoded once, every step that chains begin with alike done once."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from workbench.audio.clip import AudioClip
from workbench.audio.io import read_clip
from workbench.audio.steps import Chain, Step, parse_chain
from workbench.engines.base import DecodeOptions
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef, plugin
from workbench.errors import UsageError, WorkbenchError
from workbench.pipeline.measurement import Measurement
from workbench.pipeline.meter import Meter
from workbench.pipeline.transcribe import transcribe_clip
from workbench.pipeline.transcript import Transcript
from workbench.scoring.score import Edit, align


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way to transcribe a recording: an engine as `name[:model]`, and a chain."""

    engine: str = "builtin"
    chain: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantDone:
    """One recording, transcribed one way.

    Attributes:
        index: Which variant, from 0.
        variant: The way.
        clip: What the engine heard, after the chain; None where it failed.
        transcript: The result; None where it failed.
        error: Why it failed.
        edits: Its text aligned with that of the first variant that worked; empty for that one.
    """

    index: int
    variant: Variant
    clip: AudioClip | None = None
    transcript: Transcript | None = None
    error: WorkbenchError | None = None
    edits: tuple[Edit, ...] = ()


def transcribe_variants(
    path: Path, variants: Sequence[Variant], *, options: DecodeOptions, pool: EnginePool
) -> Generator[VariantDone, None, None]:
    """Transcribe one recording several ways; an engine that fails does not stop the others.

    Args:
        path: An audio file, or a video with sound; decoded once for each rate that the chains ask for.
        variants: Two or more ways; differences are marked against the first.
        options: What every engine is asked.
        pool: Loaded engines.

    Raises:
        UsageError: Fewer than two ways, or a chain or engine that does not exist.
        AudioError: The recording cannot be used.
    """
    if len(variants) < 2:
        raise UsageError("A comparison needs at least two variants.", hint="Add a chain or an engine.")
    chains = [parse_chain(variant.chain) for variant in variants]
    for variant in variants:
        plugin(EngineRef.parse(variant.engine).name)
    decoded: dict[int | None, SharedSteps] = {}
    first: Transcript | None = None
    for index, (variant, chain) in enumerate(zip(variants, chains, strict=True)):
        rate = chain.decode_rate
        if rate not in decoded:
            decoded[rate] = SharedSteps(read_clip(path, sample_rate=rate))
        later = [one for one in chains[index + 1 :] if one.decode_rate == rate]
        done = _transcribe(decoded[rate], index, variant, chain, later, options, pool)
        if done.transcript and first:
            done = replace(done, edits=tuple(align(first.text, done.transcript.text, "mixed")))
        first = first or done.transcript
        yield done


class SharedSteps:
    """What chains make of one recording; what two of them begin with is made once.

    Args:
        clip: The recording as it was decoded.
    """

    def __init__(self, clip: AudioClip) -> None:
        self.recording = clip
        self._made: dict[tuple[Step, ...], tuple[AudioClip, tuple[Measurement, ...]]] = {(): (clip, ())}

    def make(self, chain: Chain, later: Sequence[Chain] = ()) -> tuple[AudioClip, tuple[Measurement, ...]]:
        """The clip after the chain, and what each of its steps cost when it was made.

        Args:
            chain: Of this recording's decode rate.
            later: Chains still to come; what none of them begins with is forgotten.

        Raises:
            UsageError: A step cannot work on this recording.
        """
        clip, costs = self._made[()]
        for count in range(1, len(chain.steps) + 1):
            begun = chain.steps[:count]
            if begun not in self._made:
                with Meter().measure(audio_seconds=0) as reading:
                    clip = begun[-1].apply(clip)
                self._made[begun] = clip, (*costs, reading.result)
            clip, costs = self._made[begun]
        self._made = {
            begun: made
            for begun, made in self._made.items()
            if not begun or any(one.steps[: len(begun)] == begun for one in later)
        }
        return clip, costs


@dataclass(frozen=True, slots=True)
class _Applied(Chain):
    """A chain whose result is there already."""

    result: AudioClip = field(kw_only=True)

    def apply(self, clip: AudioClip) -> AudioClip:  # noqa: ARG002 - the one that the result was made of
        return self.result


def _transcribe(
    shared: SharedSteps,
    index: int,
    variant: Variant,
    chain: Chain,
    later: Sequence[Chain],
    options: DecodeOptions,
    pool: EnginePool,
) -> VariantDone:
    try:
        clip, costs = shared.make(chain, later)
        applied = _Applied(chain.steps, result=clip)
        *_, last = transcribe_clip(
            pool, EngineRef.parse(variant.engine), shared.recording, chain=applied, options=options
        )
    except WorkbenchError as error:
        return VariantDone(index=index, variant=variant, error=error)
    assert isinstance(last, Transcript)
    whole = replace(last, measurement=_with_steps(last.measurement, costs))
    return VariantDone(index=index, variant=variant, clip=clip, transcript=whole)


def _with_steps(measured: Measurement, costs: Sequence[Measurement]) -> Measurement:
    """What the way would have cost alone: with its steps, whoever needed them first."""
    peaks = [one.peak_rss_bytes for one in (measured, *costs) if one.peak_rss_bytes is not None]
    return replace(
        measured,
        wall_seconds=measured.wall_seconds + sum(one.wall_seconds for one in costs),
        cpu_seconds=measured.cpu_seconds + sum(one.cpu_seconds for one in costs),
        peak_rss_bytes=max(peaks, default=None),
    )
