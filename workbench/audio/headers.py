"""What a file says about its own length, where that can be relied on.

A demuxer also answers where the file is silent: it divides the size by the bit rate, or takes the bytes that are there
for the bytes that were promised. A recording that was cut off would then look whole; so here only what the writer of
the file put down counts.
"""

from __future__ import annotations

import os
import re
import struct
from pathlib import Path
from typing import BinaryIO

from av.audio.stream import AudioStream
from av.container import InputContainer

from workbench.audio import ogg_pages
from workbench.audio.endings import UNKNOWN_SIZE
from workbench.audio.endings import is_cut_off as ends_early
from workbench.audio.frame_endings import mp3_start

# Bare streams of frames: no header speaks for the whole, and a bit rate that varies makes every estimate wrong.
_WITHOUT_LENGTH = frozenset({"aac", "ac3", "amr", "amrnb", "amrwb", "dts", "eac3", "gsm"})


def declared_seconds(path: Path, container: InputContainer, stream: AudioStream) -> float | None:
    """How long the sound track is by what the file declares, in seconds; None where it declares nothing."""
    formats = set(container.format.name.split(","))
    if formats & _WITHOUT_LENGTH:
        return None
    if "wav" in formats:
        return _wav_seconds(path)
    if "mp3" in formats and not _has_mp3_length(path):
        return None
    rate = stream.codec_context.sample_rate
    if "caf" in formats and stream.frames and rate > 0 and stream.codec_context.codec.name.startswith("pcm"):
        return stream.frames / rate
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return _track_seconds(container, stream)


def is_cut_off(path: Path, container: InputContainer) -> bool:
    """Whether the file ends before its own structure does."""
    return ends_early(path, container.format.name)


def lost_pages(path: Path, container: InputContainer) -> int:
    """How many pages of an Ogg file are damaged or missing, which its decoders pass over; 0 for other formats."""
    if container.format.name != "ogg":
        return 0
    with path.open("rb") as file:
        return ogg_pages.lost_pages(file, os.fstat(file.fileno()).st_size)


def _track_seconds(container: InputContainer, stream: AudioStream) -> float | None:
    """Matroska gives the length of the whole file; that of one track is a tag, and only some writers set it."""
    tag = re.fullmatch(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)", stream.metadata.get("DURATION", ""))
    if tag:
        return int(tag[1]) * 3600 + int(tag[2]) * 60 + float(tag[3])
    if container.duration is None or container.streams.video:
        return None
    return container.duration / 1_000_000


def _wav_seconds(path: Path) -> float | None:
    """RIFF and RF64 (EBU Tech 3306): size of the data chunk over bytes a second."""
    with path.open("rb") as file:
        kind = file.read(12)[:4]
        if kind not in (b"RIFF", b"RF64"):
            return None
        byte_rate, long_size = 0, None
        while len(head := file.read(8)) == 8:
            name, size = struct.unpack("<4sI", head)
            if name == b"data":
                size = long_size if kind == b"RF64" and long_size is not None else size
                known = size > 0 and (kind == b"RF64" or size < UNKNOWN_SIZE)
                return size / byte_rate if known and byte_rate else None
            content = _chunk(file, size)
            if name == b"fmt " and len(content) >= 12:
                byte_rate = struct.unpack_from("<I", content, 8)[0]
            elif name == b"ds64" and len(content) >= 16:
                long_size = struct.unpack_from("<Q", content, 8)[0]
    return None


def _chunk(file: BinaryIO, size: int) -> bytes:
    """The first bytes of a chunk; the file stands behind it afterwards. Chunks begin at even places."""
    content = file.read(min(size, 64))
    file.seek(size + size % 2 - len(content), os.SEEK_CUR)
    return content


def _has_mp3_length(path: Path) -> bool:
    """Whether the first frame is the Xing, Info or VBRI header that counts the frames."""
    with path.open("rb") as file:
        file.seek(mp3_start(file))
        first = file.read(4096)
    return any(mark in first for mark in (b"Xing", b"Info", b"VBRI"))
