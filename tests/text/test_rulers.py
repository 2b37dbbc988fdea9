from __future__ import annotations

import dataclasses
import re
import subprocess
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from workbench.errors import UnknownName
from workbench.text import numerals, rulers
from workbench.text.rulers import Ruler, default_ruler, find_ruler, headline_metric, list_rulers, settle
from workbench.text.steps import TextStep, library

PIECES = [
    *"的我係嘅個乾著妳藉甚麼么一二兩两廿幺〇○百千萬亿分之点壹贰后年打元蚊",
    *"%‰°+-=×÷&@#$€¥.,，。:：/~～'’\"()[]{}<>\\`^_|*0123456789０１２½①abkmgptZé́ßİŉ",
    *"😀👍🏽🇭🇰עבאבـ٣\u200f\u202e\u200b\ufe0f\u20e3\u00ad𠮶𡃁嗰かガ゙ー한국ᄀ\u1161กำनि\ud800\x00\t\n\u3000\u2028",
    *("COVID-19", "HK$", "km", "don't", "U.S.A.", " one", " twenty", " million", " oh", " point five", " and a half"),
    *"噉畀俾嚟黎喺嗯呃",
    *("返黎", " um ", " oh ", " one ", "1st", "21st", "b2b", " and ", " second", "...", "a.b.c.'s"),
    *(" mr", " st", "'s", " dollars", " cents", " percent", " double", " ", "  "),
]
TEXTS = st.one_of(st.lists(st.sampled_from(PIECES), max_size=16).map("".join), st.text(max_size=24))


@pytest.mark.parametrize("ruler", list_rulers(), ids=lambda ruler: ruler.id)
class TestEveryRuler:
    @given(text=TEXTS)
    @example(text="1,000 000")
    @example(text="¢4 one 1 1")
    @example(text="double oh% Y kmU.S.A.5")
    @example(text="[a] 'd been mr. st's")
    @example(text="9" * 5000)
    @example(text="twenty first oh 1 的 one million b2b 1 st")
    @example(text="a.b.c.d.e ... x. y.z 's")
    @settings(max_examples=250, deadline=None)
    def test_is_idempotent(self, ruler: Ruler, text: str) -> None:
        once = ruler.apply(text)
        assert ruler.apply(once) == once

    @given(text=TEXTS)
    @settings(max_examples=60, deadline=None)
    def test_leaves_no_white_space_at_the_ends(self, ruler: Ruler, text: str) -> None:
        assert ruler.apply(text) == ruler.apply(text).strip()

    def test_empty_and_blank_texts_are_empty(self, ruler: Ruler) -> None:
        assert ruler.apply("") == ruler.apply(" \u3000\n") == ""

    def test_long_lines_take_a_second_or_two(self, ruler: Ruler) -> None:
        line = "我 have 12 個 meeting，3.5% off! " * 320
        assert ruler.apply(ruler.apply(line)) == ruler.apply(line)


@given(text=TEXTS)
@settings(max_examples=250, deadline=None)
def test_zh_sees_neither_punctuation_nor_script(text: str) -> None:
    zh = find_ruler("zh")
    han = "".join(character for character in text if "\u4e00" <= character <= "\u9fff")
    assert zh.apply("，".join(han)) == zh.apply(han) == zh.apply(f"「{han}」。")


@given(text=TEXTS)
@settings(max_examples=250, deadline=None)
def test_zh_leaves_no_ascii_digit(text: str) -> None:
    assert not set(find_ruler("zh").apply(text)) & set("0123456789")


def test_only_punctuation_emoji_or_marks_is_nothing() -> None:
    for text in ("。！？…——", "😀👨‍👩‍👧🇭🇰", "\u200b\u202e\ufeff", "()[]{}", "♪♪"):
        for name in ("basic", "zh", "yue", "mixed", "en"):
            assert find_ruler(name).apply(text) == ""


@given(text=st.text(alphabet="我係嗰噉妳着一二兩120 ，。%"))
@settings(max_examples=200, deadline=None)
def test_mixed_is_zh_where_there_is_no_latin(text: str) -> None:
    assert find_ruler("mixed").apply(text) == find_ruler("zh").apply(text)


@given(text=TEXTS)
@settings(max_examples=200, deadline=None)
def test_what_zh_makes_equal_yue_makes_equal_too(text: str) -> None:
    zh, yue = find_ruler("zh"), find_ruler("yue")
    assert yue.apply(zh.apply(text)) == yue.apply(text)


def test_raw_changes_nothing_inside() -> None:
    assert find_ruler("raw").apply("  Ａ，b\u200b  著 1 \n") == "Ａ，b\u200b  著 1"


def test_settle_takes_the_least_of_texts_that_turn_into_each_other() -> None:
    turn = {"b": "c", "c": "a", "a": "b", "x": "b", "end": "end"}.__getitem__
    assert {settle(turn, start) for start in "abcx"} == {"a"}
    assert settle(turn, "end") == "end"


def test_names_and_versions_find_rulers() -> None:
    assert find_ruler("zh") is find_ruler("zh@1")
    names = ["raw", "basic", "zh", "yue", "mixed", "en", "leaderboard-en"]
    assert [ruler.id for ruler in list_rulers()] == [f"{name}@1" for name in names]


