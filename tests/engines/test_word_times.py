"""Times of words and Han characters, from faster-whisper's words to the segments' own."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.audio.io import read_clip
from workbench.engines.base import DecodeOptions, Segment, Word
from workbench.engines.builtin import PLUGIN
from workbench.engines.faster_whisper_words import timed_words
from workbench.settings import Settings


def part(word: str, start: float = 1.0, end: float = 2.0) -> SimpleNamespace:
    return SimpleNamespace(word=word, start=start, end=end, probability=0.5)


@pytest.mark.parametrize(
    ("word", "units"),
    [
        (" Hello,", ["Hello,"]),
        (" don't", ["don't"]),
        (" 3.5%", ["3.5%"]),
        ("「我们", ["「我", "们"]),
        ("好。", ["好。"]),
        ("用API吧", ["用", "API", "吧"]),
        ("𠮶啲", ["𠮶", "啲"]),
        (" …", ["…"]),
        (" New York", ["New", "York"]),
    ],
)
def test_a_word_stays_whole_and_han_is_told_by_character(word: str, units: list[str]) -> None:
    words = timed_words([part(word)])
    assert [one.text for one in words] == units
    assert (words[0].start, words[-1].end) == (1.0, pytest.approx(2.0))
    assert all(left.end == right.start for left, right in pairwise(words))
    assert {one.confidence for one in words} == {0.5}


@given(st.lists(st.text(alphabet="ab 我们,。「(“3.'’", max_size=6), max_size=6))
def test_no_character_is_lost(texts: list[str]) -> None:
    words = timed_words([part(text) for text in texts])
    assert "".join("".join(one.text for one in words).split()) == "".join("".join(texts).split())
    assert all(one.text and one.start <= one.end for one in words)


def test_words_move_and_end_with_their_segment() -> None:
    segment = Segment(
        start=1, end=3, text="a b", words=(Word(start=1, end=2, text="a"), Word(start=2, end=3, text="b"))
    )
    moved = segment.shifted(10).within(12.5)
    assert (moved.start, moved.end) == (11, 12.5)
    assert [(one.start, one.end) for one in moved.words] == [(11, 12), (12, 12.5)]


@pytest.mark.weights
@pytest.mark.speech
@pytest.mark.parametrize(("category", "language"), [("english", "en"), ("mandarin_tts", "zh")])
def test_words_of_real_speech_are_its_text_in_order(
    builtin_home: Path, speech: Path, category: str, language: str
) -> None:
    rows = [json.loads(line) for line in (speech / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    row = next(row for row in rows if row["category"] == category)
    clip = read_clip(speech / row["audio_filepath"])
    engine = PLUGIN.load(None, Settings(home=builtin_home))
    (plain,) = engine.transcribe([clip], DecodeOptions(language=language))
    (timed,) = engine.transcribe([clip], DecodeOptions(language=language, word_times=True))
    engine.close()
    assert timed.text == plain.text
    assert all(segment.words == () for segment in plain.segments)
    for segment in timed.segments:
        assert "".join(word.text for word in segment.words) == "".join(segment.text.split())
        assert all(0 <= one.start <= one.end <= clip.duration for one in segment.words)
        assert all(left.start <= right.start for left, right in pairwise(segment.words))
        assert all(one.confidence is not None and 0 < one.confidence <= 1 for one in segment.words)
    if category == "mandarin_tts":
        assert max(len(word.text.strip("。，？！,.?!")) for segment in timed.segments for word in segment.words) <= 2
