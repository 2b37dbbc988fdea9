"""Praat's TextGrids, each with a recording of the same name; the two may lie in folders of their own."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path

from workbench.evalsets.layouts.columns import NAMES
from workbench.evalsets.layouts.pairs import split_place
from workbench.evalsets.layouts.reading import (
    Intake,
    Reading,
    ReadOptions,
    Utterance,
    recordings,
    short_ids,
    undecodable,
)

_SAID = re.compile(r'\b(class|name|text|mark)\s*=\s*"((?:[^"]|"")*)"')
"""What a file in Praat's long text format says by name; a quote in a text is doubled, and a text may go over lines.
https://www.fon.hum.uva.nl/praat/manual/TextGrid_file_formats.html"""

_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}
"""Byte order marks: Praat writes UTF-16 where a text is not ASCII."""


def read_textgrids(folder: Path, options: ReadOptions) -> Reading:
    """Recordings with a TextGrid each; the label is all that one tier says, its intervals one after another.

    The tier is the one named as the column "text", else the only one, else one whose name says that it holds text
    (`text`, `transcript`, `文本`). A recording is found by its name without suffix: beside its TextGrid, or anywhere
    below the folder. What has no partner is refused.

    Args:
        folder: Searched with its subfolders.
        options: The split is a subfolder; `columns` may name the tier, `audio_root` the recordings' folder.
    """
    place = split_place(folder, options.split)
    intake = Intake(folder, options)
    grids = sorted(path for path in place.rglob("*.TextGrid") if path.is_file() and not path.name.startswith("."))
    sounds = recordings(options.audio_root or place)
    by_stem: dict[str, list[Path]] = {}
    for path in sounds:
        by_stem.setdefault(path.stem, []).append(path)
    used: set[Path] = set()
    for grid, name in zip(grids, short_ids(grids) if grids else [], strict=True):
        named = by_stem.get(grid.stem, [])
        found = [path for path in named if path.parent == grid.parent] or named
        used.update(found)
        text, clause = _label(grid, options.columns.get("text", ""), intake)
        if len(found) != 1:
            clause = f"several recordings named {grid.stem}" if found else f"no recording named {grid.stem}"
        audio = found[0].absolute() if found else Path()
        intake.take(Utterance(id=name, audio=audio, text=text, file=intake.name(grid), line=0), why_not=clause)
    for path in sounds:
        if path not in used:
            intake.refuse(intake.name(path), 0, f"no {path.stem}.TextGrid", id=path.stem)
    return intake.reading()


def read_tiers(content: str) -> dict[str, list[str]]:
    """What each tier of a TextGrid in the long text format says, in the order of time; later tiers of a name add to it.

    Args:
        content: Of the file; empty tiers where it is in another format.
    """
    tiers: dict[str, list[str]] = {}
    tier = list[str]()
    for key, value in _SAID.findall(content):
        text = value.replace('""', '"')
        if key == "name":
            tier = tiers.setdefault(text, [])
        elif key != "class" and text.strip():
            tier.append(text.strip())
    return tiers


def _label(grid: Path, wanted: str, intake: Intake) -> tuple[str, str]:
    """What a TextGrid's tier says, and what is wrong with it."""
    raw = grid.read_bytes()
    encoding = next((name for mark, name in _MARKS.items() if raw.startswith(mark)), intake.options.encoding)
    try:
        tiers = read_tiers(raw.decode(encoding))
    except UnicodeDecodeError as error:
        return "", undecodable(encoding, error.start)
    if not tiers:
        return "", "holds no tiers in Praat's long text format"
    name = _choose(tiers, wanted)
    if name is None:
        return "", f"has the tiers {', '.join(map(repr, tiers))}: name the one that is the label with --text-column"
    return _join(tiers[name]), ""


def _choose(tiers: Mapping[str, object], wanted: str) -> str | None:
    if wanted:
        return wanted if wanted in tiers else None
    if len(tiers) == 1:
        return next(iter(tiers))
    return next((name for name in tiers if name.strip().lower() in NAMES["text"]), None)


def _join(texts: Iterable[str]) -> str:
    """One after another, with a space between, but none beside a full-width character."""
    joined = ""
    for text in texts:
        wide = joined and any(unicodedata.east_asian_width(one) in "WF" for one in (joined[-1], text[0]))
        joined += text if wide or not joined else f" {text}"
    return joined
