"""Whatever a manifest holds: accepted and refused lines together are all lines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.errors import ManifestError
from workbench.evalsets.items import check_items
from workbench.evalsets.load import load_manifest
from workbench.evalsets.manifest import read_rows

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


def check_total(path: Path, content: list[bytes], *, header: int) -> None:
    path.write_bytes(b"\n".join(content))
    # A byte order mark is only one at the very start, and makes nothing of an otherwise blank line.
    first = [content[0].removeprefix(b"\xef\xbb\xbf"), *content[1:]] if content else []
    filled = {number for number, line in enumerate(first, start=1) if line.strip() and number > header}
    if content and content[0][:2] in (b"\xff\xfe", b"\xfe\xff"):
        return
    rows, faults = read_rows(path)
    items, more = check_items(rows, path)
    refused = {line for line, _ in faults + more}
    assert len(items) + len(refused) == len(filled)
    assert refused <= filled
    assert len({item.id for item in items}) == len(items)
    if filled and not refused:
        assert load_manifest(path).items == tuple(items)
        return
    with pytest.raises(ManifestError) as caught:
        load_manifest(path)
    assert all(fault.startswith(f"{path.name}:") for fault in caught.value.faults)


def test_the_fuzz_meets_both_kinds(tmp_path: Path, recording: str) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text('{"audio": "a.wav", "text": "x"}\n{"audio": 5}\n')
    rows, faults = read_rows(path)
    items, more = check_items(rows, path)
    assert (len(items), {line for line, _ in faults + more}) == (1, {2})
    with pytest.raises(ManifestError):
        load_manifest(path)
