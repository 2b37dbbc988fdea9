from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import UnknownName
from workbench.text.phonetics import SPEECHES, drop_tones, read_aloud
from workbench.text.units import split


@pytest.mark.parametrize(
    ("text", "speech", "expected"),
    [
        ("我係學生", "yue", ["ngo5", "hai6", "hok6", "saang1"]),
        ("𠮶个", "yue", ["go2", "go3"]),  # plane 2
        ("用 API 做", "yue", ["jung6", "API", "zou6"]),
        ("银行 行长", "zh", ["yin2", "hang2", "hang2", "zhang3"]),  # by the word
        ("重庆 重量", "zh", ["chong2", "qing4", "zhong4", "liang4"]),
        ("好吗", "zh", ["hao3", "ma5"]),  # the neutral tone is 5
        ("カ5a", "zh", ["カ", "5a"]),
        ("", "zh", []),
    ],
)
def test_texts_are_read(text: str, speech, expected: list[str]) -> None:
    assert read_aloud(text, speech) == expected


def test_script_does_not_change_the_sound() -> None:
    assert read_aloud("我諗緊頭髮後面", "yue") == read_aloud("我谂紧头发后面", "yue")
    assert read_aloud("里面", "yue") == read_aloud("裏面", "yue") == ["leoi5", "min6"]
    assert read_aloud("頭髮後面", "zh") == read_aloud("头发后面", "zh")


@given(st.text(alphabet=st.one_of(st.characters(codec="utf-8"), st.sampled_from("的𠮶𡃁重行カ한a1 〇々\n"))))
@settings(max_examples=200, deadline=None)
def test_every_unit_has_one_sound(text: str) -> None:
    for speech in SPEECHES:
        sounds = read_aloud(text, speech)
        assert len(sounds) == len(split(text, "mixed"))
        assert all(sounds)


def test_tones_go_and_numbers_stay() -> None:
    assert drop_tones(["hai6", "shi4", "API", "5", "lü4"]) == ["hai", "shi", "API", "5", "lü"]


def test_other_speech_is_refused() -> None:
    with pytest.raises(UnknownName, match="pronunciation"):
        read_aloud("好", "nan")  # type: ignore[arg-type]
