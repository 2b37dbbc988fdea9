"""One chunk of a recording through the engine, measured."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from workbench.audio.clip import AudioClip
from workbench.engines.base import DecodeOptions, Engine, Hypothesis
from workbench.errors import EngineDied, EngineStopped
from workbench.pipeline.measurement import Measurement, combined
from workbench.pipeline.meter import Meter
from workbench.pipeline.stretch import ChunkHeard, hear, speech_within
from workbench.pipeline.survey import Survey

Use = Callable[[], AbstractContextManager[Engine]]
"""An engine for oneself, as a context."""


class Hearing:
    """Has chunks of recordings transcribed.

    Args:
        options: Resolved for the engine.
        meter: For the device the engine is on.
    """

    def __init__(self, options: DecodeOptions, meter: Meter) -> None:
        self._options, self._meter = options, meter

    def chunk(self, index: int, sound: AudioClip, survey: Survey, use: Use, usual: float | None = None) -> ChunkHeard:
        """Transcribe a chunk; what the engine did not finish or left out is heard again.

        Args:
            index: Which chunk of the survey.
            sound: What is heard in it.
            survey: Of the recording.
            use: The engine, taken for each call.
            usual: See `hear`.

        Raises:
            EngineError: The engine failed.
        """
        span = survey.chunks[index]
        costs: list[Measurement] = []

        def call(clip: AudioClip) -> Hypothesis:
            try:
                return self._call(clip, use, costs)
            except EngineStopped:
                raise
            except EngineDied:  # once more: it may have been the hour before, and not this chunk
                return self._call(clip, use, costs)

        speech = speech_within(survey.speech, span.start, span.end)
        heard = hear(sound, span, speech, call, usual)
        cost = combined(costs)
        assert cost is not None, "the engine was called"
        return ChunkHeard(index=index, start=span.start, end=span.end, heard=tuple(heard), measurement=cost)

    def _call(self, clip: AudioClip, use: Use, costs: list[Measurement]) -> Hypothesis:
        with use() as engine, self._meter.measure(audio_seconds=clip.duration, engine=engine) as reading:
            (hypothesis,) = engine.transcribe([clip], self._options)
        costs.append(reading.result)
        return hypothesis
