"""Files of texts: what is read, and every fault with its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.engines.base import Segment
from workbench.errors import ManifestError, UnknownName, UsageError
from workbench.runs.hypotheses import FORMATS, parse_texts, read_texts
from workbench.runs.spreadsheet import guarded, unguarded


def texts_of(content: str | bytes, format: str, **arguments: Any) -> dict[str, str]:
    raw = content.encode() if isinstance(content, str) else content
    return {one.id: one.text for one in parse_texts(raw, name="hyp", format=format, **arguments).texts}


def faults_of(content: str | bytes, format: str) -> list[str]:
    with pytest.raises(ManifestError) as caught:
        texts_of(content, format)
    return list(caught.value.faults)


# JSON Lines and NeMo ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["text", "hypothesis", "pred_text"])
def test_the_text_goes_by_several_names(name: str) -> None:
    assert texts_of(json.dumps({"id": "a", name: "red fox"}), "jsonl") == {"a": "red fox"}


def test_what_was_recognised_is_taken_before_what_was_said() -> None:
    line = json.dumps({"audio_filepath": "clips/a.wav", "duration": 1.5, "text": "said", "pred_text": "heard"})
    for format in ("jsonl", "nemo"):
        assert texts_of(line, format) == {"clips/a.wav": "heard"}
        assert texts_of(line, format, side="reference") == {"clips/a.wav": "said"}


def test_a_line_without_a_prediction_does_not_score_its_reference() -> None:
    lines = [{"id": "a", "text": "said", "pred_text": "heard"}, {"id": "b", "text": "said"}]
    content = "\n".join(map(json.dumps, lines))
    assert faults_of(content, "jsonl") == ["hyp:2: no 'pred_text', which other lines have"]
    assert faults_of(json.dumps(lines[1]), "nemo") == ["hyp:1: no 'pred_text'"]


def test_segments_with_times_are_kept() -> None:
    line = {"id": "a", "text": "red fox", "segments": [{"start": 0, "end": 1.5, "text": "red fox", "tokens": [1]}]}
    (one,) = parse_texts(json.dumps(line).encode(), name="hyp", format="jsonl").texts
    assert one.segments == (Segment(start=0.0, end=1.5, text="red fox"),)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("not json", "not JSON"),
        ("[1]", "one JSON list"),
        ('{"text": "x"}', "no 'id' and no 'audio_filepath'"),
        ('{"id": "", "text": "x"}', "no 'id' and no 'audio_filepath'"),
        ('{"id": "b"}', "no 'pred_text' and no 'hypothesis' and no 'text'"),
        ('{"id": 7.5, "text": "x"}', "'id' is 7.5, not text"),
        ('{"id": true, "text": "x"}', "'id' is True, not text"),
        ('{"id": "b", "text": null}', "'text' is null"),
        ('{"id": "b", "text": 7}', "'text' is 7, not text"),
        ('{"id": "b", "text": "\\ud800"}', "half a character"),
        ('{"id": "b", "text": "x", "text": "y"}', "'text' twice"),
        ('{"id": "b", "text": "x", "segments": 1}', "'segments' is no list"),
        ('{"id": "b", "text": "x", "segments": [1]}', "'segments[0]' is no object"),
        ('{"id": "b", "text": "x", "segments": [{"start": 2, "end": 1, "text": ""}]}', "before its start"),
        ('{"id": "b", "text": "x", "segments": [{"start": -1, "end": 1, "text": ""}]}', "'segments[0].start' is -1 s"),
        ('{"id": "b", "text": "x", "segments": [{"start": 0, "end": "1", "text": ""}]}', "not a number of seconds"),
        ('{"id": "b", "text": "x", "segments": [{"start": 0, "end": 1}]}', "'segments[0].text' is null"),
    ],
)
def test_a_line_that_cannot_be_used_is_a_fault(line: str, said: str) -> None:
    (fault,) = faults_of(line, "jsonl")
    assert said in fault


def test_ids_may_be_whole_numbers_as_in_sets() -> None:
    assert texts_of('{"id": 7, "text": "x"}', "jsonl") == {"7": "x"}


# Any format ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("format", "content"),
    [
        (
            "jsonl",
            '{"id": "a", "text": "x"}\n{"id": "b", "text": "x"}\n{"id": "a", "text": ""}\n{"id": "b", "text": "x"}',
        ),
        ("csv", "id,text\na,x\nb,x\na,\nb,x\n"),
        ("tsv", "id\ttext\na\tx\nb\tx\na\t\nb\tx\n"),
        ("trn", "x (a)\nx (b)\n(a)\nx (b)\n"),
    ],
)
def test_every_id_that_is_there_twice_is_named(format: str, content: str) -> None:
    header = 1 if format in ("csv", "tsv") else 0
    assert faults_of(content, format) == [
        f"hyp:{3 + header}: the id 'a' is there twice, first on line {1 + header}",
        f"hyp:{4 + header}: the id 'b' is there twice, first on line {2 + header}",
    ]


@pytest.mark.parametrize("format", sorted(FORMATS))
def test_encodings_are_told_apart_and_an_empty_file_is_none(format: str) -> None:
    assert faults_of("id,text\n".encode("utf-16"), format) == ["hyp: is UTF-16; save it as UTF-8"]
    assert "hyp:2: not UTF-8 (byte 1)" in faults_of(b"id,text\n\xe9,a\n", format)
    for nothing in (b"", b"\n \n", b"\xef\xbb\xbf"):
        assert faults_of(nothing, format) == ["hyp: no lines"]


@pytest.mark.parametrize(
    ("format", "content"),
    [
        ("jsonl", '{"id": "a", "text": "好\u2028天"}\r\n\r\n{"id": "b", "text": ""}'),
        ("csv", 'text,id\r\n"好\u2028天",a\r\n\r\n,b\r\n'),
        ("tsv", "text\tid\r\n好\u2028天\ta\r\n\r\n\tb\r\n"),
    ],
)
def test_lines_end_at_line_feeds_alone(format: str, content: str) -> None:
    assert texts_of("\ufeff" + content, format) == {"a": "好\u2028天", "b": ""}


def test_the_suffix_says_the_format_unless_it_is_asked_for(tmp_path: Path) -> None:
    trn = tmp_path / "hyp.TRN"
    trn.write_text("red fox (a)\n", encoding="utf-8")
    assert read_texts(trn).format == "trn"
    text = trn.rename(tmp_path / "hyp.txt")
    with pytest.raises(UsageError, match="does not say what it holds"):
        read_texts(text)
    found = read_texts(text, format="trn")
    assert (found.name, [one.text for one in found.texts]) == ("hyp.txt", ["red fox"])
    with pytest.raises(UnknownName, match="no format named 'docx'"):
        read_texts(text, format="docx")
    with pytest.raises(UsageError, match="cannot be read"):
        read_texts(tmp_path)


# Tables --------------------------------------------------------------------------------------------------------------


def test_a_cell_in_quotes_goes_over_lines_in_csv_and_not_in_tsv() -> None:
    table = parse_texts(b'id,text\na,"one\ntwo, ""three"""\nb,four\n', name="hyp", format="csv")
    assert [(one.text, one.line) for one in table.texts] == [('one\ntwo, "three"', 2), ("four", 4)]
    assert texts_of('id\ttext\na\t"one\nb\ttwo"\n', "tsv") == {"a": '"one', "b": 'two"'}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("id,words\na,x\n", ["hyp:1: no column for the text (pred_text, hypothesis, text)"]),
        ("name,text\na,x\n", ["hyp:1: no column for the id (id, audio_filepath, audio)"]),
        ("id,text,text\na,x,y\n", ["hyp:1: column 'text' twice"]),
        ("id,text\na,x,y\nb\n", ["hyp:2: 3 columns where the header has 2", "hyp:3: 1 columns where the header has 2"]),
        ('id,text\na,"x\nb,y\n', ["hyp:2: a quote opened here is not closed"]),
        ('id,text\na,"x"y\nb,y,z\n', ["hyp:2: not CSV", "hyp:3: 3 columns"]),
    ],
)
def test_a_table_with_faults_names_them(content: str, expected: list[str]) -> None:
    found = faults_of(content, "csv")
    assert len(found) == len(expected)
    assert all(fault.startswith(begin) for fault, begin in zip(found, expected, strict=True))


