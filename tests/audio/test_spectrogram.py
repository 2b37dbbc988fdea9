"""A spectrogram shows what was put into a sound, where it was put, on a scale that does not move."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from workbench.audio.clip import AudioClip
from workbench.audio.inspection import inspect_clip, inspect_recording
from workbench.audio.io import write_clip
from workbench.audio.spectrogram import (
    FAINTEST_DB,
    LOUDEST_DB,
    MOST_COLUMNS,
    ROWS,
    draw_spectrogram,
    row_of,
)


def tone(hertz: float, *, db: float = -30.0, seconds: float = 2.0, rate: int = 16_000) -> AudioClip:
    """A sine whose level, as a full-scale sine has 0, is `db`."""
    wave = 10 ** (db / 20) * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    return AudioClip(samples=wave.astype(np.float32), sample_rate=rate, source="tone.wav")


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
@pytest.mark.parametrize("hertz", [200, 440, 1000, 3000])
def test_a_tone_lights_its_row_at_any_rate(hertz: float, rate: int) -> None:
    pixels = draw_spectrogram(tone(hertz, rate=rate)).pixels
    brightest = pixels[:, 5:-5].mean(axis=1).argmax() + 0.5
    assert abs(brightest - ROWS * row_of(hertz)) <= 2
    assert pixels[int(ROWS * row_of(hertz)) - 40 : int(ROWS * row_of(hertz)) - 20, 5:-5].max() < 60


def test_the_scale_is_the_same_for_every_recording() -> None:
    loud, quiet = (draw_spectrogram(tone(1000, db=db)).pixels[:, 5:-5].max() for db in (-30, -50))
    step = 255 / (LOUDEST_DB - FAINTEST_DB)
    assert int(loud) - int(quiet) == pytest.approx(20 * step, abs=1)
    assert int(loud) == pytest.approx((-30 - FAINTEST_DB) * step, abs=3 * step)


def test_it_is_told_when_a_tone_comes_and_that_nothing_lies_above_half_the_rate() -> None:
    late = tone(1000, rate=8_000).samples.copy()
    late[: late.size // 2] = 0
    pixels = draw_spectrogram(AudioClip(samples=late, sample_rate=8_000)).pixels
    row = pixels[int(ROWS * row_of(1000))]
    assert row[:95].max() == 0
    assert row[105:195].min() > 100
    assert pixels[: int(ROWS * row_of(4100))].max() == 0


@pytest.mark.parametrize(("seconds", "columns"), [(0.005, 1), (1.0, 100), (6.0, MOST_COLUMNS), (300.0, MOST_COLUMNS)])
def test_a_picture_is_no_wider_for_a_long_recording(seconds: float, columns: int) -> None:
    drawn = draw_spectrogram(tone(500, seconds=seconds))
    assert drawn.pixels.shape == (ROWS, columns)
    assert drawn.seconds == pytest.approx(seconds)


def test_a_click_anywhere_in_a_long_recording_is_seen() -> None:
    samples = np.zeros(16_000 * 60, np.float32)
    samples[16_000 * 37 + 123] = 1.0
    pixels = draw_spectrogram(AudioClip(samples=samples, sample_rate=16_000)).pixels
    assert set(np.flatnonzero(pixels.max(axis=0))) <= {369, 370, 371}
    assert pixels.max() > 0


def test_a_clip_in_memory_has_the_figures_of_its_file(tmp_path: Path) -> None:
    clip = tone(1000, db=-12.0)
    write_clip(clip, tmp_path / "tone.wav")
    held, read = inspect_clip(clip), inspect_recording(tmp_path / "tone.wav")
    for name in ("loudness_lufs", "peak_dbfs", "snr_db", "bandwidth_hz", "speech_seconds", "duration_seconds"):
        assert getattr(held, name) == pytest.approx(getattr(read, name), abs=0.01), name
    assert held.peak_dbfs == pytest.approx(-12.0, abs=0.05)
