"""What the browser asks of the transcript it edits, without a browser."""

from __future__ import annotations

import gc
import json
import re
import zipfile
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.audio.held import find, lend
from workbench.audio.io import write_clip
from workbench.engines.base import Hypothesis, Segment, Word
from workbench.engines.pool import EnginePool
from workbench.pipeline.coverage import Flag
from workbench.pipeline.edits import SetText
from workbench.pipeline.measurement import Measurement
from workbench.pipeline.rerun import Rerun
from workbench.pipeline.transcript import Transcript
from workbench.pipeline.transcript_file import read_transcript
from workbench.pipeline.turns import Speaker
from workbench.settings import Settings
from workbench.ui.answers import Answer, Proposal
from workbench.ui.context import PageContext
from workbench.ui.editor import Editor
from workbench.ui.editor_again import find_target, marked_text
from workbench.ui.editor_view import card_view
from workbench.ui.labels import ENGLISH

TEXTS = ("Good morning, everyone.", "我们用API做事", "The gee pee tee model.", "嗯，我想一下。", "so so so", "Bye.")
LOOP = Flag(start=8.0, end=9.5, kind="loop", sentence="“so” is written 3 times in a row.")
COST = Measurement(wall_seconds=1.0, cpu_seconds=1.0, audio_seconds=12.0)


def transcript(texts: tuple[str, ...] = TEXTS, **changes: Any) -> Transcript:
    segments = tuple(
        Segment(
            start=2.0 * place,
            end=2.0 * place + 1.5,
            text=text,
            words=(Word(start=2.0 * place, end=2.0 * place + 0.5, text=text.split()[0]),),
            speaker="12"[place % 2],
        )
        for place, text in enumerate(texts)
    )
    made = Transcript(
        source="会议 1.m4a",
        clip_digest="0",
        duration_seconds=12.0,
        engine="builtin",
        model_id="w",
        chain="",
        hypothesis=Hypothesis(text=" ".join(texts), raw="", language="zh", segments=segments),
        measurement=COST,
        flags=(LOOP,),
        speakers=(Speaker(label="1", name="Speaker 1", seconds=4.5), Speaker(label="2", name="Speaker 2", seconds=4.5)),
    )
    return replace(made, **changes)


def context(folder: Path) -> PageContext:
    return PageContext(pool=EnginePool(Settings(home=folder)), engines=(), folder=folder, labels=ENGLISH)


@pytest.fixture
def editor(tmp_path: Path) -> Editor:
    return Editor(context(tmp_path))


@pytest.fixture
def answer(editor: Editor) -> Answer:
    made = Answer(transcript=transcript(), command="workbench transcribe x")
    editor.fill(made)
    return made


def ask(editor: Editor, answer: Answer, act: str, **more: Any) -> dict[str, Any]:
    reply = editor.ask({"key": answer.key, "act": act, **more})
    assert not reply.get("error"), reply["error"]
    return json.loads(json.dumps(reply))  # what goes over the wire is JSON


def fetched(reply: dict[str, Any]) -> Path:
    held = find(reply["url"].removeprefix("files/"))
    assert held is not None
    return held


def test_one_edit_sends_its_row_and_not_the_list(editor: Editor, answer: Answer) -> None:
    reply = ask(editor, answer, "set", segment=2, text="  The GPT\n model. ")
    assert [number for number, _ in reply["rows"]] == [2]
    assert reply["order"] is None
    assert set(reply["parts"]) == {"history"}
    assert "text at 0:04.0" in unescape(reply["parts"]["history"])
    (_, row), *_ = reply["rows"]
    assert "The GPT model." in re.sub("<.*?>", "", row)
    assert "The gee pee tee model." in row, "what the engine had written stands beside it"
    assert answer.edited.passages[2].text == "The GPT model."


def test_a_text_that_was_not_changed_is_no_edit(editor: Editor, answer: Answer) -> None:
    ask(editor, answer, "set", segment=2, text=TEXTS[2])
    assert answer.edited.history == ()


