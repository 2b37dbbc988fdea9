"""The steps of rulers, one by one, and the libraries they stand on."""

from __future__ import annotations

import json
import random
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.text import cantonese, english, variants
from workbench.text.cantonese import fold_cantonese
from workbench.text.chinese import fold_variants, simplify, space_scripts
from workbench.text.english import fold_typography, join_initials, standardise, standardise_parts
from workbench.text.fillers import drop_fillers
from workbench.text.numerals import fold_numerals, read_cardinal, read_numbers
from workbench.text.scripts import has_han
from workbench.text.surface import drop_punctuation, fold_case, fold_unicode


class TestUnicode:
    @given(st.text())
    @settings(deadline=None)
    def test_leaves_composed_visible_text(self, text: str) -> None:
        folded = fold_unicode(text)
        assert unicodedata.is_normalized("NFKC", folded)
        assert not any(unicodedata.category(character) in ("Cf", "Cs", "Cc") for character in folded)

    @given(st.text(alphabet="abc XYZ'-.,!09~"))
    @settings(deadline=None)
    def test_leaves_ascii_alone(self, text: str) -> None:
        assert fold_unicode(text) == text

    @pytest.mark.parametrize(("text", "expected"), [("1，000", "1、000"), ("１，０００", "1,000"), ("3½", "3 1/2")])
    def test_does_not_join_numbers(self, text: str, expected: str) -> None:
        assert fold_unicode(text) == expected


@given(st.text().map(fold_unicode))
@settings(deadline=None)
def test_case_is_idempotent_after_unicode(text: str) -> None:
    assert fold_case(fold_case(text)) == fold_case(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5.5.5", "5.5.5"),
        ("end.5 5.", "end 5 5"),
        ("a:b 1:2 1:b", "a b 1:2 1 b"),
        ("--5 -5 a-5 5-", "5 -5 a 5 5"),
        ("的-5", "的-5"),
        ("50%off %", "50% off %"),
        ("hk$5 $ 5 € 5$ $", "hk$5 $5 €5$ $"),
        ("1,234,567.8 1,23", "1234567.8 1 23"),
        ("e.g. i.e. a.b.c. www.a.com", "eg ie abc www a com"),
        ("don't 'tis y''all", "don't tis y all"),
        ("好'的'吧", "好 的 吧"),
        ("a_b", "a b"),
        ("a | b * c ^ d < e", "a b c d e"),
    ],
)
def test_punctuation(text: str, expected: str) -> None:
    assert drop_punctuation(text) == expected


@given(st.text(alphabet="的a1 \t'.-%$+,"))
@settings(deadline=None)
def test_spacing_of_scripts_is_idempotent(text: str) -> None:
    once = space_scripts(" ".join(text.split()))
    assert space_scripts(once) == once


class TestSimplified:
    def test_reaches_beyond_the_basic_plane(self) -> None:
        assert simplify("嗰") == "𠮶"
        assert has_han("𠮶")
        assert has_han("\U0003ffff") is True
        assert has_han("カa1한") is False

    def test_spaces_do_not_hide_a_phrase(self) -> None:
        assert simplify("乾 隆 皇帝") == simplify("乾隆皇帝") == "乾隆皇帝"

    def test_text_without_han_is_left_alone(self) -> None:
        assert simplify("a  b") == "a  b"


class TestVariants:
    def test_tables_are_sound(self) -> None:
        pairs = variants.CHARACTERS.split()
        assert all(len(pair) == 2 and pair[0] != pair[1] for pair in pairs)
        assert len({pair[0] for pair in pairs}) == len(pairs)
        assert len(variants.word_table()) == len(variants.WORDS.split())

    def test_each_entry_is_needed_because_t2s_leaves_it_apart(self) -> None:
        for pair in variants.CHARACTERS.split():
            assert simplify(pair[0]) == pair[0], f"t2s changes {pair[0]} before the table sees it"
            assert simplify(pair[1]) == pair[1], f"{pair[1]} is not simplified"
        for before, after in variants.word_table().items():
            assert simplify(before) == before, f"t2s changes {before} before the table sees it"
            assert simplify(after) == after

    def test_one_pass_is_enough(self) -> None:
        for text in (variants.CHARACTERS, variants.WORDS):
            once = fold_variants(text)
            assert fold_variants(once) == once
            assert simplify(once) == simplify(simplify(once))


