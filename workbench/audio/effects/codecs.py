"""What telephones and compressed files do to sound, done in memory: degradations to measure engines with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from workbench.audio.clip import Samples
from workbench.audio.effects.blocks import at_rate, equal_blocks, in_place
from workbench.audio.effects.filters import convolved, sinc_taps
from workbench.audio.effects.step import BlockStep, parameter
from workbench.errors import UsageError

if TYPE_CHECKING:
    from av.audio.codeccontext import AudioCodecContext

_MP3_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_AMR_MODES = (4750, 5150, 5900, 6700, 7400, 7950, 10_200, 12_200)
_TELEPHONE_RATE, _OPUS_RATE = 8_000, 48_000
_AMR_DELAY = 40
"""Samples at 8 kHz: the 5 ms that the encoder looks ahead."""
_TAIL_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """An encoder, the decoder of what it gives, and how to call them.

    Attributes:
        encoder: As FFmpeg knows it.
        decoder: The same.
        rate: In Hz, of the sound on both sides.
        form: Of the samples the encoder takes: "fltp", "flt" or "s16".
        bit_rate: A second; None for a codec that has only one.
        delay: Samples by which the decoded sound is late; FFmpeg itself drops what the codec declares.
        options: The encoder's own.
    """

    encoder: str
    decoder: str
    rate: int
    form: str
    bit_rate: int | None = None
    delay: int = 0
    options: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Mp3(BlockStep):
    """LAME at a constant bit rate and at the recording's own sample rate, or the next one that mp3 knows."""

    name: ClassVar[str] = "mp3"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Encode as mp3 and decode again, to hear what the compression does."

    kbps: int = parameter(
        32, unit="kbit/s", least=8, most=160, help="Bits a second; above 24 kHz, mp3 has no less than 32."
    )

    def changed(self, blocks: Iterable[Samples], sample_rate: int) -> Iterator[Samples]:
        rate = next((rate for rate in _MP3_RATES if rate >= sample_rate), _MP3_RATES[-1])
        codec = Codec(encoder="libmp3lame", decoder="mp3float", rate=rate, form="fltp", bit_rate=1000 * self.kbps)
        return coded(blocks, sample_rate, codec)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opus(BlockStep):
    """libopus for voice (`voip`) with a variable bit rate, at 48 kHz as Opus always decodes."""

    name: ClassVar[str] = "opus"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Encode as Opus for voice and decode again, as calls over the internet do."

    kbps: int = parameter(16, unit="kbit/s", least=6, most=128, help="Bits a second, on average.")

    def changed(self, blocks: Iterable[Samples], sample_rate: int) -> Iterator[Samples]:
        codec = Codec(
            encoder="libopus",
            decoder="libopus",
            rate=_OPUS_RATE,
            form="flt",
            bit_rate=1000 * self.kbps,
            options={"application": "voip"},
        )
        return coded(blocks, sample_rate, codec)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amr(BlockStep):
    """AMR narrow-band (opencore-amr), 8 kHz, the mode nearest to the rate asked for."""

    name: ClassVar[str] = "amr"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Encode as a mobile phone does (AMR narrow-band, 8 kHz) and decode again."

    kbps: float = parameter(12.2, unit="kbit/s", least=4.75, most=12.2, help="The nearest of the eight modes is used.")

    def changed(self, blocks: Iterable[Samples], sample_rate: int) -> Iterator[Samples]:
        mode = min(_AMR_MODES, key=lambda one: abs(one - 1000 * self.kbps))
        codec = Codec(
            encoder="libopencore_amrnb",
            decoder="amrnb",
            rate=_TELEPHONE_RATE,
            form="s16",
            bit_rate=mode,
            delay=_AMR_DELAY,
        )
        return coded(blocks, sample_rate, codec)