def test_undo_and_redo_say_what_they_are_about(editor: Editor, answer: Answer) -> None:
    ask(editor, answer, "set", segment=0, text="Hello.")
    ask(editor, answer, "name", label="2", name="  Li ")
    reply = ask(editor, answer, "undo")
    history = unescape(reply["parts"]["history"])
    assert "text at 0:00.0" in history
    assert "name of speaker 2" in history
    ask(editor, answer, "undo")
    assert answer.edited.view().text == transcript().text
    assert ask(editor, answer, "redo")["parts"]["history"].count("disabled") == 0
    assert ask(editor, answer, "undo")["parts"]["history"].count("disabled") == 1
    assert "nothing to undo" in editor.ask({"key": answer.key, "act": "undo"})["error"]


def test_names_are_in_every_row_and_download_and_alike_are_one(editor: Editor, answer: Answer) -> None:
    ask(editor, answer, "name", label="1", name="Zhang <b>")
    reply = ask(editor, answer, "name", label="2", name="Zhang <b>")
    shown = "".join(answer.rows.values())
    assert re.findall(r'wb-speaker"[^>]*>(.*?)</b>', shown) == ["Zhang &lt;b&gt;"]
    assert any(number == 1 for number, _ in reply["rows"])
    text = fetched(ask(editor, answer, "download", format="txt")).read_text()
    assert text.count("Zhang <b>: ") == len(TEXTS)
    ask(editor, answer, "assign", segment=0, label="3")
    assert "Speaker 3" in answer.rows[0]
    assert 'data-name="3"' in answer.parts["speakers"]


def test_a_checked_place_leaves_the_list_of_what_is_left(editor: Editor, answer: Answer) -> None:
    assert "1 place to check" in answer.parts["facts"]
    reply = ask(editor, answer, "check", flag=0, checked=True)
    assert "Complete" in reply["parts"]["facts"]
    assert "wb-checked" in reply["parts"]["review"]
    assert "All 1 places checked" in reply["parts"]["review"]
    assert [number for number, _ in reply["rows"]] == [4]
    assert "data-flag " not in reply["parts"]["review"]
    assert "1 place to check" in ask(editor, answer, "check", flag=0, checked=False)["parts"]["facts"]


def test_corrections_and_the_own_list_are_shown_and_each_can_be_refused(editor: Editor, answer: Answer) -> None:
    reply = ask(editor, answer, "correct", rules=["fillers", "spacing"], replacements="gee pee tee => GPT\n\n")
    assert "The GPT model." in re.sub("<.*?>", "", dict(reply["rows"])[2])
    assert "--correct fillers --correct spacing" in reply["parts"]["command"]
    assert 'data-text="嗯，我想一下。"' in answer.rows[3], "what is edited is without corrections"
    change = next(one for one in answer.edited.changes() if one.change.rule == "replacements").change
    refused = {"segment": 2, "start": change.start, "rule": "replacements"}
    reply = ask(editor, answer, "refuse", **refused, refused=True)
    assert "gee pee tee" in re.sub("<.*?>", "", dict(reply["rows"])[2])
    assert "wb-refused" in reply["parts"]["changes"]
    assert "1 refused" in reply["parts"]["changes"]
    ask(editor, answer, "refuse", **refused, refused=False)
    assert "GPT" in fetched(ask(editor, answer, "download", format="srt")).read_text()
    wrong = editor.ask({"key": answer.key, "act": "correct", "rules": [], "replacements": "no pair"})
    assert "is no pair" in wrong["error"]
    assert answer.edited.rules == ("fillers", "spacing"), "a list that cannot be read changes nothing"


def test_what_was_heard_again_is_taken_once(editor: Editor, answer: Answer) -> None:
    ask(editor, answer, "take")
    assert answer.edited.history == ()
    heard = (Segment(start=4.0, end=4.8, text="The GPT"), Segment(start=4.8, end=5.5, text="model."))
    rerun = Rerun(start=4.0, end=5.5, segments=heard, engine="other", model_id="o")
    answer.proposal = Proposal(segments=(2,), rerun=rerun)
    reply = ask(editor, answer, "take")
    assert reply["order"] == [0, 1, 6, 7, 3, 4, 5]
    assert {number for number, _ in reply["rows"]} >= {6, 7}
    assert ENGLISH.again_mark in answer.rows[6]
    assert "The gee pee tee model." in answer.rows[6]
    ask(editor, answer, "take")
    assert len(answer.edited.history) == 1


