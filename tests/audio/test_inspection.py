"""What is found in recordings whose faults are known, because they were put there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import butter, sosfiltfilt

from workbench.audio import mix
from workbench.audio.inspection import Inspection, inspect_recording
from workbench.audio.io import read_clip
from workbench.audio.levels import ClippingMeter, PowerProfile
from workbench.audio.segment import Span
from workbench.audio.spectra import HumDetector, LongTermSpectrum
from workbench.errors import AudioInvalid, AudioNotFound

RATE = 16_000
SETS = Path(__file__).parents[2] / "eval_sets"

Inspect = Callable[..., Inspection]


@pytest.fixture(scope="module")
def talk() -> np.ndarray:
    """Twenty seconds of speech with pauses of 0.6 s, at −30 dBFS."""
    parts: list[np.ndarray] = []
    for path in sorted((SETS / "english-demo" / "audio").glob("*.flac"))[:8]:
        parts += [read_clip(path).samples, np.zeros(int(0.6 * RATE), np.float32)]
    joined = np.concatenate(parts)[: 20 * RATE]
    return (joined * 10 ** (-30 / 20) / np.sqrt(np.square(joined).mean())).astype(np.float32)


@pytest.fixture
def inspect(tmp_path: Path) -> Inspect:
    def write_and_inspect(*channels: np.ndarray, rate: int = RATE, subtype: str = "FLOAT") -> Inspection:
        soundfile.write(tmp_path / "take.wav", np.stack(channels, axis=1), rate, subtype=subtype)
        return inspect_recording(tmp_path / "take.wav")

    return write_and_inspect


def kinds(found: Inspection) -> list[str]:
    return [one.kind for one in found.advice]


def white(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(n).astype(np.float32)


# Signal to noise ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("snr", [0, 5, 10, 20, 30])
@pytest.mark.parametrize("kind", ["white", "hum"])
def test_the_ratio_that_was_mixed_is_found(inspect: Inspect, talk: np.ndarray, snr: int, kind: str) -> None:
    noise = white(talk.size) if kind == "white" else mix.mains_hum(talk.size, RATE, seed=1)
    found = inspect(mix.mix_at_snr(talk, noise, snr, RATE).samples)
    assert found.snr_db == pytest.approx(snr, abs=3)
    assert ("noise" in kinds(found)) is (snr < 10 - 3) or snr in (10,)


@pytest.mark.speech
@pytest.mark.parametrize(("category", "most"), [("english", 30), ("mandarin", 10), ("english_telephone", 30)])
def test_the_ratio_is_found_on_voices_of_people(inspect: Inspect, speech: Path, category: str, most: int) -> None:
    """Up to where the recordings' own noise is louder: the Mandarin ones have about 19 dB to begin with."""
    rows = [json.loads(line) for line in (speech / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    files = [speech / row["audio_filepath"] for row in rows if row["category"] == category][:8]
    voice = np.concatenate([read_clip(path).samples for path in files])[: 30 * RATE]
    for snr in range(0, most + 1, 10):
        found = inspect(mix.mix_at_snr(voice, white(voice.size, seed=snr), snr, RATE).samples)
        assert found.snr_db == pytest.approx(snr, abs=3), snr


def test_voices_behind_the_voice_are_not_noise_that_could_be_told(inspect: Inspect, talk: np.ndarray) -> None:
    """Where it fails: babble is speech to voice activity. It must then be unknown, not wrong."""
    voices = [read_clip(path).samples for path in sorted((SETS / "mandarin-demo" / "audio").glob("*.flac"))[:5]]
    noise = mix.babble(voices, talk.size, RATE, seed=0)
    found = inspect(mix.mix_at_snr(talk, noise, 5, RATE).samples)
    assert found.snr_db is None or found.snr_db == pytest.approx(5, abs=3)


def test_a_ratio_needs_noise_and_speech(inspect: Inspect) -> None:
    sentence = read_clip(SETS / "english-demo" / "audio" / "e01.flac").samples
    nothing_between = inspect(np.concatenate([sentence, np.zeros(2 * RATE, np.float32)]))
    assert (nothing_between.snr_db, nothing_between.noise_dbfs) == (None, None)
    assert nothing_between.speech_dbfs is not None
    noise = inspect(0.1 * white(5 * RATE))
    assert (noise.snr_db, noise.speech_dbfs, noise.speech_share) == (None, None, 0.0)
    assert noise.noise_dbfs == pytest.approx(-20, abs=0.1)
    assert kinds(noise) == ["no_speech"]


def test_powers_add_up_whatever_the_blocks() -> None:
    """Speech at −20 dBFS over noise at −40, in blocks of odd sizes: 20 dB less what chance adds."""
    sound = 0.01 * white(4 * RATE)
    sound[RATE : 2 * RATE] += 0.1 * white(RATE, seed=1)
    profile = PowerProfile(RATE)
    for first in range(0, sound.size, 777):
        profile.feed(sound[first : first + 777])
    level = profile.level([Span(1.0, 2.0)])
    assert level.snr_db == pytest.approx(20, abs=0.2)
    assert level.noise_dbfs == pytest.approx(-40, abs=0.1)


# Clipping -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_U8", "ULAW", "FLOAT"])
def test_clipped_samples_are_counted_in_every_sample_format(inspect: Inspect, talk: np.ndarray, subtype: str) -> None:
    driven = 8 * talk / np.abs(talk).max()
    flat = np.abs(driven) >= 1
    edges = np.flatnonzero(np.diff(flat, prepend=False, append=False)).reshape(-1, 2)
    lengths = np.diff(edges, axis=1)
    expected = lengths[lengths >= 3].sum() / flat.size
    found = inspect(np.clip(driven, -1, 1).astype(np.float32), subtype=subtype)
    assert found.clipped_share == pytest.approx(expected, rel=0.1)
    assert "clipping" in kinds(found)


def test_loud_is_not_clipped(inspect: Inspect, talk: np.ndarray) -> None:
    found = inspect((talk / np.abs(talk).max()).astype(np.float32), subtype="PCM_16")
    assert found.clipped_share == 0.0
    assert found.peak_dbfs == pytest.approx(0, abs=0.3)
    assert "clipping" not in kinds(found)


@given(st.lists(st.sampled_from([0.0, 1.0, -1.0]), max_size=40), st.integers(1, 7))
def test_runs_are_counted_wherever_blocks_end(values: list[float], size: int) -> None:
    sound = np.array(values, np.float32)
    meter = ClippingMeter()
    for first in range(0, sound.size, size):
        meter.feed(sound[first : first + size])
    runs, before = [0], 0.0
    for value in values:
        runs = [*runs[:-1], runs[-1] + 1] if value and value == before else [*runs, 1 if value else 0]
        before = value
    expected = sum(run for run in runs if run >= 3)
    assert (meter.share or 0.0) * len(values) == pytest.approx(expected)


# Level, channels ------------------------------------------------------------------------------------------------------


def test_level_is_that_of_a_known_sine(inspect: Inspect) -> None:
    sine = 0.5 * np.sin(2 * np.pi * 997 * np.arange(5 * 48_000) / 48_000).astype(np.float32)
    found = inspect(sine, rate=48_000)
    assert found.peak_dbfs == pytest.approx(-6.02, abs=0.05)
    assert found.rms_dbfs == pytest.approx(-9.03, abs=0.02)
    # BS.1770-4: a sine of 997 Hz at full scale in one channel has -3.01 LUFS.
    assert found.loudness_lufs == pytest.approx(-9.03, abs=0.1)
    assert (found.channels, found.duration_seconds, found.sample_rate) == (1, 5.0, 48_000)


def test_very_quiet_speech_is_told(inspect: Inspect, talk: np.ndarray) -> None:
    assert "quiet" in kinds(inspect(talk / 20))
    assert "quiet" not in kinds(inspect(talk))


@pytest.mark.parametrize(
    ("left", "right", "kind", "said"),
    [
        (1.0, 0.0, "silent_channel", "The right channel is silent: choose left."),
        (0.0, 1.0, "silent_channel", "The left channel is silent: choose right."),
        (1.0, 0.001, "silent_channel", "The right channel is silent: choose left."),
        (1.0, -0.9, "opposite_channels", "Left and right cancel each other in the mix (correlation −1.00)"),
        (1.0, 0.5, "", ""),
    ],
)
def test_faults_of_channels(
    inspect: Inspect, talk: np.ndarray, left: float, right: float, kind: str, said: str
) -> None:
    found = inspect(left * talk, right * talk)
    about = [one for one in found.advice if "channel" in one.kind]
    assert [one.kind for one in about] == ([kind] if kind else [])
    assert all(said in one.sentence for one in about)
    assert found.channels == 2


def test_a_speaker_on_each_channel_is_told(inspect: Inspect, talk: np.ndarray) -> None:
    half = talk.size // 2
    one, other = talk.copy(), talk[::-1].copy()
    one[half:], other[:half] = 0, 0
    found = inspect(one, other)
    assert abs(found.correlation or 0) < 0.1
    assert "different_channels" in kinds(found)


def test_silence_has_no_levels(inspect: Inspect) -> None:
    found = inspect(np.zeros(RATE, np.float32), np.zeros(RATE, np.float32))
    unknown = (found.peak_dbfs, found.rms_dbfs, found.loudness_lufs, found.snr_db, found.bandwidth_hz, found.hum_hz)
    assert unknown == (None,) * 6
    assert (found.channel_dbfs, found.correlation, found.clipped_share) == ((None, None), None, 0.0)
    assert kinds(found) == ["no_speech"]


# Spectrum -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cutoff", [3400, 5000, 7000])
def test_the_band_ends_where_it_was_cut(inspect: Inspect, talk: np.ndarray, cutoff: int) -> None:
    noisy = mix.mix_at_snr(talk, white(talk.size), 20, RATE).samples
    cut = sosfiltfilt(butter(16, cutoff, fs=RATE, output="sos"), noisy).astype(np.float32)
    found = inspect(cut, subtype="PCM_16")
    assert found.bandwidth_hz == pytest.approx(cutoff, rel=0.15)
    assert ("telephone_band" in kinds(found)) is (cutoff == 3400)
    assert ("narrow_band" in kinds(found)) is (cutoff == 5000)


@pytest.mark.speech
def test_telephone_prompts_are_telephone_band_at_any_rate(tmp_path: Path, speech: Path) -> None:
    file = sorted((speech / "english_telephone").glob("*"))[0]
    for rate in (8_000, 44_100):
        soundfile.write(tmp_path / "call.wav", read_clip(file, sample_rate=rate).samples, rate, subtype="PCM_16")
        found = inspect_recording(tmp_path / "call.wav")
        assert found.sample_rate == rate
        assert 3_000 <= (found.bandwidth_hz or 0) <= 4_000
        assert "telephone_band" in kinds(found)


@pytest.mark.parametrize("mains", [50, 60])
@pytest.mark.parametrize("below", [0, 20])
def test_hum_is_found_and_which(inspect: Inspect, talk: np.ndarray, mains: int, below: int) -> None:
    hum = mix.mains_hum(talk.size, RATE, seed=0, frequency=mains)
    noisy = talk + 0.001 * white(talk.size)
    level = 10 ** (-(30 + below) / 20) / np.sqrt(np.square(hum).mean())
    found = inspect((noisy + level * hum).astype(np.float32))
    assert found.hum_hz == mains
    assert found.hum_dbfs == pytest.approx(-30 - below, abs=1)
    assert "hum" in kinds(found)
    assert inspect(noisy.astype(np.float32)).hum_hz is None


@pytest.mark.speech
def test_no_hum_is_heard_in_voices(speech: Path) -> None:
    """Pitch lies where the mains and their harmonics do, but does not stay."""
    rows = [json.loads(line) for line in (speech / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    heard = 0
    for row in [row for row in rows if row["category"] in ("english_telephone", "mandarin_tts", "english_tts")]:
        clip = read_clip(speech / row["audio_filepath"])
        detector = HumDetector(RATE)
        detector.feed(clip.samples)
        assert detector.hum is None, row["audio_filepath"]
        heard += clip.duration >= 3
    assert heard > 20


def test_memory_of_spectra_does_not_grow_and_the_blocks_change_nothing() -> None:
    hum = np.tile(mix.mains_hum(RATE, RATE, seed=0), 1300) + 0.01 * white(1300 * RATE)
    whole, parts = HumDetector(RATE), HumDetector(RATE)
    whole.feed(hum.astype(np.float32))
    for first in range(0, hum.size, 54_321):
        parts.feed(hum[first : first + 54_321].astype(np.float32))
    assert len(whole._spectra) < 600
    assert whole.hum is not None
    assert parts.hum is not None
    assert whole.hum.dbfs == pytest.approx(parts.hum.dbfs, abs=0.01)
    spectra = [LongTermSpectrum(RATE) for _ in range(2)]
    spectra[0].feed(hum[: 10 * RATE].astype(np.float32))
    for first in range(0, 10 * RATE, 999):
        spectra[1].feed(hum[first : min(first + 999, 10 * RATE)].astype(np.float32))
    assert spectra[0].bandwidth == spectra[1].bandwidth == 8_000


# Files ----------------------------------------------------------------------------------------------------------------


def test_what_is_no_recording_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AudioNotFound):
        inspect_recording(tmp_path / "nowhere.wav")


@pytest.mark.parametrize(("channel", "expected"), [("left", 0.5), ("right", -0.25), ("mix", 0.125)])
def test_a_channel_is_chosen_where_the_file_is_decoded(tmp_path: Path, channel: Any, expected: float) -> None:
    from workbench.audio.io import stream
    from workbench.audio.stream import FileSound

    both = np.stack([np.full(3 * RATE, 0.5), np.full(3 * RATE, -0.25)], axis=1)
    soundfile.write(tmp_path / "both.wav", both, RATE, subtype="PCM_16")
    for blocks in (
        stream(tmp_path / "both.wav", channel=channel),
        FileSound(tmp_path / "both.wav", sample_rate=None, channel=channel).blocks(),
    ):
        assert np.allclose(np.concatenate(list(blocks)), expected)


def test_a_recording_of_one_channel_has_no_right_one(tmp_path: Path) -> None:
    from workbench.audio.io import stream

    soundfile.write(tmp_path / "one.wav", np.zeros(RATE), RATE)
    with pytest.raises(AudioInvalid, match=r"one\.wav has one channel: no right one\."):
        list(stream(tmp_path / "one.wav", channel="right"))
