"""Text as what takes time to say."""

from __future__ import annotations

from workbench.text.rulers import find_ruler
from workbench.text.units import split


def spoken_units(text: str) -> list[str]:
    """Han characters and words, without case and punctuation; a number in digits is as many units as digits."""
    units: list[str] = []
    for unit in split(find_ruler("basic", files=False).apply(text), "mixed"):
        digits = [character for character in unit if character.isdigit()]
        units += digits if len(digits) > 1 else [unit]
    return units
