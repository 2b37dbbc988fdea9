"""What comes out of a pipe is believed as far as it can be true."""

from __future__ import annotations

import io
import json
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.children.messages import read_message, write_message

plain = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3))


@given(
    message=st.dictionaries(st.text().filter(lambda name: name != "samples"), plain, max_size=4),
    samples=st.none() | st.lists(st.floats(width=32, allow_nan=False), max_size=20),
)
def test_what_is_written_is_read(message: dict[str, Any], samples: list[float] | None) -> None:
    pipe = io.BytesIO()
    write_message(pipe, message, None if samples is None else np.array(samples, np.float32))
    write_message(pipe, {"next": 1})
    pipe.seek(0)
    found = read_message(pipe)
    assert found is not None
    assert {name: value for name, value in found[0].items() if name != "samples"} == message
    assert found[1].tolist() == (samples or [])
    assert found[1].flags.writeable
    assert read_message(pipe) is not None
    assert read_message(pipe) is None


@given(cut=st.integers(0, 60))
def test_a_message_that_is_cut_is_the_end(cut: int) -> None:
    pipe = io.BytesIO()
    write_message(pipe, {"do": "it"}, np.ones(10, np.float32))
    whole = pipe.getvalue()
    assert read_message(io.BytesIO(whole[: min(cut, len(whole) - 1)])) is None


def packed(text: str) -> io.BytesIO:
    return io.BytesIO(struct.pack("<I", len(text)) + text.encode() + bytes(400))


@pytest.mark.parametrize("count", [-1, 101, 1 << 62, 1.5, "1", None, [1]])
def test_a_number_of_samples_that_cannot_be_is_no_message(count: Any) -> None:
    with pytest.raises(ValueError, match="samples"):
        read_message(packed(json.dumps({"samples": count})), most_samples=100)


@pytest.mark.parametrize("text", ["[]", "7", "{", "", "[" * 100_000])
def test_what_is_no_object_is_no_message(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_message(packed(text))
    with pytest.raises(ValueError, match="a message of"):
        read_message(io.BytesIO(b"\xff" * 8))
