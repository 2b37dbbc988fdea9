"""Low-pass and notches: what goes, what stays, and when it is heard."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt

from workbench.audio.effects import Dehum, Lowpass
from workbench.audio.mix import mains_hum
from workbench.audio.steps import parse_chain


@pytest.mark.parametrize("rate", [16_000, 44_100])
@pytest.mark.parametrize(("hertz", "lowest", "highest"), [(3000, -0.01, 0.01), (4000, -6.1, -5.9), (4500, -200, -75)])
def test_lowpass_keeps_what_is_below_and_takes_what_is_above(as_clip, tone, decibels, rate, hertz, lowest, highest):
    before = as_clip(tone(hertz, rate=rate), rate)
    after = Lowpass(cutoff=4000, width=500).apply(before)
    inner = slice(rate // 2, -rate // 2)
    assert lowest < decibels(np.std(after.samples[inner]) / np.std(before.samples[inner])) < highest


def test_lowpass_moves_no_tone(as_clip, tone):
    for hertz in (50, 400, 1700, 2900):
        before = tone(hertz)
        after = Lowpass(cutoff=3500).apply(as_clip(before)).samples
        np.testing.assert_allclose(after[2000:-2000], before[2000:-2000], atol=1e-4)


def test_lowpass_makes_no_thump_of_an_offset(as_clip):
    np.testing.assert_allclose(Lowpass().apply(as_clip(np.full(5000, 0.3))).samples, 0.3, atol=1e-4)


def test_lowpass_of_what_has_nothing_above_changes_nothing(as_clip, tone):
    clip = as_clip(tone(400, rate=8000), 8000)
    assert np.array_equal(Lowpass(cutoff=4000).apply(clip).samples, clip.samples)


def _level(samples, hertz, rate=16_000):
    """Of the tone, as an amplitude."""
    seconds = np.arange(samples.size) / rate
    return 2 * abs(np.mean(samples * np.exp(-2j * np.pi * hertz * seconds)))


@pytest.mark.parametrize("mains", [50, 60])
def test_dehum_finds_the_mains_and_takes_ten_lines_away(as_clip, make_sound, decibels, mains):
    hum = 0.3 * mains_hum(16_000 * 8, 16_000, seed=1, frequency=mains)
    clip = as_clip(make_sound(8.0, 16_000)[:, 0] + hum)
    found = Dehum().apply(clip)
    assert found.warnings == ()
    assert np.array_equal(found.samples, Dehum(base_hz=mains).apply(clip).samples)
    left = Dehum(base_hz=mains).apply(as_clip(hum)).samples
    rest = slice(16_000, None)  # a notch of 4 Hz rings for some 0.2 s
    for order in range(1, 11):
        assert decibels(_level(left[rest], order * mains) / _level(hum[rest], order * mains)) < -40, order
    assert decibels(_level(left[rest], 11 * mains) / _level(hum[rest], 11 * mains)) == pytest.approx(0, abs=0.5)


def test_dehum_leaves_the_tones_between_the_lines(as_clip, tone, decibels):
    for hertz in (75, 125, 325, 1000, 3010):
        after = Dehum(base_hz=50).apply(as_clip(tone(hertz, 4.0))).samples[16_000:]
        assert decibels(np.std(after) / np.std(tone(hertz, 4.0)[16_000:])) == pytest.approx(0, abs=0.3)
    struck = Dehum(base_hz=50).apply(as_clip(tone(50, 4.0))).samples[16_000:]
    assert decibels(np.std(struck) / np.std(tone(50, 4.0)[16_000:])) < -60


def test_dehum_without_hum_says_so_and_changes_nothing(as_clip, make_sound):
    clip = as_clip(make_sound(4.0, 16_000)[:, 0])
    after = Dehum().apply(clip)
    assert np.array_equal(after.samples, clip.samples)
    assert after.warnings == ("made.wav has no hum of 50 or 60 Hz that could be found; it was left as it is.",)


def test_dehum_leaves_out_lines_that_the_rate_does_not_hold(as_clip, tone):
    clip = as_clip(tone(50, rate=1000), 1000)
    after = parse_chain("dehum:base_hz=50,harmonics=40").apply(clip)
    assert np.abs(after.samples[500:]).max() < 0.05
    assert np.array_equal(Dehum(base_hz=400, harmonics=1).apply(as_clip(tone(50, rate=800), 800)).samples[:0], [])


@pytest.mark.speech
def test_filters_on_real_speech(spoken, likeness, decibels):
    band = butter(4, [300, 3000], "bandpass", fs=16_000, output="sos")
    hum = mains_hum(16_000 * 6, 16_000, seed=3)
    for clip in spoken:
        heard = sosfiltfilt(band, clip.samples)
        for step in (Lowpass(cutoff=3500), Dehum(base_hz=50)):
            after = step.apply(clip)
            assert after.samples.size == clip.samples.size
            correlation, delay = likeness(heard, sosfiltfilt(band, after.samples))
            assert delay == 0, step
            assert correlation > 0.9, step
        with_hum = clip.with_samples(clip.samples + np.float32(0.2) * hum[: clip.samples.size])
        mended = Dehum(base_hz=50).apply(with_hum)
        rest = slice(8_000, None)
        left = _level(mended.samples[rest], 50)
        assert decibels(left / _level(with_hum.samples[rest], 50)) < -25
