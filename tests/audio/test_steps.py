"""What each step does to sound, and the language in which chains are written."""

from __future__ import annotations

import json

import numpy as np
import pyloudnorm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import butter, sosfiltfilt

from workbench.audio.clip import AudioClip
from workbench.audio.effects import Gain, Highpass, Loudness, Resample, Trim
from workbench.audio.io import read_clip
from workbench.audio.steps import Chain, Step, list_steps, parse_chain
from workbench.errors import UnknownName, UsageError

STEPS = {info.name: info for info in list_steps()}


def _clip(samples, rate=16_000) -> AudioClip:
    return AudioClip(samples=np.asarray(samples, np.float32), sample_rate=rate, source="made.wav")


def _tone(hertz: float, seconds: float = 2.0, rate: int = 16_000, level: float = 0.5):
    return level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def _decibels(ratio: float) -> float:
    return 20 * float(np.log10(ratio))


# --- highpass


@pytest.mark.parametrize(("hertz", "expected"), [(50, -16.43), (80, -3.01), (160, -0.02), (1000, 0.0)])
def test_highpass_attenuates_as_butterworth_of_order_4(hertz, expected):
    changed = parse_chain("highpass").apply(_clip(_tone(hertz, 4.0))).samples[16_000:]
    assert _decibels(np.std(changed) / np.std(_tone(hertz, 4.0)[16_000:])) == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
def test_highpass_neither_delays_nor_lengthens(make_sound, likeness, rate):
    clip = _clip(make_sound(3.0, rate)[:, 0], rate)
    changed = Highpass().apply(clip)
    correlation, delay = likeness(clip.samples, changed.samples)
    assert changed.samples.size == clip.samples.size
    assert delay == 0
    assert correlation > 0.95  # the lowest tones are turned in phase


def test_highpass_takes_an_offset_away_without_a_thump():
    changed = Highpass().apply(_clip(0.3 + 0 * _tone(100)))
    assert np.abs(changed.samples).max() < 1e-6


def test_highpass_in_blocks_is_highpass_at_once(make_sound, monkeypatch):
    clip = _clip(make_sound(2.0, 16_000)[:, 0])
    whole = Highpass().apply(clip).samples
    monkeypatch.setattr("workbench.audio.effects.blocks._BLOCK", 777)
    np.testing.assert_allclose(Highpass().apply(clip).samples, whole, atol=1e-7)


def test_highpass_above_what_the_rate_holds_is_a_sentence():
    with pytest.raises(UsageError, match="cutoff is 900 Hz, and the sample rate only 1600 Hz"):
        Highpass(cutoff=900).apply(_clip(np.ones(100), 1600))


# --- gain


@given(peak_db=st.floats(-60, 0), level=st.floats(1e-4, 8), sign=st.sampled_from([-1, 1]))
def test_gain_reaches_the_peak(peak_db, level, sign):
    samples = level * np.array([0.1, sign * 1.0, -0.5])
    changed = Gain(peak_db=peak_db).apply(_clip(samples))
    assert _decibels(np.abs(changed.samples).max()) == pytest.approx(peak_db, abs=1e-3)
    np.testing.assert_allclose(changed.samples / changed.samples[1], samples / samples[1], rtol=1e-5)


def test_gain_leaves_silence_alone():
    clip = _clip(np.zeros(1000))
    assert Gain().apply(clip) is clip


# --- loudness


@pytest.mark.parametrize("lufs", [-30, -23, -18])
def test_loudness_is_reached_by_an_outside_meter(make_sound, lufs):
    clip = _clip(0.2 * make_sound(5.0, 48_000)[:, 0], 48_000)
    changed = Loudness(lufs=lufs).apply(clip)
    measured = pyloudnorm.Meter(48_000).integrated_loudness(changed.samples.astype(np.float64))
    assert measured == pytest.approx(lufs, abs=0.05)
    assert changed.warnings == ()


def test_loudness_stops_at_full_scale_and_says_so():
    samples = 0.01 * _tone(1000, 3.0)
    samples[20_000] = 0.9
    changed = Loudness(lufs=-10).apply(_clip(samples))
    assert np.abs(changed.samples).max() <= 1.0
    assert np.abs(changed.samples).max() > 0.9
    assert "made.wav reached" in changed.warnings[0]
    assert "not -10" in changed.warnings[0]


@pytest.mark.parametrize(
    ("samples", "sentence"), [(_tone(440, 0.39), "shorter than 0.4 s"), (np.zeros(16_000), "is silent")]
)
def test_loudness_leaves_alone_what_has_none(samples, sentence):
    clip = _clip(samples)
    changed = Loudness().apply(clip)
    np.testing.assert_array_equal(changed.samples, clip.samples)
    assert sentence in changed.warnings[0]


