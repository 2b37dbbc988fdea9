"""How Chinese text sounds: Jyutping for Cantonese, Hanyu Pinyin for Mandarin.

Readings come from ToJyutping and pypinyin, which choose among a character's readings by the words around it; both err
now and then, mostly alike for reference and hypothesis.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Literal, cast, get_args

from workbench.errors import UnknownName
from workbench.text.scripts import has_han
from workbench.text.units import split

Speech = Literal["yue", "zh"]
SPEECHES: tuple[Speech, ...] = get_args(Speech)

_GAP = "\n"  # stands for what is not Han, so that words do not reach across it


@lru_cache(maxsize=1)
def _to_traditional() -> Callable[[str], str]:
    from opencc import OpenCC

    return OpenCC("s2t").convert


def read_aloud(text: str, speech: Speech) -> list[str]:
    """A text as it sounds: for each mixed unit its syllable with tone ("hai6", "shi4"), or the unit itself if not Han.

    A Han character without a known reading stands for itself.

    Args:
        text: Under any ruler; simplified or traditional.
        speech: "yue" for Jyutping, tones 1–6; "zh" for pinyin, tones 1–5.

    Returns:
        As many as `split(text, "mixed")`.

    Raises:
        UnknownName: Neither of the two.
    """
    if speech not in SPEECHES:
        raise UnknownName("pronunciation", speech, SPEECHES)
    units = split(text, "mixed")
    characters = "".join(unit[0] if has_han(unit) else _GAP for unit in units)
    read = _read_jyutping(characters) if speech == "yue" else _read_pinyin(characters)
    return [sound or unit for unit, sound in zip(units, read, strict=True)]


def drop_tones(syllables: Sequence[str]) -> list[str]:
    """Syllables without their tones; what is not a syllable keeps its digits."""
    return [one.rstrip("0123456789") or one for one in syllables]


def _read_jyutping(characters: str) -> list[str | None]:
    from ToJyutping import get_jyutping_list

    # The dictionary knows simplified characters one by one, but most of its words in traditional ones.
    traditional = _to_traditional()(characters)
    text = traditional if len(traditional) == len(characters) else characters
    read = cast("list[tuple[str, str | None]]", get_jyutping_list(text))
    if len(read) != len(characters):
        read = [cast("tuple[str, str | None]", get_jyutping_list(one)[0]) for one in characters]
    return [sound for _, sound in read]


def _read_pinyin(characters: str) -> list[str | None]:
    from pypinyin import Style, lazy_pinyin

    # Its types say that `errors` returns a text; a list is one unit for each character, as its documentation says.
    ask = cast("Callable[..., list[str]]", lazy_pinyin)

    def read(text: str) -> list[str | None]:
        found = ask(text, style=Style.TONE3, neutral_tone_with_five=True, errors=list)
        return [None if has_han(sound) or sound == _GAP else sound for sound in found]

    found = read(characters)
    return found if len(found) == len(characters) else [read(one)[0] for one in characters]
