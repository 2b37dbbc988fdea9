"""Words keep their times when the text around them changes."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.engines.base import Segment, Word
from workbench.pipeline.words import cut_segment, retext, split_words, word_places

texts = st.text(alphabet="ab的再 ,.“”'!", max_size=20)


def timed(text: str) -> Segment:
    words = tuple(
        Word(start=float(i), end=i + 1.0, text=word, confidence=0.9) for i, word in enumerate(split_words(text))
    )
    return Segment(start=0, end=float(max(1, len(words))), text=text, words=words)


@settings(max_examples=50, deadline=None)
@given(texts)
def test_words_are_the_text_without_its_white_space(text: str) -> None:
    assert "".join(split_words(text)) == "".join(text.split())
    places = word_places(timed(text))
    assert [text[place:].startswith(word) for place, word in zip(places, split_words(text), strict=True)] == [
        True
    ] * len(places)


@settings(max_examples=50, deadline=None)
@given(texts, texts)
def test_the_words_of_another_text_are_its_words_in_order_of_time(before: str, after: str) -> None:
    (found,) = retext([timed(before)], [after])
    if timed(before).words:
        assert [word.text for word in found.words] == split_words(after)
        moments = [moment for word in found.words for moment in (word.start, word.end)]
        assert moments == sorted(moments)
        assert all(0 <= moment <= found.end for moment in moments)
    else:
        assert found.words == ()


def test_what_stands_in_the_place_of_others_has_their_time() -> None:
    (found,) = retext([timed("i scream for ice cream 吧")], ["ice-cream for ice cream 吗"])
    assert [(word.text, word.start, word.end, word.confidence) for word in found.words] == [
        ("ice-cream", 0, 2, None),
        ("for", 2, 3, 0.9),
        ("ice", 3, 4, 0.9),
        ("cream", 4, 5, 0.9),
        ("吗", 5, 6, None),
    ]
    (traditional,) = retext([timed("后来")], ["後來"], keep_confidence=True)
    assert [(word.text, word.start, word.confidence) for word in traditional.words] == [
        ("後", 0.0, 0.9),
        ("來", 1.0, 0.9),
    ]
    (longer,) = retext([timed("well done")], ["well very done"])
    assert [(word.start, word.end) for word in longer.words] == [(0, 1), (1, 1), (1, 2)]


def test_a_segment_is_cut_between_its_words() -> None:
    segment = timed("one, two three")
    cut = cut_segment(segment, 0.6, 2.4)
    assert cut is not None
    assert (cut.text, cut.start, cut.end, len(cut.words)) == ("two", 1.0, 2.0, 1)
    assert cut_segment(segment, 0.5, 3.0) == segment
    assert cut_segment(segment, 3.5, 4.0) is None
    plain = Segment(start=0, end=3, text="one two three")
    assert (cut_segment(plain, 1, 2), cut_segment(plain, 2, 3)) == (plain, None)
