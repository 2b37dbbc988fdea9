"""`workbench inspect`, and the channel that is transcribed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile

import workbench as package
from workbench.engines.scripted import ScriptedPlugin


@pytest.fixture
def one_sided(tmp_path: Path, spoken: Path) -> Path:
    """Speech on the left, nothing on the right."""
    voice, rate = soundfile.read(spoken, dtype="float32")
    soundfile.write(tmp_path / "call.wav", np.stack([voice, 0 * voice], axis=1), rate)
    return tmp_path / "call.wav"


def test_a_person_reads_figures_and_advice(workbench: Callable[..., Any], one_sided: Path) -> None:
    shown = workbench("inspect", one_sided)
    assert shown.code == 0
    assert "call.wav: 00:00:03.400, 16000 Hz, pcm_s16le" in shown.out
    assert "! The right channel is silent: choose left." in shown.out


def test_a_program_reads_every_figure(
    workbench: Callable[..., Any], one_sided: Path, spoken: Path, bad_files: dict[str, Path]
) -> None:
    shown = workbench("inspect", one_sided, bad_files["text"], spoken, "--json")
    first, second, third = shown.document
    assert shown.code == 1
    assert first["advice"][0] == {"kind": "silent_channel", "sentence": "The right channel is silent: choose left."}
    assert (first["channels"], first["channel_dbfs"][1], first["duration_seconds"]) == (2, None, 3.4)
    assert second["error"]["code"] == "AudioUnreadable"
    assert third["speech_share"] == pytest.approx(package.inspect_recording(spoken).speech_share)
    assert workbench("inspect", bad_files["text"]).code == 2


@pytest.mark.parametrize(("channel", "level"), [("left", 1.0), ("mix", 0.5)])
def test_the_engine_hears_the_channel_asked_for(
    workbench: Callable[..., Any], scripted: ScriptedPlugin, one_sided: Path, channel: str, level: float
) -> None:
    voice = np.abs(soundfile.read(one_sided, dtype="float32")[0][:, 0]).max()
    assert workbench("transcribe", one_sided, "--engine", "scripted", "--channel", channel).code == 0
    (call,) = scripted.journal.calls
    assert np.abs(call.clips[0].samples).max() == pytest.approx(level * voice, rel=1e-3)


def test_over_http_the_same(server: Any, scripted: ScriptedPlugin, one_sided: Path) -> None:
    form = {"model": "scripted", "channel": "right"}
    answer = httpx.post(
        f"{server.url}/v1/audio/transcriptions", data=form, files={"file": one_sided.read_bytes()}, timeout=60
    )
    assert answer.json()["warnings"] == ["No speech was found in this recording."]
    assert scripted.journal.calls == []


def test_inspect_over_http_says_what_the_command_says(
    server: Any, workbench: Callable[..., Any], one_sided: Path, bad_files: dict[str, Path]
) -> None:
    url = f"{server.url}/v1/workbench/inspect"
    with one_sided.open("rb") as file:
        answer = httpx.post(url, files={"file": file}, timeout=60)
    (expected,) = workbench("inspect", one_sided, "--json").document
    assert answer.json() == expected | {"file": "call.wav"}
    with bad_files["text"].open("rb") as file:
        refused = httpx.post(url, files={"file": file}, timeout=60)
    assert (refused.status_code, refused.json()["error"]["code"]) == (415, "AudioUnreadable")
    nothing = httpx.post(url, files={"other": b""}, timeout=60)
    assert nothing.status_code == 400
    assert nothing.json()["error"]["message"].startswith("There is no recording in the form.")
    assert [path for path in server.pool.settings.temporary.rglob("*") if path.is_file()] == []
