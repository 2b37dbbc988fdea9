"""Loudness agrees with pyloudnorm, an independent meter, whatever the block size."""

from __future__ import annotations

import numpy as np
import pyloudnorm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.audio.loudness import integrated_loudness, true_peak


def _speechlike(seconds: float, rate: int, seed: int, level: float) -> np.ndarray:
    """Noise that comes and goes, with pauses under both gates."""
    rng = np.random.default_rng(seed)
    n = round(seconds * rate)
    envelope = np.repeat(rng.choice([0.0, 1e-4, 0.1, 1.0], n // (rate // 3) + 1), rate // 3)[:n]
    return (level * envelope * rng.normal(0, 0.2, n)).astype(np.float32)


@settings(max_examples=40, deadline=None)
@given(
    tenths=st.integers(5, 120),
    rate=st.sampled_from([8_000, 16_000, 22_050, 44_100, 48_000]),
    seed=st.integers(0, 100),
    level=st.floats(0.01, 1),
)
def test_agrees_with_pyloudnorm(tenths, rate, seed, level):
    samples = _speechlike(tenths / 10, rate, seed, level)
    ours = integrated_loudness(samples, rate)
    with np.errstate(all="ignore"):
        theirs = pyloudnorm.Meter(rate).integrated_loudness(samples.astype(np.float64))
    if ours is None:
        assert theirs < -69
    else:
        assert ours == pytest.approx(theirs, abs=0.002)


def test_a_full_scale_tone_has_the_loudness_of_the_standard():
    tone = np.sin(2 * np.pi * 997 * np.arange(48_000 * 3) / 48_000).astype(np.float32)
    assert integrated_loudness(tone, 48_000) == pytest.approx(-3.01, abs=0.1)


def test_blocks_change_nothing(monkeypatch):
    samples = _speechlike(10, 11_025, 1, 0.5)
    whole = integrated_loudness(samples, 11_025)
    peak = true_peak(samples, 11_025)
    monkeypatch.setattr("workbench.audio.loudness._BLOCK", 5000)
    assert integrated_loudness(samples, 11_025) == pytest.approx(whole, abs=1e-9)
    assert true_peak(samples, 11_025) == pytest.approx(peak, rel=1e-4)


@pytest.mark.parametrize("samples", [np.zeros(16_000), np.full(16_000, 1e-6), np.ones(6_300)])
def test_no_loudness_is_none(samples):
    assert integrated_loudness(samples.astype(np.float32), 16_000) is None


def test_true_peak_lies_between_the_samples():
    # a tone at a quarter of the rate, sampled 45 degrees off its peaks: samples at 0.707, peak at 1
    tone = np.sin(2 * np.pi * 4_000 * np.arange(16_000) / 16_000 + np.pi / 4).astype(np.float32)
    assert np.abs(tone).max() == pytest.approx(0.7071, abs=1e-3)
    assert true_peak(tone * np.hanning(16_000).astype(np.float32), 16_000) == pytest.approx(1.0, abs=0.01)
