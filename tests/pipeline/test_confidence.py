"""Words to look at."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from workbench import services
from workbench.engines.base import Hypothesis, Segment, Word
from workbench.engines.pool import EnginePool
from workbench.pipeline.confidence import UNSURE_BELOW, unsure_words
from workbench.pipeline.edited import EditedTranscript
from workbench.pipeline.edits import SetText
from workbench.pipeline.measurement import Measurement
from workbench.pipeline.transcript import Transcript
from workbench.scoring.alignment import align_units
from workbench.settings import Settings
from workbench.text.rulers import find_ruler
from workbench.text.units import split


def test_words_below_the_threshold_are_named_and_those_a_person_wrote_are_not() -> None:
    sure = (0.9, UNSURE_BELOW, 0.49, None)
    words = tuple(Word(start=i, end=i + 1.0, text=f"w{i}", confidence=one) for i, one in enumerate(sure))
    segments = (Segment(start=0, end=0, text=""), Segment(start=0, end=4, text="w0 w1 w2 w3", words=words))
    raw = Transcript(
        source="a.wav",
        clip_digest="0" * 64,
        duration_seconds=4,
        engine="scripted",
        model_id="none",
        chain="",
        hypothesis=Hypothesis(text="w0 w1 w2 w3", raw="", segments=segments),
        measurement=Measurement(wall_seconds=1, cpu_seconds=1, audio_seconds=4),
    )
    (found,) = unsure_words(raw)
    assert (found.segment, found.place, found.word.text) == (1, 2, "w2")
    assert len(unsure_words(raw, below=1.0)) == 3
    corrected = EditedTranscript(raw=raw).edit(SetText(segment=1, text="w0 w1 x w3")).view()
    assert unsure_words(corrected) == ()
    untimed = replace(raw, hypothesis=replace(raw.hypothesis, segments=(replace(segments[1], words=()),)))
    assert unsure_words(untimed) == ()


@pytest.mark.slow
@pytest.mark.weights
@pytest.mark.speech
def test_more_of_the_marked_characters_are_wrong_than_of_all(speech: Path, builtin_home: Path) -> None:
    name = "mandarin/azure_zh_training_audio1"
    rows = (json.loads(line) for line in (speech / "manifest.jsonl").read_text(encoding="utf-8").splitlines())
    said = next(row["text"] for row in rows if row["id"] == name)
    pool = EnginePool(Settings(home=builtin_home))
    shown = services.transcribe(speech / f"{name}.flac", engine="builtin", language="zh", word_times=True, pool=pool)
    ruler = find_ruler("zh")
    units = [(unit, word) for one in shown.segments for word in one.words for unit in ruler.apply(word.text)]
    (edits,) = align_units([split(ruler.apply(said), "mixed")], [[unit for unit, _ in units]])
    wrong = [edit.op != "hit" for edit in edits if edit.op != "deletion"]
    marked = {id(one.word) for one in unsure_words(shown)}
    among = [is_wrong for (_, word), is_wrong in zip(units, wrong, strict=True) if id(word) in marked]
    assert len(among) >= 4
    assert sum(among) / len(among) > 1.5 * sum(wrong) / len(wrong)
