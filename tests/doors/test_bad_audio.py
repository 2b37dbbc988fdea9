"""One kind and one sentence for each way in which a recording can be bad, whichever door it comes through."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import av
import httpx
import numpy as np
import pytest
import soundfile

from workbench import services
from workbench.audio import decoding_pool, recording
from workbench.audio.decoding_pool import DecodingChild, DecodingPool
from workbench.errors import AudioError, AudioKind
from workbench.ui.language import SIMPLIFIED, speaking, tell

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
NOISE = np.random.default_rng(0).normal(0, 0.1, 48_000).astype(np.float32)


def wav(path: Path, samples: np.ndarray = NOISE, rate: int = 16_000, subtype: str = "PCM_16") -> None:
    soundfile.write(path, samples, rate, subtype=subtype)


def not_numbers(path: Path) -> None:
    samples = NOISE.copy()
    samples[7] = np.nan
    wav(path, samples, subtype="FLOAT")


def silent_film(path: Path) -> None:
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 64
        for _ in range(3):
            frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def ruined(path: Path) -> None:
    soundfile.write(path, NOISE, 16_000, format="FLAC")
    content = bytearray(path.read_bytes())
    content[100:] = np.random.default_rng(4).bytes(len(content) - 100)
    path.write_bytes(content)


def nameless_codec(path: Path) -> None:
    wav(path)
    content = bytearray(path.read_bytes())
    content[20:22] = b"\x77\x77"
    path.write_bytes(content)


FILES: dict[str, Callable[[Path], object]] = {
    "empty_file": Path.touch,
    "not_audio": lambda path: path.write_text("Dear Sir or Madam,\n" * 20),
    "playlist": lambda path: path.write_text("ffconcat version 1.0\nfile 'other.wav'\n"),
    "no_sound_track": silent_film,
    "unknown_codec": nameless_codec,
    "odd_format": lambda path: wav(path, np.full((100, 65), 0.1)),
    "damaged": ruined,
    "no_sound": lambda path: wav(path, NOISE[:0]),
    "not_numbers": not_numbers,
}
"""Bad in themselves: they can be sent through every door."""

PLACES: dict[str, Callable[[Path], object]] = {
    "missing": lambda path: None,
    "not_a_file": os.mkfifo,
}
"""Bad where they lie: only who names a path meets them."""

ELSEWHERE = {
    "folder": "on the command line a folder stands for the recordings in it; tests/audio/test_bad_recordings.py",
    "bad_path": "tests/audio/test_bad_recordings.py",
    "forbidden": "tests/audio/test_bad_recordings.py",
    "too_long": "tests/audio/test_io.py",
    "changed": "tests/audio/test_stream.py",
    "too_large": "tests/audio/test_decoding_child.py",
    "invalid": "errors of clips in memory",
}

HAPPENINGS = {"crashed": signal.SIGSEGV, "timeout": signal.SIGSTOP}
"""What befalls the process that decodes, once the file is open."""


def through_the_service(path: Path, **options: Any) -> tuple[str, str | None, str]:
    with pytest.raises(AudioError) as refused:
        services.transcribe(path, engine="scripted", **options)
    return refused.value.code, refused.value.kind, refused.value.sentence


def through_the_command_line(workbench: Callable[..., Any], *words: object) -> tuple[str, str, str]:
    outcome = workbench(*words, "--json")
    document = outcome.document
    error = (document[0] if isinstance(document, list) else document)["error"]
    assert outcome.code == 2
    assert error["message"] in outcome.err
    return error["code"], error["kind"], f"{error['message']} {error['hint']}"


def through_the_api(url: str, path: Path, **form: str) -> tuple[str, str, str]:
    files = {"file": (path.name, path.read_bytes())}
    answer = httpx.post(url, data={"model": "scripted", **form}, files=files, timeout=60)
    assert answer.status_code in (413, 415, 422)
    error = answer.json()["error"]
    return error["code"], error["kind"], error["message"]


@pytest.mark.parametrize("kind", FILES)
def test_a_bad_file_is_the_same_at_every_door(workbench, server, tmp_path, kind):
    path = tmp_path / "meeting.wav"
    FILES[kind](path)
    told = through_the_service(path)
    assert told[1] == kind
    assert told[2].startswith("meeting.wav ")
    assert through_the_command_line(workbench, "transcribe", path, "--engine", "scripted") == told
    assert through_the_command_line(workbench, "inspect", path) == told
    assert through_the_api(f"{server.url}/v1/audio/transcriptions", path) == told
    assert through_the_api(f"{server.url}/v1/workbench/inspect", path) == told


@pytest.mark.parametrize("kind", PLACES)
def test_a_bad_path_is_the_same_for_the_service_and_the_command_line(workbench, tmp_path, kind):
    path = tmp_path / "meeting.wav"
    PLACES[kind](path)
    told = through_the_service(path)
    assert told[1] == kind
    assert through_the_command_line(workbench, "transcribe", path, "--engine", "scripted") == told


def test_a_channel_that_is_not_there_is_the_same_at_every_door(workbench, server, tmp_path):
    path = tmp_path / "meeting.wav"
    wav(path)
    told = through_the_service(path, channel="left")
    assert told[1] == "no_such_channel"
    words = ("transcribe", path, "--engine", "scripted", "--channel", "left")
    assert through_the_command_line(workbench, *words) == told
    assert through_the_api(f"{server.url}/v1/audio/transcriptions", path, channel="left") == told


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="needs signals")
@pytest.mark.parametrize("kind", HAPPENINGS)
def test_a_process_that_fails_is_the_same_at_every_door(workbench, server, tmp_path, spoken, monkeypatch, kind):
    path, pid = tmp_path / "meeting.wav", os.getpid()
    wav(path)
    own, open_file, tell_child = DecodingPool(), DecodingChild.open_file, DecodingChild.tell

    def open_in_peace(child: DecodingChild, path: Path) -> Any:
        monkeypatch.setattr(decoding_pool, "LONGEST_SECONDS", 20.0)
        return open_file(child, path)

    def strike_first(child: DecodingChild, question: dict[str, Any]) -> None:
        if question["do"] == "read":
            os.kill(child.pid, HAPPENINGS[kind])
            monkeypatch.setattr(decoding_pool, "LONGEST_SECONDS", 0.3 if kind == "timeout" else 20.0)
        tell_child(child, question)

    monkeypatch.setattr(recording, "POOL", own)
    monkeypatch.setattr(DecodingChild, "open_file", open_in_peace)
    monkeypatch.setattr(DecodingChild, "tell", strike_first)
    told = through_the_service(path)
    assert told[1] == kind
    assert through_the_command_line(workbench, "transcribe", path, "--engine", "scripted") == told
    assert through_the_api(f"{server.url}/v1/audio/transcriptions", path) == told
    monkeypatch.setattr(DecodingChild, "tell", tell_child)
    assert services.transcribe(spoken, engine="scripted").text == "somebody spoke"
    assert os.getpid() == pid
    own.close()


def test_every_kind_is_met_and_documented():
    met = {*FILES, *PLACES, *HAPPENINGS, *ELSEWHERE, "no_such_channel"}
    assert met == set(get_args(AudioKind))
    table = DOCUMENT.read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(get_args(AudioKind))


@pytest.mark.parametrize("kind", FILES)
def test_the_page_says_it_in_its_own_language(scripted, tmp_path, kind):
    FILES[kind](tmp_path / "meeting.wav")
    _, _, sentence = through_the_service(tmp_path / "meeting.wav")
    with speaking(SIMPLIFIED):
        assert re.search("[\u4e00-\u9fff]", tell(sentence)) is not None, json.dumps(sentence)
