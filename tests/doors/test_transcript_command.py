"""`workbench transcript`, and corrections of `workbench transcribe`: what is written, and what stays as it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from workbench import services
from workbench.audio.io import read_clip
from workbench.engines.base import Hypothesis, Segment
from workbench.engines.scripted import ScriptedPlugin
from workbench.errors import UsageError
from workbench.evalsets import find_set
from workbench.pipeline.edits import SetText
from workbench.settings import Settings

Command = Callable[..., Any]
SPOKEN = sorted((Path(__file__).resolve().parents[2] / "eval_sets" / "english-demo" / "audio").glob("*.flac"))


@pytest.fixture
def talk(tmp_path: Path, scripted: ScriptedPlugin) -> Path:
    """Two sentences, in which a script hears two lines."""
    path = tmp_path / "talk.wav"
    soundfile.write(path, np.concatenate([read_clip(one).samples for one in SPOKEN[:2]]), 16_000)
    texts = ("嗯，我们用API", "ge pe te 很慢慢的走")
    segments = tuple(Segment(start=4.2 * i, end=4.2 * (i + 1), text=text) for i, text in enumerate(texts))
    text = " ".join(texts)
    scripted.script = {"*": Hypothesis(text=text, raw=text, language="zh", finish="eos", segments=segments)}
    return path


@pytest.fixture
def pairs_file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.txt"
    path.write_text("ge pe te => GPT\n\nfoo\tbar\n", encoding="utf-8")
    return path


@pytest.fixture
def file(workbench: Command, talk: Path) -> Path:
    """A json export."""
    assert workbench("transcribe", talk, "--engine", "scripted", "--format", "json", "--output", talk.parent).code == 0
    return talk.with_suffix(".json")


def test_corrections_are_made_in_what_is_written_and_told_beside_the_text(
    workbench: Command, talk: Path, pairs_file: Path, tmp_path: Path
) -> None:
    chosen = ("--correct", "spacing", "--correct", "fillers", "--replace", pairs_file)
    outcome = workbench(
        "transcribe", talk, "--engine", "scripted", *chosen, "--format", "srt", "--output", tmp_path / "out", "--json"
    )
    (entry,) = outcome.document
    assert entry["text"] == "嗯，我们用API ge pe te 很慢慢的走"
    assert [one["text"] for one in entry["corrected"]["segments"]] == ["我们用 API", "GPT 很慢慢的走"]
    assert [one["rule"] for one in entry["corrected"]["changes"]] == ["fillers", "spacing", "replacements"]
    written = (tmp_path / "out" / "talk.srt").read_text()
    assert "GPT 很" in written
    assert "嗯" not in written
    assert workbench("transcribe", talk, "--engine", "scripted", *chosen).out == "我们用 API GPT 很慢慢的走\n"


def test_what_cannot_be_chosen_is_said_before_anything_is_heard(
    workbench: Command, talk: Path, scripted: ScriptedPlugin, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.txt"
    bad.write_text("no pair\n")
    for words in (
        ("--correct", "poetry"),
        ("--correct", "digits", "--correct", "numerals"),
        ("--replace", bad),
        ("--replace", tmp_path / "nowhere.txt"),
    ):
        assert workbench("transcribe", talk, "--engine", "scripted", *words).code == 2
    assert scripted.journal.calls == []
    with pytest.raises(UsageError, match=r"bad.txt:1: is no pair"):
        services.read_replacements(bad)


def test_hot_words_are_told(workbench: Command, talk: Path) -> None:
    outcome = workbench("transcribe", talk, "--engine", "scripted", "--context", "API, Siobhan", "--json")
    assert outcome.document[0]["hotwords"] == [
        {"term": "API", "found": 1, "leaked": 0},
        {"term": "Siobhan", "found": 0, "leaked": 0},
    ]
    assert "Hot words in the text: API (1); not in the text: Siobhan." in outcome.err
    assert workbench("transcribe", talk, "--engine", "scripted", "--json").document[0]["hotwords"] == []


def test_a_transcript_is_shown_and_written_in_another_format(
    workbench: Command, file: Path, pairs_file: Path, tmp_path: Path
) -> None:
    shown = workbench("transcript", "show", file, "--correct", "particles", "--replace", pairs_file)
    assert "Segment 1: “ge pe te” → “GPT”, your replacement list" in shown.out
    assert "Segment 1: “的” → “地”" in shown.out
    assert workbench("transcript", "export", file, "--format", "txt", "--correct", "fillers").out.startswith(
        "我们用API\n"
    )
    assert workbench("transcript", "export", file, "--stamps").out.startswith("[00:00:00] 嗯，我们用API")
    target = tmp_path / "a.docx"
    assert workbench("transcript", "export", file, "--format", "docx").code == 2
    assert workbench("transcript", "export", file, "--format", "docx", "--output", target).code == 0
    assert target.read_bytes()[:2] == b"PK"
    broken = tmp_path / "broken.json"
    broken.write_text(file.read_text()[:-50])
    assert "is damaged" in workbench("transcript", "show", broken).err


def test_a_part_transcribed_again_is_in_the_transcript_and_can_be_undone(
    workbench: Command, file: Path, talk: Path, scripted: ScriptedPlugin
) -> None:
    scripted.script = {"*": "heard again"}
    outcome = workbench(
        *("transcript", "rerun", file, talk, "--from", 5, "--to", 6, "--engine", "scripted", "--language", "en"),
        "--json",
    )
    assert outcome.code == 0
    assert outcome.document["text"] == "嗯，我们用API heard again"
    kept = talk.with_name("talk.transcript.json")
    assert outcome.document["written"] == str(kept)
    edited = services.load_transcript(kept)
    assert (edited.history[0].kind, edited.undo().view().text) == ("replace", "嗯，我们用API ge pe te 很慢慢的走")
    assert workbench("transcript", "rerun", kept, talk, "--from", 0, "--to", 1, "--engine", "scripted").code == 0
    assert services.load_transcript(kept).view().text == "heard again heard again"


def test_a_set_is_made_and_can_be_run(workbench: Command, file: Path, talk: Path, settings: Settings) -> None:
    edited = services.load_transcript(file).edit(SetText(segment=1, text="GPT 很慢"))
    kept = talk.with_name("talk.transcript.json")
    services.save_transcript(edited, kept)
    made = workbench("transcript", "set", "our-talk", kept, talk, "--title", "Our talk", "--json").document
    assert (made["clips"], made["left_out"]) == (2, {"flagged": 0, "too_short": 0})
    assert json.loads(workbench("sets", "our-talk", "--json").out)["faults"] == []
    assert [item.reference for item in find_set("our-talk", settings).items] == ["嗯，我们用API", "GPT 很慢"]
    assert workbench("bench", "our-talk", "--engine", "scripted").code == 0
    assert workbench("transcript", "set", "our-talk", kept, talk).code == 2
