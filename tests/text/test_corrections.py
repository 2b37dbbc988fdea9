"""Corrections for reading: each proposed with its place, so that it can be shown and refused."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import UnknownName, UsageError
from workbench.text.corrections import RULES, apply_changes, propose
from workbench.text.numerals import read_cardinal
from workbench.text.spoken_numbers import parse_numeral


def corrected(text: str, *rules: str, **replacements: str) -> str:
    return apply_changes(text, propose(text, rules, replacements=replacements))


@pytest.mark.parametrize(
    ("rules", "before", "after"),
    [
        ("particles", "慢慢的走", "慢慢地走"),
        ("particles", "他高兴的说", "他高兴地说"),
        ("particles", "急急忙忙的跑", "急急忙忙地跑"),
        ("particles", "跑的很快", "跑得很快"),
        ("particles", "我覺的很好", "我覺得很好"),
        ("particles", "来的及", "来得及"),
        ("zai", "在见。", "再见。"),
        ("zai", "请在说一遍", "请再说一遍"),
        ("zai", "正再开会", "正在开会"),
        ("zai", "我再家里", "我在家里"),
        ("zai", "一在强调", "一再强调"),
        ("fillers", "嗯，我覺得um, 呃可以。嗯。好", "我覺得可以。好"),
        ("fillers", "Um, we agreed, uh, on it", "we agreed, on it"),
        ("digits", "一百二十三个人", "123个人"),
        ("digits", "二零二四年三月五号", "2024年3月5号"),
        ("digits", "百分之五十", "50%"),
        ("digits", "一千五百蚊", "1500蚊"),
        ("digits", "一萬兩千三百", "12300"),
        ("digits", "三点一四", "3.14"),
        ("digits", "第二十三次", "第23次"),
        ("numerals", "120个人", "一百二十个人"),
        ("numerals", "50%", "百分之五十"),
        ("numerals", "嗰度有20000蚊", "嗰度有二萬蚊"),
        ("spacing", "用API吧，我 哋 嘅iPhone 15同AI", "用 API 吧，我哋嘅 iPhone 15 同 AI"),
        ("simplified", "我們討論", "我们讨论"),
        ("traditional-hk", "群众里面有一只狗", "群眾裏面有一隻狗"),
        ("traditional-tw", "后面里面干净", "後面裡面乾淨"),
        ("traditional-hk", "去晒太阳", "去曬太陽"),
        ("traditional-hk", "唔该晒", "唔該晒"),
    ],
)
def test_what_is_corrected(rules: str, before: str, after: str) -> None:
    assert corrected(before, rules) == after


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("particles", "我说的很重要"),
        ("particles", "认真的态度"),
        ("particles", "买的很贵"),
        ("particles", "他的书"),
        ("zai", "他正在说一遍"),
        ("zai", "再见，再来一次"),
        ("zai", "我在家里"),
        ("digits", "一心一意，十分好，万一有一些事，三三两两"),
        ("digits", "十几个人，三四十个，几十万，五十多个，三百五"),
        ("digits", "三个月，第一次，星期一，三点半"),
        ("numerals", "COVID-19同GPT-4，5G手机"),
        ("fillers", "summer umbrella, 唔係啊"),
        ("traditional-hk", "唔該晒，我哋係香港人，着數"),
        ("spacing", "Let's meet at 3:30."),
    ],
)
def test_what_stays(rule: str, text: str) -> None:
    assert propose(text, [rule]) == ()


def test_correct_references_get_no_character_corrections() -> None:
    sets = (Path(__file__).parents[2] / "eval_sets").glob("*/manifest.jsonl")
    texts = [
        json.loads(line)["text"] for manifest in sets for line in manifest.read_text(encoding="utf-8").splitlines()
    ]
    assert sum(map(len, texts)) > 3000
    assert [text for text in texts if propose(text, ["particles", "zai"])] == []


@given(st.integers(0, 9_999_999_999))
def test_a_number_as_it_is_read_is_that_number(number: int) -> None:
    assert parse_numeral(read_cardinal(number)) == number


@pytest.mark.parametrize("numeral", ["三百五", "二三", "百", "十百", "一万二", "零零", "一亿亿", "万万"])
def test_what_is_no_numeral_in_full(numeral: str) -> None:
    assert parse_numeral(numeral) is None


TEXTS = st.text(st.sampled_from("一二十百万三的地得在再见慢慢跑很快嗯,，。 ab1209%萬里面晒um\n喺係群"), max_size=40)
RULE_SETS = st.sets(st.sampled_from(sorted(RULES))).filter(
    lambda names: not any(other in names for name in names for other in RULES[name].excludes)
)


@given(TEXTS, RULE_SETS)
def test_changes_are_apart_in_order_and_each_can_be_refused(text: str, rules: set[str]) -> None:
    changes = propose(text, sorted(rules))
    for one, other in itertools.pairwise(changes):
        assert one.end <= other.start
    for change in changes:
        assert text[change.start : change.end] == change.before != change.after
        assert change.rule in rules
        assert change.reason
    for refused in range(len(changes)):
        kept = [change for place, change in enumerate(changes) if place != refused]
        other = changes[refused]
        written = apply_changes(text, kept)
        moved = sum(len(change.after) - len(change.before) for change in kept if change.end <= other.start)
        assert written[other.start + moved :].startswith(other.before)
    assert apply_changes(text, []) == text


def test_a_readers_own_list_comes_first_and_finds_whole_words() -> None:
    written = corrected("我用chat gpt同chatgpts，阿里巴巴 and Ali", "spacing", **{"chat gpt": "ChatGPT", "ali": "ALI"})
    assert written == "我用ChatGPT同 chatgpts，阿里巴巴 and ALI"


def test_the_longer_of_two_words_wins() -> None:
    assert corrected("張三丰", **{"張三": "Zhang San", "張三丰": "張三豐"}) == "張三豐"


def test_unknown_and_contradicting_rules_are_said() -> None:
    with pytest.raises(UnknownName, match="correction"):
        propose("", ["spelling"])
    with pytest.raises(UsageError, match="exclude each other"):
        propose("", ["digits", "numerals"])


def test_changes_of_another_text_are_refused() -> None:
    changes = propose("用API", ["spacing"]) + propose("一百二十", ["digits"])
    with pytest.raises(ValueError, match="another text"):
        apply_changes("用", changes)
