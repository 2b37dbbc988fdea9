"""Texts as corpora write them for training, back to how they are read."""

from __future__ import annotations

import re

from workbench.text.scripts import HAN

_BETWEEN_HAN = re.compile(f"(?<=[{HAN}])\\s+(?=[{HAN}])")


def join_characters(text: str) -> str:
    """Without the spaces that a corpus puts between words or characters: `今天 天气 好` is `今天天气好`.

    Spaces beside Latin words and digits stay.
    """
    return _BETWEEN_HAN.sub("", text)