@dataclass(frozen=True, slots=True, kw_only=True)
class Telephone(BlockStep):
    """The band of a fixed line at 8 kHz, by a symmetric filter, and G.711 (mu-law, 8 bits a sample)."""

    name: ClassVar[str] = "telephone"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "Sound as over a fixed telephone line: 300 to 3400 Hz, 8 kHz, G.711 mu-law."

    low: float = parameter(300.0, unit="Hz", least=50, most=1000, help="Lower end of the band (-6 dB).")
    high: float = parameter(3400.0, unit="Hz", least=1500, most=3900, help="Upper end of the band (-6 dB).")

    def changed(self, blocks: Iterable[Samples], sample_rate: int) -> Iterator[Samples]:
        codec = Codec(encoder="pcm_mulaw", decoder="pcm_mulaw", rate=_TELEPHONE_RATE, form="s16")
        taps = sinc_taps(self.high, 150.0, _TELEPHONE_RATE, above=self.low)
        return coded(blocks, sample_rate, codec, prepare=lambda heard: convolved(heard, taps))


def coded(blocks: Iterable[Samples], sample_rate: int, codec: Codec, *, prepare: Any = iter) -> Iterator[Samples]:
    """The blocks of one recording, encoded and decoded; in place and as long as before.

    Args:
        blocks: Mono; re-cut to the codec's frames. What is louder than full scale is clipped.
        sample_rate: In Hz, resampled to the codec's rate and back.
        codec: Which, and how.
        prepare: What is done first at the codec's rate.

    Raises:
        UsageError: This build of PyAV has no such codec.
    """
    for name, mode in ((codec.encoder, "w"), (codec.decoder, "r")):
        _check_codec(name, mode)
    process = partial(_coded, codec=codec)
    placed = partial(in_place, process=process, delay=codec.delay, tail=round(_TAIL_SECONDS * codec.rate))
    return at_rate(blocks, sample_rate, codec.rate, lambda heard: placed(prepare(heard)))


def _coded(blocks: Iterable[Samples], codec: Codec) -> Iterator[Samples]:
    from av.audio.frame import AudioFrame

    encoder, decoder = _opened(codec)
    size = encoder.frame_size or round(0.02 * codec.rate)
    place = 0
    for block in equal_blocks(blocks, size, fill=True):
        frame = AudioFrame.from_ndarray(_formed(block, codec.form)[None], format=codec.form, layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = codec.rate, place, Fraction(1, codec.rate)
        place += size
        for packet in encoder.encode(frame):
            yield from _samples(decoder.decode(packet))
    for packet in encoder.encode(None):
        yield from _samples(decoder.decode(packet))
    yield from _samples(decoder.decode(None))


def _opened(codec: Codec) -> tuple[AudioCodecContext, AudioCodecContext]:
    import av

    encoder: Any = av.CodecContext.create(codec.encoder, "w")
    encoder.sample_rate, encoder.layout, encoder.format = codec.rate, "mono", codec.form
    encoder.time_base = Fraction(1, codec.rate)
    if codec.bit_rate is not None:
        encoder.bit_rate = codec.bit_rate
    encoder.options = dict(codec.options)
    encoder.open()
    decoder: Any = av.CodecContext.create(codec.decoder, "r")
    decoder.sample_rate, decoder.layout = codec.rate, "mono"
    if encoder.extradata:
        decoder.extradata = encoder.extradata
    return encoder, decoder


def _formed(block: Samples, form: str) -> np.ndarray[Any, Any]:
    clipped = np.clip(block, -1, 1)
    if form == "s16":
        return np.clip(np.round(clipped * np.float32(32768)), -32768, 32767).astype(np.int16)
    return clipped


def _samples(frames: Iterable[Any]) -> Iterator[Samples]:
    for frame in frames:
        decoded = frame.to_ndarray().reshape(-1)
        if decoded.size:
            yield decoded.astype(np.float32) / np.float32(32768 if decoded.dtype == np.int16 else 1)


def _check_codec(name: str, mode: Any) -> None:
    from av.codec.codec import Codec as Available
    from av.codec.codec import UnknownCodecError

    try:
        Available(name, mode)
    except UnknownCodecError as error:
        raise UsageError(
            f"This build of PyAV cannot {'encode' if mode == 'w' else 'decode'} with {name}.",
            hint="Install PyAV as a wheel: pip install --force-reinstall --only-binary av av",
        ) from error
