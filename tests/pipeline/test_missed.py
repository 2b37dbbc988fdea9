"""Speech that an engine left out between its segments is heard alone, and its text put where it belongs."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from workbench.audio.clip import AudioClip
from workbench.audio.segment import Span
from workbench.engines.base import Hypothesis, Segment
from workbench.pipeline.missed import is_new, missed_speech
from workbench.pipeline.stretch import Heard, hear

RATE = 1000
START = 500.0
NAMES = [
    "alpha",
    "bravo",
    "charlie",
    "delta",
    "echo",
    "foxtrot",
    "golf",
    "hotel",
    "india",
    "juliet",
    "kilo",
    "lima",
    "mike",
]


def engine_that_leaves_out(words: dict[Span, str], left_out: set[str], again: dict[str, str] | None = None):
    """Writes the words within the clip, one a segment; leaves some out unless they are alone in it."""
    calls: list[AudioClip] = []

    def transcribe(clip: AudioClip) -> Hypothesis:
        calls.append(clip)
        begin, end = clip.offset_seconds, clip.offset_seconds + clip.duration
        inside = [one for one in words if begin <= one.start and one.end <= end]
        kept = inside if len(inside) == 1 else [one for one in inside if words[one] not in left_out]
        segments = tuple(
            Segment(start=one.start - begin, end=one.end - begin, text=(again or {}).get(words[one], words[one])
                    if len(inside) == 1 and len(calls) > 1 else words[one])
            for one in kept
        )  # fmt: skip
        text = " ".join(segment.text for segment in segments)
        return Hypothesis(text=text, raw=text, segments=segments, finish="eos", language="en")

    return transcribe, calls


def heard_by(words: dict[Span, str], left_out: set[str], again: dict[str, str] | None = None):
    """What is heard of words in a clip that begins in the middle of a recording; speech is where the words are."""
    end = max(one.end for one in words) + 1
    clip = AudioClip(samples=np.ones(round(end * RATE), np.float32), sample_rate=RATE)
    transcribe, calls = engine_that_leaves_out(words, left_out, again)
    found = hear(clip, Span(START, START + end), sorted(words), transcribe)
    return found, calls


def text_of(found: list[Heard]) -> list[str]:
    return [segment.text for one in found for segment in one.segments(10_000)]


@given(
    lengths=st.lists(st.tuples(st.floats(0.5, 4), st.floats(0.5, 3)), min_size=1, max_size=10),
    data=st.data(),
)
def test_every_word_is_there_once_at_its_place_though_some_were_left_out(lengths, data):
    words: dict[Span, str] = {}
    at = 0.0
    for (length, pause), name in zip(lengths, NAMES, strict=False):
        words[Span(round(at + pause, 2), round(at + pause + length, 2))] = name
        at += pause + length
    left_out: set[str] = set()
    for name in words.values():  # two in a row are heard together again, and left out again
        if not left_out & {NAMES[NAMES.index(name) - 1]} and name != NAMES[0] and data.draw(st.booleans()):
            left_out.add(name)
    found, calls = heard_by(words, left_out)
    assert text_of(found) == list(words.values())
    assert len(calls) == 1 + (len(left_out) if len(words) > 1 else 0)
    times = [(segment.start, segment.end) for one in found for segment in one.segments(10_000)]
    expected = [(START + one.start, START + one.end) for one in words]
    assert np.allclose(times, expected, atol=0.002)
    assert found[0].start == START
    assert all(left.end <= right.start + 1e-9 for left, right in pairwise(found))


def test_what_says_nothing_new_alone_changes_nothing():
    words = {Span(1, 3): "alpha bravo", Span(4, 5): "delta", Span(6, 8): "golf hotel"}
    for said in ("", "bravo", "golf", "…", "ha " * 200, " ".join(f"ha{letter}" for letter in "abcdefghijklm")):
        found, calls = heard_by(words, {"delta"}, {"delta": said})
        assert len(calls) == 2
        assert len(found) == 1
        assert text_of(found) == ["alpha bravo", "golf hotel"]


def test_only_enough_speech_is_missed():
    span = Span(0, 30)
    segments = [Segment(start=5, end=10, text="alpha"), Segment(start=12, end=20, text="…")]
    assert missed_speech(segments, span, [Span(5.2, 9.8)]) == []
    assert missed_speech(segments, span, [Span(9, 11.9)]) == []  # 1.9 s beyond a segment: its end is rough
    assert missed_speech(segments, span, [Span(10.5, 10.8)]) == []  # too little for a word
    (one,) = missed_speech(segments, span, [Span(1, 1.5), Span(5.2, 9.8)])
    assert (one.after, one.start, one.end, one.seconds) == (0, 0.8, 1.7, 0.5)
    (two,) = missed_speech(segments, span, [Span(9, 13), Span(14, 15)])
    assert (two.after, two.start, two.end, two.seconds) == (1, 10, 15.2, 4)


def test_a_segment_without_words_covers_nothing():
    (one,) = missed_speech([Segment(start=0, end=10, text=" … ")], Span(0, 10), [Span(1, 5)])
    assert one.seconds == 4


def test_new_is_what_neither_neighbour_says():
    before, after = [Segment(start=0, end=1, text="We meet, on Friday.")], [Segment(start=2, end=3, text="And then")]
    assert not is_new("on friday", before, after)
    assert not is_new("Friday", before, after)
    assert not is_new("and", before, after)
    assert not is_new("...", before, after)
    assert is_new("meet on", before, after)
    assert is_new("on Friday, too", before, after)


def test_speech_without_any_text_is_heard_in_halves():
    clip = AudioClip(samples=np.ones(12 * RATE, np.float32), sample_rate=RATE)
    lengths: list[float] = []

    def transcribe(one: AudioClip) -> Hypothesis:
        lengths.append(one.duration)
        text = "" if one.duration > 8 else f"from {one.offset_seconds:.0f}"
        return Hypothesis(text=text, raw=text, finish="eos")

    found = hear(clip, Span(0, 12), [Span(1, 5), Span(6, 11)], transcribe)
    assert lengths == [12, 5.5, 6.5]
    assert [(one.start, one.end, one.hypothesis.text) for one in found] == [(0, 5.5, "from 0"), (5.5, 12, "from 6")]
    lengths.clear()
    nothing = hear(clip, Span(0, 12), [], transcribe)
    assert lengths == [12]
    assert replace(nothing[0].hypothesis, raw="").text == ""
