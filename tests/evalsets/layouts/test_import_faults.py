"""What is wrong with a layout: file, line, sentence; nothing is skipped silently, and nothing is run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.errors import ManifestError, UnknownName, UsageError
from workbench.evalsets.draft import Imported
from workbench.evalsets.load import find_set
from workbench.settings import Settings

from .conftest import record, write

Import = Callable[..., Imported]


@pytest.fixture
def kaldi(tmp_path: Path) -> Path:
    """A data folder with two good utterances."""
    place = tmp_path / "data"
    record(place / "a.wav")
    record(place / "b.wav", seed=1)
    write(place / "wav.scp", "a a.wav", "b b.wav")
    write(place / "text", "a one", "b two")
    return place


def faults_of(bring_in: Import, layout: str, folder: Path, **given: object) -> tuple[str, ...]:
    with pytest.raises(ManifestError) as caught:
        bring_in(layout, folder, **given)
    return caught.value.faults


def test_commands_are_never_run(bring_in: Import, kaldi: Path, tmp_path: Path, settings: Settings) -> None:
    trap = tmp_path / "ran"
    write(kaldi / "wav.scp", f"a touch {trap} && cat a.wav |", "b b.wav")
    faults = faults_of(bring_in, "kaldi", kaldi)
    assert len(faults) == 1
    assert faults[0].startswith("text:1: wav.scp:1 is a command (touch ")
    assert "commands are not run" in faults[0]
    write(kaldi / "wav.scp", "a ark/raw.ark:1234", "b b.wav")
    assert "inside an archive" in faults_of(bring_in, "kaldi", kaldi)[0]
    assert not trap.exists()
    assert not (settings.sets / "data").exists(), "one fault, no set"


@pytest.mark.parametrize(
    ("file", "lines", "expected"),
    [
        ("text", ["a one"], "wav.scp:2: 'b' has no line in text"),
        ("text", ["a one", "b two", "c three"], "text:3: no recording 'c' in wav.scp"),
        ("text", ["a one", "b"], "text:2: the label is empty"),
        ("text", ["a one", "b two", "a again"], "text:3: id 'a' is already that of text:1"),
        ("wav.scp", ["a a.wav", "b gone.wav"], "text:2: no audio file gone.wav (wav.scp:2)"),
        ("segments", ["a a 0 0.02", "b b 0.01 0.9"], "text:2: it ends at 0.9 s; b.wav lasts 0.05 s"),
        ("segments", ["a a 0 0.02", "b b 0.06 0.07"], "text:2: it begins at 0.06 s; b.wav lasts 0.05 s"),
        ("segments", ["a a 0 0.02", "b b 0.03 0.01"], "text:2: segments:2 is no stretch of time (0.03 … 0.01 s)"),
        ("segments", ["a a 0 0.02", "b b 0.03"], "text:2: segments:2 is not RECORDING START END"),
        ("segments", ["a a 0 0.02", "b b nan 1"], "text:2: segments:2 is no stretch of time (nan … 1 s)"),
        ("segments", ["a a 0 0.02"], "text:2: 'b' has no line in segments"),
        ("segments", ["a a 0 0.02", "b q 0 0.02"], "text:2: no recording 'q' in wav.scp"),
    ],
)
def test_each_fault_has_its_place(
    bring_in: Import, kaldi: Path, settings: Settings, file: str, lines: list[str], expected: str
) -> None:
    write(kaldi / file, *lines)
    assert faults_of(bring_in, "kaldi", kaldi) == (expected,)
    imported = bring_in("kaldi", kaldi, skip_faulty=True)
    assert [one.sentence for one in imported.refused] == [expected]
    kept = [json.loads(line) for line in (imported.folder / "refused.jsonl").read_text().splitlines()]
    assert [f"{one['file']}:{one['line']}: {one['fault']}" for one in kept] == [expected]
    assert "a" in {item.id for item in find_set("data", settings).items}


def test_a_part_may_reach_half_a_second_beyond_the_end_as_in_kaldi(
    bring_in: Import, kaldi: Path, settings: Settings
) -> None:
    write(kaldi / "segments", "a a 0.025 0.5", "b b 0 0.05")
    bring_in("kaldi", kaldi)
    assert [item.duration for item in find_set("data", settings).items] == [0.025, 0.05]


def test_damaged_recordings_are_refused_and_all_faults_are_listed(
    bring_in: Import, kaldi: Path, settings: Settings
) -> None:
    (kaldi / "a.wav").write_bytes(b"RIFF but no more")
    write(kaldi / "text", "a one", "b ")
    faults = faults_of(bring_in, "kaldi", kaldi)
    assert faults[0].startswith("text:1: the recording cannot be used: a.wav cannot be read")
    assert faults[1] == "text:2: the label is empty"
    with pytest.raises(ManifestError) as caught:
        bring_in("kaldi", kaldi, skip_faulty=True)
    assert caught.value.hint.startswith("Nothing is left")


def test_gbk_is_not_guessed(bring_in: Import, kaldi: Path, settings: Settings) -> None:
    write(kaldi / "text", "a 你好", "b two", encoding="gbk")
    with pytest.raises(ManifestError) as caught:
        bring_in("kaldi", kaldi)
    assert caught.value.faults[0] == "text:1: not UTF-8 (byte 3)"
    assert "--encoding gbk" in caught.value.hint
    bring_in("kaldi", kaldi, encoding="gbk")
    assert find_set("data", settings).items[0].reference == "你好"


def test_utf_16_and_its_likes_are_refused(bring_in: Import, kaldi: Path) -> None:
    (kaldi / "text").write_bytes("a one\n".encode("utf-16"))
    assert faults_of(bring_in, "kaldi", kaldi) == ("text: is UTF-16",)
    for encoding in ("utf-16", "hex", "klingon"):
        with pytest.raises(UsageError, match="not an encoding"):
            bring_in("kaldi", kaldi, encoding=encoding)


def test_a_table_in_another_encoding_names_its_line(bring_in: Import, tmp_path: Path) -> None:
    record(tmp_path / "t" / "a.wav")
    write(tmp_path / "t" / "x.csv", "path,text", "a.wav,你", encoding="big5")
    assert faults_of(bring_in, "table", tmp_path / "t") == ("x.csv:2: not UTF-8 (byte 7)",)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["path,text", "a.wav"], "x.csv:2: 1 columns where the header has 2"),
        (["path,text", ",hello"], "x.csv:2: 'path' is empty"),
        (["path,text", "../a.wav,"], "x.csv:2: no audio file ../a.wav"),
        (["path,text,id", "a.wav,x,1", "a.wav,y,1"], "x.csv:3: id '1' is already that of x.csv:2"),
        (["path,text", "a.wav,x", "a.wav,y"], "x.csv:3: id 'a' is already that of x.csv:2"),
        (["path,text", '"a.wav,x'], "x.csv:2: not CSV (unexpected end of data)"),
        (["path,words", "a.wav,x"], "x.csv:1: no column is known to hold texts; there are 'path', 'words'"),
        (["path,text,text", "a.wav,x,y"], "x.csv:1: column 'text' twice"),
    ],
)
def test_faults_of_tables(bring_in: Import, tmp_path: Path, lines: list[str], expected: str) -> None:
    record(tmp_path / "t" / "a.wav")
    write(tmp_path / "t" / "x.csv", *lines)
    assert faults_of(bring_in, "table", tmp_path / "t")[0] == expected


def test_a_column_can_be_named_that_is_not_known(bring_in: Import, tmp_path: Path, settings: Settings) -> None:
    record(tmp_path / "t" / "a.wav")
    write(tmp_path / "t" / "x.csv", "path,words,text", "a.wav,said,other")
    bring_in("table", tmp_path / "t", columns={"text": "words"})
    (item,) = find_set("t", settings).items
    assert (item.reference, item.tags) == ("said", {"source_text": "other"})
    with pytest.raises(UsageError, match="has no column 'nope'"):
        bring_in("table", tmp_path / "t", columns={"text": "nope"})


def test_an_error_of_a_formula_is_no_text(bring_in: Import, tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    record(tmp_path / "a.wav")
    book = openpyxl.Workbook()
    book.active.append(("path", "text"))
    book.active.append(("a.wav", "#N/A"))
    book.save(tmp_path / "x.xlsx")
    assert faults_of(bring_in, "table", tmp_path / "x.xlsx") == ("x.xlsx:2: a cell is the error #N/A",)
    (tmp_path / "y.xlsx").write_bytes(b"PK no zip")
    assert "is not an Excel workbook" in faults_of(bring_in, "table", tmp_path / "y.xlsx")[0]


def test_recordings_without_a_label_and_labels_without_one(bring_in: Import, tmp_path: Path) -> None:
    root = tmp_path / "p"
    record(root / "a.wav")
    record(root / "b.wav")
    write(root / "c.txt", "x")
    assert faults_of(bring_in, "pairs", root) == (
        "a.wav: no a.txt beside it",
        "b.wav: no b.txt beside it",
        "c.txt: no recording named c beside it",
    )


def test_librispeech_and_aishell_count_what_has_no_partner(bring_in: Import, tmp_path: Path) -> None:
    chapter = tmp_path / "test-clean" / "1" / "2"
    record(chapter / "1-2-0001.flac")
    write(chapter / "1-2.trans.txt", "1-2-0000 GONE")
    assert set(faults_of(bring_in, "librispeech", tmp_path)) == {
        "test-clean/1/2/1-2.trans.txt:1: no audio file 1-2-0000.flac",
        "test-clean/1/2/1-2-0001.flac: no line in the .trans.txt beside it",
    }
    root = tmp_path / "data_aishell"
    record(root / "wav" / "test" / "S1" / "A1.wav")
    write(root / "transcript" / "t.txt", "A1 好", "A2 没有", "A1 又")
    assert faults_of(bring_in, "aishell", root) == (
        "transcript/t.txt:1: id 'A1' is again that of line 3",
        "transcript/t.txt:2: no recording A2 under wav",
    )


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("[1]", "not a JSON object"),
        ('{"audio_filepath": "a.wav"}', "no 'text'"),
        ('{"audio_filepath": "a.wav", "text": null}', "no 'text'"),
        ('{"audio_filepath": "a.wav", "text": 5}', "'text' is 5, not text"),
        ('{"text": "x"}', "no 'audio_filepath'"),
        ('{"audio_filepath": "a.wav", "text": "x", "offset": -1}', "'offset' is -1, not a number of seconds"),
        ('{"audio_filepath": "a.wav", "text": "x", "offset": 0, "duration": 0}', "'duration' is 0 s"),
        ('{"audio_filepath": "a.wav", "text": "x", "offset": 0.01, "duration": 60}', "it ends at 60.01 s"),
    ],
)
def test_faults_of_nemo_manifests(bring_in: Import, tmp_path: Path, line: str, expected: str) -> None:
    record(tmp_path / "a.wav")
    write(tmp_path / "m.json", line)
    (fault,) = faults_of(bring_in, "nemo", tmp_path / "m.json")
    assert fault.startswith("m.json:1: ")
    assert expected in fault


def test_empty_labels_can_be_meant(bring_in: Import, tmp_path: Path, settings: Settings) -> None:
    record(tmp_path / "a.wav")
    write(tmp_path / "m.json", '{"audio_filepath": "a.wav", "text": ""}')
    bring_in("nemo", tmp_path / "m.json", keep_empty=True)
    assert find_set("m", settings).items[0].reference == ""


def test_importing_again_changes_nothing_and_another_set_is_not_overwritten(
    bring_in: Import, kaldi: Path, settings: Settings
) -> None:
    first = bring_in("kaldi", kaldi)
    before = {path: path.stat().st_mtime_ns for path in first.folder.rglob("*")}
    again = bring_in("kaldi", kaldi)
    assert (first.existing, again.existing) == (False, True)
    assert again.digest == first.digest == find_set("data", settings).digest()
    assert {path: path.stat().st_mtime_ns for path in first.folder.rglob("*")} == before
    record(kaldi / "b.wav", seed=9)
    with pytest.raises(UsageError, match="it is another"):
        bring_in("kaldi", kaldi)
    changed = bring_in("kaldi", kaldi, replace=True)
    assert changed.digest == find_set("data", settings).digest() != first.digest
    assert [path.name for path in settings.sets.iterdir()] == ["data"], "nothing half done stays"


@pytest.mark.parametrize("name", ["..", "a/b", ".hidden", "english-demo"])
def test_names_that_cannot_be(bring_in: Import, kaldi: Path, name: str) -> None:
    with pytest.raises(UsageError):
        bring_in("kaldi", kaldi, name=name)


def test_what_is_not_there(bring_in: Import, tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="no layout named 'kalid'"):
        bring_in("kalid", tmp_path)
    with pytest.raises(UsageError, match="There is no folder"):
        bring_in("kaldi", tmp_path / "nowhere")
    assert faults_of(bring_in, "kaldi", tmp_path)[0].endswith("no file wav.scp")
