"""The one decoder: any recording to mono float32, block by block.

Every frame is first turned into packed float32 with the channels it has, and numpy takes their mean, or one of them.
That is the only mix that is the same for every format (a conversion to mono by the library adds channels up with
weights of its own), and it never touches the planes of a frame with eight channels, which crashes PyAV 18.1.

Runs in a process of its own (`workbench.audio.decoding_child`); what the rest of the workbench opens is a
`workbench.audio.recording.Recording`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import av.error
import numpy as np
import soxr
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from workbench.audio.clip import Samples
from workbench.audio.container import check_file, open_container, sound_track
from workbench.audio.headers import declared_seconds, is_cut_off, lost_pages
from workbench.audio.process_limits import has_memory
from workbench.audio.track import AudioInfo, Channel
from workbench.errors import AudioInvalid, AudioTooLong, AudioUnreadable

_LOWEST_RATE, _HIGHEST_RATE = 1_000, 768_000
_MOST_CHANNELS = 64
"""Of the largest mixing desks and of ambisonics of the seventh order; a header can claim 65 535."""
_MOST_SECONDS = 24 * 3600.0
"""Decoded, whatever the header says: two megabytes of FLAC can hold ten hours of silence, so no size tells."""
_BLOCK_SECONDS = 1.0
_BLOCK_VALUES = 4_000_000
"""Over all channels; a second of 64 channels at 192 kHz would be three times as much."""


class Decoder:
    """An open file whose first sound track is decoded once, from start to end.

    Attributes:
        info: What its header says.
        skipped_packets: Damaged packets left out so far.
        decoded_seconds: How much has been decoded so far.
    """

    def __init__(self, path: Path, name: str, container: InputContainer, stream: AudioStream) -> None:
        codec = stream.codec_context
        self.name = name
        self.info = AudioInfo(
            duration=declared_seconds(path, container, stream),
            sample_rate=codec.sample_rate,
            channels=codec.channels,
            codec=codec.name,
            container=container.format.name,
            size_bytes=path.stat().st_size,
        )
        self.skipped_packets = lost_pages(path, container)
        self.decoded_seconds = 0.0
        self._is_cut_off = is_cut_off(path, container)
        self._container = container
        self._stream = stream

    def blocks(self, sample_rate: int, channel: Channel = "mix") -> Iterator[Samples]:
        """Mono float32 blocks of about a second at `sample_rate` Hz; the block sizes change no sample.

        Raises:
            AudioUnreadable: The file is damaged beyond the first sound.
            AudioInvalid: It holds no sound, samples that are not numbers, or no such channel.
        """
        resampler: soxr.ResampleStream | None = None
        current = sample_rate
        for rate, block in self._native_blocks(partial(self._mono, channel)):
            if rate != current:
                yield from _rest(resampler)
                resampler = _resampler(rate, sample_rate)
                current = rate
            resampled = block if resampler is None else resampler.resample_chunk(block)
            if resampled.size:
                yield resampled
        yield from _rest(resampler)

    def channel_blocks(self) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """The rate in Hz, the same for all, and about a second of every channel: float32 (n, channels).

        Raises:
            AudioUnreadable, AudioInvalid: As for `blocks`.
        """
        first = 0
        for rate, block in self._native_blocks(_packed):
            first = first or rate
            # A file that changes its rate on the way: the seams may click, which matters to nobody who only measures.
            yield first, block if rate == first else np.asarray(soxr.resample(block, rate, first), np.float32)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was noticed so far, one sentence each; complete once `blocks` has come to its end."""
        found: list[str] = []
        declared, decoded = self.info.duration, self.decoded_seconds
        if self.skipped_packets:
            packets = (
                "1 damaged packet was" if self.skipped_packets == 1 else f"{self.skipped_packets} damaged packets were"
            )
            found.append(f"{self.name}: {packets} skipped; sound is missing there.")
        if declared is not None and declared - decoded > self._tolerance(declared):
            found.append(f"{self.name} declares {declared:.2f} s; only {decoded:.2f} s could be decoded.")
        elif self._is_cut_off:
            found.append(f"The end of {self.name} is missing: it was cut off after {decoded:.2f} s.")
        return tuple(found)

    def _native_blocks(self, take: Callable[[AudioFrame], NDArray[np.float32]]) -> Iterator[tuple[int, Samples]]:
        """Pairs of rate and about a second of what is taken of packed frames; a file may change both on the way."""
        pending: list[Samples] = []
        rate = size = 0
        for frame_rate, samples in self._taken(take):
            is_full = size >= _BLOCK_SECONDS * rate or (pending and size * pending[0][0].size >= _BLOCK_VALUES)
            if pending and (is_full or frame_rate != rate or samples.shape[1:] != pending[0].shape[1:]):
                yield rate, self._joined(pending)
                pending, size = [], 0
            rate = frame_rate
            pending.append(samples)
            size += len(samples)
            self.decoded_seconds += len(samples) / rate
            if self.decoded_seconds > _MOST_SECONDS:
                raise AudioTooLong(self.name, seconds=self.decoded_seconds, limit=_MOST_SECONDS, hint="Split the file.")
        if pending:
            yield rate, self._joined(pending)
        elif not self.decoded_seconds:
            raise self._nothing()

    def _taken(self, take: Callable[[AudioFrame], NDArray[np.float32]]) -> Iterator[tuple[int, NDArray[np.float32]]]:
        packer: AudioResampler | None = None
        kind: tuple[str, str, int] | None = None
        for frame in self._frames():
            found = (frame.format.name, frame.layout.name, frame.sample_rate)
            if packer is None or found != kind:
                self._check_format(frame.sample_rate, frame.layout.nb_channels)
                packer, kind = AudioResampler("flt", frame.layout, frame.sample_rate), found
            for packed in packer.resample(frame):
                if packed.samples:
                    yield frame.sample_rate, take(packed)

    def _frames(self) -> Iterator[AudioFrame]:
        """What the codec gives; a damaged packet is counted and left out, a damaged container ends the file."""
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except (av.error.FFmpegError, IndexError) as error:  # IndexError: a packet of a stream that came later
                self._skip(error)
                return
            try:
                frames = packet.decode()
            except av.error.EOFError:
                return
            except av.error.FFmpegError as error:
                self._skip(error)
                continue
            yield from frames

    def _skip(self, error: Exception) -> None:
        if isinstance(error, MemoryError) and not has_memory():
            raise error  # the packet is not to blame, and none after it would fare better
        self.skipped_packets += 1

    def _mono(self, channel: Channel, packed: AudioFrame) -> Samples:
        samples = _packed(packed)
        channels = samples.shape[1]
        if channel == "mix":
            return samples[:, 0] if channels == 1 else samples @ np.full(channels, 1 / channels, np.float32)
        if channels == 1:
            raise AudioInvalid(
                f"{self.name} has one channel: no {channel} one.", hint="Take the mix.", kind="no_such_channel"
            )
        return samples[:, ("left", "right").index(channel)]

    def _joined(self, pending: list[Samples]) -> Samples:
        block = np.concatenate(pending)
        flat = block.reshape(-1)
        # The sum of squares is finite unless a sample is not, or a sane sample overflows it: then look at each.
        with np.errstate(over="ignore"):
            energy = np.dot(flat, flat)
        if not np.isfinite(energy) and not np.isfinite(block).all():
            raise AudioInvalid(
                f"{self.name} holds samples that are not numbers.",
                hint="Export it again as 16-bit wav.",
                kind="not_numbers",
            )
        return block

    def _tolerance(self, declared: float) -> float:
        """How much may be missing: coders pad and headers round, but FLAC counts its samples and drops damaged ones."""
        return 0.001 if (self.info.container, self.info.codec) == ("flac", "flac") else max(0.5, 0.01 * declared)

    def _check_format(self, rate: int, channels: int) -> None:
        if not _LOWEST_RATE <= rate <= _HIGHEST_RATE:
            raise AudioUnreadable(self.name, f"a sample rate of {rate} Hz is not one of a recording", kind="odd_format")
        if channels > _MOST_CHANNELS:
            raise AudioUnreadable(
                self.name, f"{channels} channels are more than the {_MOST_CHANNELS} that are taken", kind="odd_format"
            )

    def _nothing(self) -> Exception:
        if self.skipped_packets or self.info.duration:
            return AudioUnreadable(self.name, "it is damaged: no part of its sound can be decoded")
        return AudioInvalid(f"{self.name} holds no sound.", hint="Record or choose it again.", kind="no_sound")