def test_segments_are_cut_and_joined(editor: Editor, answer: Answer) -> None:
    assert ask(editor, answer, "split", segment=0, text=TEXTS[0], at=13)["order"][:2] == [6, 7]
    assert [one.text for one in answer.edited.passages[:2]] == ["Good morning,", "everyone."]
    ask(editor, answer, "merge", segment=6)
    assert answer.edited.passages[0].text == TEXTS[0]


def test_the_saved_transcript_holds_what_the_engine_wrote_and_the_history(editor: Editor, answer: Answer) -> None:
    ask(editor, answer, "set", segment=0, text="Hello.")
    reply = ask(editor, answer, "download", format="transcript")
    assert reply["name"] == "会议 1.transcript.json"
    assert read_transcript(fetched(reply)) == answer.edited


def test_an_eval_set_is_one_zip(editor: Editor, tmp_path: Path) -> None:
    import numpy as np

    from workbench.audio.clip import AudioClip

    sound = AudioClip(samples=np.zeros(12 * 16_000, np.float32), sample_rate=16_000, source="会议 1.wav")
    path = tmp_path / "会议 1.wav"
    write_clip(sound, path)
    answer = Answer(transcript=transcript(chain="gain:peak_db=-3"), recording=lend(path))
    answer.transcript = replace(answer.transcript, clip_digest=sound.digest, chain="")
    answer.edited = type(answer.edited)(raw=answer.transcript)
    editor.fill(answer)
    ask(editor, answer, "correct", rules=["spacing"], replacements="")
    ask(editor, answer, "set", segment=0, text="Hello.")
    reply = ask(editor, answer, "download", format="set")
    with zipfile.ZipFile(fetched(reply)) as archive:
        (manifest,) = [name for name in archive.namelist() if name.endswith("manifest.jsonl")]
        labels = [json.loads(line)["text"] for line in archive.read(manifest).decode().splitlines()]
    assert labels == ["Hello.", TEXTS[1], TEXTS[2], TEXTS[3], TEXTS[5]], "edits, no corrections, nothing unchecked"
    assert "5 clips" in reply["note"]
    assert "1 with a place still to check" in reply["note"]
    lost = Answer(transcript=transcript())
    editor.fill(lost)
    assert ENGLISH.run_again_no_recording in editor.ask({"key": lost.key, "act": "download", "format": "set"})["error"]


def test_an_edit_that_arrives_late_finds_its_own_answer(editor: Editor, answer: Answer) -> None:
    other = Answer(transcript=transcript())
    editor.fill(other)  # another one is on the page now
    ask(editor, answer, "set", segment=0, text="Late.")
    assert answer.edited.passages[0].text == "Late."
    assert other.edited.history == ()
    key = other.key
    del other
    gc.collect()
    assert editor.ask({"key": key, "act": "undo"})["gone"]


@pytest.mark.parametrize(
    "asked",
    [None, [], "x", {}, {"key": 1}, {"act": "undo"}, {"key": "x" * 99, "act": "set"}],
)
def test_whoever_has_no_key_gets_nothing(editor: Editor, answer: Answer, asked: Any) -> None:
    assert editor.ask(asked)["gone"]
    assert answer.edited.history == ()


@pytest.mark.parametrize(
    "asked",
    [
        {"act": "nonsense"},
        {"act": "set", "segment": True, "text": "x"},
        {"act": "set", "segment": 10**9, "text": "x"},
        {"act": "set", "segment": 0, "text": "\ud800"},
        {"act": "check", "flag": -1},
        {"act": "refuse", "segment": 0, "start": 0, "rule": "x"},
        {"act": "assign", "segment": "0"},
        {"act": "name", "label": "9", "name": "x"},
        {"act": "correct", "rules": ["digits", "numerals"]},
        {"act": "correct", "rules": 3},
        {"act": "download", "format": "../../x"},
        {"act": "download", "format": "exe"},
    ],
)
def test_strange_requests_are_a_sentence_and_change_nothing(editor: Editor, answer: Answer, asked: Any) -> None:
    reply = editor.ask({"key": answer.key, **asked})
    assert "wb-error" in reply["error"]
    assert answer.edited.history == ()


