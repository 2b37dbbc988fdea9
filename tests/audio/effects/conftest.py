"""What tests of steps measure with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from workbench.audio.clip import AudioClip
from workbench.audio.io import read_clip


@pytest.fixture(scope="session")
def as_clip() -> Callable[..., AudioClip]:
    def make(samples, rate: int = 16_000) -> AudioClip:
        return AudioClip(samples=np.asarray(samples, np.float32), sample_rate=rate, source="made.wav")

    return make


@pytest.fixture(scope="session")
def tone() -> Callable[..., NDArray[np.float64]]:
    def make(hertz: float, seconds: float = 2.0, rate: int = 16_000, level: float = 0.5) -> NDArray[np.float64]:
        return level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)

    return make


@pytest.fixture(scope="session")
def decibels() -> Callable[[float], float]:
    return lambda ratio: 20 * float(np.log10(ratio))


@pytest.fixture(scope="session")
def si_sdr() -> Callable[..., float]:
    """Scale-invariant signal-to-distortion ratio in dB (Le Roux et al., 2019, "SDR – Half-baked or Well Done?")."""

    def measure(reference: NDArray[np.float32], found: NDArray[np.float32]) -> float:
        target, heard = (one.astype(np.float64) - one.mean(dtype=np.float64) for one in (reference, found))
        target *= (heard @ target) / (target @ target)
        return 10 * float(np.log10((target @ target) / np.square(heard - target).sum()))

    return measure


@pytest.fixture(scope="session")
def spoken(speech: Path) -> list[AudioClip]:
    """Real speech: four clips each of English, Mandarin and Cantonese, at most 6 s of each."""
    rows = [json.loads(line) for line in (speech / "manifest.jsonl").read_text().splitlines()]
    clips = []
    for language in ("english", "mandarin", "cantonese"):
        paths = [speech / row["audio_filepath"] for row in rows if row["category"] == language][:4]
        clips += [clip.cut(0, min(clip.duration, 6.0)) for clip in map(read_clip, paths)]
    return clips


@pytest.fixture(scope="session")
def noises(speech: Path) -> list[NDArray[np.float32]]:
    """Real noise of ten seconds and more."""
    rows = [json.loads(line) for line in (speech / "manifest.jsonl").read_text().splitlines()]
    return [
        read_clip(speech / row["audio_filepath"]).samples
        for row in rows
        if row["category"] == "noise" and row["duration"] > 10
    ]