# --- resample


@pytest.mark.parametrize("rate", [8_000, 16_000, 24_000])
def test_resample_keeps_duration_and_tone(rate):
    clip = _clip(_tone(1000, 2.0, 44_100), 44_100)
    changed = Resample(rate=rate).apply(clip)
    assert changed.sample_rate == rate
    assert changed.duration == pytest.approx(2.0, abs=1 / rate)
    inner = slice(rate // 4, -rate // 4)
    np.testing.assert_allclose(changed.samples[inner], _tone(1000, 2.0, rate)[: changed.samples.size][inner], atol=1e-4)


def test_resample_removes_what_would_fold_back():
    changed = Resample(rate=16_000).apply(_clip(_tone(10_000, 2.0, 48_000), 48_000))
    assert _decibels(np.std(changed.samples[2000:-2000]) / 0.35) < -100


def test_resample_to_the_same_rate_is_the_same_clip():
    clip = _clip(_tone(440))
    assert Resample().apply(clip) is clip


# --- trim


def test_trim_cuts_silence_and_keeps_the_place_in_time():
    samples = np.concatenate([np.zeros(16_000), _tone(440, 1.0), np.zeros(24_000)]) + 1e-5 * _tone(3000, 3.5)
    changed = Trim().apply(_clip(samples))
    assert changed.offset_seconds == pytest.approx(0.9, abs=0.02)
    assert changed.duration == pytest.approx(1.2, abs=0.04)
    first = round(changed.offset_seconds * 16_000)
    np.testing.assert_array_equal(changed.samples, samples.astype(np.float32)[first : first + changed.samples.size])


def test_offsets_of_two_cuts_add_up():
    samples = np.concatenate([np.zeros(16_000), _tone(440, 1.0)])
    clip = _clip(samples).cut(0.5, 2.0)
    assert clip.offset_seconds == 0.5
    assert Trim(keep_seconds=0).apply(clip).offset_seconds == pytest.approx(1.0, abs=0.02)
    chain = parse_chain("trim:keep_seconds=0+resample:rate=8000+highpass+gain+loudness")
    assert chain.apply(_clip(samples)).offset_seconds == pytest.approx(1.0, abs=0.02)


@given(
    samples=st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=2000),
    rate=st.sampled_from([10, 8_000, 44_100]),
    keep=st.floats(0, 1),
)
def test_trim_never_empties_a_clip_and_never_cuts_the_loudest(samples, rate, keep):
    clip = _clip(samples, rate)
    changed = Trim(keep_seconds=keep).apply(clip)
    assert changed.samples.size >= 1
    assert np.abs(changed.samples).max() == np.abs(clip.samples).max()


def test_trim_leaves_silence_alone():
    clip = _clip(np.zeros(1000))
    assert Trim().apply(clip) is clip


# --- on speech


@pytest.mark.speech
def test_steps_on_real_speech(speech, likeness):
    rows = [json.loads(line) for line in (speech / "manifest.jsonl").read_text().splitlines()]
    paths = [speech / row["audio_filepath"] for row in rows if row["category"] in ("english", "mandarin", "cantonese")]
    assert len(paths) > 20
    band = butter(4, [300, 3400], "bandpass", fs=16_000, output="sos")  # of the telephone: where the words are
    for path in paths:
        clip = read_clip(path)
        filtered = Highpass().apply(clip)
        assert filtered.samples.size == clip.samples.size
        correlation, delay = likeness(sosfiltfilt(band, clip.samples), sosfiltfilt(band, filtered.samples))
        assert delay in (0, -1), path.name  # nothing comes later; tones near the cutoff lead by up to 0.06 ms
        assert correlation > 0.9, path.name  # a causal filter turns the lowest tones in phase
        # in whole tenths of a second, since pyloudnorm also counts a last gating block that is only begun
        loud = Loudness().apply(clip.cut(0, int(10 * clip.duration) / 10))
        if not loud.warnings:
            measured = pyloudnorm.Meter(16_000).integrated_loudness(loud.samples.astype(np.float64))
            # a change of level moves blocks across the gate at -70 LUFS: the target is met to 0.1 LU, not exactly
            assert measured == pytest.approx(-23, abs=0.1), path.name
        assert _decibels(np.abs(Gain().apply(clip).samples).max()) == pytest.approx(-3, abs=1e-3)
        trimmed = Trim().apply(clip)
        assert trimmed.duration > 0.5 * clip.duration
        assert np.square(trimmed.samples).sum() > 0.999 * np.square(clip.samples).sum()


