"""Chunks fit the engine and together hold everything that was said."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.audio.clip import AudioClip
from workbench.audio.segment import LevelProfile, Span, best_cut, overlapped, plan_chunks

RATE = 1000


def _noise(seconds: float, seed: int = 0) -> AudioClip:
    rng = np.random.default_rng(seed)
    return AudioClip(samples=rng.normal(0, 0.1, max(1, round(seconds * RATE))).astype(np.float32), sample_rate=RATE)


@st.composite
def recordings(draw):
    """A length and speech in it, in any order, overlapping, some of it beyond the end."""
    seconds = draw(st.floats(0.5, 200))
    starts = draw(st.lists(st.floats(0, seconds), max_size=12))
    return seconds, [Span(start, start + draw(st.floats(0.01, 80))) for start in starts]


@settings(max_examples=300, deadline=None)
@given(
    recording=recordings(),
    max_seconds=st.floats(1, 40),
    pad=st.floats(0, 2),
    max_pause=st.floats(0, 10),
    seed=st.integers(0, 5),
)
def test_chunks_fit_are_in_order_and_hold_all_speech(recording, max_seconds, pad, max_pause, seed):
    seconds, speech = recording
    clip = _noise(seconds, seed)
    chunks = plan_chunks(clip, speech, max_seconds=max_seconds, pad_seconds=pad, max_pause_seconds=max_pause)
    cuts = [clip.cut(chunk.start, chunk.end) for chunk in chunks]
    assert all(1 <= cut.samples.size <= max_seconds * RATE for cut in cuts)
    assert all(0 <= chunk.start < chunk.end <= clip.duration for chunk in chunks)
    assert all(left.end <= right.start for left, right in pairwise(chunks))
    covered = np.zeros(clip.samples.size, bool)
    for chunk in chunks:
        covered[round(chunk.start * RATE) : round(chunk.end * RATE)] = True
    for span in speech:
        assert covered[int(span.start * RATE) : int(np.ceil(min(span.end, clip.duration) * RATE))].all()
    wanted = sum(span.duration + 2 * pad + max_pause for span in speech)
    assert sum(chunk.duration for chunk in chunks) <= wanted + 0.1


def test_neighbours_are_joined_up_to_the_cap_and_cut_in_the_pause():
    speech = [Span(1, 4), Span(4.3, 9), Span(9.2, 15), Span(17, 19)]
    chunks = plan_chunks(_noise(25), speech, max_seconds=10.5)
    assert chunks == [Span(0.8, 9.1), Span(9.1, 19.2)]


def test_a_long_pause_is_left_out():
    chunks = plan_chunks(_noise(60), [Span(2, 5), Span(40, 45)], max_seconds=50)
    assert chunks == [Span(1.8, 5.2), Span(39.8, 45.2)]


def test_nobody_speaks():
    assert plan_chunks(_noise(60), [], max_seconds=30) == []


def test_speech_without_a_pause_is_cut_at_the_quietest_moment_in_reach():
    clip = _noise(50)
    clip.samples[25_000:25_100] = 0  # in the last third of the first 30 s
    clip.samples[10_000:10_100] = 0  # out of reach: the chunk would be too short
    chunks = plan_chunks(clip, [Span(0, 50)], max_seconds=30)
    assert chunks == [Span(0, 25.05), Span(25.05, 50)]


def test_speech_that_just_fits_gets_less_padding_rather_than_a_cut():
    chunks = plan_chunks(_noise(60), [Span(10, 19.9)], max_seconds=10)
    assert chunks == [Span(9.95, 19.95)]


@pytest.mark.parametrize("max_seconds", [0, 0.5, -3, float("nan")])
def test_a_cap_below_a_second_is_refused(max_seconds):
    with pytest.raises(ValueError, match="too short"):
        plan_chunks(_noise(10), [Span(0, 5)], max_seconds=max_seconds)


@settings(max_examples=30, deadline=None)
@given(seconds=st.floats(2, 90), cap=st.floats(1, 30), seed=st.integers(0, 3), block=st.integers(1, 40_000))
def test_a_profile_plans_as_the_clip_does_within_10_ms(seconds, cap, seed, block):
    clip = _noise(seconds, seed)
    quiet = np.random.default_rng(seed).integers(0, clip.samples.size, 12)
    for place in quiet:
        clip.samples[place : place + 150] *= 0.001
    profile = LevelProfile(RATE)
    for first in range(0, clip.samples.size, block):
        profile.feed(clip.samples[first : first + block])
    assert profile.size == clip.samples.size
    speech = [Span(0, seconds)]
    planned = plan_chunks(profile, speech, max_seconds=cap)
    assert planned[0].start == 0
    assert planned[-1].end == pytest.approx(clip.duration, abs=0.002)
    assert all(left.end == right.start for left, right in pairwise(planned))
    assert all(chunk.duration <= cap for chunk in planned)
    cut = plan_chunks(clip, speech, max_seconds=cap)[0].end
    ours = clip.samples[round((planned[0].end - 0.05) * RATE) : round((planned[0].end + 0.05) * RATE)]
    best = clip.samples[round((cut - 0.05) * RATE) : round((cut + 0.05) * RATE)]
    assert np.square(ours).sum() <= np.square(best).sum() + 30 * 0.1**2  # 20 samples of the noise


def test_only_a_chunk_that_begins_in_speech_overlaps_the_one_before():
    speech = [Span(0, 20), Span(25, 40)]
    chunks = [Span(0, 12), Span(12, 22.5), Span(22.5, 33), Span(33, 40)]
    assert overlapped(chunks, speech, 2) == [Span(0, 12), Span(10, 22.5), Span(22.5, 33), Span(31, 40)]
    assert overlapped(chunks, speech, 0) == chunks
    assert overlapped(chunks, speech, 100)[1] == Span(0, 22.5)


def test_a_stretch_is_cut_in_two_in_its_longest_pause_that_is_not_at_an_end():
    clip = _noise(40)
    speech = [Span(0, 3), Span(8, 15), Span(16, 22), Span(22.2, 40)]
    assert best_cut(clip, speech, margin_seconds=1) == 15.5
    assert best_cut(clip, speech[:2], margin_seconds=1) == 5.5
    assert best_cut(clip, speech[:2], margin_seconds=6) == pytest.approx(20, abs=7)


def test_a_stretch_without_a_pause_is_cut_at_its_quietest_moment():
    clip = _noise(30)
    clip.samples[14_000:14_100] = 0
    clip.samples[2_000:2_100] = 0  # too near to its start
    assert best_cut(clip, [Span(0, 30)], margin_seconds=1) == 14.05


@given(seconds=st.floats(2, 60), margin=st.floats(0.1, 1), data=st.data())
def test_both_parts_of_a_cut_stretch_are_long_enough(seconds, margin, data):
    moments = sorted(data.draw(st.lists(st.floats(0, seconds), max_size=10)))
    speech = [Span(*pair) for pair in zip(moments[::2], moments[1::2], strict=False) if pair[0] < pair[1]]
    cut = best_cut(_noise(seconds), speech, margin_seconds=margin)
    assert margin - 0.002 <= cut <= seconds - margin + 0.002
