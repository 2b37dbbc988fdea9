"""Folders and several files on the command line; what is kept until it was printed; what is said of a long file."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from workbench import services
from workbench.audio import stream
from workbench.audio.io import read_clip
from workbench.cli import main
from workbench.engines.scripted import ScriptedPlugin
from workbench.errors import EngineError, UsageError
from workbench.pipeline import survey
from workbench.services import transcription

Command = Callable[..., Any]
SCRIPTED = ("--engine", "scripted")
SHIPPED = sorted((Path(__file__).resolve().parents[2] / "eval_sets" / "english-demo" / "audio").glob("*.flac"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three recordings, two of them below it with one name, a broken one, and what is none."""
    top = tmp_path / "talks"
    for name in ("b.wav", "monday/a.WAV", "tuesday/a.flac", ".cache/c.wav", "monday/.d.wav"):
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        samples = read_clip(SHIPPED[0]).samples
        soundfile.write(path, samples, 16_000, format="FLAC" if path.suffix == ".flac" else "WAV")
    (top / "broken.mp3").write_text("no sound")
    (top / "notes.txt").write_text("we met")
    return top


@pytest.fixture
def long(tmp_path: Path) -> Path:
    """Some 20 s of speech with pauses: several chunks of 8 s."""
    path = tmp_path / "long.flac"
    clips = [read_clip(path).samples for path in SHIPPED[:5]]
    soundfile.write(path, np.concatenate([np.pad(clip, (0, 8_000)) for clip in clips]), 16_000)
    return path


def test_a_folder_is_its_recordings_and_a_broken_one_does_not_stop_the_rest(
    workbench: Command, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    outcome = workbench("transcribe", folder, *SCRIPTED, "--output", out, "--format", "txt", "--json")
    assert outcome.code == 1
    files = [Path(entry["file"]).relative_to(folder).as_posix() for entry in outcome.document]
    assert files == ["b.wav", "broken.mp3", "monday/a.WAV", "tuesday/a.flac"]
    assert [entry.get("text") for entry in outcome.document] == ["somebody spoke", None, *["somebody spoke"] * 2]
    assert outcome.document[1]["error"]["code"] == "AudioUnreadable"
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*.txt")) == [
        *("b.txt", "monday/a.txt", "tuesday/a.txt")
    ]
    assert "4 files: 3 done, 1 failed." in outcome.err


def test_of_nothing_but_broken_files_the_code_is_that_of_unusable_input(workbench: Command, folder: Path) -> None:
    broken = folder / "broken.mp3"
    outcome = workbench("transcribe", broken, broken, *SCRIPTED)
    assert (outcome.code, outcome.out) == (2, "")
    assert "2 files: 0 done, 2 failed." in outcome.err


def test_what_stops_all_keeps_what_was_done(workbench: Command, folder: Path, scripted: ScriptedPlugin) -> None:
    """The second file's error is none of the file's: the third would have it too."""

    def refuse_later(clip: Any) -> str | Exception:
        return "heard" if len(scripted.journal.calls) == 1 else UsageError("The engine wants an option.")

    scripted.script = refuse_later
    files = [folder / name for name in ("b.wav", "monday/a.WAV", "tuesday/a.flac")]
    outcome = workbench("transcribe", *files, *SCRIPTED, "--json")
    assert outcome.code == 1
    assert [entry.get("text") for entry in outcome.document] == ["heard", None]
    assert "3 files: 1 done, 1 failed, 1 not begun." in outcome.err


def test_an_engine_that_fails_at_one_file_goes_on(workbench: Command, folder: Path, scripted: ScriptedPlugin) -> None:
    def fail_once(clip: Any) -> str | Exception:
        return EngineError("It stumbled.") if len(scripted.journal.calls) == 1 else "heard"

    scripted.script = fail_once
    outcome = workbench("transcribe", folder / "b.wav", folder / "tuesday", *SCRIPTED)
    assert (outcome.code, outcome.out) == (1, "heard\n")
    assert "2 files: 1 done, 1 failed." in outcome.err


