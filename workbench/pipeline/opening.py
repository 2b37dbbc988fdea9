"""The first text of a long recording, while most of it has not been looked through.

Where a recording is cut is known only once all of it was read and listened to; where its first chunk ends is known as
soon as a second one begins. So its beginning is surveyed alone, and the first chunk of that transcribed. When the whole
has been surveyed, the text is taken over if its chunk is the same to the sample; else it is forgotten.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

import numpy as np

from workbench.audio.clip import AudioClip, Samples
from workbench.audio.effects import BlockStep
from workbench.audio.steps import Chain
from workbench.audio.stream import FileSound
from workbench.audio.streamed_chain import stream_at_rate, stream_chain
from workbench.engines.base import EngineInfo, Segment
from workbench.pipeline.stretch import speech_within
from workbench.pipeline.survey import Survey, survey_clip
from workbench.pipeline.transcript import join_texts

_CHUNKS_READ = 1.5
"""How much of it is the beginning: half a chunk is left for silence, and for where the second one begins."""
_LEAST_CHUNKS = 2.0
"""A shorter recording is looked through as quickly as its beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The first text of a long recording, to be looked at; a `ChunkDone` follows, mostly with the same.

    Attributes:
        start: Seconds into the recording.
        end: The same.
        segments: Its text with times of the recording.
    """

    start: float
    end: float
    segments: tuple[Segment, ...]

    @property
    def text(self) -> str:
        """Of all segments."""
        return join_texts(segment.text for segment in self.segments)


def survey_opening(
    sound: FileSound, info: EngineInfo, chain: Chain, *, max_seconds: float, overlap_seconds: float = 0.0
) -> Survey | None:
    """Survey the beginning of a long file.

    Args:
        sound: The file.
        info: Of the engine that will hear it.
        chain: Preprocessing.
        max_seconds: The longest chunk.
        overlap_seconds: Heard twice where a cut lies in the middle of speech.

    Returns:
        Its first chunk is to be the recording's. None where that cannot be told from the beginning: the recording is
        short, a step must know all of it, or nobody speaks for long.

    Raises:
        AudioError: It cannot be read so far.
        UsageError: A step cannot work on it.
    """
    if (sound.declared_seconds or 0) < _LEAST_CHUNKS * max_seconds:
        return None
    if not all(isinstance(step, BlockStep) for step in chain.steps):
        return None
    changed = stream_at_rate(stream_chain(chain, sound.stream()), info.sample_rate)
    wanted = round(_CHUNKS_READ * max_seconds * info.sample_rate)
    blocks: list[Samples] = []
    with closing(changed.open()) as opened:  # pyright: ignore[reportArgumentType] - a generator
        for block in opened:
            blocks.append(block)
            wanted -= block.size
            if wanted <= 0:
                break
    beginning = AudioClip(samples=np.concatenate(blocks), sample_rate=info.sample_rate, source=sound.source)
    survey = survey_clip(beginning, info, Chain(()), max_seconds=max_seconds, overlap_seconds=overlap_seconds)
    return survey if len(survey.chunks) > 1 else None


def begins_alike(opening: Survey, whole: Survey) -> bool:
    """Whether the first chunk of the recording is that of its beginning, with the same sound and speech."""
    first = opening.chunks[0]
    if whole.times is not None or not whole.chunks or whole.chunks[0] != first:
        return False
    speech = (speech_within(one.speech, first.start, first.end) for one in (opening, whole))
    return next(speech) == next(speech) and np.array_equal(opening.cut(first).samples, whole.cut(first).samples)
