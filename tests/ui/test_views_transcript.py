"""What a transcript looks like on the page."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from workbench.audio.clip import AudioClip
from workbench.audio.held import lend, new_file
from workbench.audio.io import write_clip
from workbench.engines.base import Hypothesis, Segment
from workbench.engines.pool import EngineState
from workbench.errors import AudioUnreadable
from workbench.pipeline.measurement import Measurement
from workbench.pipeline.transcribe import ChunkDone
from workbench.pipeline.transcript import Transcript
from workbench.ui.draft import Draft
from workbench.ui.player import file_url, player_view
from workbench.ui.recording import COLUMNS, Outline, clip_outline, outline
from workbench.ui.result import chunk_progress, downloads_view, facts_view, progress_view
from workbench.ui.segments import segments_view
from workbench.ui.status import state_view
from workbench.ui.transcribe_form import parse_seconds

COST = Measurement(wall_seconds=2.0, cpu_seconds=3.0, peak_rss_bytes=411_600_000, audio_seconds=12.5)
HEARD = Hypothesis(
    text="one two", raw="one two", language="yue", segments=(Segment(start=0.25, end=1.5, text=" one two "),)
)
TRANSCRIPT = Transcript(
    source="meeting.m4a",
    clip_digest="0",
    duration_seconds=12.5,
    engine="builtin",
    model_id="openai/whisper-base",
    chain="",
    hypothesis=HEARD,
    measurement=COST,
)


def facts(view: str) -> dict[str, str]:
    return dict(re.findall(r"<dt>(.*?)</dt><dd[^>]*>(.*?)</dd>", view))


def test_the_facts_say_what_it_cost_and_what_was_not_measured() -> None:
    shown = facts(facts_view(TRANSCRIPT, device="cpu"))
    assert shown["Length"] == "12.50 s"
    assert shown["Took"] == "2.00 s"
    assert shown["RTF"] == "0.160"
    assert shown["Speed"] == "6.2 × real time"
    assert shown["Peak memory"] == "412 MB"
    assert shown["GPU time"] == "not measured (no GPU)"
    assert shown["Language"] == "Cantonese"
    assert shown["State"] == "Complete"


def test_on_a_gpu_its_seconds_and_memory_are_shown_and_a_missing_figure_is_not_zero() -> None:
    measured = replace(TRANSCRIPT, measurement=replace(COST, gpu_seconds=0.512, peak_gpu_process_bytes=3_140_000_000))
    assert facts(facts_view(measured, device="cuda:0"))["GPU time"] == "0.51 s"
    assert facts(facts_view(measured, device="cuda:0"))["Peak memory"] == "412 MB + 3.1 GB GPU"
    assert facts(facts_view(TRANSCRIPT, device="cuda:0"))["GPU time"] == "not measured"
    unmeasured = replace(TRANSCRIPT, measurement=replace(COST, peak_rss_bytes=None))
    assert facts(facts_view(unmeasured))["Peak memory"] == "not measured"


def test_an_incomplete_transcript_says_so() -> None:
    assert facts(facts_view(replace(TRANSCRIPT, complete=False)))["State"] != "Complete"


def test_segments_carry_their_times_for_playing() -> None:
    view = segments_view(HEARD.segments, player_id="p1", language="yue")
    assert 'data-seek="0.250"' in view
    assert 'data-end="1.500"' in view
    assert 'data-plays="p1"' in view
    assert 'lang="yue"' in view
    assert ">one two<" in view


def test_progress_tells_chunk_position_and_what_is_left() -> None:
    view = chunk_progress(index=2, total=12, audio_seconds=90.0, length=360.0, eta_seconds=120.0)
    assert "Chunk 3 of 12" in view
    assert "1:30 of 6:00" in view
    assert "about 2 min left" in view
    assert 'aria-valuenow="3"' in view
    assert "left" not in chunk_progress(index=11, total=12, audio_seconds=360.0, length=360.0, eta_seconds=0.0)


def test_progress_without_a_total_claims_no_share() -> None:
    assert "aria-valuenow" not in progress_view("Reading…")


def test_a_file_that_is_there_is_a_link_with_its_name(tmp_path: Path) -> None:
    paths = [new_file(tmp_path, f"meeting.{suffix}") for suffix in ("txt", "srt")]
    view = downloads_view(paths)
    assert list(tmp_path.iterdir()) == [], "the files have no name on the disk"
    assert all(f'download="{path.name}"' in view and file_url(path) in view for path in paths)


def test_a_waveform_has_one_bar_a_column_within_its_box() -> None:
    drawn = Outline(
        name="a.wav", seconds=1, columns=((-1.0, 1.0), (0.0, 0.0), (-0.2, 0.1)), playable=lend(Path("/a.wav"))
    )
    bars = re.findall(r"M([\d.]+) (-?[\d.]+)V(-?[\d.]+)", player_view(drawn).split("</svg>")[2])
    assert [float(x) for x, _, _ in bars] == [0.5, 1.5, 2.5]
    for _, top, bottom in bars:
        assert 0 <= float(top) < float(bottom) <= 100


def test_a_quiet_recording_is_drawn_as_tall_as_a_loud_one_and_silence_stays_flat() -> None:
    def height(level: float) -> float:
        drawn = Outline(name="a", seconds=1, columns=((-level, level),), playable=lend(Path("/a.wav")))
        _, top, bottom = re.findall(r"M([\d.]+) ([\d.]+)V([\d.]+)", player_view(drawn))[0]
        return float(bottom) - float(top)

    assert height(0.1) == pytest.approx(height(1.0), abs=0.2)
    assert height(0.0) < 1


def tone(seconds: float, rate: int = 16_000) -> AudioClip:
    time = np.arange(round(seconds * rate)) / rate
    return AudioClip(samples=(0.5 * np.sin(2 * np.pi * 440 * time)).astype(np.float32), sample_rate=rate, source="t.x")


def test_an_outline_is_drawn_from_the_file_block_by_block(tmp_path: Path) -> None:
    quiet_then_loud = np.concatenate([np.zeros(32_000, np.float32), tone(2.0).samples])
    path = tmp_path / "half.wav"
    write_clip(AudioClip(samples=quiet_then_loud, sample_rate=16_000), path)
    drawn = outline(lend(path), tmp_path)
    assert drawn.seconds == pytest.approx(4.0)
    assert drawn.playable == path
    assert len(drawn.columns) == COLUMNS
    highest = [high for _, high in drawn.columns]
    assert max(highest[: COLUMNS // 2 - 2]) == 0
    assert min(highest[COLUMNS // 2 + 2 :]) == pytest.approx(0.5, abs=0.01)


def test_a_format_that_browsers_do_not_play_gets_a_playable_copy(tmp_path: Path) -> None:
    import soundfile

    path = tmp_path / "old.aiff"
    soundfile.write(path, tone(1.0).samples, 16_000)
    drawn = outline(lend(path), tmp_path)
    assert drawn.playable.suffix == ".flac"
    assert list(tmp_path.iterdir()) == [path], "the copy has no name on the disk"
    assert soundfile.info(drawn.playable).duration == pytest.approx(1.0)
    assert drawn.name == "old.aiff"


def test_a_clip_that_a_chain_made_can_be_drawn_and_played(tmp_path: Path) -> None:
    drawn = clip_outline(tone(0.5, 8_000), tmp_path)
    assert drawn.seconds == pytest.approx(0.5)
    assert drawn.playable.exists()
    assert len(drawn.columns) == COLUMNS


def test_a_file_that_is_not_audio_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.wav"
    path.write_text("these are notes")
    with pytest.raises(AudioUnreadable):
        outline(lend(path), tmp_path)


def test_the_state_tells_loading_ready_failed_and_nothing() -> None:
    loading = EngineState(ref="builtin", state="loading", load_seconds=3.2)
    ready = EngineState(ref="builtin", state="ready", load_seconds=2.13, device="cpu", dtype="int8")
    failed = EngineState(ref="qwen3-asr", state="failed", load_seconds=0.1, error="The model is not here.")
    assert "loading, 3 s" in state_view([loading])
    assert "ready in 2.1 s on cpu int8" in state_view([ready])
    assert "The model is not here." in state_view([ready, failed])
    assert "No model in memory" in state_view([])


def test_a_draft_keeps_chunks_as_paragraphs_without_fusing_words() -> None:
    draft = Draft(None)
    for index, texts in enumerate([("你好，", "世界"), ("hello", "there"), ()]):
        segments = tuple(Segment(start=0, end=1, text=text) for text in texts)
        draft.add(ChunkDone(index=index, total=3, start=0, end=1, segments=segments))
    assert draft.text == "你好，世界\n\nhello there"
    assert len(draft.segments) == 4


def test_views_of_a_fast_engine_are_thinned_out() -> None:
    draft = Draft(None)
    assert draft.is_due()
    assert not draft.is_due()
    draft.shown -= 1
    assert draft.is_due()


@pytest.mark.parametrize(("text", "value"), [("", None), (None, None), (" 12.5 s", 12.5), ("30", 30.0)])
def test_seconds_are_read_as_typed(text: str | None, value: float | None) -> None:
    assert parse_seconds(text) == value