@pytest.mark.parametrize("verb", ["transcribe", "inspect"])
def test_a_folder_without_recordings_is_said(workbench: Command, tmp_path: Path, verb: str) -> None:
    (tmp_path / "empty").mkdir()
    outcome = workbench(verb, tmp_path / "empty", "--json")
    assert outcome.code == 2
    assert "There is no recording in the folder" in outcome.document["error"]["message"]


def test_inspect_walks_a_folder_too(workbench: Command, folder: Path) -> None:
    outcome = workbench("inspect", folder / "monday", "--json")
    assert [Path(entry["file"]).name for entry in outcome.document] == ["a.WAV"]


def test_a_folder_that_cannot_be_read_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(top: Path, onerror: Callable[[OSError], None]) -> Any:
        onerror(PermissionError(13, "Permission denied", str(top)))

    monkeypatch.setattr("workbench.services.inspection.os.walk", refused)
    with pytest.raises(UsageError, match="talks cannot be read: Permission denied"):
        services.find_recordings([folder])


def test_paragraphs_with_stamps(workbench: Command, folder: Path) -> None:
    outcome = workbench("transcribe", folder / "b.wav", *SCRIPTED, "--stamps")
    assert outcome.out == "[00:00:00] somebody spoke\n"
    outcome = workbench("transcribe", folder / "b.wav", *SCRIPTED, "--stamps", "--format", "srt")
    assert outcome.code == 2
    assert "--stamps is for txt." in outcome.err


# Kept until it was printed -------------------------------------------------------------------------------------------


def journals(home: Path) -> list[Path]:
    return list((home / "transcripts").glob("*/chunks.jsonl"))


class Pipe(io.StringIO):
    """Standard output that nobody reads any more once it has seen some text."""

    def __init__(self, until: str) -> None:
        super().__init__()
        self._until = until
        self._null = open("/dev/null", "w")  # noqa: SIM115, PTH123  as long as the pipe

    def write(self, text: str) -> int:
        if self._until in text:
            raise BrokenPipeError
        return super().write(text)

    def fileno(self) -> int:
        return self._null.fileno()


@pytest.mark.parametrize("as_json", [True, False])
def test_what_could_not_be_printed_need_not_be_heard_again(
    workbench: Command,
    long: Path,
    scripted: ScriptedPlugin,
    workbench_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    as_json: bool,
) -> None:
    words = ["transcribe", str(long), *SCRIPTED, "--chunk-seconds", "8", *(["--json"] if as_json else [])]
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", Pipe("somebody spoke"))
        assert main(words) == 1
    assert len(journals(workbench_home)) == 1
    calls = len(scripted.journal.calls)
    assert calls >= 2
    assert "somebody spoke" in workbench(*words).out
    assert len(scripted.journal.calls) == calls  # it was read, not heard
    assert journals(workbench_home) == []


def test_with_several_files_each_is_kept_until_the_document_was_printed(
    workbench: Command, long: Path, scripted: ScriptedPlugin, workbench_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = long.with_name("other.flac")
    samples, rate = soundfile.read(long)
    soundfile.write(other, samples[::-1], rate)
    seen: list[int] = []
    printed = json.dumps

    def count(value: Any, **settings: Any) -> str:
        seen.append(len(journals(workbench_home)))
        return printed(value, **settings)

    monkeypatch.setattr("workbench.cli.console.json.dumps", count)
    assert workbench("transcribe", long, other, *SCRIPTED, "--chunk-seconds", "4", "--json").code == 0
    assert seen[-1] == 2
    assert journals(workbench_home) == []


# Long files ----------------------------------------------------------------------------------------------------------


def test_a_long_file_says_how_far_it_is_looked_through(
    workbench: Command, long: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcription, "MOST_SAMPLES_HELD", 16_000)
    monkeypatch.setattr(survey, "TELL_SECONDS", 0.0)
    assert stream.MOST_SAMPLES_HELD > 16_000
    outcome = workbench("transcribe", long, *SCRIPTED, "--chain", "gain")
    told = [line for line in outcome.err.splitlines() if line.startswith("Looking for speech: ")]
    assert told[0].startswith("Looking for speech: 00:00:00 of 00:00:")
    assert told[-1] > told[1] > told[0]
    assert outcome.out.startswith("somebody spoke")
