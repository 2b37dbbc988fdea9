"""Whether a file ends before its own structure does, to the byte.

Comparing the declared with the decoded length needs a tolerance, since coders pad and headers round: a recording that
lost its last tenth of a second would pass. The structure of the file needs none: a chunk, a box or a frame that says
how long it is and reaches beyond the end of the file was cut off. Only sizes are read, no sound.

A cut exactly between two frames of a format that counts neither frames nor bytes leaves a shorter file that is whole;
nobody can tell it from one that was recorded so.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from workbench.audio import ogg_pages
from workbench.audio.frame_endings import (
    ac3_is_cut,
    adts_is_cut,
    amr_is_cut,
    mpeg_audio_is_cut,
    transport_stream_is_cut,
)

# Programs that write to a pipe don't know the size and put the largest number there, or one a little below it.
UNKNOWN_SIZE = 0x7FFF_F000
_UNKNOWN_LONG_SIZE = 1 << 62
_MOST_ELEMENTS = 2_000_000
"""Where a walk gives up: ten hours of frames of 20 ms. A small file of absurd elements must not take minutes."""

_W64_HEAD = 24
_W64_DATA = b"data\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"
_ASF_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_SEGMENT, _CLUSTER = 0x18538067, 0x1F43B675
_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"moof", b"free", b"skip", b"wide", b"mfra", b"sidx", b"styp", b"udta"})


def is_cut_off(path: Path, format_name: str) -> bool:
    """Whether the end that the file's own structure demands is missing.

    Args:
        path: The file.
        format_name: As the demuxer calls it: "wav", "mov,mp4,m4a,3gp,3g2,mj2".
    """
    check = next((found for name in format_name.split(",") if (found := _CHECKS.get(name))), None)
    if check is None:
        return False
    with path.open("rb") as file:
        return check(file, os.fstat(file.fileno()).st_size)


def _number(file: BinaryIO, at: int, size: int, order: str = "little") -> int:
    file.seek(at)
    return int.from_bytes(file.read(size), "little" if order == "little" else "big")


def _text(file: BinaryIO, at: int, size: int) -> bytes:
    file.seek(at)
    return file.read(size)


def _wav_is_cut(file: BinaryIO, size: int) -> bool:
    """RIFF and RF64 (EBU Tech 3306): the data chunk, whose size RF64 keeps in its ds64 chunk."""
    is_long = _text(file, 0, 4) == b"RF64"
    at, long_size = 12, None
    for _ in range(_MOST_ELEMENTS):
        if at + 8 > size:
            return False
        name, length = _text(file, at, 4), _number(file, at + 4, 4)
        if name == b"ds64":
            long_size = _number(file, at + 16, 8)
        if name == b"data":
            if is_long and long_size is not None:
                return _UNKNOWN_LONG_SIZE > long_size > size - at - 8
            return UNKNOWN_SIZE > length > size - at - 8
        at += 8 + length + length % 2
    return False


def _riff_is_cut(file: BinaryIO, size: int) -> bool:
    """AVI: one RIFF chunk, or several after the other (OpenDML); a writer that was ended leaves the size at zero."""
    at = 0
    for _ in range(_MOST_ELEMENTS):
        if at + 12 > size or _text(file, at, 4) != b"RIFF":
            break
        length = _number(file, at + 4, 4)
        if length < 4 or length >= 0xFFFF_FFF0:
            return False
        at += 8 + length + length % 2
    return at > size + 1  # the padding byte of the last chunk is often left out


def _w64_is_cut(file: BinaryIO, size: int) -> bool:
    """Sony Wave64: 16 bytes of name, 8 of a size that counts both, chunks at multiples of eight."""
    at = 40
    for _ in range(_MOST_ELEMENTS):
        if at + _W64_HEAD > size:
            break
        length = _number(file, at + 16, 8)
        if _text(file, at, 16) == _W64_DATA:
            return _UNKNOWN_LONG_SIZE > length > size - at
        at += max(_W64_HEAD, (length + 7) // 8 * 8)
    return False


def _aiff_is_cut(file: BinaryIO, size: int) -> bool:
    at = 12
    for _ in range(_MOST_ELEMENTS):
        if at + 8 > size:
            break
        length = _number(file, at + 4, 4, "big")
        if _text(file, at, 4) == b"SSND":
            return UNKNOWN_SIZE > length > size - at - 8
        at += 8 + length + length % 2
    return False


def _au_is_cut(file: BinaryIO, size: int) -> bool:
    start, length = _number(file, 4, 4, "big"), _number(file, 8, 4, "big")
    return UNKNOWN_SIZE > length > size - start


def _caf_is_cut(file: BinaryIO, size: int) -> bool:
    at = 8
    for _ in range(_MOST_ELEMENTS):
        if at + 12 > size:
            break
        length = _number(file, at + 4, 8, "big")
        if _text(file, at, 4) == b"data":
            return _UNKNOWN_LONG_SIZE > length > size - at - 12
        at += 12 + min(length, size)
    return False


def _asf_is_cut(file: BinaryIO, size: int) -> bool:
    """Objects: 16 bytes of name, 8 of a size that counts both."""
    at = 0
    for _ in range(_MOST_ELEMENTS):
        if at + 24 > size:
            break
        length = _number(file, at + 16, 8)
        if at == 0 and _text(file, 0, 16) != _ASF_HEADER:
            return False
        if not 24 <= length < _UNKNOWN_LONG_SIZE:
            return False
        at += length
    return at > size


def _mp4_is_cut(file: BinaryIO, size: int) -> bool:
    """ISO/IEC 14496-12: boxes; a size of 1 is followed by a long one, 0 reaches to the end whatever it is."""
    at = 0
    for _ in range(_MOST_ELEMENTS):
        if at >= size:
            return at > size
        length, name = _number(file, at, 4, "big"), _text(file, at + 4, 4)
        if name not in _BOXES and at + 8 <= size and not name.isalnum():
            return False  # something that was appended, and is no box
        if length == 1:
            length = _number(file, at + 8, 8, "big")
        if at + 8 > size:
            return any(_text(file, at, 4))  # zeros are padding; else the head of a box
        if length < 8:
            return False
        at += length
    return False


def _matroska_is_cut(file: BinaryIO, size: int) -> bool:
    """EBML (RFC 8794): a segment of known size must end in the file, and so must each element of an open one."""
    at = 0
    for _ in range(_MOST_ELEMENTS):
        if at >= size:
            return at > size
        name, width = _ebml_number(file, at, keep_mark=True)
        length, more = _ebml_number(file, at + width)
        if not width or not more:
            return at + width >= size - 8  # the head of an element is cut; elsewhere it is damage, not a cut
        is_open = length == (1 << 7 * more) - 1
        if not is_open and at + width + more + length > size:
            return True
        at += width + more
        if not is_open and name != _SEGMENT:
            at += length
        elif is_open and name not in (_SEGMENT, _CLUSTER):
            return False
    return False


def _ebml_number(file: BinaryIO, at: int, *, keep_mark: bool = False) -> tuple[int, int]:
    """A number and its width in bytes; (0, 0) where there is none."""
    head = _text(file, at, 8)
    width = 9 - head[0].bit_length() if head else 9
    if width > 8 or len(head) < width:
        return 0, 0
    value = int.from_bytes(head[:width], "big")
    return (value if keep_mark else value & ((1 << 7 * width) - 1)), width


def _flv_is_cut(file: BinaryIO, size: int) -> bool:
    """Tags: a type, 3 bytes of size, 7 more, the content, and 4 bytes that repeat the size."""
    at = _number(file, 5, 4, "big") + 4
    for _ in range(_MOST_ELEMENTS):
        if at >= size:
            break
        if _number(file, at, 1) & 0x1F not in (8, 9, 18):
            return False
        at += 11 + _number(file, at + 1, 3, "big") + 4
    return at > size


def _tta_is_cut(file: BinaryIO, size: int) -> bool:
    """True Audio: 22 bytes of header, then the size of every frame, then a checksum, then the frames."""
    start = 0
    if _text(file, 0, 3) == b"ID3":
        digits = _text(file, 6, 4)
        start = 10 + sum(digit << shift for digit, shift in zip(digits, (21, 14, 7, 0), strict=False))
    rate, samples = _number(file, start + 10, 4), _number(file, start + 14, 4)
    per_frame = rate * 256 // 245
    frames = -(-samples // per_frame) if per_frame else 0
    table = _text(file, start + 22, min(4 * frames, size))
    sizes = [int.from_bytes(table[first : first + 4], "little") for first in range(0, len(table), 4)]
    return start + 22 + 4 * frames + 4 + sum(sizes) > size


def _wavpack_is_cut(file: BinaryIO, size: int) -> bool:
    """Blocks that say their size, the place of their samples, and how many samples the whole has."""
    at = reached = total = 0
    for _ in range(_MOST_ELEMENTS):
        if at + 32 > size or _text(file, at, 4) != b"wvpk":
            break
        total = total or _number(file, at + 12, 4)
        reached = max(reached, _number(file, at + 16, 4) + _number(file, at + 20, 4))
        at += max(32, _number(file, at + 4, 4) + 8)
    return at > size or (total < UNKNOWN_SIZE and reached < total)


def _voc_is_cut(file: BinaryIO, size: int) -> bool:
    """Creative Voice: blocks of a type, 3 bytes of size and the content; type 0 ends the file."""
    at = _number(file, 20, 2)
    for _ in range(_MOST_ELEMENTS):
        if not 0 < at < size:
            break
        if _number(file, at, 1) == 0:
            return False
        at += 4 + _number(file, at + 1, 3)
    return at > size


_CHECKS: dict[str, Callable[[BinaryIO, int], bool]] = {
    "wav": _wav_is_cut,
    "avi": _riff_is_cut,
    "w64": _w64_is_cut,
    "aiff": _aiff_is_cut,
    "au": _au_is_cut,
    "caf": _caf_is_cut,
    "asf": _asf_is_cut,
    "mov": _mp4_is_cut,
    "matroska": _matroska_is_cut,
    "flv": _flv_is_cut,
    "tta": _tta_is_cut,
    "wv": _wavpack_is_cut,
    "voc": _voc_is_cut,
    "ogg": ogg_pages.is_cut,
    "mp3": mpeg_audio_is_cut,
    "aac": adts_is_cut,
    "ac3": ac3_is_cut,
    "eac3": ac3_is_cut,
    "amr": amr_is_cut,
    "mpegts": transport_stream_is_cut,
}
