from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.scoring.codeswitch import CodeSwitch, Recall, divide_errors
from workbench.scoring.counts import ErrorCounts
from workbench.scoring.score import Edit, align, count
from workbench.text.rulers import find_ruler

UNIT = st.sampled_from(["我", "的", "二", "十", "api", "gpu", "5", "か"])
TEXT = st.lists(UNIT, max_size=9).map(" ".join)


def divide(reference: str, hypothesis: str, ruler: str = "zh") -> CodeSwitch:
    used = find_ruler(ruler)
    return divide_errors(align(used.apply(reference), used.apply(hypothesis), "mixed"))


@given(TEXT, TEXT)
@settings(max_examples=300, deadline=None)
def test_parts_and_places_each_add_up_to_all_counts(reference: str, hypothesis: str) -> None:
    found = divide_errors(align(reference, hypothesis, "mixed"))
    whole = count(reference, hypothesis, "mixed")
    assert found.han + found.latin + found.other == whole
    assert found.at_switch + found.elsewhere == whole
    assert 0 <= found.terms.found <= found.terms.said <= found.latin.reference_length
    assert 0 <= found.numbers.found <= found.numbers.said
    assert found.translated <= found.terms.said - found.terms.found


@given(st.lists(st.tuples(TEXT, TEXT), max_size=4))
@settings(max_examples=60, deadline=None)
def test_clips_add_in_any_order(texts: list[tuple[str, str]]) -> None:
    clips = [divide_errors(align(*pair, "mixed")) for pair in texts]
    assert sum(clips, CodeSwitch()) == sum(reversed(clips), CodeSwitch())
    assert all(sum(clips, CodeSwitch()) + CodeSwitch() == sum(clips, CodeSwitch()) for _ in fields(CodeSwitch))


@given(TEXT)
@settings(max_examples=100, deadline=None)
def test_what_is_all_right_finds_everything(text: str) -> None:
    found = divide_errors(align(text, text, "mixed"))
    assert found.terms.found == found.terms.said
    assert found.numbers.found == found.numbers.said
    assert found.translated == found.at_switch.errors == 0


def test_errors_are_divided_by_script() -> None:
    found = divide("我用 API 做训练", "我有 app 做了训练")
    assert found.han == ErrorCounts(hits=4, substitutions=1, insertions=1)
    assert found.latin == ErrorCounts(substitutions=1)


@pytest.mark.parametrize(
    ("reference", "hypothesis", "at_switch", "elsewhere"),
    [
        ("我哋用 api 做", "我哋有 api 做", 1, 0),  # the last before the change
        ("我哋用 api 做", "我哋用 app 做", 1, 0),  # the first after it
        ("我哋用 api 做", "我他用 api 做", 0, 1),  # two before
        ("我哋用 api 做", "我哋用 啊 api 做", 1, 0),  # put in at the change
        ("我哋用 api 做", "我哋啊用 api 做", 1, 0),  # one unit from it
        ("我哋用 api 做", "我啊哋用 api 做", 0, 1),  # two units from it
        ("我哋用 api 做", "啊我哋用 api 做", 0, 1),  # put in far from it
        ("我哋用", "我他用", 0, 1),  # no change at all
        ("我 5 api", "我 6 api", 1, 0),  # a digit belongs to what went before
    ],
)
def test_switch_points(reference: str, hypothesis: str, at_switch: int, elsewhere: int) -> None:
    found = divide_errors(align(reference, hypothesis, "mixed"))
    assert (found.at_switch.errors, found.elsewhere.errors) == (at_switch, elsewhere)


def test_terms_are_found_whole_or_not() -> None:
    assert divide("用 machine learning 和 gpu", "用 machine learning 和 gpu").terms == Recall(said=2, found=2)
    assert divide("用 machine learning 和 gpu", "用 machine 和 gpu").terms == Recall(said=2, found=1)
    assert divide("用 machine learning", "用 machine deep learning").terms == Recall(said=1, found=0)
    assert divide("没有", "没有").terms.rate is None


def test_numbers_are_found_whole_or_not() -> None:
    assert divide("我有120个", "我有一百二十个").numbers == Recall(said=1, found=1)
    assert divide("我有120个", "我有一百三十个").numbers == Recall(said=1, found=0)
    assert divide("一个人", "一个人").numbers == Recall()  # 一 alone is mostly no number
    assert divide("room 5 ok", "room 5 ok", "basic").numbers == Recall(said=1, found=1)


@pytest.mark.parametrize(
    ("reference", "hypothesis", "translated"),
    [
        ("他的 English 很好", "他的英语很好", 1),
        ("用 Python 写", "用派三写", 1),  # by its sound
        ("他的 English 很好", "他的很好", 0),  # gone, nothing in its place
        ("他的 English 很好", "他的 England 很好", 0),  # wrong, but English
        ("用 machine learning 做", "用机器 learning 做", 0),  # in part
    ],
)
def test_translated_instead_of_transcribed(reference: str, hypothesis: str, translated: int) -> None:
    assert divide(reference, hypothesis).translated == translated


@pytest.mark.parametrize(("heard", "translated"), [(["英", "语"], 1), (["英", "england"], 0)])
def test_what_stands_instead_may_be_put_in_before_or_after(heard: list[str], translated: int) -> None:
    gone = Edit("deletion", "english", "")
    instead = [Edit("insertion", "", unit) for unit in heard]
    for middle in ([gone, *instead], [*instead, gone], [instead[0], gone, instead[1]]):
        found = divide_errors([Edit("hit", "的", "的"), *middle, Edit("hit", "很", "很")])
        assert found.translated == translated
