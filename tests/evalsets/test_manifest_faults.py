"""Every fault of a manifest is found, with its line, and none hides another."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.errors import ManifestError
from workbench.evalsets.load import load_manifest

Write = Callable[..., Path]
GOOD = '{"id": "ok", "audio_filepath": "a.wav", "text": "hello"}'


def faults_of(path: Path) -> list[str]:
    with pytest.raises(ManifestError) as caught:
        load_manifest(path)
    assert caught.value.exit_code == 2
    return list(caught.value.faults)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"audio_filepath": "a.wav"}', "no 'text'"),
        ('{"text": "x"}', "no 'audio_filepath'"),
        ('{"audio_filepath": "a.wav", "text": null}', "'text' is null"),
        ('{"audio_filepath": "a.wav", "text": 5}', "'text' is 5, not text"),
        ('{"audio_filepath": 5, "text": "x"}', "'audio_filepath' is 5, not text"),
        ('{"audio_filepath": "", "text": "x"}', "'audio_filepath' is empty"),
        ('{"audio_filepath": "b.wav", "text": "x"}', "no audio file b.wav"),
        ('{"audio_filepath": ".", "text": "x"}', "no audio file ."),
        ('{"audio_filepath": "a\\u0000.wav", "text": "x"}', "no audio file"),
        ('{"audio_filepath": "' + "a" * 5000 + '", "text": "x"}', "no audio file"),
        ('{"audio_filepath": "a.wav", "text": "x", "duration": "3"}', "'duration' is '3', not a number"),
        ('{"audio_filepath": "a.wav", "text": "x", "duration": true}', "'duration' is True, not a number"),
        ('{"audio_filepath": "a.wav", "text": "x", "duration": -1}', "'duration' is -1 s, below zero"),
        ('{"audio_filepath": "a.wav", "text": "x", "duration": NaN}', "NaN is not a number"),
        ('{"audio_filepath": "a.wav", "text": "x", "duration": 1e999}', "the number 1e999 is too large"),
        ('{"audio_filepath": "a.wav", "text": "x", "duration": 1' + "0" * 400 + "}", "not a finite number"),
        ('{"audio_filepath": "a.wav", "text": "x", "duration": 1' + "0" * 5000 + "}", "not JSON that can be read"),
        ('{"audio_filepath": "a.wav", "text": "x", "snr_db": -Infinity}', "-Infinity is not a number"),
        ('{"audio_filepath": "a.wav", "text": "x", "language": 3}', "'language' is 3, not text"),
        ('{"audio_filepath": "a.wav", "text": "x", "id": true}', "'id' is True, not text"),
        ('{"audio_filepath": "a.wav", "text": "\\ud800"}', "'text' holds half a character"),
        ('{"audio_filepath": "a.wav", "text": "x", "speaker": "\\ud800"}', "'speaker' holds half a character"),
        ('{"audio_filepath": "a.wav", "text": "x", "text": "y"}', "'text' twice"),
        ('{"audio_filepath": "a.wav", "id": "ok", "text": "x"}', "id 'ok' is already that of line 1"),
        ('["a.wav", "x"]', "not a JSON object"),
        ("a.wav\thello", "not JSON (Expecting value at column 1)"),
        ('{"audio_filepath": "a.wav", "text": "x"', "not JSON"),
        ("[" * 100_000, "not JSON that can be read (nested too deep)"),
    ],
)
def test_a_bad_line_is_named(manifest: Write, line: str, said: str) -> None:
    faults = faults_of(manifest(GOOD, "", line))
    assert len(faults) == 1
    assert faults[0].startswith("manifest.jsonl:3: ")
    assert said in faults[0]


def test_all_faults_are_listed_in_the_order_of_the_lines(manifest: Write) -> None:
    faults = faults_of(manifest('{"id": "ok"}', "{", GOOD, '{"audio_filepath": "gone.wav", "text": "x"}'))
    assert [fault.partition(": ")[0] for fault in faults] == [
        "manifest.jsonl:1",
        "manifest.jsonl:1",
        "manifest.jsonl:2",
        "manifest.jsonl:3",
        "manifest.jsonl:4",
    ]
    assert "id 'ok' is already that of line 1" in faults[3]


def test_bytes_that_are_no_utf8_spoil_only_their_line(manifest: Write) -> None:
    bad = b'{"audio_filepath": "a.wav", "text": "caf\xe9"}'
    assert faults_of(manifest(content=GOOD.encode() + b"\n" + bad + b"\n")) == ["manifest.jsonl:2: not UTF-8 (byte 41)"]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_is_named_as_such(manifest: Write, encoding: str) -> None:
    content = ("\ufeff" + GOOD).encode(encoding)
    assert faults_of(manifest(content=content)) == ["manifest.jsonl: is UTF-16; save it as UTF-8"]


def test_a_json_list_is_named_as_such(manifest: Write) -> None:
    assert faults_of(manifest("", "[", GOOD, "]", name="s.json")) == [
        "s.json: is one JSON list; write one object a line"
    ]


@pytest.mark.parametrize("name", ["manifest.jsonl", "set.json"])
def test_a_manifest_without_lines_has_a_fault(manifest: Write, name: str) -> None:
    assert faults_of(manifest("", "  ", name=name)) == [f"{name}: holds no items"]


def test_a_table_with_a_header_alone_has_a_fault(manifest: Write) -> None:
    assert faults_of(manifest("audio,text", name="s.csv")) == ["s.csv: holds no items"]


def test_another_suffix_is_refused(manifest: Write) -> None:
    assert "is no .jsonl, .json, .csv, .tsv file" in faults_of(manifest(GOOD, name="set.xlsx"))[0]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_manifest_that_may_not_be_read(manifest: Write) -> None:
    path = manifest(GOOD)
    path.chmod(0)
    assert faults_of(path) == ["manifest.jsonl: cannot be read (Permission denied)"]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["audio,words", "a.wav,x"], "s.csv:1: no column 'text' (or 'sentence', 'reference')"),
        (["", "text", "x"], "s.csv:1: no column 'audio_filepath' (or 'audio')"),
        (["audio,text,text", "a.wav,x,y"], "s.csv:1: column 'text' twice"),
        (["audio,text", "a.wav,x,y"], "s.csv:2: 3 columns where the header has 2"),
        (["audio,text", 'a.wav,"hello'], "s.csv:2: a quote is not closed on this line"),
        (["audio,text", 'a.wav,"a"b'], "s.csv:2: not CSV ("),
        (["audio,text,duration", "a.wav,x,long"], "s.csv:2: 'duration' is 'long', not a number"),
        (["audio,text,duration", "a.wav,x,nan"], "s.csv:2: 'duration' is not a finite number"),
    ],
)
def test_a_bad_table_is_named(manifest: Write, lines: list[str], said: str) -> None:
    faults = faults_of(manifest(*lines, name="s.csv"))
    assert len(faults) == 1
    assert faults[0].startswith(said)


def test_an_open_quote_swallows_no_other_line(manifest: Write) -> None:
    lines = ["audio,text", 'a.wav,"one', "a.wav,two", 'gone.wav,three"', "a.wav,four"]
    assert [fault.partition(": ")[0] for fault in faults_of(manifest(*lines, name="s.csv"))] == ["s.csv:2", "s.csv:4"]


def test_texts_stay_texts_in_tables(manifest: Write) -> None:
    lines = [
        "\ufeffid,audio,text,speaker,note",
        *(f"00{n},a.wav,{t},NA," for n, t in enumerate(("NA", "null", "", "1.0"))),
    ]
    items = load_manifest(manifest(*lines, name="s.csv")).items
    assert [item.id for item in items] == ["000", "001", "002", "003"]
    assert [item.reference for item in items] == ["NA", "null", "", "1.0"]
    assert all(item.tags == {"speaker": "NA"} for item in items)


def test_quotes_are_characters_in_tsv(manifest: Write) -> None:
    items = load_manifest(manifest("audio\ttext", 'a.wav\t"Hello," she said', 'a.wav\t"one', name="s.tsv")).items
    assert [item.reference for item in items] == ['"Hello," she said', '"one']


def test_a_line_is_what_ends_with_a_line_feed(manifest: Write) -> None:
    text = "a\u2028b\u0085c\x0bd\x1ce"
    lines = [json.dumps({"audio": "a.wav", "text": text}, ensure_ascii=False), '{"audio": "a.wav", "text": "x"}\r']
    assert [item.reference for item in load_manifest(manifest(*lines)).items] == [text, "x"]
    items = load_manifest(manifest(f"audio,text\r\na.wav,{text}\r\na.wav,x\r\n", name="s.csv")).items
    assert [item.reference for item in items] == [text, "x"]


def test_fields_become_an_item(manifest: Write, tmp_path: Path) -> None:
    line = {
        "id": 7, "audio_filepath": "a.wav", "text": "", "duration": 2, "language": "yue", "snr_db": 5, "clean": True,
        "speaker": "f1", "gain": 0.5, "note": None, "words": ["a"], "more": {"a": 1}, "sentence": "other",
    }  # fmt: skip
    [item] = load_manifest(manifest(json.dumps(line))).items
    assert (item.id, item.audio, item.reference) == ("7", tmp_path / "a.wav", "")
    assert (item.duration, item.language) == (2.0, "yue")
    assert item.tags == {"snr_db": 5, "clean": True, "speaker": "f1", "gain": 0.5, "sentence": "other"}


def test_an_id_that_is_not_given_is_the_line(manifest: Write) -> None:
    items = load_manifest(
        manifest("", '{"audio": "a.wav", "sentence": "x"}', '{"audio": "a.wav", "reference": "y"}')
    ).items
    assert [(item.id, item.reference) for item in items] == [("line-2", "x"), ("line-3", "y")]


def test_a_recording_that_cannot_be_decoded_is_no_fault_of_the_set(manifest: Write, tmp_path: Path) -> None:
    (tmp_path / "notes.wav").write_text("not audio")
    assert len(load_manifest(manifest('{"audio": "notes.wav", "text": "x"}')).items) == 1
