"""Recordings without labels: two systems, a few labels, a private set; on the command line and over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from workbench import services
from workbench.audio.clip import AudioClip
from workbench.audio.io import read_clip, write_clip
from workbench.engines.scripted import ScriptedPlugin
from workbench.runs.sweep import CellDone
from workbench.settings import Settings

from .conftest import SETS

QUIET = "gain:peak_db=-20"
TWO = ("--engine", "scripted", "--chain", "", "--chain", QUIET)
SAID = "turn the light on"


@pytest.fixture
def recordings(tmp_path: Path) -> list[Path]:
    """Two recordings of two sentences each, with two seconds of silence after each."""
    found: list[Path] = []
    for name, numbers in (("morning", (1, 2)), ("evening", (3, 4))):
        parts = [read_clip(SETS / "english-demo" / "audio" / f"e{n:02d}.flac", sample_rate=16_000) for n in numbers]
        pause = np.zeros(32_000, np.float32)
        samples = np.concatenate([piece for part in parts for piece in (part.samples, pause)])
        found.append(tmp_path / f"{name}.wav")
        write_clip(AudioClip(samples=samples, sample_rate=16_000), found[-1])
    return found


@pytest.fixture
def mishearing(scripted: ScriptedPlugin) -> ScriptedPlugin:
    """Two words are lost where the chain made the clip quiet."""
    scripted.script = lambda clip: SAID if np.abs(clip.samples).max() > 0.12 else "turn light"
    return scripted


def heard(plugin: ScriptedPlugin) -> int:
    """How many clips reached the engine; each run hears one to warm up."""
    return sum(len(call.clips) for call in plugin.journal.calls)


def labels_file(name: str) -> Path:
    return Settings.from_env().home / "trials" / name / "labels.json"


def test_a_trial_from_recordings_to_a_private_set(
    workbench: Callable[..., Any], mishearing: ScriptedPlugin, recordings: list[Path]
) -> None:
    started = workbench("trial", "start", "own", *recordings, *TWO, "--language", "en", "--json")
    assert started.code == 0
    found = started.document
    assert (found["clips"], found["labelled"], found["wanted"], found["draws"]) == (4, 0, 4, 0)
    assert {tuple(one["texts"]) for one in found["queue"]} == {(SAID, "turn light")}
    assert all(Path(one["audio"]).is_file() for one in found["queue"])

    first, second, third, last = [one["id"] for one in found["queue"]]
    for clip in (first, second, third):
        assert workbench("trial", "label", "own", clip, "--text", SAID).code == 0
    shown = workbench("trial", "show", "own", "--json").document
    assert (shown["labelled"], [one["id"] for one in shown["queue"]]) == (3, [last])
    assert [one["value"] for one in shown["systems"]] == [0.0, 0.5]
    assert shown["systems"][1]["verdict"] == "no difference shown"  # three draws show nothing
    assert workbench("trial", "label", "own", last, "--unusable").code == 0
    whole = workbench("trial", "show", "own", "--json").document
    assert whole["labelled"] == 4
    assert [one["value"] for one in whole["systems"]] == [0.0, 0.5]
    assert "4 of 4 drawn ones labelled" in workbench("trial", "show", "own").out

    assert workbench("trial", "keep", "own", "own-labelled").code == 0
    assert workbench("sets", "own-labelled").code == 0
    benched = workbench("bench", "own-labelled", "--engine", "scripted", "--json").document
    assert (benched["total"], benched["metrics"]["wer"]["rate"]) == (3, 0.0)
    refused = workbench("trial", "keep", "own", "own-labelled", "--json").document["error"]
    assert "already a set" in refused["message"]

    assert [one["name"] for one in workbench("trial", "list", "--json").document] == ["own"]
    assert workbench("trial", "delete", "own").code == 0
    assert workbench("trial", "show", "own").code == 2
    assert workbench("sets", "own-labelled").code == 0


def test_a_label_is_taken_back_and_a_wrong_clip_refused(
    workbench: Callable[..., Any], mishearing: ScriptedPlugin, recordings: list[Path]
) -> None:
    clip = workbench("trial", "start", "own", *recordings, *TWO, "--json").document["queue"][0]["id"]
    workbench("trial", "label", "own", clip, "--text", SAID)
    assert workbench("trial", "show", "own", "--json").document["labelled"] == 1
    workbench("trial", "label", "own", clip)
    assert workbench("trial", "show", "own", "--json").document["labelled"] == 0
    wrong = workbench("trial", "label", "own", "nowhere", "--text", "x", "--json").document["error"]
    assert "nowhere" in wrong["message"]
    both = workbench("trial", "label", "own", clip, "--text", "x", "--unusable", "--json").document["error"]
    assert "cannot be understood" in both["message"]


def test_an_interrupted_trial_goes_on_and_hears_nothing_twice(
    workbench: Callable[..., Any], mishearing: ScriptedPlugin, recordings: list[Path]
) -> None:
    asked: Any = {"engines": ["scripted"], "chains": ["", QUIET], "language": "en"}
    with closing(services.try_out_events("own", recordings, **asked)) as events:
        next(event for event in events if isinstance(event, CellDone))
    before = heard(mishearing)
    stopped = workbench("trial", "show", "own", "--json")
    assert (stopped.code, "1 of 2 systems" in stopped.document["error"]["message"]) == (2, True)
    gone_on = workbench("trial", "start", "own", "--json").document
    assert (gone_on["clips"], len(gone_on["systems"]), heard(mishearing)) == (4, 2, 2 * before)
    taken = workbench("trial", "start", "own", *recordings, *TWO, "--json").document["error"]
    assert "already a trial" in taken["message"]


def test_damaged_labels_are_told_and_not_written_over(
    workbench: Callable[..., Any], mishearing: ScriptedPlugin, recordings: list[Path]
) -> None:
    clip = workbench("trial", "start", "own", *recordings, *TWO, "--json").document["queue"][0]["id"]
    workbench("trial", "label", "own", clip, "--text", SAID)
    broken = labels_file("own").read_text(encoding="utf-8")[:-4]
    labels_file("own").write_text(broken, encoding="utf-8")
    for words in (("show", "own"), ("label", "own", clip, "--text", "x"), ("keep", "own", "set")):
        error = workbench("trial", *words, "--json").document["error"]
        assert error["message"] == "The labels of the trial own cannot be read."
        assert "labels.json" in error["hint"]
    assert labels_file("own").read_text(encoding="utf-8") == broken


def test_nothing_is_left_of_a_trial_that_cannot_begin(
    workbench: Callable[..., Any], mishearing: ScriptedPlugin, recordings: list[Path], bad_files: dict[str, Path]
) -> None:
    refused = workbench("trial", "start", "own", recordings[0], bad_files["text"], *TWO, "--json").document["error"]
    assert "letter.wav" in refused["message"]
    for seconds in ("0", "-3", "nan"):
        answer = workbench("trial", "start", "own", *recordings, *TWO, "--clip-seconds", seconds, "--json")
        assert "--clip-seconds" in answer.document["error"]["hint"], seconds
    assert workbench("trial", "list", "--json").document == []
    with suppress(FileNotFoundError):
        assert list((Settings.from_env().home / "trials").iterdir()) == []


def stream_of(answer: httpx.Response) -> list[tuple[str, Any]]:
    """Names and values of server-sent events."""
    blocks = [block for block in answer.text.split("\n\n") if block.startswith("event: ")]
    parts = [block.removeprefix("event: ").split("\ndata: ", 1) for block in blocks]
    return [(name, json.loads(value)) for name, value in parts]


def test_a_trial_over_http_says_what_the_command_line_says(
    workbench: Callable[..., Any], server: Any, mishearing: ScriptedPlugin, recordings: list[Path]
) -> None:
    url = f"{server.url}/v1/workbench/trials"
    files = [("file", ("call.wav", path.read_bytes())) for path in recordings]  # two of the same name
    form: Any = {"name": "own", "engine": "scripted", "chain": ["", QUIET], "language": "English"}
    events = stream_of(httpx.post(url, data=form, files=files, timeout=60))
    names = [name for name, _ in events]
    assert names[:3] == ["sweep_started", "cell_started", "started"]
    assert (names.count("cell_done"), names.count("result"), names[-1]) == (2, 8, "trial")
    shown = httpx.get(f"{url}/own").json()
    assert shown == events[-1][1] == workbench("trial", "show", "own", "--json").document
    assert [one["name"] for one in httpx.get(url).json()] == ["own"]
    assert httpx.get(url).json()[0]["sources"] == ["call.wav", "call.wav"]

    clip = shown["queue"][0]["id"]
    assert httpx.put(f"{url}/own/labels/{clip}", json={"text": SAID}).status_code == 204
    assert httpx.get(f"{url}/own", params={"wanted": 1}).json()["labelled"] == 1
    assert httpx.post(f"{url}/own/keep", json={"set_name": "own-labelled"}).json()["set"] == "own-labelled"
    assert workbench("sets", "own-labelled").code == 0
    before = heard(mishearing)
    assert stream_of(httpx.post(f"{url}/own", timeout=60))[-1][1]["labelled"] == 1
    assert heard(mishearing) == before
    assert httpx.delete(f"{url}/own").status_code == 204
    assert httpx.get(f"{url}/own").status_code == 404


def test_what_http_cannot_use_is_said(server: Any, mishearing: ScriptedPlugin, recordings: list[Path]) -> None:
    url = f"{server.url}/v1/workbench/trials"
    no_file = httpx.post(url, data={"name": "own"}, files={"other": ("a.txt", b"x")})
    assert "no recording" in no_file.json()["error"]["message"]
    files = {"file": ("call.wav", recordings[0].read_bytes())}
    one = httpx.post(url, data={"name": "own", "engine": "scripted"}, files=files)
    assert (one.status_code, "at least two settings" in one.json()["error"]["message"]) == (400, True)
    form: Any = {"name": "../own", "engine": "scripted", "chain": ["", QUIET]}
    assert "cannot be the name" in httpx.post(url, data=form, files=files).json()["error"]["message"]
    form |= {"name": "own", "clip_seconds": "long"}
    assert "clip_seconds" in httpx.post(url, data=form, files=files).json()["error"]["message"]
    assert httpx.put(f"{url}/none/labels/x", json={"text": "y"}).status_code == 404
    assert httpx.get(url).json() == []
