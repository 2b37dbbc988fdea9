"""What a parent and its child process say to each other: a length, JSON, and the samples that it announces.

No pickle: what comes out of a pipe is text and numbers, and cannot run as code.
"""

from __future__ import annotations

import json
import struct
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

Message = tuple[dict[str, Any], NDArray[np.float32]]
"""What is said, and the samples said with it: float32 (n,), empty where there are none."""

_LENGTH = struct.Struct("<I")
_LONGEST = 1 << 26
MOST_SAMPLES = 1 << 30
"""In one message; 4 GB."""
_SAMPLES = "samples"
"""Field that says how many float32 follow the JSON."""


def write_message(file: BinaryIO, message: dict[str, Any], samples: NDArray[np.float32] | None = None) -> None:
    """Send JSON, and float32 (n,) after it.

    Raises:
        OSError: Nobody listens any more.
    """
    if samples is not None:
        message = message | {_SAMPLES: int(samples.size)}
    text = json.dumps(message).encode()
    file.write(_LENGTH.pack(len(text)) + text)
    if samples is not None:
        file.write(np.ascontiguousarray(samples, dtype="<f4").data)
    file.flush()


def read_message(file: BinaryIO, *, most_samples: int = MOST_SAMPLES) -> Message | None:
    """The next message and its samples (none: empty); None at the end, also in the middle of a message.

    Args:
        file: A pipe.
        most_samples: What is announced beyond it is not believed: the memory for it is taken before they come.

    Raises:
        ValueError: What came is no message.
    """
    head = file.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > _LONGEST:
        raise ValueError(f"a message of {length} bytes")
    text = file.read(length)
    if len(text) < length:
        return None
    message = _parsed(text)
    count = message.get(_SAMPLES, 0)
    if not isinstance(count, int) or not 0 <= count <= most_samples:
        raise ValueError(f"a message with {count} samples")
    samples = np.empty(count, np.dtype("<f4"))
    came = file.readinto(samples) if count else 0  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]  BinaryIO does not know it
    return (message, samples) if came == samples.nbytes else None


def _parsed(text: bytes) -> dict[str, Any]:
    try:
        message: Any = json.loads(text)
    except RecursionError:
        raise ValueError("a message nested too deeply") from None
    if not isinstance(message, dict):
        raise ValueError("a message without fields")
    return message
