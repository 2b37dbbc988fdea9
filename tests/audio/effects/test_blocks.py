"""Blocks: however a recording is cut, the same samples; delays taken back; mixes in place."""

from __future__ import annotations

import numpy as np
import pytest
import soxr
from hypothesis import given
from hypothesis import strategies as st

from workbench.audio.effects.blocks import at_rate, equal_blocks, gathered, in_place, mixed, resampled

SIZES = st.lists(st.integers(1, 50), min_size=1, max_size=20)


def _cut(samples, sizes):
    return np.split(samples, np.cumsum(sizes)[:-1])


def _late(blocks, by):
    """The blocks, later by some samples; what is still in it at the end is lost."""
    held = np.zeros(by, np.float32)
    for block in blocks:
        held = np.concatenate([held, block])
        if held.size > by:
            yield held[:-by] if by else held
            held = held[held.size - by :]


@given(sizes=SIZES, size=st.integers(1, 40), fill=st.booleans())
def test_equal_blocks_are_the_same_sound(sizes, size, fill):
    samples = np.arange(1, sum(sizes) + 1, dtype=np.float32)
    blocks = list(equal_blocks(_cut(samples, sizes), size, fill=fill))
    assert all(block.size == size for block in blocks[: None if fill else -1])
    joined = np.concatenate(blocks)
    assert np.array_equal(joined[: samples.size], samples)
    assert not joined[samples.size :].any()
    assert joined.size - samples.size < size


@given(sizes=SIZES, delay=st.integers(1, 60))
def test_a_delay_is_taken_back_to_the_sample(sizes, delay):
    samples = np.arange(1, sum(sizes) + 1, dtype=np.float32)
    found = list(in_place(_cut(samples, sizes), lambda heard: _late(heard, delay), delay=delay, tail=delay))
    assert np.array_equal(gathered(found, samples.size), samples)
    assert all(block.size for block in found)


@given(sizes=SIZES, mix=st.sampled_from([0.0, 0.25, 0.5, 1.0]), again=st.integers(1, 30))
def test_a_mix_is_of_samples_of_the_same_moment(sizes, mix, again):
    samples = np.arange(1, sum(sizes) + 1, dtype=np.float32)

    def doubled(blocks):
        return (2 * block for block in equal_blocks(blocks, again))

    found = gathered(mixed(_cut(samples, sizes), doubled, mix), samples.size)
    np.testing.assert_allclose(found, (1 + mix) * samples)


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 44_100, 48_000])
def test_there_and_back_keeps_length_and_place(make_sound, likeness, rate):
    samples = make_sound(1.017, rate)[:, 0]
    blocks = _cut(samples, [1000] * (samples.size // 1000) + [samples.size % 1000])
    found = gathered(at_rate(blocks, rate, 48_000, iter), samples.size)
    assert likeness(samples, found) == (pytest.approx(1.0, abs=1e-4), 0)


def test_resampled_blocks_are_what_soxr_makes_of_the_whole(make_sound):
    samples = make_sound(1.0, 16_000)[:, 0]
    found = np.concatenate(list(resampled(np.split(samples, [3, 900, 9_000]), 16_000, 44_100)))
    assert np.array_equal(found, soxr.resample(samples, 16_000, 44_100, quality="VHQ"))
