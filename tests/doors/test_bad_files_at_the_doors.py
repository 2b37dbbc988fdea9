"""One kind, code and sentence for a bad file, whoever is asked: Python, the command line, or the server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from bad_audio import FINE, FLAGGED, BadFile, bad_files

from workbench import services
from workbench.audio.io import read_clip
from workbench.engines.scripted import ScriptedPlugin
from workbench.errors import AudioError

REFUSED = (
    "empty.wav", "random-0.wav", "html.wav", "m3u8-as.wav", "ffconcat-as.mp3", "sdp-as.wav", "png.wav", "zip.wav",
    "head.flac", "no-samples.wav", "video.mp4", "rate-0.wav", "no-data.wav", "nan-0-32.wav", "id3-alone.mp3",
    "no-start.ogg", "block.flac", "no-moov.m4a", "codec.webm", "<img src=x onerror=alert(1)>.wav",
    "=cmd('calc')!A1.wav",
)  # fmt: skip
WARNED = ("data-more-64002.wav", "cut.mp3", "bit-0.5.flac", "cut-0.6.m4a", "no-end.ogg", "webm-cut-0.4.webm")


@pytest.fixture(scope="module")
def by_name() -> dict[str, BadFile]:
    return {file.name: file for file in bad_files()}


def refusal(path: Path) -> AudioError:
    with pytest.raises(AudioError) as caught:
        read_clip(path)
    return caught.value


@pytest.fixture
def refused(by_name: dict[str, BadFile], tmp_path: Path) -> list[tuple[Path, AudioError]]:
    paths = [by_name[name].make(tmp_path) for name in REFUSED]
    return [(path, refusal(path)) for path in paths]


def test_the_command_line_says_of_each_what_reading_it_says(
    refused: list[tuple[Path, AudioError]], workbench: Callable[..., Any]
) -> None:
    outcome = workbench("transcribe", *(path for path, _ in refused), "--engine", "scripted", "--json")
    assert outcome.code == 2
    assert len(outcome.document) == len(refused)
    for (path, error), entry in zip(refused, outcome.document, strict=True):
        assert entry["file"] == str(path)
        found = entry["error"]
        assert (found["code"], found["message"], found["hint"]) == (error.code, error.message, error.hint)
        assert found.get("kind") == error.kind


def test_the_server_says_of_each_what_reading_it_says(refused: list[tuple[Path, AudioError]], server: Any) -> None:
    for path, error in refused:
        answer = httpx.post(
            f"{server.url}/v1/audio/transcriptions",
            data={"model": "scripted"},
            files={"file": (path.name, path.read_bytes())},
            timeout=60,
        )
        found = answer.json()["error"]
        assert answer.status_code == error.http_status, path.name
        assert (found["code"], found.get("kind")) == (error.code, error.kind)
        assert found["message"] == error.sentence


@pytest.mark.parametrize("name", WARNED)
def test_half_a_recording_is_marked_at_every_door(
    by_name: dict[str, BadFile], tmp_path: Path, workbench: Callable[..., Any], scripted: ScriptedPlugin, name: str
) -> None:
    path = by_name[name].make(tmp_path)
    warnings = read_clip(path).warnings
    assert warnings
    transcript = services.transcribe(path, engine="scripted")
    assert set(warnings) <= set(transcript.warnings)
    assert not transcript.complete
    entry = workbench("transcribe", path, "--engine", "scripted", "--json").document[0]
    assert set(warnings) <= set(entry["warnings"])
    assert entry["complete"] is False


def test_the_samples_of_this_test_are_refused_or_flagged(by_name: dict[str, BadFile]) -> None:
    for name in (*REFUSED, *WARNED):
        assert not by_name[name].allows(FINE)
    assert all(by_name[name].allows(FLAGGED) for name in WARNED)
