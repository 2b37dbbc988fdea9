"""Whatever was labelled comes back as it was, through each layout; counts agree with counts made otherwise."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.evalsets.layouts import LAYOUTS
from workbench.evalsets.layouts.reading import Reading, ReadOptions

from .conftest import write

# What one line of text can hold; a tab ends a cell of a TSV, and no layout keeps white space at the ends.
_CHARACTERS = st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp"), blacklist_characters="\ufeff\x85")
TEXT = st.text(_CHARACTERS, min_size=1, max_size=12).map(str.strip).filter(bool)
SAID = TEXT | st.sampled_from(
    ["NA", "nan", "null", "None", "-", '"', "''", "1e5", "=1+1", "唔該\u3000晒", "#N/A", "a,b;c|d"]
)
LABELS = st.dictionaries(st.from_regex(r"[A-Za-z0-9]{1,8}", fullmatch=True), SAID, min_size=1, max_size=6)


def nemo(root: Path, labels: Mapping[str, str]) -> None:
    lines = [{"audio_filepath": f"{key}.wav", "text": text, "duration": 1} for key, text in labels.items()]
    write(root / "m.jsonl", *(json.dumps(line, ensure_ascii=bool(n % 2)) for n, line in enumerate(lines)))


def kaldi(root: Path, labels: Mapping[str, str]) -> None:
    write(root / "wav.scp", *(f"{key} {key}.wav" for key in labels))
    write(root / "text", *(f"{key} {text}" for key, text in labels.items()))


def table(root: Path, labels: Mapping[str, str]) -> None:
    with (root / "t.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("file_name", "text"), *((f"{key}.wav", text) for key, text in labels.items())])


def audiofolder(root: Path, labels: Mapping[str, str]) -> None:
    lines = [{"file_name": f"{key}.wav", "text": text} for key, text in labels.items()]
    write(root / "metadata.jsonl", *map(json.dumps, lines))


def common_voice(root: Path, labels: Mapping[str, str]) -> None:
    (root / "clips").mkdir()
    for key in labels:
        (root / f"{key}.wav").rename(root / "clips" / f"{key}.wav")
    rows = (f"c\t{key}.wav\t{text}" for key, text in labels.items())
    write(root / "test.tsv", "client_id\tpath\tsentence", *rows)


def pairs(root: Path, labels: Mapping[str, str]) -> None:
    for key, text in labels.items():
        (root / f"{key}.txt").write_text(text, encoding="utf-8")


def textgrid(root: Path, labels: Mapping[str, str]) -> None:
    for key, text in labels.items():
        said = text.replace('"', '""')
        write(root / "grids" / f"{key}.TextGrid", 'Object class = "TextGrid"', 'name = "t"', f'text = "{said}"')


def librispeech(root: Path, labels: Mapping[str, str]) -> None:
    write(root / "1-2.trans.txt", *(f"{key} {text}" for key, text in labels.items()))


WRITERS = {
    "nemo": nemo, "kaldi": kaldi, "table": table, "audiofolder": audiofolder, "common-voice": common_voice,
    "pairs": pairs, "librispeech": librispeech,
    "textgrid": textgrid,
}  # fmt: skip


@pytest.mark.parametrize("layout", sorted(WRITERS))
@settings(max_examples=25, deadline=None)
@given(labels=LABELS)
def test_what_was_labelled_comes_back(layout: str, labels: dict[str, str]) -> None:
    with TemporaryDirectory() as folder:
        root = Path(folder)
        for key in labels:
            (root / f"{key}.wav").touch()
        WRITERS[layout](root, labels)
        found = LAYOUTS[layout].read(root, ReadOptions())
        assert found.refused == ()
        assert {one.id: one.text for one in found.utterances} == labels
        assert all(one.audio.is_file() for one in found.utterances)


@pytest.mark.parametrize("layout", sorted(WRITERS))
@settings(max_examples=15, deadline=None)
@given(labels=LABELS, data=st.data())
def test_what_is_missing_is_refused_and_nothing_else(layout: str, labels: dict[str, str], data: st.DataObject) -> None:
    gone = data.draw(st.sets(st.sampled_from(sorted(labels))))
    with TemporaryDirectory() as folder:
        root = Path(folder)
        for key in labels:
            (root / f"{key}.wav").touch()
        WRITERS[layout](root, labels)
        for key in gone:
            next(root.rglob(f"{key}.wav")).unlink()
        found: Reading = LAYOUTS[layout].read(root, ReadOptions())
        assert {one.id for one in found.utterances} == labels.keys() - gone
        assert sorted(one.id or one.file for one in found.refused) == sorted(gone)
        assert len(found.utterances) + len(found.refused) == len(labels)


def test_counts_agree_with_other_programs(tmp_path: Path) -> None:
    """`find` and `wc` count what the readers count, over trees of a hundred utterances."""
    chapters = tmp_path / "LibriSpeech" / "test-clean"
    for speaker in range(4):
        for chapter in range(5):
            place = chapters / str(speaker) / str(chapter)
            place.mkdir(parents=True)
            keys = [f"{speaker}-{chapter}-{n:04d}" for n in range(3 + speaker * chapter)]
            for key in keys:
                (place / f"{key}.flac").touch()
            write(place / f"{speaker}-{chapter}.trans.txt", *(f"{key} WORD {key}" for key in keys))
    found = LAYOUTS["librispeech"].read(tmp_path, ReadOptions())
    assert len(found.utterances) == said("find", chapters, "-name", "*.flac").count("\n") == 120
    assert found.refused == ()
    write(tmp_path / "text", *(f"{one.id} {one.text}" for one in found.utterances))
    write(tmp_path / "wav.scp", *(f"{one.id} {one.audio}" for one in found.utterances[:100]))
    kaldi_found = LAYOUTS["kaldi"].read(tmp_path, ReadOptions())
    lines = int(said("wc", "-l", tmp_path / "text").split()[0])
    assert len(kaldi_found.utterances) + len(kaldi_found.refused) == lines
    assert len(kaldi_found.refused) == 20


def said(*command: object) -> str:
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True).stdout
