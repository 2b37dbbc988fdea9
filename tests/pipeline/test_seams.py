"""What two stretches both heard is written once; nothing is doubled, lost or fused."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.audio.segment import Span
from workbench.engines.base import Segment, Word
from workbench.pipeline.seams import fit
from workbench.pipeline.transcript import join_texts

SHARED = Span(8, 10)


def text_of(*sides: tuple[Segment, ...]) -> str:
    return join_texts(segment.text for side in sides for segment in side)


def fitted(left: str, right: str, *, shared: Span = SHARED) -> tuple[str, bool]:
    before = (Segment(start=0, end=shared.end, text=left),)
    after = (Segment(start=shared.start, end=20, text=right),)
    both = fit(before, after, shared)
    times = [one for side in (both.left, both.right) for one in side]
    assert all(one.start <= one.end for one in times)
    assert all(one.text == one.text.strip() != "" for one in times)
    return text_of(both.left, both.right), both.certain


@pytest.mark.parametrize(
    ("left", "right", "whole"),
    [
        ("We talk about the num.", "talk about the numbers of May.", "We talk about the numbers of May."),
        ("and then the meet", "the meeting, of course, begins", "and then the meeting, of course, begins"),
        ("we said no.", "ed no, and went home", "we said no, and went home"),
        ("我们明天上午十点开会讨论预", "十点开会讨论预算和进度。", "我们明天上午十点开会讨论预算和进度。"),
        ("這個 API 的 latency 太", "latency 太高了，要改", "這個 API 的 latency 太高了，要改"),
        ("it costs one hundred", "100 and fifty dollars", None),
        ("Don’t you know", "don't you know him?", "Don’t you know him?"),
        ("he said: no", "said “no” and left", "he said: no” and left"),
    ],
)  # fmt: skip
def test_what_both_heard_is_written_once(left, right, whole):
    text, certain = fitted(left, right)
    if whole is None:
        assert (text, certain) == (f"{left} {right}", False)
    else:
        assert (text, certain) == (whole, True)


WORDS = [f"w{number}" for number in range(60)]


@given(
    start=st.integers(3, 40),
    shared=st.integers(3, 10),
    torn=st.tuples(st.booleans(), st.booleans()),
    wrong=st.integers(0, 10**6),
    parts=st.tuples(st.integers(1, 4), st.integers(1, 4)),
)
def test_the_words_of_an_overlap_are_there_once_in_their_order(start, shared, torn, wrong, parts):
    """Words are all different; the outermost heard twice may be torn, and the sides may be in several segments."""
    left, right = WORDS[: start + shared], WORDS[start:]
    if torn[0]:
        left = [*left[:-1], "to"]
    if torn[1]:
        right = ["rn", *right[1:]]
    both = fit(divided(left, parts[0], 0, 10, wrong), divided(right, parts[1], 8, 20, wrong), SHARED)
    assert both.certain
    assert text_of(both.left, both.right).split() == WORDS
    assert all(one.start <= one.end for side in (both.left, both.right) for one in side)


def divided(words: list[str], parts: int, start: float, end: float, seed: int) -> tuple[Segment, ...]:
    edges = sorted(random.Random(seed).sample(range(1, len(words)), min(parts, len(words)) - 1))
    bounds = [0, *edges, len(words)]
    at = [start + (end - start) * bound / len(words) for bound in bounds]
    return tuple(
        Segment(start=at[place], end=at[place + 1], text=" ".join(words[bounds[place] : bounds[place + 1]]))
        for place in range(len(bounds) - 1)
    )


@given(left=st.text(max_size=40), right=st.text(max_size=40))
def test_any_two_texts_are_taken(left, right):
    before = (Segment(start=0, end=10, text=left.strip()),)
    after = (Segment(start=8, end=20, text=right.strip()),)
    both = fit(before, after, SHARED)
    if not both.certain:
        assert (both.left, both.right) == (before, after)


def timed(words: dict[str, float]) -> Segment:
    times = tuple(Word(start=at, end=at + 0.4, text=word) for word, at in words.items())
    return Segment(start=times[0].start, end=times[-1].end, text=" ".join(words), words=times)


def test_times_of_words_decide_where_no_words_match():
    before = (timed({"early": 6.0, "on": 7.0, "won": 8.0, "hunt": 8.3, "red": 9.2}),)
    after = (timed({"one": 8.0, "hundred": 8.8, "dollars": 9.4, "more": 11.0}),)
    both = fit(before, after, SHARED)
    assert both.certain
    assert text_of(both.left, both.right) == "early on won hunt hundred dollars more"
    assert [word.text for word in both.left[0].words] == ["early", "on", "won", "hunt"]
    assert (both.left[0].end, both.right[0].start) == pytest.approx((8.7, 8.8))


def test_words_stay_with_the_text_they_belong_to():
    before = (timed({"the": 7.0, "the": 7.0, "blue": 7.8, "car": 8.4, "sto": 9.0}),)  # noqa: F601
    after = (timed({"car": 8.4, "stopped": 9.0, "there": 9.6}),)
    both = fit(before, after, SHARED)
    assert [[word.text for word in side[0].words] for side in (both.left, both.right)] == [
        ["the", "blue", "car"],
        ["stopped", "there"],
    ]


def test_one_side_without_text_changes_nothing():
    side = (Segment(start=0, end=10, text="all of it"),)
    assert fit(side, (), SHARED).left == side
    assert fit((), side, SHARED).right == side
