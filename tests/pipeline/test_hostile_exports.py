"""Hostile texts, names and warnings in every file that a transcript is written as: data, and nothing else."""

from __future__ import annotations

import io
import json
import re
import tomllib
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hostile_texts import HOSTILE
from markdown_it import MarkdownIt

from workbench.audio.clip import AudioClip
from workbench.audio.io import read_clip, write_clip
from workbench.engines.base import Hypothesis, Segment
from workbench.evalsets.load import load_manifest
from workbench.pipeline.bundle import archive_bundle
from workbench.pipeline.coverage import Flag
from workbench.pipeline.export import FORMATS, export
from workbench.pipeline.measurement import Measurement
from workbench.pipeline.transcript import Transcript
from workbench.pipeline.transcript_file import as_transcript_file, parse_transcript
from workbench.pipeline.turns import Speaker

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
READ = {"srt", "vtt", "md", "docx", "json", "txt"}


def transcript(text: str, digest: str = "0") -> Transcript:
    """Two segments by two people; the text is wherever one can be."""
    segments = (
        Segment(start=0, end=1, text=text, speaker="1"),
        Segment(start=1.2, end=2, text=f"a {text}", speaker="2"),
    )
    return Transcript(
        source=f"{text}.wav",
        clip_digest=digest,
        duration_seconds=2.5,
        engine=text,
        model_id=text,
        chain="",
        hypothesis=Hypothesis(text=text, raw=text, language=text, segments=segments, finish="eos"),
        measurement=Measurement(wall_seconds=1, cpu_seconds=1, audio_seconds=2.5),
        warnings=(text,),
        flags=(Flag(start=0, end=1, kind="loop", sentence=text),),
        speakers=(Speaker(label="1", name=text, seconds=1), Speaker(label="2", name=f"b {text}", seconds=1)),
    )


def kinds(markdown: str) -> set[str]:
    blocks = MARKDOWN.parse(markdown)
    return {token.type for block in blocks for token in (block, *(block.children or ()))}


def test_every_format_is_read_back_here() -> None:
    assert set(FORMATS) == READ


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_is_more_than_text_in_a_file(text: str) -> None:
    made, plain = transcript(text), transcript("plain words")
    for name in ("srt", "vtt"):
        written = export(made, name).decode()
        times = [line for line in written.split("\n") if "-->" in line]
        assert len(times) >= 2
        assert all(re.fullmatch(r"00:00:0[0-2][.,]\d{3} --> 00:00:0[0-2][.,]\d{3}", line) for line in times)
        blocks = [block for block in written.split("\n\n") if block.strip()]
        assert len(blocks) == len(times) + (name == "vtt")
        assert all("-->" in block for block in blocks[name == "vtt" :])
        assert not set(written) & set(map(chr, (*range(9), 11, 12, *range(14, 32), 127)))
        assert "<" not in re.sub(r"<v [^<>&]*(&[a-z]+;[^<>&]*)*>|</v>", "", written)
    if "\ud800" not in text:  # no engine gives half a character, see tests/engines
        assert json.loads(export(made, "json"))["source"] == made.source
    assert kinds(export(made, "md").decode()) <= kinds(export(plain, "md").decode()) | {"text_special", "softbreak"}
    assert export(made, "txt").decode()
    again = parse_transcript(as_transcript_file(made).encode("utf-8", "replace"), "x")
    assert len(again.raw.segments) == 2


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_document_has_paragraphs_and_no_link_field_or_outside_part(text: str) -> None:
    with zipfile.ZipFile(io.BytesIO(export(transcript(text), "docx"))) as made:
        names = made.namelist()
        trees = {name: ElementTree.fromstring(made.read(name)) for name in names if name.endswith((".xml", ".rels"))}
    with zipfile.ZipFile(io.BytesIO(export(transcript("plain words"), "docx"))) as plain:
        assert names == plain.namelist()
        tags = {one.tag for one in ElementTree.fromstring(plain.read("word/document.xml")).iter()}
    found = {one.tag.rpartition("}")[2] for one in trees["word/document.xml"].iter()}
    assert found <= {tag.rpartition("}")[2] for tag in tags} | {"br", "tab", "cr", "noBreakHyphen"}
    outside = [one for tree in trees.values() for one in tree.iter() if one.get("TargetMode") == "External"]
    assert outside == []


def test_a_set_of_a_transcript_keeps_labels_as_they_are_and_names_within_its_folder(tmp_path: Path) -> None:
    ramp = np.linspace(-0.9, 0.9, 40_000, dtype=np.float32)
    audio = tmp_path / "talk.wav"
    write_clip(AudioClip(samples=ramp, sample_rate=16_000), audio)
    digest = read_clip(audio).digest
    for number, text in enumerate(one for one in HOSTILE if one.strip() and "\ud800" not in one):
        target = tmp_path / f"{number}.zip"
        archive_bundle(transcript(text, digest), audio, target, title=text, include_flagged=True)
        with zipfile.ZipFile(target) as made:
            assert all(name.startswith(f"{number}/") and ".." not in name for name in made.namelist())
            made.extractall(tmp_path / "out")
        card = tomllib.loads((tmp_path / "out" / str(number) / "set.toml").read_text(encoding="utf-8"))
        assert card["title"] == text
        rows = (tmp_path / "out" / str(number) / "manifest.jsonl").read_text(encoding="utf-8").split("\n")
        assert len([row for row in rows if row]) == 2
        found = load_manifest(tmp_path / "out" / str(number) / "manifest.jsonl")
        assert all(item.audio.is_file() for item in found.items)
