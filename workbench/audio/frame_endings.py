"""Whether the last frame or packet of a stream is whole, for formats without a length for the whole."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

_TAIL_BYTES = 128 * 1024
"""Hundreds of frames."""
_MOST_FRAMES = 2_000_000
_IN_A_ROW = 3
"""Frames that must follow each other before a pattern of bits is taken for a frame's head."""

_MP3_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
# kbit/s by index, ISO/IEC 11172-3 and 13818-3: (version 1, layers I, II, III), (versions 2 and 2.5, layers I, II/III)
_MP3_BIT_RATES = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_AC3_BIT_RATES = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)
# bytes of a frame by its type, without the head: 3GPP TS 26.101 and 26.201; types 9 to 15 carry nothing or little
_AMR_NARROW = (12, 13, 15, 17, 19, 20, 26, 31, 5, 6, 5, 5, 0, 0, 0, 0)
_AMR_WIDE = (17, 23, 32, 36, 40, 46, 50, 58, 60, 5, 0, 0, 0, 0, 0, 0)
_TS_PACKET = 188
_FIRST_BYTES = b"\xff\x0b"
"""Of the head of a frame: MPEG audio and ADTS, AC-3."""


def mpeg_audio_is_cut(file: BinaryIO, size: int) -> bool:
    """MPEG audio: the bytes that a Xing, Info or VBRI header counts, and the last frame."""
    return _counted_bytes_are_missing(file, size) or _last_frame_is_cut(_untagged(_tail(file, size)), _mpeg_frame)


def adts_is_cut(file: BinaryIO, size: int) -> bool:
    """AAC as ADTS frames (ISO/IEC 13818-7)."""
    return _last_frame_is_cut(_untagged(_tail(file, size)), _adts_frame)


def ac3_is_cut(file: BinaryIO, size: int) -> bool:
    """AC-3 and E-AC-3 (ETSI TS 102 366)."""
    return _last_frame_is_cut(_tail(file, size), _ac3_frame)


def amr_is_cut(file: BinaryIO, size: int) -> bool:
    """AMR and AMR-WB as files (RFC 4867): a magic line, then frames one after the other."""
    file.seek(0)
    magic = file.readline(16)
    if magic not in (b"#!AMR\n", b"#!AMR-WB\n"):
        return False
    lengths = _AMR_WIDE if b"WB" in magic else _AMR_NARROW
    at = len(magic)
    for _ in range(_MOST_FRAMES):
        file.seek(at)
        head = file.read(1)
        if not head:
            break
        at += 1 + lengths[head[0] >> 3 & 0x0F]
    return at > size


