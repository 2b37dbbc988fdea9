"""Ten minutes of real speech with known text: nothing is lost, nothing doubled, whether or not it was stopped."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from rapidfuzz.distance import Levenshtein

from workbench.audio.io import read_clip
from workbench.audio.stream import MOST_SAMPLES_HELD
from workbench.engines.pool import EnginePool
from workbench.pipeline.transcript import Transcript
from workbench.pipeline.units import spoken_units
from workbench.services import transcribe, transcribe_events
from workbench.settings import Settings

RATE = 16_000
PAUSES = (0.3, 0.6, 1.0, 75.0)
ASKED = {"language": "en", "options": {"beam_size": 1, "temperature_fallback": False}}


def errors_by_sentence(said: list[list[str]], heard: list[str]) -> list[Counter[str]]:
    """Edits of the whole alignment, counted where they fall; an insertion belongs to the sentence it follows."""
    owner = [number for number, units in enumerate(said) for _ in units]
    found = [Counter[str]() for _ in said]
    for edit in Levenshtein.editops([unit for units in said for unit in units], heard):
        place = edit.src_pos - (edit.tag == "insert" and edit.src_pos > 0)
        found[owner[min(place, len(owner) - 1)]][edit.tag] += 1
    return found


@pytest.mark.long
@pytest.mark.speech
@pytest.mark.weights
def test_every_sentence_is_there_once(speech: Path, builtin_home: Path, tmp_path: Path) -> None:
    rows = [json.loads(line) for line in (speech / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if row["category"] == "english"]
    clips = [read_clip(speech / row["audio_filepath"]) for row in rows]
    parts = [np.pad(clip.samples, (0, round(PAUSES[n % 4] * RATE))) for n, clip in enumerate(clips)]
    path = tmp_path / "ten-minutes.flac"
    soundfile.write(path, np.concatenate(parts), RATE)
    assert sum(part.size for part in parts) > MOST_SAMPLES_HELD

    pool = EnginePool(Settings(home=builtin_home))
    whole = transcribe(path, pool=pool, **ASKED)
    stopped = transcribe_events(path, pool=pool, **ASKED)
    for _ in range(4):
        assert not isinstance(next(stopped), Transcript)
    stopped.close()
    resumed = transcribe(path, pool=pool, **ASKED)
    assert replace(resumed, measurement=whole.measurement) == whole

    said = [spoken_units(row.get("text_corrected") or row["text"]) for row in rows]
    alone = [spoken_units(transcribe(speech / row["audio_filepath"], pool=pool, **ASKED).text) for row in rows]
    own = [Counter(edit.tag for edit in Levenshtein.editops(*pair)) for pair in zip(said, alone, strict=True)]
    found = errors_by_sentence(said, spoken_units(whole.text))
    for units, one, two in zip(said, found, own, strict=True):
        assert one["delete"] <= two["delete"] + len(units) // 2, units  # no sentence is missing
        assert one["insert"] <= two["insert"] + max(2, len(units) // 3), units  # and none is there twice
    total, total_alone = sum(map(Counter.total, found)), sum(map(Counter.total, own))
    assert total <= total_alone + 0.03 * sum(map(len, said))  # other neighbours, other mistakes: 48 and 38 of 487
    assert whole.complete
    assert whole.coverage[-1].end == whole.duration_seconds
    assert (
        sum(tile.end - tile.start for tile in whole.coverage if tile.kind == "silence") > 0.6 * whole.duration_seconds
    )
