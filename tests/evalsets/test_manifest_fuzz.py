"""Whatever a manifest holds: accepted and refused lines together are all lines."""

from __future__ import annotations

import json
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.errors import ManifestError
from workbench.evalsets import manifest_items
from workbench.evalsets.load import load_manifest
from workbench.evalsets.manifest import read_rows
from workbench.evalsets.streamed import StreamedItems

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
known = ["id", "audio", "audio_filepath", "text", "sentence", "duration", "language", "tag"]
names = st.sampled_from(known) | st.text(max_size=4)
objects = st.dictionaries(names, scalars | st.lists(scalars, max_size=2) | st.just("a.wav"), max_size=6)
good = st.builds(lambda text: {"audio": "a.wav", "text": text}, st.text(max_size=8))
lines = st.one_of(
    st.one_of(objects, good).map(lambda value: json.dumps(value).encode()),
    st.binary(max_size=30).map(lambda raw: raw.replace(b"\n", b" ")),
)
reuse = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@reuse
@given(st.lists(lines, max_size=12))
def test_every_json_line_is_an_item_or_a_fault(tmp_path: Path, recording: str, content: list[bytes]) -> None:
    check_total(tmp_path / "m.jsonl", content, header=0)


@reuse
@given(st.lists(st.binary(max_size=20).map(lambda raw: raw.replace(b"\n", b'"')) | st.just(b"a.wav,x,1"), max_size=12))
def test_every_table_line_is_an_item_or_a_fault(tmp_path: Path, recording: str, content: list[bytes]) -> None:
    check_total(tmp_path / "m.csv", [b"audio,text,duration", *content], header=1)


TEXTS = ("NA", "null", "None", "nan", "007", "1.0", "1e5", "true", "-", "=1+1", "N/A", "#N/A", "", "请打开 API", "it's")
values = st.sampled_from(TEXTS) | st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=8)


@reuse
@given(
    st.lists(st.binary(max_size=20).map(lambda raw: raw.replace(b"\n", b"\t")) | st.just(b"a.wav\tx\t1"), max_size=12)
)
def test_every_tab_line_is_an_item_or_a_fault(tmp_path: Path, recording: str, content: list[bytes]) -> None:
    check_total(tmp_path / "m.tsv", [b"audio\ttext\tduration", *content], header=1)


@reuse
@given(st.lists(st.tuples(values, values), min_size=1, max_size=6, unique_by=lambda pair: pair[0]))
def test_what_looks_like_a_number_or_nothing_stays_text(
    tmp_path: Path, recording: str, written: list[tuple[str, str]]
) -> None:
    pairs = [(f"{name.strip()}x", text.strip().replace("\t", " ")) for name, text in written]
    pairs = list(dict(pairs).items())
    tables = {
        "m.jsonl": [json.dumps({"id": name, "audio": "a.wav", "text": text}) for name, text in pairs],
        "m.csv": ["id,audio,text", *(f"{quoted(name)},a.wav,{quoted(text)}" for name, text in pairs)],
        "m.tsv": ["id\taudio\ttext", *(f"{name}\ta.wav\t{text}" for name, text in pairs)],
    }
    for file, content in tables.items():
        (tmp_path / file).write_text("\n".join(content), encoding="utf-8")
        items = load_manifest(tmp_path / file).items
        assert [(item.id, item.reference) for item in items] == pairs


@pytest.mark.parametrize("name", ["007", "NA", "null", "None", "1e5", "nan", "0x10"])
@pytest.mark.parametrize("file", ["m.jsonl", "m.csv", "m.tsv"])
def test_an_id_stays_text(tmp_path: Path, recording: str, file: str, name: str) -> None:
    separator = "\t" if file.endswith("tsv") else ","
    table = [separator.join(("id", "audio", "text")), separator.join((name, "a.wav", name))]
    line = json.dumps({"id": name, "audio": "a.wav", "text": name})
    (tmp_path / file).write_text(line if file.endswith("jsonl") else "\n".join(table))
    (item,) = load_manifest(tmp_path / file).items
    assert (item.id, item.reference) == (name, name)


def quoted(text: str) -> str:
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


WHOLE = {
    "m.jsonl": [
        json.dumps({"id": f"00{n}", "audio": "a.wav", "text": f"NA, “{n}”", "duration": 1.5}).encode() for n in range(6)
    ],
    "m.csv": [b"id,audio,text,duration", *(f'00{n},a.wav,"null, {n}",1.5'.encode() for n in range(6))],
    "m.tsv": [b"id\taudio\ttext\tduration", *(f'00{n}\ta.wav\t"None {n}\t1.5'.encode() for n in range(6))],
}
HARM = (
    b'"',
    b"'",
    b"\\",
    b",",
    b"\t",
    b"\r",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"{",
    b"}",
    b"\xe2\x80\xa8",
    b"NaN",
    b"-",
)


@reuse
@given(
    st.sampled_from(sorted(WHOLE)),
    st.lists(
        st.tuples(st.integers(1, 6), st.integers(0, 60), st.sampled_from(HARM) | st.binary(max_size=3)), max_size=5
    ),
)
def test_a_mutated_manifest_loses_no_line(
    tmp_path: Path, recording: str, file: str, changes: list[tuple[int, int, bytes]]
) -> None:
    """Harm is done to the lines of items, not to the header; an open quote swallows no line but its own."""
    content = list(WHOLE[file])
    for line, at, harm in changes:
        number = line % len(content)
        if number or file == "m.jsonl":
            old = content[number]
            content[number] = old[: at % (len(old) + 1)] + harm.replace(b"\n", b" ") + old[at % (len(old) + 1) :]
    check_total(tmp_path / file, content, header=0 if file == "m.jsonl" else 1)
    untouched = {index for index in range(len(content)) if content[index] == WHOLE[file][index]}
    refused = {line.number for line, found in read_rows(tmp_path / file) if isinstance(found, str)}
    assert not {index + 1 for index in untouched} & refused


def check_total(path: Path, content: list[bytes], *, header: int) -> None:
    path.write_bytes(b"\n".join(content))
    # A byte order mark is only one at the very start, and makes nothing of an otherwise blank line.
    first = [content[0].removeprefix(b"\xef\xbb\xbf"), *content[1:]] if content else []
    filled = {number for number, line in enumerate(first, start=1) if line.strip() and number > header}
    if content and content[0][:2] in (b"\xff\xfe", b"\xfe\xff"):
        return
    refused = faulty_lines(path)
    assert refused <= filled
    if not filled - refused:
        return
    if refused:  # the others are items, every one, once these are blank
        path.write_bytes(b"\n".join(b"" if number in refused else line for number, line in enumerate(content, start=1)))
    items = load_manifest(path).items
    assert len(items) == len(filled - refused)
    assert len({item.id for item in items}) == len(items)
    with patch.object(manifest_items, "HELD_ITEMS", 0):
        streamed = load_manifest(path).items
    assert isinstance(streamed, StreamedItems)
    assert tuple(streamed) == items


def faulty_lines(path: Path) -> set[int]:
    faults: tuple[str, ...] = ()
    try:
        load_manifest(path)
    except ManifestError as error:
        faults = error.faults
    assert all(fault.startswith(f"{path.name}:") for fault in faults)
    return {int(line) for line in (fault.split(":")[1] for fault in faults) if line.isdigit()}


def test_the_fuzz_meets_both_kinds(tmp_path: Path, recording: str) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text('{"audio": "a.wav", "text": "x"}\n{"audio": 5}\n')
    assert faulty_lines(path) == {2}
    check_total(path, path.read_bytes().split(b"\n"), header=0)
