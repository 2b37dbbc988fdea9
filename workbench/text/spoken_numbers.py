"""Numbers of a text written the other way, place by place: numerals as digits, digits as numerals."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workbench.text.numerals import EXPRESSION, read_expression

_DIGITS = {
    "零": 0,
    "〇": 0,
    "一": 1,
    "二": 2,
    "两": 2,
    "兩": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}
_SCALES = {"十": 10, "百": 100, "千": 1000}
_GREAT = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_DIGIT = "零〇一二三四五六七八九"
_ANY = f"{_DIGIT}两兩十百千万萬亿億"
_LARGEST = 10**16
_SHORTENED = re.compile("[百千万萬亿億][一二两兩三四五六七八九]$")  # 三百五: 350, or 305 said in a hurry
_TRADITIONAL = str.maketrans("万亿点负", "萬億點負")
_TRADITIONAL_SIGN = re.compile("[萬億點個這們來時會說對為後過嗰啲嘅喺佢]")

# A numeral that is part of a word, or an approximate number, which has no digits.
_WORDS = frozenset(
    [
        *("一一", "万一", "萬一", "千万", "千萬", "万万", "萬萬", "十分", "百分", "千百", "三三两两", "三三兩兩"),
        *(
            "一五一十",
            "一心一意",
            "千千万万",
            "千千萬萬",
            "二百五",
            "一二",
            "二三",
            "三四",
            "四五",
            "五六",
            "六七",
            "七八",
        ),
        *("八九", "九九", "四六", "三七"),
    ]
)
_APPROXIMATE = re.compile("[一二三四五六七八九][一二三四五六七八九][十百千万萬亿億]")
_DATE = re.compile(f"([{_DIGIT}十]{{1,3}})(?=[月号號日](?![{_DIGIT}]))")
_YEAR = re.compile(f"[{_DIGIT}]{{4}}(?=年)")
_PERCENT = re.compile(f"百分之([{_ANY}]+(?:[点點][{_DIGIT}]+)?)")
_DECIMAL = re.compile(f"([{_ANY}]+)[点點]([{_DIGIT}]+)(?![十百千万萬亿億半分钟鐘刻])")
_INTEGER = re.compile(f"(?<![几幾数數多{_ANY}])[{_ANY}]{{2,}}(?![几幾多来來半])")
_SHORT_MONTH = re.compile("[一二三四五六七八九十]{1,2}(?=月)")


def parse_numeral(numeral: str) -> int | None:
    """The integer that a Chinese numeral says: 一百零五 → 105, 十二 → 12.

    Returns:
        None where it is not a numeral that is written out in full: 三百五 may be 350, and 二三 is two digits.
    """
    if _SHORTENED.search(numeral):
        return None
    total = section = 0
    digit: int | None = None
    scale = great = _LARGEST
    for character in numeral:
        if character in _GREAT:
            if _GREAT[character] >= great or (digit is None and not section):
                return None
            great, scale = _GREAT[character], _LARGEST
            total, section, digit = total + (section + (digit or 0)) * great, 0, None
        elif character in _SCALES:
            if _SCALES[character] >= scale or digit == 0 or (digit is None and (character != "十" or section)):
                return None
            scale = _SCALES[character]
            section, digit = section + (digit or 1) * scale, None
        elif digit is not None and (digit or not _DIGITS[character]):
            return None
        else:
            digit = _DIGITS[character]
    return total + section + (digit or 0)


def _spelled(numeral: str) -> str | None:
    """Digits one by one, or a number: what the numeral is in digits."""
    if all(character in _DIGIT for character in numeral):
        return "".join(str(_DIGITS[character]) for character in numeral) if len(numeral) > 2 else None
    number = parse_numeral(numeral)
    return None if number is None else str(number)


def find_numerals(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Chinese numerals that are better read as digits: two signs or more, dates, decimals, shares.

    Words with numerals in them (一心一意, 万一) and approximate numbers (十几, 三四十) stay.
    """
    taken: list[tuple[int, int, str]] = []
    for start, end, written in _candidates(text):
        if all(end <= other_start or start >= other_end for other_start, other_end, _ in taken):
            taken.append((start, end, written))
    for start, end, written in sorted(taken):
        yield start, end, written, "a number in digits"


def _candidates(text: str) -> Iterator[tuple[int, int, str]]:
    for match in _YEAR.finditer(text):
        yield *match.span(), "".join(str(_DIGITS[character]) for character in match[0])
    for match in _PERCENT.finditer(text):
        if (share := _number(match[1])) is not None:
            yield *match.span(), f"{share}%"
    for match in _DECIMAL.finditer(text):
        if (number := _number(match[0])) is not None:
            yield *match.span(), number
    for match in (*_SHORT_MONTH.finditer(text), *_DATE.finditer(text)):
        number = parse_numeral(match[0])
        if number is not None and 1 <= number <= 31 and not text[: match.start()].endswith(("个", "個", "几", "幾")):
            yield *match.span(), str(number)
    for match in _INTEGER.finditer(text):
        written = _spelled(match[0])
        if written is not None and not _is_word(text, match):
            yield *match.span(), written


def _number(numeral: str) -> str | None:
    whole, point, fraction = re.sub("[点點]", ".", numeral).partition(".")
    number = parse_numeral(whole)
    if number is None:
        return None
    return f"{number}.{''.join(str(_DIGITS[character]) for character in fraction)}" if point else str(number)


def _is_word(text: str, match: re.Match[str]) -> bool:
    around = text[max(0, match.start() - 2) : match.end() + 2]
    inside = any(word in around and (len(word) > 2 or match[0] in word or word in match[0]) for word in _WORDS)
    plain = match[0] in _WORDS or _APPROXIMATE.search(match[0]) is not None
    return plain or (inside and len(match[0]) <= 3)


def find_digits(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Digits as they are read in Chinese, where Chinese stands beside them (COVID-19 and GPT-4 stay)."""
    traditional = _TRADITIONAL_SIGN.search(text) is not None
    for match in EXPRESSION.finditer(text):
        if _is_latin(text[match.start() - 1 : match.start()]) or _is_latin(text[match.end() : match.end() + 1]):
            continue
        if text[match.start() - 1 : match.start()] in ("-", ".") and match.start():
            continue
        reading = read_expression(match)
        yield *match.span(), reading.translate(_TRADITIONAL) if traditional else reading, "a number as it is read"


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalpha()
