"""A folder of recordings, each with a text file of the same stem beside it; THCHS-30 likewise with `.wav.trn`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from workbench.errors import ManifestError, UsageError
from workbench.evalsets.layouts.reading import (
    Intake,
    Reading,
    ReadOptions,
    Utterance,
    read_bytes,
    recordings,
    short_ids,
    undecodable,
)
from workbench.evalsets.layouts.spoken import join_characters

_TEXTS = (".txt", ".lab", ".trn")


def read_pairs(folder: Path, options: ReadOptions) -> Reading:
    """Recordings with `.txt`, `.lab` or `.trn` files of the same stem; what has no partner is refused.

    Args:
        folder: Searched with its subfolders.
        options: The split is a subfolder.
    """
    place = split_place(folder, options.split)
    intake = Intake(folder, options)
    paths = recordings(place)
    used: set[Path] = set()
    for path, name in zip(paths, short_ids(paths) if paths else [], strict=True):
        found = [one for suffix in _TEXTS if (one := path.with_suffix(suffix)).is_file()]
        used.update(found)
        text, clause = "", f"no {path.stem}.txt beside it"
        if len(found) > 1:
            clause = f"several labels: {', '.join(one.name for one in found)}"
        elif found:
            text, clause = _text(found[0], intake)
        file = intake.name(found[0] if len(found) == 1 else path)
        intake.take(Utterance(id=name, audio=path.absolute(), text=text, file=file, line=0), why_not=clause)
    for path in sorted(place.rglob("*")):
        if path.suffix in _TEXTS and path not in used and path.is_file() and not path.name.startswith("."):
            intake.refuse(intake.name(path), 0, f"no recording named {path.stem} beside it", id=path.stem)
    return intake.reading()


def read_thchs30(folder: Path, options: ReadOptions) -> Reading:
    """THCHS-30: `test/D11_750.wav` with `D11_750.wav.trn`, whose first line is the text, its words spaced apart.

    In the splits a `.trn` is a link that says in its only line where the text is: `../data/D11_750.wav.trn`.

    Args:
        folder: With train, dev, test and data in it, or `data_thchs30` that has them.
        options: The split is a subfolder; test where none is said.
    """
    root = folder / "data_thchs30" if (folder / "data_thchs30").is_dir() else folder
    place = split_place(root, options.split or "test")
    intake = Intake(folder, options)
    paths = recordings(place)
    for path in paths:
        label = path.with_name(f"{path.name}.trn")
        text, clause = _text(label, intake) if label.is_file() else ("", f"no {label.name} beside it")
        if text.startswith("../") and "\n" not in text:
            target = place / text
            text, clause = _text(target, intake) if target.is_file() else ("", f"there is no {text}")
        first = join_characters(text.partition("\n")[0])
        tags = {"speaker": path.stem.partition("_")[0], "split": place.name}
        file = intake.name(label)
        utterance = Utterance(
            id=path.stem, audio=path.absolute(), text=first, file=file, line=1, language="zh", tags=tags
        )
        intake.take(utterance, why_not=clause)
    for label in _orphans(place, paths):
        intake.refuse(intake.name(label), 0, f"no recording {label.stem} beside it", id=Path(label.stem).stem)
    return intake.reading()


def _orphans(place: Path, paths: list[Path]) -> Iterator[Path]:
    named = {f"{path.name}.trn" for path in paths}
    yield from (label for label in sorted(place.glob("*.trn")) if label.name not in named)


def split_place(folder: Path, split: str) -> Path:
    """The subfolder that is a split, or the folder where none is asked for.

    Raises:
        ManifestError: The folder is none.
        UsageError: It has no such subfolder.
    """
    place = folder / split
    if not folder.is_dir():
        raise ManifestError(folder.name, [f"{folder.name}: is no folder"])
    if not place.is_dir():
        known = sorted(path.name for path in folder.glob("*") if path.is_dir())
        raise UsageError(
            f"There is no folder {split} in {folder.name}.", hint=f"There are: {', '.join(known) or 'none'}."
        )
    return place


def _text(path: Path, intake: Intake) -> tuple[str, str]:
    """A file's text, and what is wrong with it."""
    try:
        text = read_bytes(path, intake.folder).decode(intake.options.encoding)
    except UnicodeDecodeError as error:
        return "", undecodable(intake.options.encoding, error.start)
    return text.replace("\r\n", "\n").strip(), ""
