"""Every text that is data stays text: transcripts, file names, errors, engine names."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.audio.held import lend, renamed
from workbench.engines.base import Availability, Hypothesis, Segment, Word
from workbench.engines.pool import EngineState
from workbench.errors import UsageError
from workbench.pipeline.coverage import Flag
from workbench.pipeline.edited import ProposedChange
from workbench.pipeline.measurement import Measurement
from workbench.pipeline.transcript import Transcript
from workbench.pipeline.turns import Speaker
from workbench.text.corrections import Change
from workbench.ui.choices import EngineChoice
from workbench.ui.commands import command_view
from workbench.ui.controls import missing_view
from workbench.ui.corrections import ChangeGroup, Place, changes_view
from workbench.ui.notices import error_notice, notice, warning_list
from workbench.ui.player import player_view
from workbench.ui.recording import Outline
from workbench.ui.result import downloads_view, facts_view, progress_view, said_view
from workbench.ui.review import review_view
from workbench.ui.segments import segments_view
from workbench.ui.status import state_view

HOSTILE = [
    "<script>window.hacked=1</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</code></div><iframe src=//example.org>",
    "${alert(1)} {{constructor.constructor('alert(1)')()}}",
    "\u202e<svg/onload=alert(1)>\x00",
    "javascript:alert(1)//<b>",
]


class Markup(HTMLParser):
    """Collects what a browser would see: element names, attribute names, text, addresses."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.addresses: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def seen(html: str) -> Markup:
    markup = Markup()
    markup.feed(html)
    markup.close()
    return markup


def changes(text: str, count: int) -> ChangeGroup:
    change = Change(start=0, end=1, before=text, after=text, rule=text, reason=text)
    place = Place(start=0.0, proposed=ProposedChange(segment=0, change=change, refused=False))
    return ChangeGroup(before=text, after=text, reason=text, places=(place,) * count)


def transcript(text: str) -> Transcript:
    return Transcript(
        source=text,
        clip_digest="0",
        duration_seconds=1.0,
        engine=text,
        model_id=text,
        chain="",
        hypothesis=Hypothesis(text=text, raw=text, language=text),
        measurement=Measurement(wall_seconds=1.0, cpu_seconds=1.0, audio_seconds=1.0),
        warnings=(text,),
    )


def choice(text: str) -> EngineChoice:
    missing = Availability(ok=False, reason=text, command=text)
    return EngineChoice(ref=text, label=text, model=text, summary=text, info=None, availability=missing)


OUTLINE = Outline(name="clip.wav", seconds=2.0, columns=((-0.5, 0.5), (-0.1, 0.2)), playable=Path("/home/clip.wav"))

VIEWS: dict[str, Callable[[str], str]] = {
    "segments": lambda text: segments_view([Segment(start=0, end=1, text=text)], language=text, player_id=text),
    "player": lambda text: player_view(
        replace(OUTLINE, name=text, playable=renamed(lend(Path("/home/a")), text)),
        player_id=text,
    ),
    "words": lambda text: segments_view(
        [Segment(start=0, end=1, text=text, words=(Word(start=0, end=1, text=text, confidence=0.1),), speaker="1")],
        flags=[Flag(start=0, end=1, kind="loop", sentence=text)],
        speakers=[Speaker(label="1", name=text, seconds=1)],
    ),
    "review": lambda text: review_view(
        replace(transcript(text), flags=(Flag(start=0, end=1, kind="no_text", sentence=text),)), player_id=text
    ),
    "changes": lambda text: changes_view([changes(text, 1), changes(text, 2)]),
    "said": said_view,
    "error": lambda text: error_notice(UsageError(text, hint=text)),
    "notice": lambda text: notice(text, text),
    "warnings": lambda text: warning_list([text, text]),
    "command": lambda text: command_view(text, element_id="command"),
    "facts": lambda text: facts_view(transcript(text), device=text),
    "progress": lambda text: progress_view(text, done=1, total=2, detail=text, key=text),
    "downloads": lambda text: downloads_view([renamed(lend(Path("/home/a")), text + ".srt")]),
    "engines": lambda text: missing_view([choice(text), choice(text)], text),
    "states": lambda text: state_view(
        [
            EngineState(ref=text, state=state, load_seconds=1.0, error=text, device=text, dtype=text)
            for state in ("loading", "ready", "failed")
        ]
    ),
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
@given(text=st.sampled_from(HOSTILE) | st.text(alphabet="<>\"'&/=${}`abc \u4f60", min_size=1, max_size=40))
def test_a_view_adds_no_element_attribute_or_address_for_any_text(view: Callable[[str], str], text: str) -> None:
    plain, empty, hostile = (seen(view(one)) for one in ("plain words", " ", text))
    assert hostile.elements <= plain.elements | empty.elements
    assert hostile.attributes <= plain.attributes | empty.attributes
    assert all(re.fullmatch(r"files/[\w-]{32}", address) for address in hostile.addresses)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_arrives_as_it_was_said(text: str) -> None:
    view = segments_view([Segment(start=0, end=1, text=text)])
    assert text.replace("\x00", "\ufffd").strip() in "".join(seen(view).texts).replace("\x00", "\ufffd")


def test_an_unforeseen_error_is_named_without_its_text() -> None:
    view = error_notice(RuntimeError("secret path /home/someone"))
    assert "RuntimeError" in view
    assert "secret" not in view


def test_no_warnings_and_no_segments_are_nothing() -> None:
    assert warning_list([]) == segments_view([]) == command_view("", element_id="x") == downloads_view([]) == ""
