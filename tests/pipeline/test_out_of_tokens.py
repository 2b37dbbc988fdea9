"""Qwen3-ASR made to stop by length: what it can finish in halves is complete, and what it cannot is named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from workbench.audio.clip import AudioClip
from workbench.audio.segment import Span
from workbench.audio.steps import parse_chain
from workbench.engines.base import DecodeOptions
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef
from workbench.pipeline import survey
from workbench.pipeline.transcribe import transcribe_clip
from workbench.pipeline.transcript import Transcript
from workbench.settings import Settings

TINY = Path(__file__).parents[1] / "fixtures" / "tiny-qwen3-asr"
LESSONS = {
    lesson["file"]: lesson["text"]
    for lesson in json.loads((TINY / "clips" / "clips.json").read_text(encoding="utf-8"))
    if not lesson["context"]
}
REF = EngineRef("qwen3-asr", str(TINY))


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EnginePool]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield EnginePool(Settings(home=tmp_path_factory.mktemp("qwen3-home"), device="cpu"))
    torch.set_num_threads(threads)


@pytest.fixture
def joined(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Clips that the model knows, one after the other; voice activity hears them as they are."""

    def join(*files: str) -> AudioClip:
        parts = [soundfile.read(TINY / "clips" / file, dtype="float32")[0] for file in files]
        ends = np.cumsum([part.size for part in parts]) / 16_000
        spans = [Span(float(start), float(end)) for start, end in zip([0, *ends[:-1]], ends, strict=True)]
        monkeypatch.setattr(survey, "speech_spans", lambda clip: spans)
        return AudioClip(samples=np.concatenate(parts), sample_rate=16_000)

    return join


def transcribed(pool: EnginePool, clip: AudioClip, cap: int) -> Transcript:
    options = DecodeOptions(max_new_tokens=cap)
    *_, last = transcribe_clip(pool, REF, clip, chain=parse_chain(""), options=options)
    assert isinstance(last, Transcript)
    return last


@pytest.mark.parametrize(
    ("files", "cap"),
    [
        (("english.flac", "name.flac"), 53),
        (("name.flac", "english.flac"), 53),
        (("english.flac", "mixed.flac"), 61),
        (("mixed.flac", "cantonese.flac"), 61),
    ],
)
def test_what_does_not_fit_at_once_is_complete_in_halves(
    pool: EnginePool, joined: Any, files: tuple[str, ...], cap: int
) -> None:
    clip = joined(*files)
    (at_once,) = pool.get(REF).transcribe([clip], DecodeOptions(max_new_tokens=cap))
    assert at_once.finish == "length"
    last = transcribed(pool, clip, cap)
    assert [segment.text for segment in last.segments] == [LESSONS[file] for file in files]
    assert last.complete
    assert last.hypothesis.finish == "eos"
    assert last.warnings == ()
    assert [tile.kind for tile in last.coverage] == ["transcribed"]


def test_what_never_fits_is_named_with_its_time(pool: EnginePool, joined: Any) -> None:
    clip = joined("english.flac", "silence.flac", "name.flac")
    last = transcribed(pool, clip, 20)
    assert not last.complete
    missing = [flag for flag in last.flags if flag.kind == "cut_off"]
    assert missing
    assert len([warning for warning in last.warnings if "ran out of tokens" in warning]) == len(missing)
    for flag in missing:
        part = clip.cut(flag.start, flag.end)
        (alone,) = pool.get(REF).transcribe([part], DecodeOptions(max_new_tokens=20))
        assert alone.finish == "length"
    covered = sum(tile.end - tile.start for tile in last.coverage if tile.kind == "flagged")
    assert covered == pytest.approx(sum(flag.end - flag.start for flag in missing))
