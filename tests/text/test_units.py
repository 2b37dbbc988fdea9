from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import UnknownName
from workbench.text.scripts import has_han
from workbench.text.units import UNITS, join_characters, mixed_as, split


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \t\u3000\n", []),
        ("用API吧", ["用", "API", "吧"]),
        ("我哋 用 GPU 做 training", ["我", "哋", "用", "GPU", "做", "training"]),
        ("𠮶個", ["𠮶", "個"]),  # plane 2
        ("\U00030edd字", ["\U00030edd", "字"]),  # plane 3
        ("\uf900二〇二四", ["\uf900", "二", "〇", "二", "四"]),  # compatibility ideograph, 〇
        ("人々", ["人", "々"]),
        ("カラオケへ", ["カ", "ラ", "オ", "ケ", "へ"]),
        ("か\u3099", ["か\u3099"]),  # a sound mark stays with its kana
        ("葛\U000e0100城", ["葛\U000e0100", "城"]),  # and a variation selector with its character
        ("ㄅㄆ", ["ㄅ", "ㄆ"]),
        ("한국어 음성", ["한국어", "음성"]),
        ("don't 停", ["don't", "停"]),
        ("3.14元", ["3.14", "元"]),
        ("ไทย ลาว", ["ไทย", "ลาว"]),
        ("שלום עולם", ["שלום", "עולם"]),
        ("😀好😀", ["😀", "好", "😀"]),
    ],
)
def test_mixed_units(text: str, expected: list[str]) -> None:
    assert split(text, "mixed") == expected


def test_characters_are_code_points_without_white_space() -> None:
    assert split("a é\u3000好 e\u0301", "char") == ["a", "é", "好", "e", "\u0301"]


def test_words_are_separated_by_any_white_space() -> None:
    assert split(" a\u00a0b\u3000c\n", "word") == ["a", "b", "c"]


def test_unknown_unit_is_named() -> None:
    with pytest.raises(UnknownName, match="unit"):
        split("a", "phoneme")  # type: ignore[arg-type]


@given(st.text(alphabet=st.one_of(st.characters(codec="utf-8"), st.sampled_from("的𠮶カ한a1 \u3000"))))
@settings(deadline=None)
def test_no_unit_loses_a_character(text: str) -> None:
    letters = "".join(text.split())
    for unit in UNITS:
        parts = split(text, unit)
        assert "".join(parts) == letters
        assert all(parts)
        assert not any(character.isspace() for part in parts for character in part)


@given(st.text(alphabet="的好𠮶ab1 '"))
@settings(deadline=None)
def test_mixed_is_between_words_and_characters(text: str) -> None:
    words, mixed, characters = (len(split(text, unit)) for unit in ("word", "mixed", "char"))
    assert words <= mixed <= characters


@given(st.text(alphabet="的好𠮶々ab1"))
@settings(deadline=None)
def test_a_mixed_unit_with_han_is_one_han_character(text: str) -> None:
    assert all(len(part) == 1 for part in split(text, "mixed") if has_han(part))


def test_hundred_thousand_lines_take_seconds() -> None:
    line = "今日我哋用 API 同 GPU 做咗三次 training，結果好好。"
    started = time.perf_counter()
    for _ in range(100_000):
        split(line, "mixed")
    assert time.perf_counter() - started < 20


MIXTURES = st.text(alphabet="ab1'é 的好カか\u3099\ufe00한\u3000\x1c\n𠮶", max_size=8)


@given(MIXTURES)
@settings(max_examples=500, deadline=None)
def test_units_that_are_said_to_be_the_same_are(text: str) -> None:
    """Whether they are: where a text has its mixed units as words or characters too, that is known of most texts."""
    mixed = split(text, "mixed")
    assert ("char" in mixed_as(text)) == (mixed == split(text, "char"))
    assert "word" not in mixed_as(text) or mixed == split(text, "word")
    assert list(join_characters(text)) == split(text, "char")


def test_chinese_alone_is_counted_by_character_and_english_by_word() -> None:
    assert mixed_as("今天 天气好") == {"char"}
    assert mixed_as("turn the light on") == {"word"}
    assert mixed_as("打开 API") == frozenset()
    assert mixed_as("") == mixed_as("a b") == {"char", "word"}
