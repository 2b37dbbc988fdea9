"""What a chain made of the sound: its spectrogram, and its figures beside the baseline's."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Mapping
from html import escape

import numpy as np
from numpy.typing import NDArray

from workbench.audio.clip import AudioClip
from workbench.audio.inspection import Inspection
from workbench.audio.spectrogram import FAINTEST_DB, LOUDEST_DB, Spectrogram, draw_spectrogram, row_of
from workbench.ui import format as written
from workbench.ui.language import say

_LABELLED_HZ = (8000, 4000, 2000, 1000, 500, 0)
_COLOURS = ((10, 12, 24), (64, 22, 96), (150, 40, 98), (224, 92, 52), (250, 180, 62), (252, 250, 205))
"""From faint to loud, each lighter than the one before, so that they also tell in grey."""


def sound_view(clip: AudioClip, figures: Mapping[str, Inspection]) -> str:
    """A folded part with the picture and the figures of one way.

    Args:
        clip: What the engine heard.
        figures: What was found in it, by the way's name; the baseline's after it where the way is another.
    """
    way = next(iter(figures))
    picture = draw_spectrogram(clip)
    return (
        f'<details class="wb-sound"><summary>{say("Sound")}</summary>'
        f"{spectrogram_view(picture, way)}{figures_view(figures)}</details>"
    )


def spectrogram_view(picture: Spectrogram, way: str) -> str:
    """The picture with its axes in words; it is in the page itself, and in no file.

    Args:
        picture: What was drawn.
        way: Whose sound it is.
    """
    length = written.duration(picture.seconds)
    described = say("Spectrogram of {way}: 0 to 8 kHz over {length}", way=way, length=length)
    marks = "".join(f'<span style="top:{100 * row_of(hertz):.1f}%">{_hertz(hertz)}</span>' for hertz in _LABELLED_HZ)
    middle = written.duration(picture.seconds / 2)
    drawn = base64.b64encode(encode_png(picture.pixels)).decode("ascii")
    scale = say(
        "Dark is {faint} dBFS, bright {loud} dBFS, in every way alike; frequencies on the mel scale.",
        faint=_signed(FAINTEST_DB, 0),
        loud=_signed(LOUDEST_DB, 0),
    )
    return (
        f'<figure class="wb-spectrogram"><div class="wb-hertz" aria-hidden="true">{marks}</div>'
        f'<img src="data:image/png;base64,{drawn}" alt="{escape(described)}">'
        f'<div class="wb-seconds" aria-hidden="true"><span>0 s</span><span>{middle}</span><span>{length}</span></div>'
        f"<figcaption>{escape(scale)}</figcaption></figure>"
    )


def figures_view(figures: Mapping[str, Inspection]) -> str:
    """A row a figure, a column a way; a figure that is not known is a dash."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in figures)
    columns = [_figures(found) for found in figures.values()]
    rows = ""
    for name in columns[0]:
        cells = "".join(f"<td>{escape(column[name])}</td>" for column in columns)
        rows += f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>'
    return f'<table class="wb-sound-figures"><thead><tr><td></td>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _figures(found: Inspection) -> dict[str, str]:
    band = None if found.bandwidth_hz is None else found.bandwidth_hz / 1000
    return {
        say("Loudness"): _with_unit(found.loudness_lufs, "LUFS"),
        say("True peak"): _with_unit(found.peak_dbfs, "dBFS"),
        say("SNR, estimated"): _with_unit(found.snr_db, "dB"),
        say("Bandwidth"): _with_unit(band, "kHz"),
        say("Speech"): f"{100 * found.speech_share:.0f} %",
    }


def _with_unit(value: float | None, unit: str) -> str:
    return written.MISSING if value is None else f"{_signed(value, 1)} {unit}"


def _signed(value: float, decimals: int) -> str:
    """With the minus sign of print; a zero has none."""
    return f"{round(value, decimals) + 0.0:.{decimals}f}".replace("-", "−")


def _hertz(value: int) -> str:
    return f"{value // 1000} kHz" if value >= 1000 else f"{value} Hz" if value else "0"


def encode_png(pixels: NDArray[np.uint8]) -> bytes:
    """A PNG file with the palette of `_COLOURS` (W3C Portable Network Graphics, colour type 3).

    Args:
        pixels: uint8 (rows, columns).
    """
    rows, columns = pixels.shape
    anchors = np.array(_COLOURS)
    at = np.linspace(0, 255, len(anchors))
    palette = np.stack([np.interp(np.arange(256), at, channel) for channel in anchors.T], axis=1).astype(np.uint8)
    lines = np.pad(pixels, ((0, 0), (1, 0)))  # each line begins with its filter: 0, none
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", columns, rows, 8, 3, 0, 0, 0)),
        (b"PLTE", palette.tobytes()),
        (b"IDAT", zlib.compress(lines.tobytes())),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )
