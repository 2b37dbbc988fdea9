"""What a step is: a small versioned class with its parameters as fields.

A change that alters one sample of the result is a new version, so that a stored run stays what its chain says.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from importlib.util import find_spec
from typing import Any, ClassVar

from workbench.audio.clip import AudioClip, Samples
from workbench.audio.effects.blocks import blocks_of, gathered
from workbench.errors import UsageError


def parameter(default: float, *, unit: str, least: float, most: float, help: str) -> Any:
    """A parameter of a step: an int or a float by its default, within least … most."""
    return field(default=default, metadata={"unit": unit, "least": least, "most": most, "help": help})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(ABC):
    """One change to a clip, with its parameters as fields.

    Attributes:
        name: As it is written in a chain.
        version: Grows whenever the same parameters give other samples.
        summary: What it does, one sentence.
        extra: Which extra of this package brings what the step needs; empty where it needs nothing more.
        package: The module that the extra brings.

    Raises:
        UsageError: A parameter is out of its range.
    """

    name: ClassVar[str]
    version: ClassVar[int]
    summary: ClassVar[str]
    extra: ClassVar[str] = ""
    package: ClassVar[str] = ""

    def __post_init__(self) -> None:
        for one in fields(self):
            value, least, most = getattr(self, one.name), one.metadata["least"], one.metadata["most"]
            if not least <= value <= most:  # not a number lies nowhere, and is refused too
                raise UsageError(
                    f"{self.name}: {one.name} is {value:g}.",
                    hint=f"It must lie between {least:g} and {most:g} {one.metadata['unit']}.".replace(" .", "."),
                )

    @abstractmethod
    def apply(self, clip: AudioClip) -> AudioClip:
        """The changed clip; the given one stays as it is."""

    @classmethod
    def check_installed(cls) -> None:
        """Nothing, where the step can run here.

        Raises:
            UsageError: The package that it needs is not installed.
        """
        if cls.package and find_spec(cls.package) is None:
            raise UsageError(
                f"The step {cls.name} needs the package {cls.package}, which is not installed.",
                hint=f'Install it with: pip install "asr-workbench[{cls.extra}]"',
            )

    def __str__(self) -> str:
        """Canonical: name, version and every parameter."""
        values = ",".join(f"{one.name}={_written(getattr(self, one.name))}" for one in fields(self))
        return f"{self.name}@{self.version}" + (f":{values}" if values else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockStep(Step):
    """A step that hears a recording once, from start to end: rate and length stay, and nothing comes later."""

    @abstractmethod
    def changed(self, blocks: Iterable[Samples], sample_rate: int) -> Iterator[Samples]:
        """The blocks of one recording, changed; where they end changes no sample.

        Args:
            blocks: float32 (n,), none empty.
            sample_rate: In Hz.

        Raises:
            UsageError: The step cannot work at this rate, or a package that it needs is not installed.
        """

    def apply(self, clip: AudioClip) -> AudioClip:
        """Change block by block, as a stream is changed.

        Raises:
            UsageError: As `changed`.
        """
        changed = self.changed(blocks_of(clip.samples), clip.sample_rate)
        return clip.with_samples(gathered(changed, clip.samples.size))


def _written(value: float) -> str:
    """The shortest text that reads back as the same number."""
    return repr(value).removesuffix(".0")