NUMBERS = st.integers(0, 9)
SETS = st.tuples(NUMBERS, st.sampled_from(["", "x", "嗯 API", "a\u2028b"]))
ACTS = st.one_of(
    SETS.map(lambda one: {"act": "set", "segment": one[0], "text": one[1]}),
    NUMBERS.map(lambda n: {"act": "merge", "segment": n}),
    NUMBERS.map(lambda n: {"act": "split", "segment": n, "text": TEXTS[n % 6], "at": 3}),
    st.sampled_from([{"act": "undo"}, {"act": "redo"}]),
    st.tuples(NUMBERS, st.sampled_from("123")).map(lambda one: {"act": "assign", "segment": one[0], "label": one[1]}),
    st.sampled_from(["", "Li"]).map(lambda name: {"act": "name", "label": "1", "name": name}),
    st.booleans().map(lambda on: {"act": "check", "flag": 0, "checked": on}),
    st.sampled_from(["spacing", "fillers"]).map(
        lambda rule: {"act": "correct", "rules": [rule], "replacements": "so => and"}
    ),
)


@settings(max_examples=30, deadline=None)
@given(acts=st.lists(ACTS, max_size=12))
def test_what_was_sent_adds_up_to_what_is_there(tmp_path_factory: pytest.TempPathFactory, acts: list[Any]) -> None:
    editor = Editor(context(tmp_path_factory.getbasetemp()))
    answer = Answer(transcript=transcript())
    editor.fill(answer)
    rows, parts, revision = dict(answer.rows), dict(answer.parts), answer.revision
    for act in acts:
        reply = editor.ask({"key": answer.key, **act})
        assert reply["base"] == revision
        revision = reply["revision"]
        rows |= dict(reply["rows"])
        if reply["order"] is not None:
            rows = {number: rows[number] for number in reply["order"]}
        parts |= reply["parts"]
    fresh = Answer(transcript=transcript())
    fresh.edited = type(answer.edited)(raw=answer.transcript, history=answer.edited.history)
    editor.fill(fresh)
    assert list(rows.items()) == list(fresh.rows.items())
    assert parts == fresh.parts
    view = answer.edited.view()
    assert [one.text for one in view.segments] == [one.text for one in fresh.edited.view().segments]


def test_copied_text_has_paragraphs_with_who_says_it_and_when(editor: Editor, answer: Answer) -> None:
    ask(editor, answer, "name", label="1", name="Zhang")
    lines = ask(editor, answer, "copy", times=True)["text"].split("\n\n")
    assert lines[0] == "[00:00:00] Zhang: Good morning, everyone."
    assert ask(editor, answer, "copy")["text"].startswith("Zhang: Good")


def test_hostile_texts_are_text_in_every_row_and_part(editor: Editor) -> None:
    evil = '<img src=x onerror="x">&\'"'
    answer = Answer(transcript=transcript((evil,) * 3, flags=(replace(LOOP, start=0.0, sentence=evil),)), command=evil)
    editor.fill(answer)
    ask(editor, answer, "name", label="1", name=evil)
    ask(editor, answer, "set", segment=0, text=f"{evil} x")
    ask(editor, answer, "correct", rules=[], replacements=f"x => {evil}")
    shown = card_view(answer) + "".join(answer.rows.values()) + "".join(answer.parts.values())
    assert "<img" not in shown
    assert shown.count("&lt;img") > 8


def test_a_flagged_place_is_heard_again_with_whole_segments(answer: Answer) -> None:
    target = find_target(answer, {"start": 8.5, "end": 10.2})
    assert target is not None
    assert (target.segments, target.start, target.end) == ((4, 5), 8.0, 11.5)
    one = find_target(answer, {"segment": 1})
    assert one is not None
    assert (one.segments, one.start, one.end) == ((1,), 2.0, 3.5)
    assert find_target(answer, {"start": "x"}) is None


def test_new_words_of_a_proposal_are_marked_and_none_is_lost() -> None:
    assert marked_text("the gee pee tee model", "the GPT model <b>") == "the <ins>GPT</ins> model <ins>&lt;b&gt;</ins>"
    assert marked_text("我想一下", "我再想一下") == "我<ins>再</ins>想一下"


def test_edits_made_one_by_one_are_those_of_the_whole_history(answer: Answer) -> None:
    edited = answer.edited.edit(SetText(segment=0, text="x")).undo().redo()
    whole = type(edited)(raw=edited.raw, history=edited.history)
    assert edited == whole
    assert edited.passages == whole.passages
