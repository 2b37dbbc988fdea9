"""The sound of a way as the page shows it: a picture that another program can read, figures, and nothing unescaped."""

from __future__ import annotations

import base64
import io
import itertools
import re
from dataclasses import replace
from html import unescape

import numpy as np

from workbench.audio.clip import AudioClip
from workbench.audio.inspection import inspect_clip
from workbench.audio.spectrogram import ROWS
from workbench.ui.sound_view import encode_png, figures_view, sound_view

HOSTILE = '<img src=x onerror="alert(1)">'


def tone() -> AudioClip:
    samples = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(32_000) / 16_000)
    return AudioClip(samples=samples.astype(np.float32), sample_rate=16_000, source=HOSTILE)


def text_of(markup: str) -> str:
    return unescape(re.sub(r"<[^>]*>", " ", markup))


def test_a_png_is_read_by_another_program_as_it_was_written() -> None:
    from PIL import Image

    pixels = np.arange(ROWS * 7, dtype=np.uint32).reshape(ROWS, 7).astype(np.uint8)
    with Image.open(io.BytesIO(encode_png(pixels))) as image:
        image.load()
        assert image.mode == "P"
        assert np.array_equal(np.asarray(image), pixels)
        grey = np.asarray(image.convert("RGB").convert("L"))
    by_level = [int(grey[pixels == level][0]) for level in range(256)]
    assert all(later >= earlier - 1 for earlier, later in itertools.pairwise(by_level)), "louder is lighter"


def test_a_way_is_shown_beside_the_baseline_with_its_picture_named() -> None:
    found = inspect_clip(tone())
    shown = sound_view(tone(), {"B": found, HOSTILE: replace(found, loudness_lufs=None, peak_dbfs=-1.04)})
    drawn = base64.b64decode(shown.partition("base64,")[2].partition('"')[0])
    assert drawn.startswith(b"\x89PNG"), "in the page itself, and in no file"
    assert 'alt="Spectrogram of B: 0 to 8 kHz over 2.00 s"' in shown
    assert shown.count("<img") == 1, "only the picture"
    said = " ".join(text_of(shown).split())
    assert "8 kHz 4 kHz 2 kHz 1 kHz 500 Hz 0" in said
    assert "True peak −6.0 dBFS −1.0 dBFS" in said
    assert re.search(r"Loudness −[\d.]+ LUFS –", said), "what is not known is a dash"


def test_a_figure_that_is_not_known_is_a_dash_and_a_level_of_zero_has_no_sign() -> None:
    silence = AudioClip(samples=np.zeros(16_000, np.float32), sample_rate=16_000)
    said = " ".join(text_of(figures_view({"A": inspect_clip(silence)})).split())
    assert said == "A Loudness – True peak – SNR, estimated – Bandwidth – Speech 0 %"
    loud = replace(inspect_clip(silence), peak_dbfs=-0.01)
    assert "True peak 0.0 dBFS" in " ".join(text_of(figures_view({"A": loud})).split())
