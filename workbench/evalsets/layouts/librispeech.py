"""LibriSpeech: `test-clean/1089/134686/1089-134686-0000.flac`, and a `.trans.txt` in each chapter's folder."""

from __future__ import annotations

from pathlib import Path

from workbench.errors import ManifestError, UsageError
from workbench.evalsets.layouts.reading import Intake, Reading, ReadOptions, Utterance, recordings


def read_librispeech(folder: Path, options: ReadOptions) -> Reading:
    """LibriSpeech's tree; recordings without a line are refused, and lines without a recording.

    Args:
        folder: A split's folder, or one that has `LibriSpeech` or the splits in it.
        options: The split: test-clean, test-other, …; empty is every one there.
    """
    root = folder / "LibriSpeech" if (folder / "LibriSpeech").is_dir() else folder
    place = root / options.split if options.split else root
    if not place.is_dir():
        known = sorted(path.name for path in root.glob("*") if path.is_dir())
        raise UsageError(f"There is no folder {options.split} in {root.name}.", hint=f"There are: {', '.join(known)}.")
    transcripts = sorted(place.rglob("*.trans.txt"))
    if not transcripts:
        raise ManifestError(folder.name, [f"{folder.name}: no .trans.txt file"], hint="Check that this is LibriSpeech.")
    intake = Intake(folder, options)
    split = options.split or (root.name if root.name.startswith(("dev-", "test-", "train-")) else "")
    labelled: set[Path] = set()
    for transcript in transcripts:
        labelled |= _read_chapter(transcript, split or transcript.relative_to(root).parts[0], intake)
    for path in recordings(place):
        if path.with_suffix("") not in labelled:
            intake.refuse(intake.name(path), 0, "no line in the .trans.txt beside it", id=path.stem)
    return intake.reading()


def _read_chapter(transcript: Path, split: str, intake: Intake) -> set[Path]:
    """Take a chapter's utterances; where their recordings should be, without suffix."""
    labelled: set[Path] = set()
    for number, line in intake.lines(transcript):
        key, *rest = line.split(None, 1)
        bare = transcript.parent / key
        labelled.add(bare)
        found = next((path for suffix in (".flac", ".wav") if (path := bare.with_name(key + suffix)).is_file()), None)
        utterance = Utterance(
            id=key,
            audio=(found or bare.with_name(f"{key}.flac")).absolute(),
            text=rest[0].strip() if rest else "",
            file=intake.name(transcript),
            line=number,
            language="en",
            tags={"speaker": key.partition("-")[0], "recording": transcript.parent.name, "split": split},
        )
        intake.take(utterance, why_not="" if found else f"no audio file {key}.flac")
    return labelled
