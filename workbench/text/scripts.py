"""Which characters belong to which script, as ranges for regular expressions.

Source of the ranges: Unicode 15.1 Scripts.txt (Script=Han, Hiragana, Katakana, Bopomofo) and the planes 2 and 3, which
are set aside for Han whether assigned yet or not.
"""

from __future__ import annotations

import re

HAN = (
    "\u2e80-\u2e99\u2e9b-\u2ef3\u2f00-\u2fd5"  # radicals
    "\u3005\u3007\u3021-\u3029\u3038-\u303b"  # 々 〇 and the Suzhou numerals
    "\u3400-\u4dbf\u4e00-\u9fff"  # extension A, the unified block
    "\uf900-\ufad9"  # compatibility ideographs
    "\U00016fe2\U00016fe3\U00016ff0\U00016ff1"
    "\U00020000-\U0003ffff"  # extensions B and later, compatibility supplement: 𠮶 is there
)
KANA = (
    "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"
    "\U0001aff0-\U0001afff\U0001b000-\U0001b16f"
)
BOPOMOFO = "\u02ea\u02eb\u3105-\u312f\u31a0-\u31bf"

# Scripts that put no space between words and whose characters stand alone. Hangul has spaces; Thai, Lao, Khmer and
# Burmese have none either, but their characters are letters with marks, not units by themselves.
UNSPACED = HAN + KANA + BOPOMOFO

# What belongs to the character before it: variation selectors and the two sound marks of kana.
ATTACHED = "\u3099\u309a\ufe00-\ufe0f\U000e0100-\U000e01ef"

_HAN_CHARACTER = re.compile(f"[{HAN}]")


def has_han(text: str) -> bool:
    """Whether there is a Han character in a text, those outside the basic plane included."""
    return _HAN_CHARACTER.search(text) is not None