@cache
def to_traditional() -> Any:
    """Made once: its dictionaries take 40 ms to load."""
    return pytest.importorskip("opencc").OpenCC("s2t")


class TestCantonese:
    @staticmethod
    def syllables(character: str) -> set[str]:
        """Every reading of a character in either script, without tone."""
        jyutping = pytest.importorskip("ToJyutping")
        traditional = to_traditional().convert(character)
        found = jyutping.get_jyutping_candidates(character + traditional)
        return {reading.rstrip("123456") for _, readings in found for reading in readings}

    def test_each_pair_can_be_read_alike(self) -> None:
        pairs = [(pair[0], pair[1]) for pair in cantonese.CHARACTERS.split()]
        words = variants.word_table(cantonese.WORDS)
        assert all(len(before) == len(after) for before, after in words.items())
        pairs += [two for before, after in words.items() for two in zip(before, after, strict=True)]
        unlike = [(left, right) for left, right in pairs if not self.syllables(left) & self.syllables(right)]
        assert unlike == []

    def test_each_entry_is_reached_and_one_pass_is_enough(self) -> None:
        words = variants.word_table(cantonese.WORDS)
        assert len(words) == len(cantonese.WORDS.split())
        for before, after in [*((pair[0], pair[1]) for pair in cantonese.CHARACTERS.split()), *words.items()]:
            assert simplify(before) == before
            assert simplify(after) == after
            assert fold_cantonese(before) == fold_cantonese(after) == after

    def test_words_of_other_meaning_are_left_alone(self) -> None:
        for text in ("黎明", "左边", "土地", "野生", "比赛", "道路", "岩石", "中国"):
            assert fold_cantonese(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("嗯我呃諗", "我諗"),
        ("um i think uh so hmm", "i think so"),
        ("我um諗下", "我諗下"),
        ("umbrella hum 唔好", "umbrella hum 唔好"),
        ("UM", ""),
    ],
)
def test_fillers(text: str, expected: str) -> None:
    assert drop_fillers(text) == expected


class TestEnglishParts:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("我 don't 知", "我 do not 知"),
            ("um 我諗 i can't", "我諗 i can not"),
            ("twenty five 個", "25 個"),
            ("呢個 one 同 chapter 1", "呢個 one 同 chapter 1"),
            ("one hundred and one", "101"),
            ("oh 我 one oh one", "oh 我 101"),
            ("1st first 21st second", "first first 21th second"),
            ("h2o b2b 5km", "h2o b2b 5km"),
            ("8:30 am $20 million", "8:30 am $20000000"),
            ("c + + colour", "c + + color"),
            ("我有 1 個", "我有 1 個"),
        ],
    )
    def test_only_latin_parts_change(self, text: str, expected: str) -> None:
        assert standardise_parts(text) == expected

    @given(st.text(alphabet="我的個嗰一二三0123456789 %:/-"))
    @settings(deadline=None)
    def test_text_without_latin_is_left_alone(self, text: str) -> None:
        assert standardise_parts(text) == " ".join(text.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the U.S. is", "the us. is"),
        ("A.B.C.s A.B.C.'s", "abcs abc.'s"),
        ("a.b.c.d.e.f", "abcde.f"),
        ("e. g. this", "e. g. this"),
        ("wait... what...", "wait what "),
        ("3.5 end.", "3.5 end."),
    ],
)
def test_initials(text: str, expected: str) -> None:
    assert join_initials(text) == expected


