"""Sounds that clips are mixed with: computed, made of other clips, or cut from recordings; always the same ones.

What is chosen depends on the seed, the clip and the kind of noise, and on nothing else: not on the SNR, so that a clip
has the same noise at every SNR, nor on which other conditions or clips are asked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from workbench.audio.clip import AudioClip, Samples
from workbench.audio.io import probe
from workbench.audio.mix import active_samples, babble, keyboard, mains_hum
from workbench.audio.stream import FileSound
from workbench.errors import UsageError
from workbench.evalsets.conditions import Noise
from workbench.evalsets.model import EvalItem

RATE = 16_000
"""In Hz, of everything that is mixed: what engines hear. An SNR is one of this band."""

VOICES = 6
"""In babble; six or more no longer sound like persons."""

_TRIES = 20
_CACHED = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """A stretch of noise as long as a clip.

    Attributes:
        samples: float32 (n,) at `RATE`.
        facts: How it was made, for the manifest.
    """

    samples: Samples
    facts: Mapping[str, Any]


def seed_of(*parts: object) -> int:
    """A number that depends on nothing but these: 63 bits of a sha256."""
    text = "\x1f".join(map(str, parts))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


@lru_cache(maxsize=_CACHED)
def read_mono(path: Path) -> Samples:
    """A recording at `RATE`: its first channel, since channels of an impulse response or of a noise are not one sound.

    Raises:
        AudioError: It cannot be read.
    """
    channel = "left" if probe(path).channels > 1 else "mix"
    clip = FileSound(path, sample_rate=RATE, channel=channel).clip()
    assert clip is not None, "no limit was given"
    return clip.samples


def pink(n: int, seed: int) -> Samples:
    """Noise whose power falls by 3 dB an octave above 20 Hz, RMS 0.1: white noise with amplitudes divided by √f."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(n))
    frequencies = np.fft.rfftfreq(n, 1 / RATE)
    shaped = np.fft.irfft(spectrum / np.sqrt(np.maximum(frequencies, 20.0)), n)
    return (0.1 * shaped / max(float(np.sqrt(np.mean(shaped**2))), 1e-12)).astype(np.float32)


def white(n: int, seed: int) -> Samples:
    """Gaussian noise with the same power at every frequency, RMS 0.1."""
    return (0.1 * np.random.default_rng(seed).standard_normal(n)).astype(np.float32)


class NoiseMaker:
    """Makes the background of each clip.

    Args:
        items: All of the set: babble is made of them.
        read: Gives a clip's sound at `RATE`.
        seed: The set's.
    """

    def __init__(self, items: Sequence[EvalItem], read: Callable[[EvalItem], AudioClip], seed: int) -> None:
        self._items = sorted(items, key=lambda item: item.id)
        self._read = read
        self._seed = seed

    def make(self, noise: Noise, item: EvalItem, n: int) -> Background:
        """The noise of a kind for one clip, `n` samples.

        Raises:
            UsageError: There is no other voice for babble, or a recording of noise is silent.
            AudioError: A recording cannot be read.
        """
        seed = seed_of(self._seed, item.id, noise.key)
        if noise.kind == "babble":
            return self._babble(item, n, seed)
        if noise.kind == "recording":
            return _excerpt(noise, n, seed)
        made: dict[str, Callable[[], Samples]] = {
            "white": lambda: white(n, seed),
            "pink": lambda: pink(n, seed),
            "hum": lambda: mains_hum(n, RATE, seed, noise.frequency),
            "keyboard": lambda: keyboard(n, RATE, seed),
        }
        return Background(samples=made[noise.kind](), facts={"noise_seed": seed})

    def _babble(self, item: EvalItem, n: int, seed: int) -> Background:
        """Other clips of the set, of other speakers where speakers are known; never the clip itself."""
        speaker = item.tags.get("speaker")
        others = [one for one in self._items if one.id != item.id and one.audio != item.audio]
        strangers = [one for one in others if speaker is None or one.tags.get("speaker") != speaker]
        order = np.random.default_rng(seed).permutation(len(strangers))
        chosen: list[EvalItem] = []
        voices: list[Samples] = []
        for place in order:
            sound = self._read(strangers[place]).samples
            if active_samples(sound, RATE).any():
                chosen.append(strangers[place])
                voices.append(sound)
            if len(voices) == VOICES:
                break
        if len(voices) < 2:
            raise UsageError(
                f"There are no two other voices to make babble of for {item.id}.", hint="Use a set of more speakers."
            )
        samples = babble(voices, n, RATE, seed)
        return Background(samples=samples, facts={"noise_seed": seed, "noise_voices": [one.id for one in chosen]})


def _excerpt(noise: Noise, n: int, seed: int) -> Background:
    """A stretch of one of the recordings, from a place where it is not silent; shorter ones are looped."""
    rng = np.random.default_rng(seed)
    digest, path = noise.files[int(rng.integers(len(noise.files)))]
    sound = read_mono(path)
    spare = sound.size - n
    for _ in range(_TRIES):
        offset = int(rng.integers(spare + 1 if spare >= 0 else sound.size))
        samples = sound[(offset + np.arange(n)) % sound.size]
        if np.any(samples):
            facts = {"noise_file": path.name, "noise_sha256": digest, "noise_offset_seconds": offset / RATE}
            return Background(samples=samples, facts=facts)
    raise UsageError(f"The noise {path.name} is silent.", hint="Leave it out.")
