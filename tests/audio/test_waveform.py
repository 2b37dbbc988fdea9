"""The outline that is drawn is the outline of the sound."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from workbench.audio.waveform import peaks

SOUND = arrays(np.float32, st.integers(1, 500), elements=st.floats(-1, 1, width=32))


@given(samples=SOUND, bins=st.integers(1, 600))
def test_each_bin_holds_the_extremes_of_its_stretch(samples, bins):
    outline = peaks(samples, bins)
    assert outline.shape == (bins, 2)
    assert outline.dtype == np.float32
    assert (outline[:, 0] <= outline[:, 1]).all()
    if samples.size >= bins:
        assert outline[:, 0].min() == samples.min()
        assert outline[:, 1].max() == samples.max()
    edges = [index * samples.size // bins for index in range(bins)] + [samples.size]
    for index in range(bins):
        stretch = samples[edges[index] : max(edges[index + 1], edges[index] + 1)]
        assert tuple(outline[index]) == (stretch.min(), stretch.max())


@pytest.mark.parametrize(("size", "bins"), [(0, 10), (10, 0)])
def test_nothing_cannot_be_drawn(size, bins):
    with pytest.raises(ValueError, match="cannot be drawn"):
        peaks(np.zeros(size, np.float32), bins)


def test_an_hour_takes_a_moment():
    samples = np.random.default_rng(0).standard_normal(3600 * 16_000, dtype=np.float32)
    start = time.process_time()
    peaks(samples, 2000)
    assert time.process_time() - start < 2
