"""Speakers, from the command line to what is printed; what tells them apart is put in their place here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from workbench import services
from workbench.engines.base import Hypothesis, Segment
from workbench.engines.scripted import ScriptedPlugin
from workbench.pipeline.turns import Turn
from workbench.services import transcription

SCRIPTED = ("--engine", "scripted")


@pytest.fixture
def told_apart(monkeypatch: pytest.MonkeyPatch, scripted: ScriptedPlugin) -> list[Any]:
    """Two speakers in any recording; what was asked for each time."""
    asked: list[Any] = []

    def find(path: Path, *, speakers: Any, channel: str) -> list[Turn]:
        asked.append(speakers)
        return [Turn(start=0, end=1.5, speaker="1"), Turn(start=1.5, end=5, speaker="2")]

    monkeypatch.setattr(transcription, "find_turns", find)
    monkeypatch.setattr(transcription, "check_speakers", lambda speakers: None)
    segments = (Segment(start=0, end=1.5, text="Shall we?"), Segment(start=1.5, end=3.4, text="Yes."))
    scripted.script = {"*": Hypothesis(text="Shall we? Yes.", raw="", segments=segments, finish="eos")}
    return asked


def test_names_reach_the_text_and_the_document(
    workbench: Callable[..., Any], spoken: Path, told_apart: list[Any]
) -> None:
    words = ("transcribe", spoken, *SCRIPTED, "--speakers", "2", "--speaker-name", "2=Li Wei")
    assert workbench(*words, "--format", "txt").out.splitlines() == ["Speaker 1: Shall we?", "Li Wei: Yes."]
    entry = workbench(*words, "--json").document[0]
    assert [one["speaker"] for one in entry["segments"]] == ["Speaker 1", "Li Wei"]
    assert [one["label"] for one in entry["speakers"]] == ["1", "2"]
    assert told_apart == [2, 2]


def test_the_number_may_be_estimated_and_nobody_is_told_apart_unasked(
    workbench: Callable[..., Any], spoken: Path, told_apart: list[Any]
) -> None:
    assert "speaker" not in workbench("transcribe", spoken, *SCRIPTED, "--json").document[0]["segments"][0]
    assert workbench("transcribe", spoken, *SCRIPTED, "--speakers", "auto").code == 0
    assert told_apart == ["auto"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--speakers", "some"), "'some' is neither a number nor auto."),
        (("--speakers", "0"), "0 is no number of speakers."),
        (("--speaker-name", "1=Li"), "There are names for speakers who are not told apart."),
        (("--speakers", "2", "--speaker-name", "Li"), "--speaker-name Li is not a pair."),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_heard(
    workbench: Callable[..., Any], spoken: Path, scripted: ScriptedPlugin, words: tuple[str, ...], message: str
) -> None:
    outcome = workbench("transcribe", spoken, *SCRIPTED, *words)
    assert outcome.code == 2
    assert message in outcome.err
    assert scripted.journal.loads == 0


def test_from_python_the_same(spoken: Path, told_apart: list[Any]) -> None:
    found = services.transcribe(spoken, engine="scripted", speakers="auto", speaker_names={"1": "Zhang"})
    assert [found.speaker_of(segment) for segment in found.segments] == ["Zhang", "Speaker 2"]
