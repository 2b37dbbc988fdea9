"""Steps that hold for every language: encoding, case, punctuation, white space."""

from __future__ import annotations

import re
import unicodedata
from itertools import chain

from workbench.text.scripts import UNSPACED
from workbench.text.steps import TextStep

_APOSTROPHES = "\u2018\u2019\u201b\u02bc\uff07\u2032\u00b4\u0060"
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
# Unicode's Default_Ignorable_Code_Point beyond the format characters (category Cf), and the Arabic tatweel, which only
# stretches a word.
_INVISIBLE = frozenset(
    chain(
        (0x034F, 0x0640, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2065, 0x3164, 0xFFA0),
        range(0x180B, 0x1810),
        range(0xFE00, 0xFE10),
        range(0xFFF0, 0xFFF9),
        range(0xE0000, 0xE1000),
    )
)
_SEPARATING_COMMA = re.compile("(?<![０-９])，|，(?![０-９])")
_VULGAR_FRACTION = re.compile(r"(?<=\d)(?=[¼-¾⅐-⅞↉])")
_CIRCLE_AS_ZERO = re.compile("(?<=[〇零一二三四五六七八九○])○|○(?=[〇零一二三四五六七八九])")

CURRENCY = "$¢£¤¥֏؋৲৳৻૱௹฿៛\u20a0-\u20c0"
_KEPT = re.compile(f"['.:/%‰°+=×÷&@#{CURRENCY}-]")  # decided by what stands beside them
_LETTER = f"[^\\W\\d_{UNSPACED}]"
_GROUPING = re.compile(r"(?<![\d.,])(\d{1,3}(?:,\d{3})+)(?![\d,])")
_RANGE = re.compile("(?<=[0-9%‰])(?:\\s?[~\u301c]\\s?| - )(?=[0-9])")
_INITIALS = re.compile(f"(?<![^\\W_])(?<!\\.)(?:{_LETTER}\\.){{2,}}(?:{_LETTER}(?![^\\W_]))?")
_STRAY = re.compile(
    f"(?<!{_LETTER})'|'(?!{_LETTER})"  # quotes, not apostrophes
    "|(?<![0-9])[.:/]|[.:/](?![0-9])"  # not inside a number
    f"|-(?![0-9])|(?<=[^\\s0-9%‰°{UNSPACED}])-"  # neither a minus nor a range
)
_PLACED = re.compile(f"[%‰°+=×÷&@#{CURRENCY}]")
_PLACEMENTS = (  # in this order: (what, by what)
    (re.compile("([+=×÷&@#])"), r" \1 "),
    (re.compile("(?<=[0-9])\\s+(?=[%‰°])"), ""),  # 50 % → 50%
    (re.compile("(?<![0-9])([%‰°])"), r" \1 "),
    (re.compile("(?<=[%‰])(?=\\w)"), " "),
    (re.compile("(?<=[0-9]°)\\s+(?=[cf](?!\\w))"), ""),  # 20° c → 20°c
    (re.compile(f"(?<=[{CURRENCY}])\\s+(?=[0-9])"), ""),  # $ 5 → $5
    (re.compile(f"(?<=[0-9])\\s+(?=[{CURRENCY}](?![0-9]))"), ""),  # 5 € → 5€
    (re.compile(f"(?<![0-9])([{CURRENCY}])(?![0-9])"), r" \1 "),
    (re.compile(f"(?<=[^\\sa-z])(?=[{CURRENCY}][0-9])"), " "),  # the letters of hk$5 stay with it
    (re.compile(f"(?<=[0-9][{CURRENCY}])(?=\\w)"), " "),
)


class _Visible(dict[int, "int | str | None"]):
    """What each character becomes, found out when first met (`str.translate` asks by code point)."""

    def __missing__(self, code: int) -> int | str | None:
        self[code] = result = self._decide(code)
        return result

    @staticmethod
    def _decide(code: int) -> int | str | None:
        character = chr(code)
        category = unicodedata.category(character)
        if character.isspace():
            return " "
        if category in ("Cc", "Cf", "Cs") or code in _INVISIBLE:
            return None
        if category == "Nd":
            return str(unicodedata.decimal(character))
        if character in _APOSTROPHES:
            return "'"
        if character in _DASHES:
            return "-"
        return "/" if character == "\u2044" else code


class _Spoken(dict[int, "int | str | None"]):
    """Punctuation and symbols become spaces, but for those that are read aloud or depend on their neighbours."""

    def __missing__(self, code: int) -> int | str | None:
        character = chr(code)
        category = unicodedata.category(character)
        silent = (category[0] in "PS" or category == "Me") and not _KEPT.match(character)
        self[code] = result = " " if silent else code
        return result


_VISIBLE = _Visible()
_SPOKEN = _Spoken()


def fold_unicode(text: str) -> str:
    """NFKC; invisible characters gone; digits of any script as 0–9; one apostrophe, one hyphen, one space.

    A full-width comma between half-width digits separates and never groups: "1，000" stays two numbers, "1,000" is one.
    "3½" is 3 and a half, not 31/2. A circle among Chinese numerals is their zero (二○二四).
    """
    if text.isascii():
        return text.translate(_VISIBLE)
    text = _VULGAR_FRACTION.sub(" ", _SEPARATING_COMMA.sub("、", text))
    text = unicodedata.normalize("NFKC", text).translate(_VISIBLE)
    return _CIRCLE_AS_ZERO.sub("〇", unicodedata.normalize("NFKC", text))


def fold_case(text: str) -> str:
    """Unicode case folding ("Straße" and "STRASSE" become "strasse"), composed again."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", text.casefold())


def drop_punctuation(text: str) -> str:
    """Punctuation and symbols become spaces, white space is collapsed.

    Kept, because they are heard: an apostrophe between letters (don't); `. : / -` between digits and a minus before
    one; % ‰ ° and currency signs, joined to their number; + = × ÷ & @ # as words of their own. Initials are joined
    (U.S. → us), commas that group digits dropped (1,000 → 1000), and ranges have a hyphen (5 ~ 10 → 5-10).
    """
    if text.replace(" ", "").isalnum():
        return " ".join(text.split())
    text = _GROUPING.sub(lambda match: match[0].replace(",", ""), text)
    text = _INITIALS.sub(lambda match: match[0].replace(".", ""), _RANGE.sub("-", text))
    text = _STRAY.sub(" ", text.translate(_SPOKEN))
    if _PLACED.search(text):
        for pattern, replacement in _PLACEMENTS:
            text = pattern.sub(replacement, text)
    return " ".join(text.split())


def trim(text: str) -> str:
    """White space at both ends gone, nothing else touched."""
    return text.strip()


TRIM = TextStep(name="trim", version=1, summary="white space at both ends removed", apply=trim)
UNICODE = TextStep(
    name="unicode",
    version=1,
    summary="NFKC, invisible characters removed, digits of any script as 0–9, one apostrophe, one hyphen",
    apply=fold_unicode,
)
CASE = TextStep(name="case", version=1, summary="Unicode case folding", apply=fold_case)
PUNCTUATION = TextStep(
    name="punctuation",
    version=1,
    summary="punctuation and unspoken symbols made spaces, white space collapsed",
    apply=drop_punctuation,
)
