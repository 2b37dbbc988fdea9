"""Texts nobody has the truth of: what is marked is what not all of them have."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workbench.scoring.agreement import mark_differences
from workbench.text.rulers import find_ruler

BASIC = find_ruler("basic")
TEXTS = st.lists(st.text("ab 你好,，.A\n", max_size=12), min_size=2, max_size=4)


def alone(text: str, *others: str) -> list[str]:
    return [piece.text for piece in mark_differences([text, *others], BASIC)[0] if piece.alone]


def test_what_another_text_lacks_or_has_otherwise_is_marked() -> None:
    assert alone("turn the light on", "turn the lights on") == ["light"]
    assert alone("turn the light on", "turn light on") == ["the"]
    assert alone("我们下周开 meeting", "我们下周看 meeting") == ["开"]
    assert alone("one two", "one two", "one too") == ["two"]


def test_spelling_that_the_ruler_does_away_with_is_no_difference() -> None:
    assert alone("Turn it on, please.", "turn it on please") == []
    assert alone("你好，世界。", "你好 世界") == []


def test_a_text_without_words_differs_in_nothing_and_from_all() -> None:
    assert mark_differences(["", "one"], BASIC)[0] == ()
    assert alone("one", "") == ["one"]
    assert alone("...", "one") == []


@given(TEXTS)
def test_pieces_are_the_text(texts: list[str]) -> None:
    marked = mark_differences(texts, BASIC)
    assert ["".join(piece.text for piece in pieces) for pieces in marked] == texts


@given(TEXTS)
def test_copies_do_not_differ(texts: list[str]) -> None:
    assert not any(piece.alone for pieces in mark_differences([texts[0]] * 3, BASIC) for piece in pieces)
