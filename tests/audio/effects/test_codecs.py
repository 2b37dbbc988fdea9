"""Codecs: the band and the loss they should have, at the same place and of the same length."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt

from workbench.audio.effects import Telephone
from workbench.audio.effects.codecs import Codec, coded
from workbench.audio.steps import parse_chain
from workbench.errors import UsageError

CODECS = ("mp3", "mp3:kbps=8", "opus", "opus:kbps=64", "amr", "amr:kbps=4.75", "telephone")


@pytest.mark.parametrize("chain", CODECS)
@pytest.mark.parametrize("rate", [8_000, 22_050, 48_000])
def test_codecs_keep_length_and_place_at_every_rate(make_sound, likeness, as_clip, chain, rate):
    clip = as_clip(0.5 * make_sound(1.53, rate)[:, 0], rate)
    after = parse_chain(chain).apply(clip)
    assert (after.sample_rate, after.samples.size) == (rate, clip.samples.size)
    band = butter(4, [1000, 2800], "bandpass", fs=rate, output="sos")  # of noise, whose waveform is seldom kept below
    correlation, delay = likeness(sosfiltfilt(band, clip.samples), sosfiltfilt(band, after.samples))
    if correlation > 0.5:  # at 4.75 kbit/s noise is drawn anew
        assert abs(delay) <= rate / 16_000


@pytest.mark.speech
@pytest.mark.parametrize("chain", CODECS)
def test_codecs_on_real_speech(spoken, likeness, chain):
    band = butter(4, [1000, 3000], "bandpass", fs=16_000, output="sos")
    delays = []
    for clip in spoken[::4]:
        after = parse_chain(chain).apply(clip)
        assert after.samples.size == clip.samples.size
        correlation, delay = likeness(sosfiltfilt(band, clip.samples), sosfiltfilt(band, after.samples))
        assert correlation > 0.6
        delays.append(delay)
    assert set(delays) <= {-1, 0, 1}, delays  # 0.06 ms: Opus and AMR filter the lowest tones away, which turns phases


@pytest.mark.speech
def test_fewer_bits_are_farther_from_the_speech(spoken):
    for clip in spoken[1:2]:
        for name, rates in (("mp3", (8, 24, 64)), ("opus", (8, 24, 64)), ("amr", (4.75, 12.2))):
            far = [_distance(clip, parse_chain(f"{name}:kbps={kbps}").apply(clip)) for kbps in rates]
            assert far == sorted(far, reverse=True), (name, far)


def _distance(first, second):
    """Between log spectra, in dB (root mean square over what is within 50 dB of the loudest)."""
    one, other = (
        np.abs(np.fft.rfft(clip.samples[: clip.samples.size // 512 * 512].reshape(-1, 512) * np.hanning(512)))
        for clip in (first, second)
    )
    heard = one > one.max() / 300
    return float(np.sqrt(np.square(20 * np.log10(one[heard] / np.maximum(other[heard], 1e-9))).mean()))


@pytest.mark.parametrize(
    ("hertz", "lowest", "highest"), [(100, -200, -35), (300, -7, -5), (1000, -0.3, 0.3), (3700, -200, -30)]
)
def test_a_telephone_has_the_band_of_one(as_clip, tone, decibels, hertz, lowest, highest):
    before = tone(hertz, 2.0)
    after = Telephone().apply(as_clip(before)).samples
    assert lowest < decibels(np.std(after[8000:-8000]) / np.std(before[8000:-8000]) + 1e-9) < highest


def test_a_telephone_has_eight_bits(as_clip, tone, si_sdr):
    before = tone(1013.7, 1.0, level=0.25).astype(np.float32)
    after = Telephone().apply(as_clip(before)).samples
    assert 33 < si_sdr(before[4000:-4000], after[4000:-4000]) < 42  # mu-law has some 38 dB at any level


@pytest.mark.parametrize("chain", CODECS)
def test_what_is_louder_than_full_scale_is_clipped_not_wrapped(as_clip, tone, chain):
    after = parse_chain(chain).apply(as_clip(tone(1000, 1.0, level=2.0))).samples
    assert np.corrcoef(after, tone(1000, 1.0))[0, 1] > 0.5
    assert np.abs(after).max() < 2


@pytest.mark.parametrize("size", [1, 100, 5000])
def test_short_clips_keep_their_length(as_clip, size):
    for chain in CODECS:
        assert parse_chain(chain).apply(as_clip(np.full(size, 0.1))).samples.size == size


def test_a_codec_that_is_not_there_is_a_sentence():
    with pytest.raises(UsageError, match="cannot encode with libnothing"):
        coded([np.zeros(10, np.float32)], 8_000, Codec(encoder="libnothing", decoder="amrnb", rate=8_000, form="s16"))