def transport_stream_is_cut(file: BinaryIO, size: int) -> bool:
    """ISO/IEC 13818-1: packets of 188 bytes, and parcels (PES) over many of them that say how long they are."""
    file.seek(0)
    head = file.read(4 * _TS_PACKET + 1)
    if not head or head[::_TS_PACKET] != b"\x47" * len(head[::_TS_PACKET]):
        return False  # with time codes or checksums between the packets, or out of step
    if size % _TS_PACKET:
        return True
    file.seek(max(0, size - _TAIL_BYTES // _TS_PACKET * _TS_PACKET))
    missing: dict[int, int] = {}
    while len(packet := file.read(_TS_PACKET)) == _TS_PACKET:
        _take_packet(packet, missing)
    return any(count > 0 for count in missing.values())


def _take_packet(packet: bytes, missing: dict[int, int]) -> None:
    """Count how many bytes each stream's last parcel still lacks."""
    stream = int.from_bytes(packet[1:3], "big") & 0x1FFF
    start = 4 + (1 + packet[4] if packet[3] & 0x20 else 0)
    content = packet[start:] if packet[3] & 0x10 else b""
    if packet[1] & 0x40 and content[:3] == b"\0\0\1":
        length = int.from_bytes(content[4:6], "big")
        missing[stream] = length + 6 - len(content) if length else 0
    elif stream in missing:
        missing[stream] -= len(content)


def _tail(file: BinaryIO, size: int) -> bytes:
    file.seek(max(0, size - _TAIL_BYTES))
    return file.read(_TAIL_BYTES)


def _untagged(tail: bytes) -> bytes:
    """Without the tags that are put behind the sound: ID3v1, then APEv2."""
    if tail[-128:-125] == b"TAG":
        tail = tail[:-128]
    if tail[-32:-24] == b"APETAGEX":
        length = int.from_bytes(tail[-20:-16], "little")
        has_head = tail[-9] & 0x80
        tail = tail[: max(0, len(tail) - length - (32 if has_head else 0))]
    return tail


def _last_frame_is_cut(tail: bytes, frame_bytes: Callable[[bytes, int], int]) -> bool:
    """Follow the frames to the end; what is no frame there is a tag or damage, unless it is the start of a head."""
    at: int | None = next((at for at in _possible_heads(tail) if _is_in_step(tail, at, frame_bytes)), None)
    while at is not None and at < len(tail):
        length = frame_bytes(tail, at)
        if not length:
            rest = tail[at:]
            return len(rest) < 8 and rest[0] in _FIRST_BYTES
        at += length
    return at is not None and at > len(tail)


def _possible_heads(tail: bytes) -> Iterator[int]:
    return (found.start() for found in re.finditer(b"[" + re.escape(_FIRST_BYTES) + b"]", tail))


def _is_in_step(tail: bytes, first: int, frame_bytes: Callable[[bytes, int], int]) -> bool:
    at = first
    for _ in range(_IN_A_ROW):
        if at >= len(tail) and first == 0:  # a file of one or two frames
            return True
        length = frame_bytes(tail, at)
        if not length:
            return False
        at += length
    return True


def _mpeg_frame(tail: bytes, at: int) -> int:
    """Length in bytes of the MPEG audio frame at a place; 0 where there is none, or its bit rate is free."""
    head = int.from_bytes(tail[at : at + 4], "big")
    version, layer = head >> 19 & 3, 4 - (head >> 17 & 3)
    bit_rate, rate, padding = head >> 12 & 15, head >> 10 & 3, head >> 9 & 1
    if len(tail) < at + 4 or head >> 21 != 0x7FF or version == 1 or layer == 4 or bit_rate in (0, 15) or rate == 3:
        return 0
    family = 1 if version == 3 else 2
    bits = 1000 * _MP3_BIT_RATES[family, layer if family == 1 else min(layer, 2)][bit_rate - 1]
    hertz = _MP3_RATES[version][rate]
    if layer == 1:
        return 4 * (12 * bits // hertz + padding)
    return (72 if family == 2 and layer == 3 else 144) * bits // hertz + padding


def _adts_frame(tail: bytes, at: int) -> int:
    head = tail[at : at + 7]
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0 or head[2] >> 2 & 15 > 12:
        return 0
    length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return length if length >= 7 else 0


def _ac3_frame(tail: bytes, at: int) -> int:
    head = tail[at : at + 6]
    if len(head) < 6 or head[:2] != b"\x0b\x77":
        return 0
    if head[5] >> 3 > 10:  # E-AC-3 counts words of two bytes, less one
        return 2 * ((int.from_bytes(head[2:4], "big") & 0x7FF) + 1)
    rate, size_code = head[4] >> 6, head[4] & 0x3F
    if rate == 3 or size_code >= 2 * len(_AC3_BIT_RATES):
        return 0
    bits = 1000 * _AC3_BIT_RATES[size_code // 2]
    hertz = (48_000, 44_100, 32_000)[rate]
    return 2 * (1536 * bits // hertz // 16 + (size_code % 2 if rate == 1 else 0))


def _counted_bytes_are_missing(file: BinaryIO, size: int) -> bool:
    """Whether the file is shorter than its first frame says all frames are."""
    start = mp3_start(file)
    file.seek(start)
    first = file.read(4096)
    for mark in (b"Xing", b"Info"):
        at = first.find(mark, 0, 256)
        if at >= 0:
            flags = int.from_bytes(first[at + 4 : at + 8], "big")
            if not flags & 2:
                return False
            counted = first[at + 8 + 4 * (flags & 1) :][:4]
            return int.from_bytes(counted, "big") > size - start
    at = first.find(b"VBRI", 0, 256)
    return at >= 0 and int.from_bytes(first[at + 10 : at + 14], "big") > size - start


def mp3_start(file: BinaryIO) -> int:
    """Where the frames begin: behind the ID3v2 tag, whose size comes in four bytes of seven bits."""
    file.seek(0)
    head = file.read(10)
    if head[:3] != b"ID3":
        return 0
    length = 0
    for byte in head[6:10]:
        length = length << 7 | byte & 0x7F
    return 10 + length
