"""The metadata that an ONNX file carries, read without loading it."""

from __future__ import annotations

from collections.abc import Generator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

_METADATA = 14
"""`ModelProto.metadata_props` in onnx.proto: a key (field 1) and a value (field 2)."""
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
"""Wire types of Protocol Buffers ("Encoding", protobuf.dev)."""
_LONGEST = 1 << 20
"""Of one entry; the means and deviations of features are the largest, with 20 kB."""


def onnx_metadata(path: Path) -> dict[str, str]:
    """Keys and values; what stands before them, the graph with its gigabytes, is skipped.

    Returns:
        Empty where the file is no ONNX model, or is damaged.
    """
    found: dict[str, str] = {}
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            for number, content in _fields(file, size, wanted=_METADATA):
                if number == _METADATA:
                    pair = dict(_fields(BytesIO(content), len(content), wanted=None))
                    found[pair.get(1, b"").decode()] = pair.get(2, b"").decode()
    except (OSError, ValueError, EOFError):
        return {}
    return found


def _fields(file: BinaryIO, size: int, *, wanted: int | None) -> Generator[tuple[int, bytes]]:
    """Fields with a length, and their bytes: of the one that is wanted, or of all for None; others are empty."""
    while file.tell() < size:
        number, wire = divmod(_varint(file), 8)
        if wire == _BYTES:
            length = _varint(file)
            if length > size - file.tell():
                raise EOFError
            if wanted in (None, number) and length <= _LONGEST:
                yield number, file.read(length)
            else:
                file.seek(length, 1)
        elif wire == _VARINT:
            _varint(file)
        elif wire in (_FIXED64, _FIXED32):
            file.seek(8 if wire == _FIXED64 else 4, 1)
        else:
            raise ValueError(wire)


def _varint(file: BinaryIO) -> int:
    value = 0
    for shift in range(0, 64, 7):
        byte = file.read(1)
        if not byte:
            raise EOFError
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
    raise ValueError(value)
