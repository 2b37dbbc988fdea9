"""A corrected transcript as an eval set: its segments as recordings, each with its text."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import zipfile
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.audio.clip import AudioClip, Samples
from workbench.audio.io import Channel, write_clip
from workbench.audio.steps import parse_chain
from workbench.audio.stream import Cutter, FileSound
from workbench.engines.base import Segment
from workbench.errors import AudioInvalid, UsageError
from workbench.pipeline.coverage import Flag
from workbench.pipeline.transcript import Transcript
from workbench.storage import told_place, write_new
from workbench.text.rulers import language_parts
from workbench.text.scripts import has_han

PADDING_SECONDS = 0.1
"""Kept before and after a segment, at most to the middle of the pause to the next; engines' times are off by that."""

SHORTEST_SECONDS = 0.2
_SLACK_SECONDS = 0.1
_SAMPLE_RATE = 16_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """What was written.

    Attributes:
        folder: With `set.toml`, `manifest.jsonl` and `audio/`.
        clips: How many.
        seconds: Their length together.
        flagged: Segments left out since a place in them is still to be checked.
        too_short: Segments left out since they last less than `SHORTEST_SECONDS`.
    """

    folder: Path
    clips: int
    seconds: float
    flagged: int
    too_short: int


def export_bundle(
    transcript: Transcript,
    audio: Path,
    folder: Path,
    *,
    channel: Channel = "mix",
    title: str = "",
    include_flagged: bool = False,
) -> Bundle:
    """Write a folder that the workbench takes as an eval set: a flac of 16 kHz for each segment, its text as its label.

    The folder appears in one step, complete, or not at all.

    Args:
        transcript: Corrected by hand, and without corrections for reading: what is compared has to be what was said.
        audio: The recording it is of.
        folder: Does not exist yet; its name is the set's.
        channel: The one that was transcribed.
        title: Its name for people; empty is the recording's.
        include_flagged: Whether segments with a place that is still to be checked are taken too.

    Raises:
        AudioError: The recording cannot be read.
        UsageError: It is not the recording of this transcript, the folder is there, or nothing is left to be written.
    """
    if folder.exists():
        raise UsageError(f"There is already a folder {folder.name}.", hint="Choose another name, or remove it.")
    unchecked = () if include_flagged else transcript.flags
    spoken = [one for one in transcript.segments if one.text.strip()]
    sure = [one for one in spoken if not any(_touches(flag, one) for flag in unchecked)]
    long = sorted((one for one in sure if one.end - one.start >= SHORTEST_SECONDS), key=lambda one: one.start)
    if not long:
        raise UsageError("There is no segment to make a set of.", hint="Check the flagged places first.")
    sound = FileSound(audio, sample_rate=_SAMPLE_RATE, channel=channel)
    with told_place(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
        try:
            rows = _write_clips(transcript, long, sound, made)
            lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            write_new(made / "manifest.jsonl", "".join(lines).encode())
            write_new(made / "set.toml", _card(transcript, folder.name, title).encode())
            os.rename(made, folder)  # noqa: PTH104  Path.rename would replace an empty folder
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise
    return Bundle(
        folder=folder,
        clips=len(rows),
        seconds=sum(row["duration"] for row in rows),
        flagged=len(spoken) - len(sure),
        too_short=len(sure) - len(long),
    )


def archive_bundle(
    transcript: Transcript,
    audio: Path,
    target: Path,
    *,
    channel: Channel = "mix",
    title: str = "",
    include_flagged: bool = False,
) -> Bundle:
    """`export_bundle` as one zip file. Arguments and errors as there.

    Args:
        transcript: See there.
        audio: The same.
        target: The file; its stem is the set's name, and that of the folder in it.
        channel: See there.
        title: The same.
        include_flagged: The same.
    """
    with told_place(target), tempfile.TemporaryDirectory(dir=target.parent) as folder:
        made = Path(folder, target.stem)
        bundle = export_bundle(transcript, audio, made, channel=channel, title=title, include_flagged=include_flagged)
        draft = Path(folder, "draft.zip")
        with zipfile.ZipFile(draft, "w") as archive:  # stored: flac does not get smaller
            for file in sorted(made.rglob("*")):
                archive.write(file, file.relative_to(folder))
        draft.replace(target)
    return bundle


def _touches(flag: Flag, segment: Segment) -> bool:
    return flag.start < segment.end and flag.end > segment.start


def _write_clips(
    transcript: Transcript, segments: Sequence[Segment], sound: FileSound, folder: Path
) -> list[dict[str, Any]]:
    """The clips, and their lines in the manifest."""
    (folder / "audio").mkdir()
    blocks = sound.blocks()
    cutter = Cutter(blocks, source=sound.source)
    stem = re.sub(r"[^\w-]+", "-", Path(transcript.source).stem).strip("-")[:60] or "clip"
    rows: list[dict[str, Any]] = []
    places = _padded(transcript, segments)
    for number, (segment, (first, end)) in enumerate(zip(segments, places, strict=True), start=1):
        name = f"{stem}-{number:04d}"
        samples = _cut(cutter, first, end, sound)
        write_clip(AudioClip(samples=samples, sample_rate=_SAMPLE_RATE), folder / "audio" / f"{name}.flac")
        speaker = transcript.speaker_of(segment)
        rows.append(
            {
                "id": name,
                "audio_filepath": f"audio/{name}.flac",
                "text": " ".join(segment.text.split()),
                "duration": samples.size / _SAMPLE_RATE,
                "language": _language(segment.text, transcript.language or ""),
                "recording": transcript.source,
                "start": round(first / _SAMPLE_RATE, 3),
                **({"speaker": speaker} if speaker else {}),
            }
        )
    deque(blocks, maxlen=0)  # to the end, for the digest
    if not _is_the_one(sound, transcript):
        raise _another(sound)
    return rows


def _padded(transcript: Transcript, segments: Sequence[Segment]) -> Iterator[tuple[int, int]]:
    """First and last sample of each, in order of time; neighbours, also those left out, are not heard in it."""
    whole = sorted((one.start, one.end) for one in transcript.segments)
    last = 0
    for segment in segments:
        before = max((end for start, end in whole if start < segment.start), default=0.0)
        after = min((start for start, _ in whole if start > segment.start), default=transcript.duration_seconds)
        start = max(segment.start - PADDING_SECONDS, min((before + segment.start) / 2, segment.start), 0.0)
        end = min(segment.end + PADDING_SECONDS, max((after + segment.end) / 2, segment.end))
        first = max(last, round(start * _SAMPLE_RATE))
        last = first
        yield first, round(min(end, transcript.duration_seconds) * _SAMPLE_RATE)


def _cut(cutter: Cutter, first: int, end: int, sound: FileSound) -> Samples:
    try:
        return cutter.cut(first, end)
    except AudioInvalid as error:
        if sound.facts is None:  # it did not end there: the file itself cannot be used
            raise
        raise _another(sound) from error


def _is_the_one(sound: FileSound, transcript: Transcript) -> bool:
    """Whether the sound is that of the transcript: to the bit where both were decoded alike, else by its length."""
    facts = sound.facts
    assert facts is not None, "it was read to its end"
    if parse_chain(transcript.chain, to_use=False).decode_rate == _SAMPLE_RATE:
        return facts.digest == transcript.clip_digest
    return abs(facts.samples / _SAMPLE_RATE - transcript.duration_seconds) < _SLACK_SECONDS


def _another(sound: FileSound) -> UsageError:
    return UsageError(
        f"{sound.source} is not the recording that this transcript was made of.", hint="Give the same file and channel."
    )


def _language(text: str, heard: str) -> str:
    """What a label is in: `zh-en` for Chinese with Latin words."""
    chinese = language_parts(heard) & {"zh", "yue"}
    return f"{heard}-en" if chinese and has_han(text) and re.search("[A-Za-z]{2,}", text) else heard


def _card(transcript: Transcript, name: str, title: str) -> str:
    made = f"Segments of {transcript.source}, transcribed by {transcript.engine} ({transcript.model_id}), corrected."
    fields = {
        "name": name,
        "version": "1",
        "title": title or transcript.source,
        "description": "Labels are as somebody corrected them; what was not looked at is as the engine wrote it.",
        "licence": "private",
        "how_made": made,
    }
    return "".join(f"{field} = {_toml(text)}\n" for field, text in fields.items()) + "synthetic = false\n"


def _toml(text: str) -> str:
    """A basic string of TOML: JSON's escapes are among TOML's, but for DEL, which TOML has escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
