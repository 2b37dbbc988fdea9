"""Files to sound and back: wav, mp3, m4a, aac, flac, ogg, opus, webm, mp4, mkv, aiff, caf, wma, amr, 3gp and more."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from workbench.audio.clip import AudioClip, Samples
from workbench.audio.recording import open_recording
from workbench.audio.track import AudioInfo, Channel
from workbench.errors import AudioTooLong, UsageError
from workbench.storage import told_place

__all__ = ["AudioInfo", "Channel", "open_recording", "probe", "read_clip", "stream", "write_clip"]

_LARGEST_RESERVE = 4 * 3600 * 16_000  # samples; a header may promise anything
_WRITE_BLOCK = 1 << 20


def probe(path: Path) -> AudioInfo:
    """What the file says about its sound track; nothing is decoded.

    Raises:
        AudioNotFound: There is no such file.
        AudioUnreadable: It is not a recording.
    """
    with open_recording(path) as recording:
        return recording.info


def stream(path: Path, *, sample_rate: int | None = 16_000, channel: Channel = "mix") -> Iterator[Samples]:
    """Decode a file of any length block by block; memory does not grow with it.

    Args:
        path: The file.
        sample_rate: In Hz; None keeps the file's own, which `probe` tells.
        channel: The mean of all channels, or one of them.

    Yields:
        float32 (n,), about a second each.

    Raises:
        AudioNotFound: There is no such file.
        AudioUnreadable: It is not a recording, or damaged.
        AudioInvalid: It holds no sound, samples that are not numbers, or no such channel.
    """
    with open_recording(path) as recording:
        yield from recording.blocks(sample_rate or recording.info.sample_rate, channel)


def read_clip(path: Path, *, sample_rate: int | None = 16_000, max_seconds: float | None = None) -> AudioClip:
    """Decode a whole file into memory, 230 MB an hour at 16 kHz.

    Args:
        path: The file.
        sample_rate: In Hz; None keeps the file's own.
        max_seconds: The longest recording to take.

    Returns:
        The clip; its `warnings` say where the file was damaged or shorter than it declares.

    Raises:
        AudioNotFound: There is no such file.
        AudioUnreadable: It is not a recording, or damaged.
        AudioInvalid: It holds no sound, or samples that are not numbers.
        AudioTooLong: It lasts longer than `max_seconds`; told from the header where that says so.
    """
    with open_recording(path) as recording:
        declared = recording.info.duration
        if max_seconds is not None and declared is not None and declared > max_seconds:
            raise AudioTooLong(path.name, seconds=declared, limit=max_seconds)
        rate = sample_rate or recording.info.sample_rate
        samples = np.empty(round(min((declared or 60.0) * rate, _LARGEST_RESERVE)) + rate, np.float32)
        filled = 0
        for block in recording.blocks(rate):
            if max_seconds is not None and (filled + block.size) / rate > max_seconds:
                raise AudioTooLong(path.name, seconds=(filled + block.size) / rate, limit=max_seconds)
            if filled + block.size > samples.size:
                samples.resize(round(1.25 * (filled + block.size)), refcheck=False)
            samples[filled : filled + block.size] = block
            filled += block.size
        samples.resize(filled, refcheck=False)
        return AudioClip(samples=samples, sample_rate=rate, source=path.name, warnings=recording.warnings)


def write_clip(clip: AudioClip, path: Path) -> None:
    """Write 16-bit wav or flac, by the suffix of the name; what is louder than full scale is clipped.

    Raises:
        UsageError: Another suffix, or a place that cannot be written.
        DiskError: The disk is full.
    """
    if path.suffix.lower() not in (".wav", ".flac"):
        raise UsageError(f"{path.name} is neither .wav nor .flac.", hint="Choose one of the two.")
    encoded = io.BytesIO()  # a full disk makes no error of libsndfile when it closes a file, and one of Python's
    kind = path.suffix[1:].upper()
    with soundfile.SoundFile(encoded, "w", clip.sample_rate, 1, subtype="PCM_16", format=kind) as file:
        for first in range(0, clip.samples.size, _WRITE_BLOCK):
            # Scaled by 32768 as decoders do, so that 16-bit sound comes back the same; libsndfile takes 32767.
            scaled = np.round(clip.samples[first : first + _WRITE_BLOCK] * np.float32(32768))
            file.write(np.clip(scaled, -32768, 32767).astype(np.int16))
    with told_place(path):
        path.write_bytes(encoded.getbuffer())
