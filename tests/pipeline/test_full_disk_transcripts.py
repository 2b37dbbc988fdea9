"""A full or faulty disk while something is transcribed: the text is delivered; files are whole, old, or not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from failing_disk import check_every_fault, content

from workbench.audio.io import read_clip
from workbench.engines.base import Hypothesis, Segment
from workbench.engines.pool import EnginePool
from workbench.engines.scripted import ScriptedPlugin, offered
from workbench.evalsets.load import find_set
from workbench.pipeline.bundle import archive_bundle, export_bundle
from workbench.pipeline.edited import EditedTranscript
from workbench.pipeline.measurement import Measurement
from workbench.pipeline.transcribe import ChunkDone
from workbench.pipeline.transcript import Transcript
from workbench.pipeline.transcript_file import read_transcript, write_transcript
from workbench.services import transcribe_events
from workbench.settings import Settings

SHIPPED = sorted((Path(__file__).parents[2] / "eval_sets" / "english-demo" / "audio").glob("*.flac"))[:3]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "talk.flac"
    soundfile.write(path, np.concatenate([np.pad(read_clip(one).samples, (0, 8_000)) for one in SHIPPED]), 16_000)
    return path


@pytest.fixture
def transcript(recording: Path) -> Transcript:
    clip = read_clip(recording)
    return Transcript(
        source=recording.name,
        clip_digest=clip.digest,
        duration_seconds=clip.duration,
        engine="scripted",
        model_id="none",
        chain="",
        hypothesis=Hypothesis(text="", raw="", language="en", segments=(Segment(start=0, end=1, text="hello"),)),
        measurement=Measurement(wall_seconds=1, cpu_seconds=1, audio_seconds=clip.duration),
    )


@pytest.fixture
def before(tmp_path: Path) -> Path:
    home = tmp_path / "before"
    home.mkdir()
    (home / "kept.txt").write_text("what was there")
    return home


def test_a_long_recording_is_transcribed_all_the_same(before: Path, recording: Path, tmp_path: Path) -> None:
    def transcribe(home: Path) -> Any:
        with offered(ScriptedPlugin(chunk_seconds=5)):
            *events, last = transcribe_events(recording, engine="scripted", pool=EnginePool(Settings(home=home)))
        assert isinstance(last, Transcript)
        chunks = [event for event in events if isinstance(event, ChunkDone)]
        return len(chunks), last.text, last.segments, last.flags, last.complete

    faults = check_every_fault(before, transcribe, tmp_path / "t")
    assert len(faults) > 10
    assert all(one.error is None for one in faults)


def test_a_transcript_file_is_the_old_one_or_the_new_one(before: Path, transcript: Transcript, tmp_path: Path) -> None:
    name = "talk.transcript.json"
    write_transcript(transcript, before / name)

    def save(home: Path) -> Any:
        write_transcript(EditedTranscript(raw=transcript), home / name)
        return read_transcript(home / name).raw

    assert check_every_fault(before, save, tmp_path / "t", changes=(name,), reads=lambda at: read_transcript(at / name))


def test_a_set_of_a_transcript_is_there_or_not(
    before: Path, recording: Path, transcript: Transcript, tmp_path: Path
) -> None:
    def make(home: Path) -> Any:
        folder = home / "eval_sets" / "mine"
        if not folder.exists():
            export_bundle(transcript, recording, folder)
        return find_set("mine", Settings(home=home)).digest()

    assert check_every_fault(before, make, tmp_path / "folder")
    (before / "mine.zip").write_bytes(b"an older one")

    def pack(home: Path) -> Any:
        archive_bundle(transcript, recording, home / "mine.zip")
        return sorted(content(home)) == ["kept.txt", "mine.zip"]

    def read(home: Path) -> None:
        assert content(home)["mine.zip"] == b"an older one" or (home / "mine.zip").read_bytes()[-22:-18] == b"PK\5\6"

    whole = tmp_path / "zip"
    assert check_every_fault(before, pack, whole, changes=("mine.zip",), reads=read)
