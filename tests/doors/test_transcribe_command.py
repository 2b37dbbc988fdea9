"""`workbench transcribe` over long recordings: what is complete, what to check, what stays when it is stopped."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from workbench.audio.clip import AudioClip
from workbench.audio.io import read_clip
from workbench.engines.base import Hypothesis
from workbench.engines.scripted import ScriptedPlugin

Command = Callable[..., Any]
SCRIPTED = ("--engine", "scripted", "--chunk-seconds", "8")
SETS = Path(__file__).resolve().parents[2] / "eval_sets"
SENTENCE = "this is what somebody said in the stretch of the recording that was just heard by it"


@pytest.fixture
def long(tmp_path: Path) -> Path:
    """Some 40 s of speech with pauses."""
    clips = [read_clip(path).samples for path in sorted((SETS / "english-demo" / "audio").glob("*.flac"))[:8]]
    path = tmp_path / "long.flac"
    soundfile.write(path, np.concatenate([np.pad(clip, (0, 8_000)) for clip in clips]), 16_000)
    return path


def said_of(clip: AudioClip) -> str:
    return f"{SENTENCE} {'abcdefghijklmnop'[int(clip.offset_seconds) % 16]}"


def stopped_at(call: int) -> Callable[[AudioClip], str]:
    calls = iter(range(1000))

    def answer(clip: AudioClip) -> str:
        if next(calls) == call:
            raise KeyboardInterrupt
        return said_of(clip)

    return answer


def journals(home: Path) -> list[Path]:
    return list((home / "transcripts").glob("*/chunks.jsonl"))


def test_a_complete_transcript_is_called_so(workbench: Command, long: Path, scripted: ScriptedPlugin) -> None:
    scripted.script = said_of
    outcome = workbench("transcribe", long, *SCRIPTED, "--json")
    (entry,) = outcome.document
    assert (outcome.code, entry["complete"], entry["flags"]) == (0, True, [])
    assert f"{long}: complete." in outcome.err
    assert ", about 00:00:0" in outcome.err  # how long the rest will take
    assert entry["coverage"][0]["start"] == 0
    assert entry["coverage"][-1]["end"] == entry["duration_seconds"]
    assert {tile["kind"] for tile in entry["coverage"]} <= {"transcribed", "silence"}


def test_places_to_check_are_listed_with_their_times(workbench: Command, long: Path, scripted: ScriptedPlugin) -> None:
    scripted.script = lambda clip: "and so on " * 4 if clip.offset_seconds > 15 else said_of(clip)
    outcome = workbench("transcribe", long, *SCRIPTED, "--json")
    (entry,) = outcome.document
    assert (outcome.code, entry["complete"]) == (0, True)
    assert f"{long}: complete; to check:" in outcome.err
    loops = [flag for flag in entry["flags"] if flag["kind"] == "loop"]
    assert loops[0]["start"] > 15
    assert f"  00:00:{int(loops[0]['start']):02d} to " in outcome.err
    assert "“and so on” is written 4 times in a row." in outcome.err


def test_missing_text_is_told_with_its_time_and_in_the_exit_code(
    workbench: Command, long: Path, scripted: ScriptedPlugin
) -> None:
    scripted.script = lambda clip: (
        Hypothesis(text="", raw="", finish="eos") if clip.offset_seconds > 15 else said_of(clip)
    )
    outcome = workbench("transcribe", long, *SCRIPTED, "--json")
    (entry,) = outcome.document
    assert (outcome.code, entry["complete"]) == (1, False)
    assert "not complete, see the warnings" in outcome.err
    assert "s here, and no text." in outcome.err
    assert {flag["kind"] for flag in entry["flags"]} == {"no_text"}


def test_stopped_it_gives_what_is_done_and_goes_on_from_there(
    workbench: Command, long: Path, scripted: ScriptedPlugin, workbench_home: Path, tmp_path: Path
) -> None:
    scripted.script = said_of
    whole = workbench("transcribe", long, *SCRIPTED, "--no-resume", "--json").document[0]
    calls = len(scripted.journal.calls)
    assert journals(workbench_home) == []

    scripted.script = stopped_at(2)
    out = tmp_path / "out"
    stopped = workbench("transcribe", long, long, *SCRIPTED, "--output", out, "--format", "txt", "--json")
    assert stopped.code == 130
    (entry,) = stopped.document  # the second file was not begun
    assert entry["complete"] is False
    assert [flag["kind"] for flag in entry["flags"]] == ["not_transcribed"]
    assert whole["text"].startswith(entry["text"])
    assert (out / "long.flac-1.txt").read_text().split() == entry["text"].split()
    assert "The same command goes on from there." in stopped.err
    assert len(journals(workbench_home)) == 1

    scripted.script = said_of
    before = len(scripted.journal.calls)
    again = workbench("transcribe", long, *SCRIPTED, "--json")
    assert len(scripted.journal.calls) - before == calls - 2
    assert again.code == 0
    timeless = [{**one, "measurement": None} for one in (again.document[0], whole)]
    assert timeless[0] == timeless[1]
    assert journals(workbench_home) == []


def test_stopped_before_the_first_chunk_it_says_so_and_no_more(
    workbench: Command, long: Path, scripted: ScriptedPlugin
) -> None:
    scripted.script = stopped_at(0)
    outcome = workbench("transcribe", long, *SCRIPTED, "--json")
    assert outcome.code == 130
    assert json.loads(outcome.out)["error"]["code"] == "Cancelled"


def test_a_text_that_could_not_be_written_need_not_be_heard_again(
    workbench: Command, long: Path, scripted: ScriptedPlugin, workbench_home: Path, tmp_path: Path
) -> None:
    scripted.script = said_of
    out = tmp_path / "out"
    (out / "long.txt").mkdir(parents=True)  # something is in the way
    assert workbench("transcribe", long, *SCRIPTED, "--output", out).code == 2
    assert len(journals(workbench_home)) == 1
    (out / "long.txt").rmdir()
    calls = len(scripted.journal.calls)
    assert workbench("transcribe", long, *SCRIPTED, "--output", out).code == 0
    assert len(scripted.journal.calls) == calls
    assert SENTENCE in (out / "long.txt").read_text()