@contextmanager
def open_decoder(path: Path, name: str = "") -> Generator[Decoder]:
    """Open the first (or default) sound track of a file.

    Args:
        path: Where it is.
        name: What it is called, for people; empty for the path's own name.

    Raises:
        AudioNotFound: There is no such file.
        AudioUnreadable: A folder, a pipe, an empty file, not audio, a playlist, a video without sound.
        MemoryError: Its header asks for more memory than there is.
    """
    name = name or path.name
    check_file(path, name)
    with open_container(path, name) as container:
        stream = sound_track(name, container)
        try:
            yield Decoder(path, name, container, stream)
        except av.error.MemoryError:
            raise
        except av.error.FFmpegError as error:
            raise AudioUnreadable(name, f"it is damaged ({error.strerror})") from error


def _packed(packed: AudioFrame) -> NDArray[np.float32]:
    """All channels of a packed frame: float32 (n, channels), a view."""
    channels = packed.layout.nb_channels
    plane = memoryview(packed.planes[0])  # pyright: ignore[reportArgumentType] - it is a buffer; the stubs don't say so
    return np.frombuffer(plane, np.float32, count=packed.samples * channels).reshape(-1, channels)


def _resampler(source_rate: int, target_rate: int) -> soxr.ResampleStream | None:
    return None if source_rate == target_rate else soxr.ResampleStream(source_rate, target_rate, 1, quality="VHQ")


def _rest(resampler: soxr.ResampleStream | None) -> Iterator[Samples]:
    """What the resampler still holds."""
    if resampler is not None:
        tail = resampler.resample_chunk(np.empty(0, np.float32), last=True)
        if tail.size:
            yield tail
