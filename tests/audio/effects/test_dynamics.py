"""Compressor, dynaudnorm, declip: levels in, levels out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.audio.clip import AudioClip
from workbench.audio.effects import Compressor, Declip, Dynaudnorm


@pytest.mark.parametrize("ratio", [2.0, 4.0, 10.0])
@pytest.mark.parametrize("over", [9.0, 18.0])
def test_compressor_turns_so_many_decibels_above_the_threshold_into_one(as_clip, tone, decibels, ratio, over):
    threshold = -30.0
    level = 10 ** ((threshold + over) / 20)
    before = tone(1000, 2.0, level=level)
    after = Compressor(threshold_db=threshold, ratio=ratio).apply(as_clip(before)).samples
    reduced = decibels(np.std(before[16_000:]) / np.std(after[16_000:]))
    assert reduced == pytest.approx((over - 0.7) * (1 - 1 / ratio), abs=0.3)  # the detector follows the wave a little


def test_compressor_leaves_what_is_below_and_adds_its_makeup(as_clip, tone, decibels):
    before = tone(1000, 1.0, level=0.001)
    after = Compressor(makeup_db=12).apply(as_clip(before)).samples
    assert decibels(np.std(after) / np.std(before)) == pytest.approx(12, abs=0.05)


def test_compressor_takes_hold_and_lets_go_in_its_time(as_clip, tone):
    before = np.concatenate([tone(1000, 1.0, level=0.01), tone(1000, 1.0, level=0.9), tone(1000, 1.0, level=0.01)])

    def gains(attack, release):
        after = Compressor(threshold_db=-30, ratio=20, attack_ms=attack, release_ms=release).apply(as_clip(before))
        return np.sqrt(np.square(after.samples.reshape(-1, 160)).mean(1) / np.square(before.reshape(-1, 160)).mean(1))

    fast, slow = gains(1, 50), gains(100, 1000)  # by 10 ms
    assert slow[100] > 3 * fast[100]
    np.testing.assert_allclose(slow[190:200], fast[190:200], rtol=0.3)
    assert fast[230] > 0.9
    assert slow[230] < 0.6


def test_dynaudnorm_brings_near_and_far_to_one_peak(as_clip, tone):
    before = np.concatenate([tone(300, 10.0, level=0.5), tone(300, 10.0, level=0.05)])
    after = Dynaudnorm().apply(as_clip(before)).samples
    peaks = np.abs(after.reshape(-1, 8000)).max(axis=1)
    np.testing.assert_allclose(peaks[:18], 10 ** (-0.5 / 20), rtol=0.02)
    np.testing.assert_allclose(peaks[-10:], 0.5, rtol=0.02)  # no more than 20 dB


@pytest.mark.parametrize("seconds", [0.1, 1.0, 4.0])
def test_dynaudnorm_works_on_short_clips_from_their_first_sample(as_clip, tone, seconds):
    after = Dynaudnorm(peak_db=-6).apply(as_clip(tone(300, seconds, level=0.1))).samples
    np.testing.assert_allclose(np.abs(after.reshape(-1, 800)).max(axis=1), 10 ** (-6 / 20), rtol=0.02)


@settings(max_examples=60, deadline=None)
@given(
    samples=st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=3000),
    neighbours=st.integers(1, 6),
    peak_db=st.floats(-30, 0),
)
def test_dynaudnorm_never_exceeds_its_peak(samples, neighbours, peak_db):
    clip = AudioClip(samples=np.asarray(samples, np.float32), sample_rate=1000)
    after = Dynaudnorm(frame_ms=50, neighbours=neighbours, peak_db=peak_db, max_gain_db=40).apply(clip)
    assert np.abs(after.samples).max() <= 10 ** (peak_db / 20) * (1 + 1e-5)


def test_dynaudnorm_leaves_silence_silent(as_clip):
    assert not Dynaudnorm().apply(as_clip(np.zeros(5000))).samples.any()


@pytest.mark.speech
def test_declip_draws_peaks_again_on_real_speech(spoken, si_sdr, likeness):
    gains = []
    for clip in spoken:
        limit = np.abs(clip.samples).max() / 2  # 6 dB too loud
        clipped = clip.with_samples(np.clip(clip.samples, -limit, limit))
        mended = Declip().apply(clipped)
        assert mended.samples.size == clip.samples.size
        assert likeness(clip.samples, mended.samples)[1] == 0
        assert np.abs(mended.samples).max() > limit
        gains.append(si_sdr(clip.samples, mended.samples) - si_sdr(clip.samples, clipped.samples))
        half = Declip(mix=0.5).apply(clipped).samples
        np.testing.assert_allclose(half, (mended.samples + clipped.samples) / 2, atol=1e-6)
    assert np.median(gains) > 3
    assert min(gains) > -1


@pytest.mark.speech
def test_levels_on_real_speech(spoken, likeness):
    for clip in spoken:
        quiet = clip.with_samples(0.1 * clip.samples)
        evened = Dynaudnorm().apply(quiet)
        assert np.abs(evened.samples).max() > 2 * np.abs(quiet.samples).max()
        squeezed = Compressor(threshold_db=-40, ratio=8).apply(clip)
        for after in (evened, squeezed):
            assert after.samples.size == clip.samples.size
            assert likeness(clip.samples, after.samples)[1] == 0
        spread = [np.ptp(np.percentile(20 * np.log10(_frames(one) + 1e-6), [50, 99])) for one in (clip, squeezed)]
        assert spread[1] < spread[0] - 3  # decibels between middling and loud frames


def _frames(clip):
    return np.sqrt(np.square(clip.samples[: clip.samples.size // 320 * 320].reshape(-1, 320)).mean(axis=1))
