"""The pages of an Ogg file (RFC 3533): each with a number, a checksum, and a mark on the last one.

Decoders pass over a page that fails its checksum without a word, and take the length from the pages that are left.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_FIRST, _LAST = 0x02, 0x04
_HEAD = 27
_MOST_HEADER_PAGES = 3
_MOST_PAGES = 2_000_000
_SEARCH_BYTES = 1 << 16
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True, slots=True)
class Page:
    """One page that is whole.

    Attributes:
        flags: Whether it is the first or the last of its stream.
        stream: The serial number of the stream it belongs to.
        number: Counted in its stream from zero.
        follows_damage: Whether bytes that are no page, or a damaged one, lie before it.
    """

    flags: int
    stream: int
    number: int
    follows_damage: bool


def is_cut(file: BinaryIO, size: int) -> bool:
    """Whether the last stream lacks its last page, or ends in the middle of one."""
    last: Page | None = None
    for page in _pages(file, size):
        last = page
    return last is None or not last.flags & _LAST


def lost_pages(file: BinaryIO, size: int) -> int:
    """How many pages are damaged or missing before the last whole one, by the numbers of those that are whole.

    A recorded broadcast has the headers, and then pages of the hour at which somebody tuned in: that is no loss.
    """
    lost = 0
    next_numbers: dict[int, int] = {}
    for page in _pages(file, size):
        expected = 0 if page.flags & _FIRST else next_numbers.get(page.stream, 0)
        if page.follows_damage or expected > _MOST_HEADER_PAGES:
            lost += max(0, page.number - expected)
        next_numbers[page.stream] = page.number + 1
    return lost


def _pages(file: BinaryIO, size: int) -> Iterator[Page]:
    """All pages whose checksum is right; what lies between them is passed over."""
    at, is_damaged = 0, False
    for _ in range(_MOST_PAGES):
        file.seek(at)
        head = file.read(_HEAD)
        if len(head) < _HEAD:
            return
        lacing = file.read(head[26])
        content = file.read(sum(lacing))
        page = head + lacing + content
        is_whole = len(lacing) == head[26] and len(content) == sum(lacing)
        if head[:4] == b"OggS" and is_whole and _checksum(page) == head[22:26]:
            stream, number = (int.from_bytes(head[first : first + 4], "little") for first in (14, 18))
            yield Page(head[5], stream, number, is_damaged)
            at, is_damaged = at + len(page), False
        else:
            at, is_damaged = _next_mark(file, at + 1, size), True


def _next_mark(file: BinaryIO, at: int, size: int) -> int:
    while at < size:
        file.seek(at)
        found = file.read(_SEARCH_BYTES).find(b"OggS")
        if found >= 0:
            return at + found
        at += _SEARCH_BYTES - 3
    return size


def _checksum(page: bytes) -> bytes:
    """CRC-32 with the generator 0x04c11db7, from zero and not inverted, as Ogg has it.

    zlib's is the mirror image, from all ones and inverted: fed with mirrored bytes, its answer is mirrored back.
    """
    mirrored = (page[:22] + bytes(4) + page[26:]).translate(_MIRRORED)
    value = zlib.crc32(mirrored, 0xFFFFFFFF) ^ 0xFFFFFFFF
    return value.to_bytes(4, "little").translate(_MIRRORED)[::-1]
