"""AISHELL-1: `wav/test/S0764/BAC009S0764W0121.wav`, and `transcript/aishell_transcript_v0.8.txt` for all splits.

Likewise any folder of recordings with one file of labels, as TALCS has it.
"""

from __future__ import annotations

from pathlib import Path

from workbench.errors import ManifestError, UsageError
from workbench.evalsets.layouts.reading import Intake, Reading, ReadOptions, Utterance, recordings, short_ids
from workbench.evalsets.layouts.spoken import join_characters


def read_aishell(folder: Path, options: ReadOptions) -> Reading:
    """AISHELL's tree: the recordings decide what there is, since the transcript is that of every split.

    A recording without a line is refused. With a split, lines of other recordings are only counted; without one, a line
    whose recording is nowhere is refused. The spaces between words are the corpus's, and are taken out.

    Args:
        folder: With `wav` and `transcript` in it, or `data_aishell` that has them.
        options: The split is a folder of `wav`: train, dev, test.
    """
    root = folder / "data_aishell" if (folder / "data_aishell").is_dir() else folder
    transcript = _transcript(root)
    wav = root / "wav" / options.split
    if not wav.is_dir():
        known = sorted(path.name for path in (root / "wav").glob("*") if path.is_dir())
        raise UsageError(f"There is no folder wav/{options.split} in {root.name}.", hint=f"Splits: {', '.join(known)}.")
    intake = Intake(folder, options)
    labels, twice = _labels(transcript, intake)
    paths = recordings(wav)
    for path in paths:
        _take(path, labels, twice, transcript, root, intake)
    unused = labels.keys() - {path.stem for path in paths}
    if not options.split:
        for key in sorted(unused, key=lambda one: labels[one][0]):
            intake.refuse(intake.name(transcript), labels[key][0], f"no recording {key} under wav", id=key)
    return intake.reading(outside=len(unused) if options.split else 0, notes=_notes(labels))


def _transcript(root: Path) -> Path:
    found = sorted((root / "transcript").glob("*.txt")) or sorted(root.glob("*transcript*.txt"))
    if len(found) != 1:
        clause = f"holds {len(found)} transcripts" if found else "no transcript/*.txt"
        raise ManifestError(root.name, [f"{root.name}: {clause}"], hint="Check the folder, and that this is AISHELL.")
    return found[0]


def _labels(transcript: Path, intake: Intake) -> tuple[dict[str, tuple[int, str]], dict[str, int]]:
    """Line and text of each utterance, and the lines that name one again."""
    labels: dict[str, tuple[int, str]] = {}
    twice: dict[str, int] = {}
    for number, line in intake.lines(transcript):
        key, *rest = line.split(None, 1)
        if key in labels:
            twice[key] = number
        else:
            labels[key] = number, rest[0].strip() if rest else ""
    return labels, twice


def _take(
    path: Path,
    labels: dict[str, tuple[int, str]],
    twice: dict[str, int],
    transcript: Path,
    root: Path,
    intake: Intake,
) -> None:
    file = intake.name(transcript)
    if path.stem not in labels:
        intake.refuse(intake.name(path), 0, f"no line in {file}", id=path.stem)
        return
    number, text = labels[path.stem]
    clause = f"id {path.stem!r} is again that of line {twice[path.stem]}" if path.stem in twice else ""
    split = path.relative_to(root / "wav").parts[0]
    utterance = Utterance(
        id=path.stem,
        audio=path.absolute(),
        text=join_characters(text),
        file=file,
        line=number,
        language="zh",
        tags={"speaker": path.parent.name, "split": split},
    )
    intake.take(utterance, why_not=clause)


def _notes(labels: dict[str, tuple[int, str]]) -> list[str]:
    joined = sum(text != join_characters(text) for _, text in labels.values())
    return (
        [f"Spaces between Han characters were taken out of {joined} labels: the corpus marks words."] if joined else []
    )


def read_labels(folder: Path, options: ReadOptions) -> Reading:
    """Recordings anywhere below a folder, and one file of `ID label` lines: label, label.txt, text, transcript.txt, ….

    A recording is found by its name without suffix. What has no partner is refused.

    Args:
        folder: With the file of labels in it.
        options: The split is a folder.
    """
    place = folder / options.split
    names = ("label", "label.txt", "labels.txt", "text", "text.txt", "transcript.txt", "trans.txt")
    found = [place / name for name in names if (place / name).is_file()]
    if len(found) != 1:
        clause = f"holds {len(found)} files of labels" if found else f"no {', '.join(names)}"
        raise ManifestError(folder.name, [f"{place.name}: {clause}"], hint="Check the folder.")
    intake = Intake(folder, options)
    labels, twice = _labels(found[0], intake)
    file = intake.name(found[0])
    paths = recordings(place)
    for path, name in zip(paths, short_ids(paths) if paths else [], strict=True):
        if path.stem not in labels:
            intake.refuse(intake.name(path), 0, f"no line in {file}", id=path.stem)
            continue
        line, text = labels[path.stem]
        clause = f"id {path.stem!r} is again that of line {twice[path.stem]}" if path.stem in twice else ""
        utterance = Utterance(id=name, audio=path.absolute(), text=text, file=file, line=line)
        intake.take(utterance, why_not=clause)
    for key in labels.keys() - {path.stem for path in paths}:
        intake.refuse(file, labels[key][0], f"no recording {key} under {place.name}", id=key)
    return intake.reading()
