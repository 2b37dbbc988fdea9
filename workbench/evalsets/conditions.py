"""Conditions that a set is put into: noises, SNRs, rooms and codecs, read from what is typed."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Literal

from workbench.audio.steps import parse_chain
from workbench.errors import UsageError
from workbench.evalsets.layouts.reading import recordings
from workbench.evalsets.written import name_from

NONE = "none"
NoiseKind = Literal["white", "pink", "hum", "babble", "keyboard", "recording"]
_COMPUTED: tuple[NoiseKind, ...] = ("white", "pink", "hum", "babble", "keyboard")
_MAINS = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """A kind of noise.

    Attributes:
        label: As tags say it: "white", "hum", or the name of a file or folder.
        kind: How it is made.
        files: Recordings of it with the sha256 of each, in the order of the hashes; only for "recording".
        frequency: Of hum, in Hz.
    """

    label: str
    kind: NoiseKind
    files: tuple[tuple[str, Path], ...] = ()
    frequency: float = _MAINS

    @property
    def key(self) -> str:
        """What it is, whatever its files are called and wherever they lie."""
        if self.kind == "recording":
            digests = "".join(digest for digest, _ in self.files)
            return f"recording:{hashlib.sha256(digests.encode()).hexdigest()[:32]}"
        return f"hum:{self.frequency:g}" if self.kind == "hum" else self.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A room: a measured impulse response, or a made-up one with a reverberation time; or none.

    Attributes:
        label: As tags say it.
        key: What it is: the sha256 of the file, or the time.
        file: The response.
        rt60_seconds: Of a made-up room; None for a file or none.
    """

    label: str = NONE
    key: str = NONE
    file: Path | None = None
    rt60_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """What a recording is encoded with and decoded again.

    Attributes:
        label: As tags say it: "mp3:32".
        chain: Steps in canonical form; empty for none.
    """

    label: str = NONE
    chain: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One way in which every clip of a set is heard: the room first, then the noise, then the codec.

    Attributes:
        noise: None for no noise.
        snr_db: None without noise.
        room: Perhaps none.
        codec: Perhaps none.
    """

    noise: Noise | None
    snr_db: float | None
    room: Room
    codec: Codec

    @property
    def label(self) -> str:
        """`babble 10 dB, office, mp3:32`; `clean` where nothing is done."""
        parts = [f"{self.noise.label} {self.snr_db:g} dB"] if self.noise and self.snr_db is not None else []
        parts += [one for one in (self.room.label, self.codec.label) if one != NONE]
        return ", ".join(parts) or "clean"

    @property
    def slug(self) -> str:
        """The label for ids: `babble-10-db-office-mp3-32`."""
        return name_from(self.label.replace(" -", " minus "))

    @property
    def key(self) -> str:
        """What it is, whatever files are called."""
        noise = f"{self.noise.key}@{self.snr_db:g}" if self.noise and self.snr_db is not None else NONE
        return "|".join((noise, self.room.key, self.codec.chain or NONE))


def parse_conditions(
    noises: Sequence[str], snrs: Sequence[float], rooms: Sequence[str], codecs: Sequence[str], *, clean: bool = True
) -> list[Condition]:
    """Every noise at every SNR, in every room, through every codec; each once.

    Args:
        noises: `white`, `pink`, `hum`, `hum:60`, `babble`, `keyboard`, a recording or a folder of some.
        snrs: In decibels.
        rooms: `none`, a recording of an impulse response, or `rt60:0.6` for a made-up room of 0.6 s.
        codecs: `none`, `mp3:32`, `opus:12`, `amr:4.75`, `telephone`, or steps as a chain has them.
        clean: Whether each room and codec is there without noise, too.

    Raises:
        UsageError: One cannot be read, or nothing would be done to the set.
    """
    if noises and not snrs:
        raise UsageError("Noise needs an SNR.", hint="Give --snr 20,10,5,0.")
    for snr in snrs:
        if not (math.isfinite(snr) and abs(snr) <= 100):
            raise UsageError(f"An SNR of {snr} dB cannot be mixed.", hint="Use -100 to 100 dB.")
    heard: list[tuple[Noise | None, float | None]] = [(None, None)] if clean or not noises else []
    heard += [(noise, float(snr)) for noise in map(parse_noise, noises) for snr in snrs]
    places = product(map(parse_room, rooms or (NONE,)), map(parse_codec, codecs or (NONE,)))
    found = [
        Condition(noise=noise, snr_db=snr, room=room, codec=codec) for room, codec in places for noise, snr in heard
    ]
    unique = list({one.key: one for one in found}.values())
    slugs = [one.slug for one in unique]
    if twice := next((slug for slug in slugs if slugs.count(slug) > 1), None):
        raise UsageError(f"Two conditions would both be called {twice!r}.", hint="Rename one of the files.")
    if all(one.label == "clean" for one in unique):
        raise UsageError("Nothing would be done to the set.", hint="Give --noise, --room or --codec.")
    return unique


def parse_noise(text: str) -> Noise:
    """One noise; see `parse_conditions`.

    Raises:
        UsageError: Neither a kind nor a file nor a folder with recordings.
    """
    kind, colon, value = text.partition(":")
    if kind == "hum" and colon:
        frequency = _number(value, f"--noise {text}")
        if not 10 <= frequency <= 1000:
            raise UsageError(f"A hum of {frequency:g} Hz is none.", hint="Mains have 50 or 60 Hz.")
        return Noise(label=f"hum{frequency:g}", kind="hum", frequency=frequency)
    if text in _COMPUTED:
        return Noise(label=text, kind=next(one for one in _COMPUTED if one == text))
    path = Path(text).expanduser()
    if not path.exists():
        raise UsageError(
            f"There is no noise {text!r}.", hint=f"Known: {', '.join(_COMPUTED)}; or give a recording or a folder."
        )
    files = recordings(path) if path.is_dir() else [path]
    if not files:
        raise UsageError(f"The folder {path.name} holds no recordings.", hint="Give one with some.")
    return Noise(label=path.stem, kind="recording", files=tuple(sorted((_digest(one), one) for one in files)))


def parse_room(text: str) -> Room:
    """One room; see `parse_conditions`.

    Raises:
        UsageError: Neither none nor a time nor a file.
    """
    if text == NONE:
        return Room()
    kind, colon, value = text.partition(":")
    if kind == "rt60" and colon:
        seconds = _number(value, f"--room {text}")
        if not 0.05 <= seconds <= 10:
            raise UsageError(f"A reverberation time of {seconds:g} s is none.", hint="Use 0.05 to 10 s.")
        return Room(label=f"rt60 {seconds:g} s", key=f"rt60:{seconds:g}", rt60_seconds=seconds)
    path = Path(text).expanduser()
    if not path.is_file():
        raise UsageError(f"There is no room {text!r}.", hint="Give a recorded impulse response, rt60:0.6 or none.")
    return Room(label=path.stem, key=_digest(path), file=path)


def parse_codec(text: str) -> Codec:
    """One codec; see `parse_conditions`. A number alone is the bit rate in kbit/s.

    Raises:
        UsageError: There is no such step, or a value is out of range.
    """
    if text == NONE:
        return Codec()
    name, colon, value = text.partition(":")
    written = f"{name}:kbps={value}" if colon and "=" not in text else text
    return Codec(label=text, chain=str(parse_chain(written)))


def _number(text: str, what: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"{what}: {text!r} is not a number.", hint="Give a number.") from None


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