# --- grammar


def _values(info):
    def one(parameter):
        whole = isinstance(parameter.default, int)
        between = st.integers if whole else st.floats
        return between(parameter.least, parameter.most)

    return st.fixed_dictionaries({}, optional={one_.name: one(one_) for one_ in info.parameters})


@st.composite
def chains(draw) -> str:
    parts = []
    for name in draw(st.lists(st.sampled_from(sorted(STEPS)), max_size=4)):
        values = ",".join(f"{key}={value!r}" for key, value in draw(_values(STEPS[name])).items())
        at = draw(st.sampled_from(["", f"@{STEPS[name].version}"]))
        space = draw(st.sampled_from(["", " "]))
        parts.append(f"{space}{name}{at}" + (f":{values}" if values else ""))
    return "+".join(parts)


@given(text=chains())
def test_a_chain_reads_back_what_it_writes(text):
    chain = parse_chain(text)
    assert parse_chain(str(chain)) == chain
    assert str(parse_chain(str(chain))) == str(chain)
    assert hash(parse_chain(str(chain))) == hash(chain)


@settings(max_examples=300)
@given(text=st.text(alphabet="highpassgn@1:=,.+-0 e", max_size=25))
def test_any_text_is_a_chain_or_a_sentence(text):
    try:
        chain = parse_chain(text)
    except UsageError:
        return
    assert parse_chain(str(chain)) == chain


def test_canonical_form():
    assert str(parse_chain("highpass+gain")) == "highpass@1:cutoff=80,order=4+gain@1:peak_db=-3"
    assert str(parse_chain("trim@1: top_db = 35.5")) == "trim@1:top_db=35.5,keep_seconds=0.1"
    assert parse_chain("highpass@1:cutoff=80+gain@1:peak_db=-3") == Chain((Highpass(), Gain()))


@pytest.mark.parametrize("text", ["", "  ", "none", "None"])
def test_no_preprocessing(text):
    chain = parse_chain(text)
    clip = _clip(_tone(440))
    assert chain == Chain()
    assert str(chain) == ""
    assert chain.apply(clip) is clip


def test_a_chain_that_resamples_wants_the_file_as_it_is():
    assert parse_chain("highpass").decode_rate == 16_000
    assert parse_chain("").decode_rate == 16_000
    assert parse_chain("highpass+resample").decode_rate is None


WRONG = [
    ("hihpass", UnknownName, "no step named 'hihpass'"),
    ("highpass@2", UsageError, "highpass has no version '2'"),
    ("highpass@", UsageError, "highpass has no version ''"),
    ("highpass:cut=80", UsageError, "highpass has no parameter 'cut'"),
    ("highpass:cutoff=5", UsageError, "cutoff is 5"),
    ("highpass:cutoff=nan", UsageError, "not a number"),
    ("highpass:order=2.5", UsageError, "not a whole number"),
    ("gain:peak_db", UsageError, "not parameter=value"),
    ("gain:peak_db=1", UsageError, "peak_db is 1"),
    ("gain:peak_db=-1,peak_db=-2", UsageError, "given twice"),
    ("gain++trim", UsageError, "a step is missing"),
    ("+", UsageError, "a step is missing"),
]


@pytest.mark.parametrize(("text", "error", "sentence"), WRONG)
def test_a_wrong_chain_is_a_sentence_with_a_hint(text, error, sentence):
    with pytest.raises(error) as refused:
        parse_chain(text)
    assert sentence in refused.value.message
    assert refused.value.hint
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("info", list_steps(), ids=lambda info: info.name)
def test_every_step_is_described_and_refuses_what_lies_outside_its_range(info):
    assert info.summary.endswith(".")
    for parameter in info.parameters:
        assert parameter.help.endswith(".")
        assert parameter.least <= parameter.default <= parameter.most
        for outside in (parameter.least - 1, parameter.most + 1):
            with pytest.raises(UsageError, match=parameter.name):
                parse_chain(f"{info.name}:{parameter.name}={outside}")


def test_steps_leave_the_given_clip_as_it_is(make_sound):
    clip = _clip(make_sound(1.0, 44_100)[:, 0], 44_100)
    digest = clip.digest
    clip.samples.flags.writeable = False
    for name in STEPS:
        changed = parse_chain(name).apply(clip)
        assert isinstance(parse_chain(name).steps[0], Step)
        assert changed.source == "made.wav"
    assert clip.digest == digest
