"""The transcript on disk: read back as it was, or said what is wrong with it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from workbench.engines.base import Hypothesis, Segment, Word
from workbench.errors import UsageError
from workbench.pipeline.coverage import Flag, Stretch
from workbench.pipeline.edited import EditedTranscript
from workbench.pipeline.edits import (
    AssignSpeaker,
    CheckFlag,
    ChooseCorrections,
    MergeWithNext,
    NameSpeaker,
    RefuseChange,
    ReplaceSegments,
    SetText,
    SplitSegment,
)
from workbench.pipeline.export import export, summary
from workbench.pipeline.measurement import Measurement
from workbench.pipeline.rerun import Rerun
from workbench.pipeline.transcript import Transcript
from workbench.pipeline.transcript_file import as_transcript_file, parse_transcript, read_transcript, write_transcript
from workbench.pipeline.turns import Speaker, Turn

FLAG = Flag(start=0.1, end=1.7, kind="loop", sentence="“和” is written 9 times in a row.")


@pytest.fixture
def raw() -> Transcript:
    words = (Word(start=0.1, end=0.3, text="我们", confidence=1 / 3), Word(start=0.3, end=0.9, text="用API"))
    segments = (
        Segment(start=0.1, end=0.9, text="我们用API", words=words, speaker="1"),
        Segment(start=1.0, end=1.7, text="他慢慢的走 <b>"),
        Segment(start=2.0, end=2.5, text="bye"),
    )
    return Transcript(
        source="會議.wav",
        clip_digest="0" * 64,
        duration_seconds=3.0,
        engine="scripted",
        model_id="none",
        chain="",
        hypothesis=Hypothesis(text="我们用API他慢慢的走 <b> bye", raw="raw", segments=segments, finish="eos"),
        measurement=Measurement(wall_seconds=0.1, cpu_seconds=0.2, audio_seconds=3),
        flags=(FLAG,),
        coverage=(Stretch(start=0, end=3, kind="transcribed"),),
        turns=(Turn(start=0, end=1, speaker="1"),),
        speakers=(Speaker(label="1", name="Speaker 1", seconds=1),),
        context="API",
    )


@pytest.fixture
def edited(raw: Transcript) -> EditedTranscript:
    """Every kind of edit, one of them undone, one done again."""
    rerun = Rerun(start=2.0, end=2.5, segments=(Segment(start=2, end=2.4, text="bye bye"),), engine="e", model_id="m")
    found = EditedTranscript(raw=raw).edit(
        SetText(segment=1, text="她慢慢的走"),
        SplitSegment(segment=0, at=2),
        MergeWithNext(segment=3),
        ReplaceSegments(segments=(2,), rerun=replace(rerun, measurement=raw.measurement, flags=(FLAG,))),
        NameSpeaker(label="1", name="張"),
        AssignSpeaker(segment=5, label="2"),
        CheckFlag(flag=FLAG),
        ChooseCorrections(rules=("particles", "spacing"), replacements=(("bye", "goodbye"),)),
    )
    found = found.edit(RefuseChange(segment=found.changes()[0].segment, change=found.changes()[0].change))
    return found.undo().redo().edit(SetText(segment=5, text="x")).undo()


def test_it_is_read_back_as_it_was(edited: EditedTranscript, tmp_path: Path) -> None:
    path = tmp_path / "a.transcript.json"
    write_transcript(edited, path)
    assert read_transcript(path) == edited
    assert read_transcript(path).view() == edited.view()
    assert path.stat().st_mode & 0o077 == 0
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_json_exports_are_read_back_too(raw: Transcript, edited: EditedTranscript) -> None:
    assert parse_transcript(export(raw, "json"), "a.json") == EditedTranscript(raw=raw)
    exported = export(edited, "json")
    assert parse_transcript(exported, "a.json") == edited
    shown = json.loads(exported)
    del shown["edited"]
    assert shown == json.loads(export(edited.view(), "json"))  # what read the export before reads it still
    assert json.loads(as_transcript_file(edited))["raw"] == json.loads(export(raw, "json"))


def test_other_formats_are_what_readers_get(edited: EditedTranscript) -> None:
    assert export(edited, "txt") == export(edited.view(), "txt")
    assert "慢慢地走" in export(edited, "srt").decode() or "慢慢的走" in export(edited, "srt").decode()
    assert "goodbye" in export(edited, "vtt").decode()


def test_a_summary_says_both(edited: EditedTranscript) -> None:
    said = summary(edited)
    assert "goodbye" not in said["text"]
    assert "goodbye goodbye" in said["corrected"]["text"]
    assert [one["refused"] for one in said["corrected"]["changes"]].count(True) == 1
    assert said["hotwords"] == [{"term": "API", "found": 1, "leaked": 0}]


@pytest.mark.parametrize(
    ("where", "value", "said"),
    [
        (("raw", "duration_seconds"), "long", "duration_seconds"),
        (("raw", "hypothesis", "segments", 0, "end"), -1.0, "segment 0 lasts from 0.1 to -1 s"),
        (("raw", "hypothesis", "segments", 0, "end"), 99.0, "segment 0 lasts from 0.1 to 99 s"),
        (("raw", "hypothesis", "segments", 1, "text"), None, "text"),
        (("raw", "colour"), "red", "raw.colour is not known"),
        (("history", 0, "segment"), 77, "does not fit together: There is no segment named '77'"),
        (("history", 0, "kind"), "paint", "history|0|paint"),
        (("history", 0, "colour"), "red", "history.0.colour is not known"),
        (("version",), 2, "version 2; this workbench reads version 1"),
    ],
)
def test_damage_is_said_with_its_place(edited: EditedTranscript, where: tuple[Any, ...], value: Any, said: str) -> None:
    document = json.loads(as_transcript_file(edited))
    parent = document
    for part in where[:-1]:
        parent = parent[part]
    parent[where[-1]] = value
    with pytest.raises(UsageError, match=said) as caught:
        parse_transcript(json.dumps(document).encode(), "a.transcript.json")
    assert caught.value.message.startswith("a.transcript.json is")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not JSON"),
        (b'{"workbench": "transcript", "version": 1, "raw": {', "is not JSON"),
        (b"[1, 2]", "holds no transcript"),
        (b"{}", "is damaged or no transcript"),
        (b'{"a": NaN}', "NaN is not a number that JSON knows"),
        (b"\xff\xfe", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
    ],
)
def test_what_is_no_transcript_is_said(content: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse_transcript(content, "a.json")


def test_a_place_that_cannot_be_read_or_written_is_a_sentence(edited: EditedTranscript, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_transcript(tmp_path / "nowhere.json")
    with pytest.raises(UsageError, match="cannot be written"):
        write_transcript(edited, tmp_path / "no" / "folder.json")
    old = tmp_path / "a.transcript.json"
    write_transcript(edited, old)
    half = EditedTranscript(raw=replace(edited.raw, source="half \ud800"))
    with pytest.raises(UnicodeEncodeError):
        write_transcript(half, old)
    assert read_transcript(old) == edited