class TestNumerals:
    def test_cardinals_are_read_as_wetext_reads_them(self) -> None:
        wetext = pytest.importorskip("wetext")
        reader = wetext.Normalizer(lang="zh", operator="tn")
        draw = random.Random(0)
        numbers = [*range(0, 130), *(10**power for power in range(8)), 1010, 10010, 100100, 1000010, 110000, 20002000]
        numbers += [draw.randrange(10 ** draw.randint(3, 8)) for _ in range(150)]
        for number in numbers:
            read = reader.normalize(f"{number}元").removesuffix("元").replace("两", "二")
            assert read_cardinal(number) == read

    @given(st.integers(0, 10**12 - 1))
    @settings(deadline=None)
    def test_cardinals_can_be_read_back(self, number: int) -> None:
        assert _value(read_cardinal(number)) == number

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("120蚊", "一百二十蚊"),
            ("1.2.3版", "一点二点三版"),
            ("100000000元", "一亿元"),
            ("12345678", "一二三四五六七八"),
            ("25:70", "二十五比七十"),
            ("23:59:59", "二十三点五十九分五十九秒"),
            ("12:30分", "十二点三十分"),
            ("8:30 pm开", "下午八点三十分开"),
            ("120km/h", "每小时一百二十公里"),
            ("-0.5%", "负百分之零点五"),
            ("2024-13-45", "二千零二十四到十三到四十五"),
            ("hk$1.5亿", "一点五亿港元"),
            ("5m 5s 5g", "五 m 五 s 五 g"),
            ("b2b", "b 二 b"),
            ("24/7", "七分之二十四"),
            ("1/2/3", "一二三"),
        ],
    )
    def test_expressions(self, text: str, expected: str) -> None:
        assert read_numbers(text) == expected

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("三两", "三两"), ("两两", "二两"), ("两岸", "二岸"), ("幺幺零", "一一零"), ("幺幺", "幺幺"),
            ("幺妹", "幺妹"), ("一幺", "一一"),
            ("伍先生", "伍先生"), ("伍佰", "五百"), ("廿四", "二十四"), ("〇", "零"),
        ],
    )  # fmt: skip
    def test_numerals_already_in_han(self, text: str, expected: str) -> None:
        assert fold_numerals(text) == expected


def _value(read: str) -> int:
    """The number a Chinese cardinal stands for, by the grammar of the language."""
    for name, size in (("亿", 10**8), ("万", 10**4), ("千", 1000), ("百", 100), ("十", 10)):
        above, found, below = read.rpartition(name) if size >= 10**4 else read.partition(name)
        if found:
            return (_value(above) if above else 1) * size + _value(below.removeprefix("零"))
    return "零一二三四五六七八九".index(read) if read else 0


ENGLISH = """
I'm can't y'all we'll cause kinda dunno colour twenty million five oh point half third $ % ¢7 1,000 3.5 [x] (y) um mr.
st dr. don't he's been café naïve -5 +3 U.S. 1st twenties double two dollars and a
"""


class TestEnglish:
    @pytest.fixture(scope="class")
    def oracle(self):
        """The normaliser of transformers, fed the same spelling table."""
        module = pytest.importorskip("transformers.models.whisper.english_normalizer")
        return module.EnglishTextNormalizer(english._normaliser().standardize_spellings.mapping)

    @given(st.lists(st.sampled_from(ENGLISH.split()), max_size=9).map(" ".join))
    @settings(max_examples=300, deadline=None)
    def test_equals_transformers(self, oracle, text: str) -> None:
        assert standardise(text) == " ".join(oracle(text).split())

    @pytest.mark.speech
    def test_equals_transformers_on_speech(self, oracle, speech: Path) -> None:
        lines = (speech / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
        lines += (speech / "hypotheses" / "whisper-base.jsonl").read_text(encoding="utf-8").splitlines()
        texts = [json.loads(line).get("text") or "" for line in lines]
        assert len(texts) > 300
        for text in texts:
            assert standardise(text) == " ".join(oracle(text).split())

    def test_rules_the_library_added_are_taken_out(self) -> None:
        rules = set(english._normaliser().replacers)
        assert not rules & set(english._ADDED)
        assert standardise("the cause") == "the cause"

    def test_typography(self) -> None:
        assert fold_typography("don\u2019t\u200b \ud800go") == "don't go"

    def test_number_too_long_for_python_is_no_failure(self) -> None:
        assert standardise("9" * 4400).replace(" ", "") == "9" * 4400
        assert standardise("1,111" * 1500)