@pytest.mark.parametrize(("name", "hint"), [("zhh", "'zh'"), ("zh@9", "'zh@1'"), ("", "Known")])
def test_unknown_ruler_is_a_sentence_with_a_hint(name: str, hint: str) -> None:
    with pytest.raises(UnknownName, match="ruler") as caught:
        find_ruler(name)
    assert hint in caught.value.hint


def test_hashes_are_short_hex_and_differ() -> None:
    hashes = [ruler.hash for ruler in list_rulers()]
    assert all(len(value) == 8 and int(value, 16) >= 0 for value in hashes)
    assert len(set(hashes)) == len(hashes)


def test_hash_follows_versions_tables_and_order_but_not_the_words_about_them() -> None:
    zh = find_ruler("zh")
    last = zh.steps[-1]

    def with_last(**changes: object) -> str:
        return dataclasses.replace(zh, steps=(*zh.steps[:-1], dataclasses.replace(last, **changes))).hash

    assert with_last(summary="other words") == zh.hash
    assert with_last(version=last.version + 1) != zh.hash
    assert with_last(data=lambda: "another table") != zh.hash
    assert dataclasses.replace(zh, steps=zh.steps[::-1]).hash != zh.hash


def test_hash_names_the_libraries_asked() -> None:
    said = " ".join(step.data() for ruler in list_rulers() for step in ruler.steps)
    for name in ("opencc", "wetext", "whisper-normalizer"):
        assert library(name) in said
        assert "==" in library(name)


def test_every_step_says_what_it_does() -> None:
    steps: set[TextStep] = {step for ruler in list_rulers() for step in ruler.steps}
    assert all(step.summary for step in steps)
    assert len({step.name for step in steps}) == len(steps)


@pytest.mark.parametrize(
    ("language", "ruler", "metric"),
    [
        *((language, "zh", "cer") for language in ("zh", "yue", "cmn", "zh-Hant-HK", "wuu", "Chinese")),
        *((language, "zh", "mer") for language in ("zh-en", "yue-en", "yue+en", "en-zh", "mixed")),
        *((language, "en", "wer") for language in ("en", "en_US", "EN-GB", "English")),
        *((language, "basic", "cer") for language in ("ja", "th", "lo", "my", "km")),
        *((language, "basic", "wer") for language in ("ko", "de", "", "none")),
    ],
)
def test_language_decides_ruler_and_headline(language: str, ruler: str, metric: str) -> None:
    assert (default_ruler(language), headline_metric(language)) == (ruler, metric)


def test_importing_rulers_loads_no_dictionary_and_no_model() -> None:
    heavy = "{'opencc', 'wetext', 'kaldifst', 'whisper_normalizer', 'torch', 'transformers', 'jiwer', 'numpy'}"
    code = f"import sys, workbench.text.rulers as r; r.list_rulers()[2].hash; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_rulers_print_nothing() -> None:
    code = (
        "from workbench.text.rulers import list_rulers\n"
        "for ruler in list_rulers(): ruler.apply('他說 8:30 買 5km，OK? twenty five')\n"
        "import sys; assert not {'torch', 'transformers'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_cached_and_uncached_texts_come_out_alike() -> None:
    text = "他說，「120蚊」。" * 10
    assert rulers.find_ruler("zh").apply(text * 20) == rulers.find_ruler("zh").apply(text) * 20


@given(text=TEXTS)
@example(text="$1 us$5 hk$1 nt$2 a$1 c$2 s$3 ¥1 £2 €3 ₩4 ₹5")
@settings(max_examples=400, deadline=None)
def test_passing_over_what_begins_no_expression_passes_over_none(text: str) -> None:
    plain = re.compile(re.sub(r"^\(\?=\[[^]]*\]\)", "", numerals.EXPRESSION.pattern))
    assert plain.pattern != numerals.EXPRESSION.pattern
    found, expected = (
        [(match.span(), match.lastgroup) for match in pattern.finditer(text)]
        for pattern in (numerals.EXPRESSION, plain)
    )
    assert found == expected


def test_a_text_without_a_sign_has_nothing_that_is_rewritten_before() -> None:
    for pattern, _ in numerals._BEFORE:
        for match in pattern.finditer("电话 021-12345678, 1999-9-9, 5-10, -3, 1 + 2 × 3 ÷ 4 = 5"):
            assert numerals._SIGN.search(match.string[max(0, match.start() - 1) : match.end() + 1])


def test_as_many_texts_are_remembered_as_a_large_set_has() -> None:
    """Both sides of 100 000 utterances; fewer, and scoring them in order again finds none of them."""
    assert rulers._measure.cache_info().maxsize >= 200_000


def test_rulers_of_one_name_that_differ_are_not_mistaken_for_each_other() -> None:
    zh = find_ruler("zh")
    other = dataclasses.replace(zh, steps=zh.steps[:3])
    assert hash(other) == hash(zh)
    assert [ruler.apply("二〇二四年 開會") for ruler in (zh, other, zh)] == [
        "二零二四年开会",
        "二〇二四年 開會",
        "二零二四年开会",
    ]
