"""Noise and rooms: the ratio asked for is the ratio that is there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.signal import welch

from workbench.audio import mix
from workbench.audio.mix import Samples

RATE = 16_000

seeds = st.integers(0, 2**32 - 1)
snrs = st.floats(-20, 40)


def talk(seed: int, n: int = RATE) -> Samples:
    """Noise that comes and goes like syllables of 0.1 s, with true silence between, at a random level."""
    rng = np.random.default_rng(seed)
    syllables = rng.uniform(0, 1, -(-n // 1600)) > 0.4
    syllables[:2] = False, True
    speech = np.repeat(syllables, 1600)[:n] * rng.standard_normal(n) * rng.uniform(0.001, 0.2)
    return speech.astype(np.float32)


def power_db(samples: np.ndarray) -> float:
    return float(10 * np.log10(np.square(samples, dtype=np.float64).mean()))


class TestMixAtSnr:
    @given(seed=seeds, snr_db=snrs, noise_length=st.integers(200, 3 * RATE), n=st.integers(4000, 2 * RATE))
    @settings(deadline=None)
    def test_ratio_while_somebody_speaks_is_the_one_asked_for(
        self, seed: int, snr_db: float, noise_length: int, n: int
    ) -> None:
        speech = talk(seed, n)
        noise = np.random.default_rng(seed + 1).standard_normal(noise_length).astype(np.float32)

        mixture = mix.mix_at_snr(speech, noise, snr_db, RATE, seed=seed)

        added = mixture.samples / mixture.gain - speech
        spoken = speech != 0  # by construction, not by the code under test
        assert power_db(speech[spoken]) - power_db(added[spoken]) == pytest.approx(snr_db, abs=0.1)
        assert mixture.samples.shape == speech.shape
        assert mixture.samples.dtype == np.float32
        assert np.abs(mixture.samples).max() <= 0.99 + 1e-6

    def test_pauses_do_not_change_the_gain_of_the_noise(self) -> None:
        speech = np.sin(np.arange(RATE) / 5).astype(np.float32)
        noise = np.tile(np.float32([0.1, -0.1]), RATE)
        short = mix.mix_at_snr(speech, noise, 5, RATE)
        padded = mix.mix_at_snr(np.pad(speech, RATE), noise, 5, RATE)
        assert padded.noise_gain == pytest.approx(short.noise_gain, rel=1e-6)

    def test_a_mixture_that_would_clip_is_scaled_and_says_so(self) -> None:
        speech = (0.9 * np.sin(np.arange(RATE) / 5)).astype(np.float32)
        noise = mix.mains_hum(RATE, RATE, seed=1)

        loud = mix.mix_at_snr(speech, noise, 0, RATE, peak_limit=0.8)
        quiet = mix.mix_at_snr(0.1 * speech, noise, 0, RATE, peak_limit=0.8)

        assert loud.was_scaled
        assert np.abs(loud.samples).max() == pytest.approx(0.8, abs=1e-6)
        assert not quiet.was_scaled
        assert quiet.gain == 1.0
        np.testing.assert_allclose(loud.samples / loud.gain, 10 * quiet.samples, atol=1e-5)

    def test_short_noise_is_looped_without_a_hole(self) -> None:
        noise = np.float32([1, 2, 3])
        speech = np.ones(10, dtype=np.float32)
        mixture = mix.mix_at_snr(speech, noise, 0, RATE)
        added = mixture.samples / mixture.gain - speech
        steps = np.round(np.diff(added) / np.diff(np.unique(added.round(4))).min()).astype(int)
        assert set(steps) == {1, -2}  # 1 → 2 → 3 → 1 and never anything else

    def test_the_seed_chooses_the_piece_of_noise(self) -> None:
        speech, noise = talk(1), np.random.default_rng(2).standard_normal(5 * RATE).astype(np.float32)
        once, again, other = (mix.mix_at_snr(speech, noise, 10, RATE, seed=n).samples for n in (3, 3, 4))
        np.testing.assert_array_equal(once, again)
        assert not np.array_equal(once, other)

    def test_long_noise_is_cut_without_a_seam(self) -> None:
        noise = np.linspace(0.1, 1, RATE + 5, dtype=np.float32)  # a seam would be a step down
        for seed in range(20):
            mixture = mix.mix_at_snr(np.ones(RATE, dtype=np.float32), noise, 0, RATE, seed=seed)
            assert (np.diff(mixture.samples) > -1e-6).all()

    @pytest.mark.parametrize(
        ("speech", "noise", "snr_db", "message"),
        [
            (np.zeros(100), np.ones(100), 0, "speech is silent"),
            (np.ones(100), np.zeros(100), 0, "noise is silent"),
            (np.ones(0), np.ones(100), 0, "speech has the shape"),
            (np.ones(100), np.ones(0), 0, "noise has the shape"),
            (np.ones((100, 2)), np.ones(100), 0, "must be mono"),
            (np.full(100, np.nan), np.ones(100), 0, "not finite"),
            (np.ones(100), np.full(100, np.inf), 0, "not finite"),
            (np.ones(100), np.ones(100), float("nan"), "SNR of nan"),
            (np.ones(100), np.ones(100), 5000, "SNR of 5000"),
        ],
    )
    def test_what_cannot_be_mixed_is_refused(
        self, speech: np.ndarray, noise: np.ndarray, snr_db: float, message: str
    ) -> None:
        with pytest.raises(ValueError, match=message):
            mix.mix_at_snr(speech.astype(np.float32), noise.astype(np.float32), snr_db, RATE)

    @pytest.mark.parametrize("peak_limit", [0, 1.5, float("nan")])
    def test_a_senseless_peak_limit_is_refused(self, peak_limit: float) -> None:
        ones = np.ones(100, dtype=np.float32)
        with pytest.raises(ValueError, match="peak limit"):
            mix.mix_at_snr(ones, ones, 0, RATE, peak_limit=peak_limit)


class TestActiveSamples:
    @given(seed=seeds, n=st.integers(1, 5000))
    @settings(deadline=None)
    def test_one_flag_a_sample_and_the_loudest_is_active(self, seed: int, n: int) -> None:
        speech = np.random.default_rng(seed).standard_normal(n).astype(np.float32)
        active = mix.active_samples(speech, RATE)
        assert active.shape == (n,)
        assert active.any()

    def test_forty_decibels_below_is_a_pause(self) -> None:
        tone = np.sin(np.arange(RATE) / 5).astype(np.float32)
        active = mix.active_samples(np.concatenate([tone, 0.02 * tone, 0.005 * tone]), RATE)
        assert active[: 2 * RATE].all()
        assert not active[2 * RATE :].any()


NOISES: dict[str, Callable[[int, int], Samples]] = {
    "hum": lambda n, seed: mix.mains_hum(n, RATE, seed),
    "babble": lambda n, seed: mix.babble([talk(9), talk(10, 5000), talk(11, 3 * RATE)], n, RATE, seed),
    "keyboard": lambda n, seed: mix.keyboard(n, RATE, seed),
}


@pytest.mark.parametrize("make", NOISES.values(), ids=NOISES)
class TestEveryNoise:
    @given(n=st.integers(1, 2 * RATE), seed=seeds)
    @settings(deadline=None, max_examples=25)
    def test_length_type_and_same_samples_for_the_same_seed(self, make, n: int, seed: int) -> None:
        noise = make(n, seed)
        assert noise.shape == (n,)
        assert noise.dtype == np.float32
        assert np.isfinite(noise).all()
        np.testing.assert_array_equal(noise, make(n, seed))

    def test_level_is_minus_20_dbfs(self, make) -> None:
        assert power_db(make(3 * RATE, 5)) == pytest.approx(-20, abs=0.01)

    def test_another_seed_is_another_noise(self, make) -> None:
        assert not np.array_equal(make(RATE, 1), make(RATE, 2))

    @pytest.mark.parametrize("n", [0, -1])
    def test_no_length_is_refused(self, make, n: int) -> None:
        with pytest.raises(ValueError, match="no sound"):
            make(n, 1)


class TestMainsHum:
    @pytest.mark.parametrize("frequency", [50, 60])
    def test_power_is_at_the_fundamental_and_its_harmonics_alone(self, frequency: int) -> None:
        hum = mix.mains_hum(10 * RATE, RATE, seed=3, frequency=frequency)
        frequencies, density = welch(hum, RATE, nperseg=RATE)  # bins of 1 Hz
        assert frequencies[density.argmax()] == frequency
        near_harmonic = np.abs(frequencies / frequency - np.round(frequencies / frequency)) * frequency <= 3
        audible = near_harmonic & (frequencies >= frequency - 3) & (frequencies <= 20 * frequency + 3)
        assert density[audible].sum() / density.sum() > 0.999
        for order in (2, 3, 5):
            assert density[order * frequency] > 100 * density[round((order + 0.5) * frequency)]
        assert density[3 * frequency] > density[2 * frequency] > density[4 * frequency]

    def test_harmonics_above_half_the_rate_are_left_out(self) -> None:
        frequencies, density = welch(mix.mains_hum(8000, 800, seed=1), 800, nperseg=800)
        peaks = frequencies[density > density.max() / 10_000]
        assert peaks.max() <= 353  # 400 Hz is half the rate; folded harmonics would show between the others
        assert (np.abs(peaks / 50 - np.round(peaks / 50)) * 50 <= 3).all()

    @pytest.mark.parametrize("frequency", [0, -50, 8000, float("nan")])
    def test_impossible_tones_are_refused(self, frequency: float) -> None:
        with pytest.raises(ValueError, match="No tone"):
            mix.mains_hum(100, RATE, seed=1, frequency=frequency)


class TestBabble:
    def test_a_loud_voice_does_not_drown_the_others(self) -> None:
        high, low = (np.sin(np.arange(RATE) * step).astype(np.float32) for step in (1.0, 0.2))
        even = mix.babble([high, low], RATE, RATE, seed=4)
        uneven = mix.babble([high, 0.01 * low], RATE, RATE, seed=4)
        np.testing.assert_allclose(even, uneven, atol=1e-4)

    def test_every_voice_is_in_it(self) -> None:
        turns = 2 * np.pi * np.arange(RATE) / RATE
        tones = [np.sin(hz * turns).astype(np.float32) for hz in (300, 700, 1900)]
        frequencies, density = welch(mix.babble(tones, 4 * RATE, RATE, seed=1), RATE, nperseg=RATE)
        assert set(frequencies[np.argsort(density)[-3:]]) == {300, 700, 1900}

    @pytest.mark.parametrize(
        ("voices", "message"),
        [
            ([], "at least one"),
            ([talk(1), np.zeros(50, np.float32)], "Voice 2 of 2"),
            ([np.ones(0, np.float32)], "empty"),
        ],
    )
    def test_voices_that_cannot_speak_are_refused(self, voices: list[Samples], message: str) -> None:
        with pytest.raises(ValueError, match=message):
            mix.babble(voices, 100, RATE, seed=1)


class TestKeyboard:
    def test_it_clicks_and_is_quiet_between_the_clicks(self) -> None:
        typed = mix.keyboard(20 * RATE, RATE, seed=6)
        frames = np.sqrt(np.square(typed.reshape(-1, RATE // 100)).mean(axis=1))
        assert np.median(frames) < 0.1 * frames.max()
        onsets = np.flatnonzero((frames[1:] > 0.2 * frames.max()) & (frames[:-1] < 0.05 * frames.max()))
        assert 2 < len(onsets) / 20 < 15  # strokes a second

    def test_its_energy_lies_between_1_and_6_khz(self) -> None:
        frequencies, density = welch(mix.keyboard(20 * RATE, RATE, seed=6), RATE, nperseg=1024)
        band = (frequencies > 1000) & (frequencies < 6000)
        assert density[band].sum() / density.sum() > 0.7

    def test_a_very_low_rate_has_clicks_too(self) -> None:
        assert np.abs(mix.keyboard(2000, 1000, seed=1)).max() > 0


class TestRoomResponse:
    @pytest.mark.parametrize("rt60_seconds", [0.3, 0.6, 1.2])
    def test_it_decays_by_60_db_in_the_time_asked_for(self, rt60_seconds: float) -> None:
        response = mix.room_response(RATE, rt60_seconds, seed=8, direct_to_reverberant_db=-20)
        # Schroeder (1965): backward integration; T60 from the slope between -5 and -25 dB (ISO 3382, T20).
        decay = np.cumsum(np.square(response[::-1], dtype=np.float64))[::-1]
        decay_db = 10 * np.log10(decay / decay[0])
        first, last = np.searchsorted(-decay_db, [5, 25])
        slope = (decay_db[last] - decay_db[first]) / ((last - first) / RATE)
        assert -60 / slope == pytest.approx(rt60_seconds, rel=0.1)

    @given(seed=seeds, ratio_db=st.floats(-15, 20))
    @settings(deadline=None, max_examples=25)
    def test_direct_path_comes_first_and_has_the_energy_asked_for(self, seed: int, ratio_db: float) -> None:
        response = mix.room_response(RATE, 0.4, seed, direct_to_reverberant_db=ratio_db)
        assert response[0] == 1.0
        assert response.shape == (6400,)
        assert -10 * np.log10(np.square(response[1:]).sum()) == pytest.approx(ratio_db, abs=0.01)
        again = mix.room_response(RATE, 0.4, seed, direct_to_reverberant_db=ratio_db)
        np.testing.assert_array_equal(response, again)

    @pytest.mark.parametrize(
        ("rate", "rt60_seconds"), [(RATE, 0), (RATE, -1), (RATE, 0.001), (RATE, float("nan")), (0, 0.5)]
    )
    def test_rooms_without_decay_are_refused(self, rate: int, rt60_seconds: float) -> None:
        with pytest.raises(ValueError, match="too short"):
            mix.room_response(rate, rt60_seconds, seed=1)


class TestReverberate:
    @given(seed=seeds, n=st.integers(4000, 2 * RATE))
    @settings(deadline=None, max_examples=25)
    def test_length_level_and_timing_are_kept(self, seed: int, n: int) -> None:
        speech = talk(seed, n)
        wet = mix.reverberate(speech, mix.room_response(RATE, 0.4, seed))
        assert wet.shape == speech.shape
        assert wet.dtype == np.float32
        assert power_db(wet) == pytest.approx(power_db(speech), abs=0.01)
        spectrum = np.fft.rfft(wet, 2 * n) * np.conj(np.fft.rfft(speech, 2 * n))
        assert np.fft.irfft(spectrum).argmax() == 0  # the lag at which wet and dry agree best

    def test_the_tail_rings_into_the_pause(self) -> None:
        click = np.zeros(RATE, dtype=np.float32)
        click[1000] = 0.5
        wet = mix.reverberate(click, mix.room_response(RATE, 0.5, seed=2))
        assert np.abs(wet).argmax() == 1000
        assert np.abs(wet[:999]).max() < 1e-6
        assert np.abs(wet[2000:8000]).max() > 1e-3

    @given(seed=seeds, delay=st.integers(0, 3000))
    @settings(deadline=None, max_examples=25)
    def test_a_measured_response_is_aligned_by_its_direct_path(self, seed: int, delay: int) -> None:
        speech, response = talk(seed, 8000), mix.room_response(RATE, 0.3, seed, direct_to_reverberant_db=3)
        assume(np.abs(response[1:]).max() < 1)
        late = mix.reverberate(speech, np.pad(response, (delay, 0)))
        np.testing.assert_allclose(late, mix.reverberate(speech, response), atol=1e-6)

    def test_an_open_field_changes_nothing(self) -> None:
        np.testing.assert_allclose(mix.reverberate(talk(3), np.float32([2.0])), talk(3), atol=1e-7)

    def test_silence_stays_silent(self) -> None:
        assert not mix.reverberate(np.zeros(100, np.float32), mix.room_response(RATE, 0.3, seed=1)).any()

    @pytest.mark.parametrize(
        ("speech", "response", "message"),
        [
            (np.ones(0), np.ones(1), "speech has the shape"),
            (np.ones(9), np.ones(0), "response has the shape"),
            (np.ones(9), np.zeros(9), "all zeros"),
            (np.ones(9), np.full(2, np.nan), "not finite"),
        ],
    )
    def test_what_cannot_sound_is_refused(self, speech: np.ndarray, response: np.ndarray, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            mix.reverberate(speech.astype(np.float32), response.astype(np.float32))
