"""A look at a recording before it is transcribed: what it is, what is wrong with it, and what would help.

The file is read once as a stream; memory grows by some 2 MB an hour.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workbench.audio.advice import Advice, advise
from workbench.audio.clip import AudioClip
from workbench.audio.levels import ClippingMeter, PowerProfile, SpeechLevel, decibels
from workbench.audio.loudness import LoudnessMeter
from workbench.audio.recording import open_recording
from workbench.audio.segment import Span
from workbench.audio.spectra import Hum, HumDetector, LongTermSpectrum
from workbench.audio.vad import SpeechDetector

_BLOCK = 1 << 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What was found in a recording. Levels are of the mean of its channels, which is what engines hear.

    Attributes:
        source: File name.
        codec: "aac", "pcm_s16le"; empty for a clip in memory.
        duration_seconds: Of what could be decoded.
        sample_rate: In Hz.
        channels: How many.
        channel_dbfs: Mean power of each channel; None for digital silence.
        correlation: Of the first two channels, −1 … 1; None where there is one, or one is silent.
        peak_dbfs: The true peak (ITU-R BS.1770-4, annex 2); None for digital silence.
        rms_dbfs: Mean power of all of it; a sine at full scale has −3.0.
        loudness_lufs: Integrated loudness (BS.1770-4); None under its gates.
        speech_dbfs: Mean power while somebody speaks.
        noise_dbfs: Mean power between; None where there is too little of it, or it is digital silence.
        snr_db: Estimated; None where speech or noise is not known. See `PowerProfile.level`.
        clipped_share: Of samples cut off at full scale, 0 … 1, over all channels.
        bandwidth_hz: The highest frequency with energy; None for silence.
        hum_hz: 50 or 60 where the mains hum; None where they do not, or the recording is shorter than 3 s.
        hum_dbfs: How loud.
        speech_seconds: How long somebody speaks, by voice activity.
        warnings: Where the file was damaged or shorter than it declares.
        advice: What to do, the gravest first; empty where nothing is wrong.
    """

    source: str
    codec: str
    duration_seconds: float
    sample_rate: int
    channels: int
    channel_dbfs: tuple[float | None, ...]
    correlation: float | None
    peak_dbfs: float | None
    rms_dbfs: float | None
    loudness_lufs: float | None
    speech_dbfs: float | None
    noise_dbfs: float | None
    snr_db: float | None
    clipped_share: float
    bandwidth_hz: float | None
    hum_hz: int | None
    hum_dbfs: float | None
    speech_seconds: float
    warnings: tuple[str, ...] = ()
    advice: tuple[Advice, ...] = ()

    @property
    def speech_share(self) -> float:
        """How much of the recording is speech, 0 … 1."""
        return self.speech_seconds / self.duration_seconds


def inspect_recording(path: Path) -> Inspection:
    """Inspect a recording of any length.

    Raises:
        AudioNotFound: There is no such file.
        AudioUnreadable: It is not a recording, or damaged.
        AudioInvalid: It holds no sound, or samples that are not numbers.
    """
    with open_recording(path) as recording:
        meters: _Meters | None = None
        for rate, block in recording.channel_blocks():
            meters = meters or _Meters(rate, block.shape[1])
            meters.feed(block)
        assert meters is not None, "a recording without sound is an error"
        found = meters.found(path.name, recording.info.codec, recording.warnings)
    return replace(found, advice=advise(found))


def inspect_clip(clip: AudioClip) -> Inspection:
    """The same figures for a clip in memory, as a chain left it. Advice is for recordings; there is none here."""
    meters = _Meters(clip.sample_rate, 1)
    for first in range(0, clip.samples.size, _BLOCK):
        meters.feed(clip.samples[first : first + _BLOCK, None])
    return meters.found(clip.source, "", clip.warnings)


class _Meters:
    """Everything that listens, fed together."""

    def __init__(self, rate: int, channels: int) -> None:
        self._rate, self._size = rate, 0
        self._channels = _Channels(channels)
        self._clipping = [ClippingMeter() for _ in range(channels)]
        self._loudness = LoudnessMeter(rate)
        self._speech = SpeechDetector(rate)
        self._powers = PowerProfile(rate)
        self._spectrum = LongTermSpectrum(rate)
        self._hum = HumDetector(rate)
        self._square = 0.0

    def feed(self, block: NDArray[np.float32]) -> None:
        """Hear the next float32 (n, channels)."""
        mix = block.mean(axis=1) if block.shape[1] > 1 else block[:, 0]
        self._size += mix.size
        self._square += float(np.dot(mix, mix))
        for meter in (self._loudness, self._speech, self._powers, self._spectrum, self._hum):
            meter.feed(mix)
        if block.shape[1] == len(self._clipping):  # a file may change its channels on the way: those it began with
            self._channels.feed(block)
            for meter, samples in zip(self._clipping, block.T, strict=True):
                meter.feed(samples)

    def found(self, source: str, codec: str, warnings: tuple[str, ...]) -> Inspection:
        duration = self._size / self._rate
        spans = [Span(one.start, min(one.end, duration)) for one in self._speech.spans()]
        level: SpeechLevel = self._powers.level(spans)
        hum: Hum | None = self._hum.hum
        return Inspection(
            source=source,
            codec=codec,
            duration_seconds=duration,
            sample_rate=self._rate,
            channels=len(self._clipping),
            channel_dbfs=self._channels.levels,
            correlation=self._channels.correlation,
            peak_dbfs=decibels(self._loudness.true_peak**2),
            rms_dbfs=decibels(self._square / self._size),
            loudness_lufs=self._loudness.integrated,
            speech_dbfs=level.speech_dbfs,
            noise_dbfs=level.noise_dbfs,
            snr_db=level.snr_db,
            clipped_share=sum(meter.share or 0.0 for meter in self._clipping) / len(self._clipping),
            bandwidth_hz=self._spectrum.bandwidth,
            hum_hz=hum.frequency if hum else None,
            hum_dbfs=hum.dbfs if hum else None,
            speech_seconds=sum(span.duration for span in spans),
            warnings=warnings,
        )


class _Channels:
    """Sums over channels, from which their levels and how alike the first two are follow."""

    def __init__(self, channels: int) -> None:
        self._size = 0
        self._sums = np.zeros(channels)
        self._squares = np.zeros(channels)
        self._product = 0.0

    def feed(self, block: NDArray[np.float32]) -> None:
        """Hear the next float32 (n, channels)."""
        exact = block.astype(np.float64)
        self._size += len(exact)
        self._sums += exact.sum(axis=0)
        self._squares += np.square(exact).sum(axis=0)
        if exact.shape[1] > 1:
            self._product += float(np.dot(exact[:, 0], exact[:, 1]))

    @property
    def levels(self) -> tuple[float | None, ...]:
        return tuple(decibels(square / self._size) for square in self._squares)

    @property
    def correlation(self) -> float | None:
        """Pearson's, of the first two channels."""
        if self._squares.size < 2:
            return None
        means = self._sums[:2] / self._size
        spread = np.prod(self._squares[:2] / self._size - np.square(means))
        if spread <= 0:
            return None
        return float((self._product / self._size - means[0] * means[1]) / np.sqrt(spread))
