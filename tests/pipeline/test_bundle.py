"""A corrected transcript as a set that the workbench takes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from workbench.audio.clip import AudioClip
from workbench.audio.io import read_clip, write_clip
from workbench.engines.base import Hypothesis, Segment
from workbench.engines.pool import EnginePool
from workbench.errors import AudioError, UsageError
from workbench.evalsets import find_set, list_sets
from workbench.pipeline.bundle import export_bundle
from workbench.pipeline.coverage import Flag
from workbench.pipeline.edited import EditedTranscript
from workbench.pipeline.edits import CheckFlag, ChooseCorrections, NameSpeaker, SetText
from workbench.pipeline.measurement import Measurement
from workbench.pipeline.transcript import Transcript
from workbench.pipeline.transcript_file import write_transcript
from workbench.pipeline.turns import Speaker
from workbench.services import make_set
from workbench.settings import Settings

RATE = 16_000
LOOP = Flag(start=4.2, end=4.4, kind="loop", sentence="-")


@pytest.fixture
def audio(tmp_path: Path) -> Path:
    """Eight seconds in which every sample says where it is."""
    path = tmp_path / "our talk.wav"
    ramp = np.linspace(-0.9, 0.9, 8 * RATE, dtype=np.float32)
    write_clip(AudioClip(samples=ramp, sample_rate=RATE), path)
    return path


@pytest.fixture
def edited(audio: Path) -> EditedTranscript:
    pieces = [(0.5, 1.5, "嗯我们用API", "1"), (1.6, 3.0, "hello", "2"), (4.0, 5.0, "the the", ""), (5.5, 5.6, "oh", "")]
    segments = tuple(Segment(start=a, end=b, text=text, speaker=label) for a, b, text, label in pieces)
    raw = Transcript(
        source=audio.name,
        clip_digest=read_clip(audio).digest,
        duration_seconds=8.0,
        engine="scripted",
        model_id="none",
        chain="",
        hypothesis=Hypothesis(text="", raw="", language="zh", segments=segments, finish="eos"),
        measurement=Measurement(wall_seconds=1, cpu_seconds=1, audio_seconds=8),
        flags=(LOOP,),
        speakers=(Speaker(label="1", name="Speaker 1", seconds=1), Speaker(label="2", name="Speaker 2", seconds=1)),
    )
    return EditedTranscript(raw=raw).edit(
        SetText(segment=1, text='say "hello"'),
        NameSpeaker(label="1", name="張"),
        ChooseCorrections(rules=("fillers", "spacing")),
    )


def test_the_set_is_found_by_name_and_has_no_faults(edited: EditedTranscript, audio: Path, settings: Settings) -> None:
    made = make_set("our-talk", edited, audio, title='Our "talk"', pool=EnginePool(settings))
    assert (made.clips, made.flagged, made.too_short) == (2, 1, 1)
    found = find_set("our-talk", settings)
    assert (found.name, found.title, found.licence, found.synthetic) == ("our-talk", 'Our "talk"', "private", False)
    assert [item.id for item in found.items] == ["our-talk-0001", "our-talk-0002"]
    assert [item.reference for item in found.items] == ["嗯我们用API", 'say "hello"']  # as said: not corrected
    assert [item.language for item in found.items] == ["zh-en", "zh"]
    assert [item.tags["speaker"] for item in found.items] == ["張", "Speaker 2"]
    assert {item.tags["recording"] for item in found.items} == {audio.name}
    assert found.seconds == pytest.approx(made.seconds)
    assert "our-talk" in [info.name for info in list_sets(settings) if not info.fault]
    assert [one.name for one in settings.sets.iterdir()] == ["our-talk"]


def test_a_clip_is_its_segment_with_half_of_the_pauses_beside_it(
    edited: EditedTranscript, audio: Path, tmp_path: Path
) -> None:
    made = export_bundle(edited.view(corrected=False), audio, tmp_path / "set")
    whole = read_clip(audio).samples
    first, second = (read_clip(path).samples for path in sorted((made.folder / "audio").iterdir()))
    assert np.array_equal(first, whole[round(0.4 * RATE) : round(1.55 * RATE)])
    assert np.array_equal(second, whole[round(1.55 * RATE) : round(3.1 * RATE)])
    assert soundfile.info(sorted((made.folder / "audio").iterdir())[0]).subtype == "PCM_16"


def test_what_was_checked_or_asked_for_is_taken(edited: EditedTranscript, audio: Path, tmp_path: Path) -> None:
    checked = edited.edit(CheckFlag(flag=LOOP)).view(corrected=False)
    assert export_bundle(checked, audio, tmp_path / "checked").clips == 3
    assert export_bundle(edited.view(), audio, tmp_path / "all", include_flagged=True).clips == 3


def test_another_recording_is_refused_and_leaves_nothing(edited: EditedTranscript, audio: Path, tmp_path: Path) -> None:
    others = {
        "quieter": read_clip(audio).samples * np.float32(0.5),
        "shorter": read_clip(audio).samples[: 2 * RATE],
    }
    for name, samples in others.items():
        path = tmp_path / f"{name}.wav"
        write_clip(AudioClip(samples=samples, sample_rate=RATE), path)
        with pytest.raises(UsageError, match=f"{name}.wav is not the recording"):
            export_bundle(edited.view(), path, tmp_path / "sets" / "s")
    assert list((tmp_path / "sets").iterdir()) == []
    resampled = replace(edited.view(), chain="resample@1:sample_rate=8000")
    with pytest.raises(UsageError, match="is not the recording"):
        export_bundle(resampled, tmp_path / "shorter.wav", tmp_path / "sets" / "s")
    with pytest.raises(AudioError):
        export_bundle(edited.view(), tmp_path / "nowhere.wav", tmp_path / "sets" / "s")


def test_names_that_cannot_be_are_refused(
    edited: EditedTranscript, audio: Path, settings: Settings, tmp_path: Path
) -> None:
    pool = EnginePool(settings)
    for name in ("", "a/b", "..", ".hidden"):
        with pytest.raises(UsageError, match="cannot be the name of a set"):
            make_set(name, edited, audio, pool=pool)
    with pytest.raises(UsageError, match="already a set named english-demo"):
        make_set("english-demo", edited, audio, pool=pool)
    file = tmp_path / "a.transcript.json"
    write_transcript(edited, file)
    make_set("mine", file, audio, pool=pool)
    with pytest.raises(UsageError, match="already a set named mine"):
        make_set("mine", edited, audio, pool=pool)
    empty = EditedTranscript(raw=replace(edited.raw, hypothesis=replace(edited.raw.hypothesis, segments=())))
    with pytest.raises(UsageError, match="no segment"):
        make_set("nothing", empty, audio, pool=pool)
