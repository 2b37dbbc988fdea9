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

# Bare streams of frames: no header speaks for the whole, and a bit rate that varies makes every estimate wrong.
_WITHOUT_LENGTH = frozenset({"aac", "ac3", "amr", "amrnb", "amrwb", "dts", "eac3", "gsm"})
# Programs that write to a pipe don't know the size and put the largest number there, or one a little below it.
_UNKNOWN_SIZE = 0x7FFF_F000
_OGG_LAST_PAGE = 0x04
_OGG_TAIL_BYTES = 128 * 1024  # two pages of the largest size, 65 307 bytes


def declared_seconds(path: Path, container: InputContainer, stream: AudioStream) -> float | None:
    """How long the sound track is by what the file declares, in seconds; None where it declares nothing."""
    formats = set(container.format.name.split(","))
    if formats & _WITHOUT_LENGTH:
        return None
    if "wav" in formats:
        return _wav_seconds(path)
    if "mp3" in formats and not _has_mp3_length(path):
        return None
    if "caf" in formats and stream.frames and stream.codec_context.codec.name.startswith("pcm"):
        return stream.frames / stream.codec_context.sample_rate
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return _track_seconds(container, stream)


def is_cut_off(path: Path, container: InputContainer) -> bool:
    """Whether the end that the format demands is missing: an Ogg file whose last page is not marked as the last."""
    if container.format.name != "ogg":
        return False
    with path.open("rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - _OGG_TAIL_BYTES))
        tail = file.read()
    page = tail.rfind(b"OggS")
    return page >= 0 and len(tail) > page + 5 and not tail[page + 5] & _OGG_LAST_PAGE


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
                known = size > 0 and (kind == b"RF64" or size < _UNKNOWN_SIZE)
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
        head = file.read(10)
        if head[:3] == b"ID3":  # its size comes in four bytes of seven bits
            size = 0
            for byte in head[6:10]:
                size = size << 7 | byte & 0x7F
            file.seek(10 + size)
        else:
            file.seek(0)
        first = file.read(4096)
    return any(mark in first for mark in (b"Xing", b"Info", b"VBRI"))
