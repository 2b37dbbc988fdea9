"""One recording, transcribed several ways."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from workbench.audio.clip import AudioClip
from workbench.audio.io import read_clip
from workbench.audio.steps import Chain, parse_chain
from workbench.engines.base import DecodeOptions
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef, plugin
from workbench.errors import UsageError, WorkbenchError
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
    decoded: dict[int | None, AudioClip] = {}
    first: Transcript | None = None
    for index, (variant, chain) in enumerate(zip(variants, chains, strict=True)):
        if chain.decode_rate not in decoded:
            decoded[chain.decode_rate] = read_clip(path, sample_rate=chain.decode_rate)
        done = _transcribe(decoded[chain.decode_rate], index, variant, chain, options, pool)
        if done.transcript and first:
            done = replace(done, edits=tuple(align(first.text, done.transcript.text, "mixed")))
        first = first or done.transcript
        yield done


def _transcribe(
    clip: AudioClip, index: int, variant: Variant, chain: Chain, options: DecodeOptions, pool: EnginePool
) -> VariantDone:
    try:
        *_, last = transcribe_clip(pool, EngineRef.parse(variant.engine), clip, chain=chain, options=options)
    except WorkbenchError as error:
        return VariantDone(index=index, variant=variant, error=error)
    assert isinstance(last, Transcript)
    return VariantDone(index=index, variant=variant, clip=chain.apply(clip), transcript=last)
