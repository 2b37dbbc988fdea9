"""Numbers as they are read in Chinese, one way of writing each.

Expressions are found by the rules below. Times of day and measures are read by wetext's text normalisation; integers
and what is made of them are read here, as wetext reads them before 元 (tested on a wide range). wetext never sees the
text around an expression: given whole sentences it reads 120蚊 digit by digit, COVID-19 and GPT-4 with a minus and
5%-10% as 百分之五百分之负十, its parser is not made for quotes and braces, and it takes two milliseconds a call.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from workbench.text.chinese import space_scripts
from workbench.text.steps import TextStep, library
from workbench.text.surface import drop_punctuation

if TYPE_CHECKING:
    from wetext import Normalizer

_DIGIT = re.compile("[0-9]")
_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_YEAR, _MONTH, _DAY = "[12][0-9]{3}", "(?:0?[1-9]|1[0-2])", "(?:0?[1-9]|[12][0-9]|3[01])"
_DIGITS = str.maketrans("0123456789", "零一二三四五六七八九")
_CURRENCIES = {
    "$": "美元", "us$": "美元", "hk$": "港元", "nt$": "台币", "a$": "澳元", "c$": "加元", "s$": "新元",
    "¥": "元", "£": "英镑", "€": "欧元", "₩": "韩元", "₹": "卢比",
}  # fmt: skip
_UNITS = "km/h|km|kg|cm|mm|mg|ml|°c|°f|°"
_SCALES = "[十百千万亿]*"
_COUNTED = "[分折个次元蚊块岁人]"
SHORTEST_IDENTIFIER = 8
"""Integers with as many digits or more are numbers of telephones and papers, read digit by digit, unless round."""

_FORMAL = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟", "一二三四五六七八九十百千")
_FORMAL_RUN = re.compile("[零壹贰叁肆伍陆柒捌玖拾佰仟万亿]{2,}")
_TENS = {"廿": "二十", "卄": "二十", "卅": "三十", "卌": "四十"}
_TENS_SIGN = re.compile("[廿卄卅卌]")
_PLAIN = "零一二三四五六七八九十百千万亿"
# 两 after a numeral is the unit of weight (三两, 半斤八两); elsewhere it is what "2" stands for before a measure word.
_TWO = re.compile("两(?=[百千万亿])|(?<![一二两三四五六七八九十百千万亿几半数])两")
_FOLDED = re.compile("[〇壹贰叁肆伍陆柒捌玖拾佰仟廿卄卅卌两幺]|百分之一百")
_RUN = re.compile(f"[{_PLAIN}幺]{{2,}}")


@lru_cache(maxsize=1)
def _reader() -> Normalizer:
    from wetext import Normalizer

    return Normalizer(lang="zh", operator="tn")


@lru_cache(maxsize=16384)
def _read(expression: str) -> str:
    return str(_reader().normalize(expression))


def _read_digits(digits: str) -> str:
    return digits.translate(_DIGITS)


def read_cardinal(number: int) -> str:
    """An integer as it is counted, with 二 for 2: 10 → 十, 1010 → 一千零一十, 20000 → 二万.

    Args:
        number: From 0 to 9 999 999 999 999 999.
    """
    if number < 20:
        return "零一二三四五六七八九"[number] if number < 10 else "十" + read_cardinal(number - 10).removeprefix("零")
    for size, name in ((10**8, "亿"), (10**4, "万"), (1000, "千"), (100, "百"), (10, "十")):
        above, below = divmod(number, size)
        if above:
            head = ("一" if above == 1 else read_cardinal(above)) + name
            if not below:
                return head
            gap = "零" if below < size // 10 else ""
            return head + gap + ("一" if 10 <= below < 20 else "") + read_cardinal(below)
    raise AssertionError(number)


def _read_number(number: str) -> str:
    """An integer or a decimal: 120 → 一百二十, 3.14 → 三点一四, 007 → 零零七."""
    whole, _, fraction = number.partition(".")
    if fraction:
        return f"{_read_number(whole.lstrip('0') or '0')}点{_read_digits(fraction)}"
    identifier = len(whole) >= SHORTEST_IDENTIFIER and not (whole.endswith("0000") and len(whole) <= 12)
    if identifier or (whole.startswith("0") and len(whole) > 1):
        return _read_digits(whole)
    return read_cardinal(int(whole))


def _read_date(match: re.Match[str]) -> str:
    year, month, day = match["year"], int(match["month"]), int(match["day"])
    return f"{_read_digits(year)}年{_read_number(str(month))}月{_read_number(str(day))}日"


def _read_clock(match: re.Match[str]) -> str:
    return _read(f"{match['clock']}{match['half'] or ''}")


def _read_percent(match: re.Match[str]) -> str:
    whole = {"%": "百分之", "‰": "千分之"}[match["per"]]
    return whole + ("百" if match["share"] == "100" else _read_number(match["share"]))


def _read_money(match: re.Match[str]) -> str:
    sign = match["before"] or match["after"]
    number = match["price"] or match["amount"]
    return _read_number(number) + (match["scale"] or "") + _CURRENCIES[sign]


def _read_measure(match: re.Match[str]) -> str:
    return _read(match["measure"].replace(" ", ""))


def _read_fraction(match: re.Match[str]) -> str:
    return f"{_read_number(match['below'])}分之{_read_number(match['above'])}"


def _read_ratio(match: re.Match[str]) -> str:
    return f"{_read_number(match['left'])}比{_read_number(match['right'])}"


def _read_version(match: re.Match[str]) -> str:
    return "点".join(_read_digits(part) for part in match["version"].split("."))


_READERS: dict[str, tuple[str, Callable[[re.Match[str]], str]]] = {
    "date": (
        rf"(?P<year>{_YEAR})(?P<dash>[-/.])(?P<month>{_MONTH})(?P=dash)(?P<day>{_DAY})(?![0-9])",
        _read_date,
    ),
    "time": (
        r"(?P<clock>(?:[01]?[0-9]|2[0-4]):[0-5][0-9](?::[0-5][0-9])?)(?![0-9:])(?:\s?(?P<half>[ap]m)(?![a-z0-9])|分)?",
        _read_clock,
    ),
    "percent": (rf"(?P<share>{_NUMBER})(?P<per>[%‰])", _read_percent),
    "money": (
        rf"(?P<before>(?:us|hk|nt|[acs])?\$|[¥£€₩₹])(?P<price>{_NUMBER})(?P<scale>{_SCALES})"
        rf"|(?P<amount>{_NUMBER})(?P<after>[$¥£€₩₹])",
        _read_money,
    ),
    "measure": (rf"(?P<measure>[0-9]{{1,9}}(?:\.[0-9]{{1,9}})?\s?(?:{_UNITS}))(?![a-z0-9])", _read_measure),
    "version": (r"(?P<version>[0-9]+(?:\.[0-9]+){2,})", _read_version),
    "fraction": (r"(?<!/)(?P<above>[0-9]{1,4})/(?P<below>[0-9]{1,4})(?![0-9/.])", _read_fraction),
    "ratio": (r"(?P<left>[0-9]+):(?P<right>[0-9]+)(?![0-9:])", _read_ratio),
    "called": (
        rf"(?<=[打拨])(?P<called>[0-9]{{3,}})(?![0-9.]|{_COUNTED})",  # 打120, but 打120分
        lambda match: _read_digits(match["called"]),
    ),
    "years": (
        r"(?P<years>[0-9]{4}(?=年)|(?:0[0-9]|8[1-9]|9[1-9])(?=年)|(?:0[05]|[5-9][05])(?=后))",
        lambda match: _read_digits(match["years"]),
    ),
    "number": (rf"(?P<number>{_NUMBER})", lambda match: _read_number(match["number"])),
}
_RULES = "|".join(f"(?P<{kind}_>(?<![0-9]){rule})" for kind, (rule, _) in _READERS.items())
# What no expression begins with is passed over without trying them all: twice as fast on Chinese text.
EXPRESSION = re.compile(f"(?=[0-9$¥£€₩₹uhnacs])(?:{_RULES})")
_SIGN = re.compile("[-+×÷=]")  # one of them is in whatever `_BEFORE` finds
_BEFORE = (  # in this order: (what, by what)
    (re.compile(r"(?<![0-9])(0[0-9]{2,3})-([0-9]{7,8})(?![0-9])"), r"\1\2"),  # area code and telephone number
    (re.compile(rf"(?<![0-9-])({_YEAR})-({_MONTH})-({_DAY})(?![0-9-])"), r"\1/\2/\3"),
    (re.compile("(?<=[0-9%‰])-(?=[0-9])"), "到"),  # a range
    (re.compile(r"(?<![^\s一-鿿])-(?=[0-9])"), "负"),
    (re.compile(r"(?<=[0-9]) \+ (?=[0-9])"), "加"),
    (re.compile(r"(?<=[0-9]) × (?=[0-9])"), "乘"),
    (re.compile(r"(?<=[0-9]) ÷ (?=[0-9])"), "除以"),
    (re.compile(r"(?<=[0-9]) = (?=[0-9])"), "等于"),
)


def read_expression(match: re.Match[str]) -> str:
    kind = (match.lastgroup or "number_").removesuffix("_")
    return _READERS[kind][1](match)


def read_numbers(text: str) -> str:
    """Numbers in Han characters as they are said; one character for each numeral.

    Years, telephone and other long numbers are read digit by digit, others as they are counted. Then 两 is 二 (but not
    the weight), 廿 二十, 幺 一, 〇 零, and 壹贰叁 一二三 where two of them follow each other.
    """
    changed = text
    if _DIGIT.search(text):
        if _SIGN.search(text):
            for pattern, replacement in _BEFORE:
                changed = pattern.sub(replacement, changed)
        changed = EXPRESSION.sub(read_expression, changed)
    changed = fold_numerals(changed)
    return text if changed == text else space_scripts(drop_punctuation(changed))


def fold_numerals(text: str) -> str:
    """Numerals already written in Han characters, each in one way."""
    if not _FOLDED.search(text):
        return text
    text = _FORMAL_RUN.sub(lambda match: match[0].translate(_FORMAL), text.replace("〇", "零"))
    text = _TENS_SIGN.sub(lambda match: _TENS[match[0]], text)
    text = _TWO.sub("二", text)
    text = _RUN.sub(lambda match: match[0].replace("幺", "一") if match[0].strip("幺") else match[0], text)
    return text.replace("百分之一百", "百分之百")


NUMBERS = TextStep(
    name="numbers",
    version=1,
    summary="numbers as they are read (times and measures by wetext), 两 as 二, 廿 as 二十, 〇 as 零",
    apply=read_numbers,
    data=lambda: library("wetext"),
)
