"""What a ruler is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version


def no_data() -> str:
    """A step whose rules are all in its code, which its version stands for."""
    return ""


def library(name: str) -> str:
    """A library as it enters a hash: `wetext==0.1.8`. Other dictionaries are another ruler."""
    try:
        return f"{name}=={version(name)}"
    except PackageNotFoundError:
        return f"{name} is not installed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextStep:
    """One named, versioned change to a text.

    Attributes:
        name: Unique among steps.
        version: Raised whenever any text could come out otherwise.
        summary: What it does, as a clause.
        apply: Text to text.
        data: The tables it works from and the libraries it asks, as one string; what it says is part of the ruler's
            hash.
    """

    name: str
    version: int
    summary: str
    apply: Callable[[str], str]
    data: Callable[[], str] = no_data

    @property
    def id(self) -> str:
        return f"{self.name}@{self.version}"
