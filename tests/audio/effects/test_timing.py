"""Pace, voice activity, resampling: how long, and where in the recording it was."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.audio.effects import Resample, Speed, Vad
from workbench.audio.steps import parse_chain
from workbench.audio.vad import speech_spans


@pytest.mark.parametrize(("quality", "most"), [(0, 1), (1, -90), (2, -95), (3, -95), (4, -100)])
def test_resampling_has_the_alias_of_its_quality(as_clip, tone, decibels, quality, most):
    changed = Resample(rate=16_000, quality=quality).apply(as_clip(tone(13_000, 1.0, 48_000), 48_000)).samples
    level = decibels(np.std(changed[2000:-2000]) / 0.35 + 1e-12)
    assert level < most
    assert quality or level > -3  # the quick one has no filter


@pytest.mark.parametrize("factor", [0.5, 0.8, 1.1, 1.5, 2.0])
def test_speed_keeps_the_pitch_and_changes_the_length(as_clip, tone, factor):
    clip = as_clip(tone(440, 4.0))
    changed = Speed(factor=factor).apply(clip)
    assert changed.samples.size == round(clip.samples.size / factor)
    inner = changed.samples[8000:-8000]
    spectrum = np.abs(np.fft.rfft(inner * np.hanning(inner.size)))
    assert np.argmax(spectrum) * 16_000 / inner.size == pytest.approx(440, abs=3)
    assert changed.times is not None
    assert changed.times(changed.duration) == pytest.approx(clip.duration, abs=1e-3)


@pytest.mark.parametrize("factor", [0.8, 1.25, 2.0])
def test_what_speed_moves_is_found_again_by_its_times(as_clip, tone, factor):
    clicks = np.zeros(16_000 * 8)
    moments = np.arange(0.6, 7.6, 0.7)
    for moment in moments:
        first = round(moment * 16_000)
        clicks[first : first + 800] = tone(1000, 0.05)
    changed = Speed(factor=factor).apply(as_clip(clicks))
    envelope = np.abs(changed.samples) > 0.25
    starts = [place for place in np.flatnonzero(envelope) if not envelope[max(0, place - 1600) : place].any()]
    found = [changed.times(place / 16_000) for place in starts]
    assert len(found) == len(moments)
    np.testing.assert_allclose(found, moments, atol=0.009 * max(1, factor))


def test_speed_of_one_is_the_same_clip(as_clip, tone):
    clip = as_clip(tone(440))
    assert Speed(factor=1).apply(clip) is clip


@pytest.mark.parametrize("size", [1, 50, 1000])
def test_speed_leaves_short_clips_some_sound(as_clip, size):
    assert Speed(factor=2).apply(as_clip(np.ones(size))).samples.size == max(1, round(size / 2))


@pytest.fixture(scope="session")
def conversation(spoken, as_clip):
    """A clip, 4 s of noise, the same clip, noise around; and where the two lie, in seconds."""
    one = spoken[1].samples[:48_000]
    noise = np.random.default_rng(0).normal(0, 0.003, 16_000 * 15).astype(np.float32)
    for first in (32_000, 32_000 + 48_000 + 64_000):
        noise[first : first + one.size] += one
    return as_clip(noise)


@pytest.mark.speech
def test_vad_cuts_what_is_before_and_after_speech_and_says_where_it_lay(conversation):
    spans = speech_spans(conversation)
    cut = Vad(keep_seconds=0.2).apply(conversation)
    assert cut.offset_seconds == pytest.approx(spans[0].start - 0.2, abs=1e-3)
    assert cut.offset_seconds + cut.duration == pytest.approx(spans[-1].end + 0.2, abs=1e-3)
    assert cut.times is None  # nothing is gone in the middle
    first = round(cut.offset_seconds * 16_000)
    assert np.array_equal(cut.samples, conversation.samples[first : first + cut.samples.size])
    # noise is no silence for `trim`
    assert parse_chain("trim").apply(conversation).duration > cut.duration + 1


@pytest.mark.speech
def test_vad_shortens_pauses_and_every_sample_knows_where_it_lay(conversation):
    cut = Vad(keep_seconds=0.2, max_pause_seconds=1.0).apply(conversation)
    whole = Vad(keep_seconds=0.2).apply(conversation)
    assert 2.5 < whole.duration - cut.duration < 4.5
    assert cut.times is not None
    found = np.array([cut.times(cut.offset_seconds + place / 16_000) for place in range(0, cut.samples.size, 97)])
    assert (np.diff(found) > 0).all()
    places = np.round(found * 16_000).astype(int)
    same = conversation.samples[places] == cut.samples[::97]
    assert same.mean() > 0.98  # all but 10 ms at each joint
    assert np.abs(np.diff(cut.samples)).max() <= np.abs(np.diff(conversation.samples)).max() * 1.01  # no click


@pytest.mark.speech
def test_times_of_one_step_after_another(conversation):
    chain = parse_chain("vad:keep_seconds=0.2,max_pause_seconds=1+speed:factor=1.25+trim:keep_seconds=0")
    changed = chain.apply(conversation)
    spans = speech_spans(conversation)
    start, end = changed.offset_seconds, changed.offset_seconds + changed.duration
    assert changed.times is not None
    assert changed.times(start) == pytest.approx(spans[0].start, abs=0.25)
    assert changed.times(end) == pytest.approx(spans[-1].end, abs=0.35)
    part = changed.cut(2.0, 3.0)  # a part of it is told the same time
    assert part.times is not None
    assert part.times(part.offset_seconds) == changed.times(start + 2.0)


@pytest.mark.speech
def test_vad_takes_less_for_speech_at_a_higher_threshold(conversation):
    lengths = [Vad(max_pause_seconds=0.5, threshold=one).apply(conversation).duration for one in (0.05, 0.5, 0.95)]
    assert lengths[0] > lengths[2]
    assert lengths == sorted(lengths, reverse=True)
    assert Vad(max_pause_seconds=0.5).apply(conversation).duration == lengths[1]


def test_vad_of_what_nobody_says_cuts_nothing_and_warns(as_clip):
    clip = as_clip(np.random.default_rng(0).normal(0, 0.01, 32_000))
    after = Vad().apply(clip)
    assert after.samples is clip.samples
    assert after.warnings == ("made.wav has no speech; nothing was cut off.",)
