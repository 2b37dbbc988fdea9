"""Sounds of hesitation, which some transcribers write and some leave out."""

from __future__ import annotations

import re

from workbench.text.chinese import space_scripts
from workbench.text.steps import TextStep

# Latin: the six that Whisper's English normaliser drops. Han: hesitation only; 啊 and 呀 close sentences, 唔 is "not".
LATIN = ("hmm", "mm", "mhm", "mmm", "uh", "um")
HAN = "嗯呃"

_FILLER = re.compile(rf"(?<![^\W_])(?:{'|'.join(LATIN)})(?![^\W_])|[{HAN}]", re.IGNORECASE)
_LATIN_BESIDE_HAN = re.compile(rf"(?<=[一-鿿])(?:{'|'.join(LATIN)})(?![a-z])", re.IGNORECASE)


def drop_fillers(text: str) -> str:
    """Hesitations gone: "嗯 我 um 諗下" → "我諗下"."""
    dropped = _FILLER.sub(" ", _LATIN_BESIDE_HAN.sub(" ", text))
    return text if dropped == text else space_scripts(" ".join(dropped.split()))


FILLERS = TextStep(
    name="fillers",
    version=1,
    summary="hesitations dropped (嗯, 呃; um, uh, hmm, mm, mhm, mmm)",
    apply=drop_fillers,
    data=lambda: " ".join(LATIN) + HAN,
)