@given(cell=st.text(alphabet="'=+-@＝\t\r\n ab1", max_size=8))
@settings(max_examples=300, deadline=None)
def test_a_guarded_cell_is_no_formula_and_comes_back(cell: str) -> None:
    assert unguarded(guarded(cell)) == cell
    assert not guarded(cell).startswith(tuple("=+-@＝\t\r\n"))


# sclite's formats ----------------------------------------------------------------------------------------------------


def test_trn_lines_are_texts_with_ids_at_their_ends() -> None:
    content = (
        ";; a comment (z)\n\nred  fox (spk-01)\n(spk-02)\r\nhe said (quietly) that (spk-03)  \n%uh wo- @ word (x y)\n"
    )
    assert texts_of(content, "trn") == {
        "spk-01": "red fox",
        "spk-02": "",
        "spk-03": "he said (quietly) that",
        "x y": "%uh wo- word",
    }


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("red fox", "no (id) at its end"),
        ("red fox ()", "no (id) at its end"),
        ("red fox ( )", "no (id) at its end"),
        ("red fox (a) .", "no (id) at its end"),
        ("i've { um / uh / @ } seen (a)", "alternatives in braces"),
    ],
)
def test_a_trn_line_that_has_no_one_text_is_a_fault(line: str, said: str) -> None:
    (fault,) = faults_of(line, "trn")
    assert fault.startswith("hyp:1: ")
    assert said in fault


def test_ctm_words_are_joined_in_the_order_of_their_times() -> None:
    content = (
        ";; file channel start duration word confidence\n"
        "talk 1 0.90 0.30 我\ntalk 1 0.10 0.30 red 0.98\ntalk 1 0.50 0.30 fox\ntalk 1 1.20 0.30 哋 0.5\nother A 0 1 @\n"
    )
    found = parse_texts(content.encode(), name="hyp", format="ctm")
    assert [(one.id, one.text, one.line) for one in found.texts] == [("talk", "red fox我哋", 2), ("other", "", 6)]
    assert found.texts[0].segments[0] == Segment(start=0.1, end=0.4, text="red")
    assert found.texts[1].segments == ()
    assert all(one.by_recording for one in found.texts)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("talk 1 0.1 red", "4 fields"),
        ("talk 1 0.1 0.2 red 0.9 lex spk", "8 fields"),
        ("talk 1 soon 0.2 red", "the start 'soon' is no number"),
        ("talk 1 0.1 nan red", "the duration is nan s"),
        ("talk 1 -1 0.2 red", "the start is -1 s"),
        ("talk 1 * * <ALT_BEGIN>", "alternatives"),
        ("talk 1 0.1 0.2 red\ntalk 2 0.1 0.2 red", "channel '2', where line 1 has '1'"),
    ],
)
def test_a_ctm_line_that_cannot_be_used_is_a_fault(line: str, said: str) -> None:
    (fault,) = faults_of(line, "ctm")
    assert said in fault
