"""Outcomes on disk: whole, checked, and written by one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.engines.base import Segment
from workbench.errors import DiskError, RunError
from workbench.pipeline.measurement import Measurement
from workbench.runs.journal import Entry, Journal, decode, encode, latest, read_journal
from workbench.runs.records import ItemFailure, ItemResult

texts = st.text(max_size=20)  # lone surrogates are replaced before an outcome is made
numbers = st.floats(0, 1e6) | st.integers(0, 9)  # with an int for a float, pydantic tries unions leniently
tags = st.dictionaries(texts, st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts)
measurements = st.builds(
    Measurement,
    wall_seconds=numbers,
    cpu_seconds=numbers,
    gpu_seconds=st.none() | numbers,
    peak_rss_bytes=st.none() | st.integers(0, 2**50),
    audio_seconds=numbers,
    kind=st.sampled_from(["single", "amortised"]),
)
segments = st.lists(st.builds(Segment, start=numbers, end=numbers, text=texts), max_size=2).map(tuple)
results = st.builds(
    ItemResult,
    kind=st.just("result"),
    id=texts,
    reference=texts,
    text=texts,
    raw=texts,
    language=st.none() | texts,
    finish=st.sampled_from(["eos", "length", "unknown"]),
    measurement=measurements,
    segments=segments,
    warnings=st.lists(texts, max_size=2).map(tuple),
    tags=tags,
    audio=texts,
)
failures = st.builds(
    ItemFailure, kind=st.just("failure"), id=texts, reference=texts, error=texts, message=texts, tags=tags, audio=texts
)
entries = st.builds(Entry, outcome=results | failures, wall_seconds=numbers)


def failure(name: str, message: str = "It failed.") -> ItemFailure:
    return ItemFailure(id=name, reference="r", error="E", message=message)


@given(entries)
def test_what_is_written_is_what_is_read(entry: Entry) -> None:
    line = encode(entry)
    assert line.count(b"\n") == 1
    read = decode(line)
    assert read == entry
    # 1 == True == 1.0 in Python, and not in a table.
    assert {k: type(v) for k, v in read.outcome.tags.items()} == {k: type(v) for k, v in entry.outcome.tags.items()}


@given(entries, st.data())
def test_a_flipped_bit_is_seen(entry: Entry, data: st.DataObject) -> None:
    line = bytearray(encode(entry))
    line[data.draw(st.integers(0, len(line) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert decode(bytes(line)) is None


def test_the_last_line_cut_at_every_byte_costs_that_line_alone(tmp_path: Path) -> None:
    first, last = (encode(Entry(outcome=failure(name), wall_seconds=1.5)) for name in "ab")
    path = tmp_path / "items.jsonl"
    for cut in range(len(last) + 1):
        path.write_bytes(first + last[:cut])
        kept = ["a", "b"] if cut == len(last) else ["a"]
        assert [entry.outcome.id for entry in read_journal(path)[0]] == kept
        with Journal(tmp_path) as journal:
            assert [one.id for one in journal.written.outcomes()] == kept
            journal.append(Entry(outcome=failure("c"), wall_seconds=2))
        assert [entry.outcome.id for entry in read_journal(path)[0]] == [*kept, "c"]


def test_a_damaged_line_in_the_middle_is_named(tmp_path: Path) -> None:
    lines = [encode(Entry(outcome=failure(name), wall_seconds=0)) for name in "abc"]
    (tmp_path / "items.jsonl").write_bytes(lines[0] + lines[1].replace(b"failed", b"passed") + lines[2])
    with pytest.raises(RunError, match=r"items\.jsonl:2 is damaged"):
        read_journal(tmp_path / "items.jsonl")
    with pytest.raises(RunError, match=r"items\.jsonl:2 is damaged") as kept:
        Journal(tmp_path)
    (tmp_path / "items.jsonl").write_bytes(b"".join(lines))
    with Journal(tmp_path) as journal:  # the refusal let the lock go, though its traceback is still held
        assert len(journal.written) == 3
    del kept


def test_a_whole_line_of_another_format_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = encode(Entry(outcome=failure("a"), wall_seconds=0))
    monkeypatch.setattr("zlib.crc32", lambda body: 0)
    (tmp_path / "items.jsonl").write_bytes(line.replace(line[9:17], b"00000000").replace(b'"audio"', b'"colour"'))
    with pytest.raises(RunError, match=r"items\.jsonl:1 is of another format"):
        read_journal(tmp_path / "items.jsonl")


def test_the_last_outcome_of_an_item_counts_where_the_first_one_stood() -> None:
    told = (("a", "first"), ("b", "first"), ("a", "second"))
    written = [Entry(outcome=failure(name, message), wall_seconds=0) for name, message in told]
    assert latest(written) == [failure("a", "second"), failure("b", "first")]


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    with Journal(tmp_path), pytest.raises(RunError, match="is being written by another"):
        Journal(tmp_path)
    Journal(tmp_path).close()


def test_a_writer_in_another_process_is_refused_until_it_is_killed(tmp_path: Path) -> None:
    code = """
import pathlib, sys, time
from workbench.runs.journal import Journal
journal = Journal(pathlib.Path(sys.argv[1]))
print("open", flush=True)
time.sleep(60)
"""
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(RunError, match="is being written by another"):
            Journal(tmp_path)
        other.kill()
        other.wait()
    Journal(tmp_path).close()


def test_a_full_disk_costs_no_line_that_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Journal(tmp_path) as journal:
        journal.append(Entry(outcome=failure("a"), wall_seconds=0))

        def full(handle: int) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr("os.fsync", full)
            with pytest.raises(DiskError, match=f"The run {tmp_path.name} cannot be written: No space left on device"):
                journal.append(Entry(outcome=failure("b"), wall_seconds=0))
        journal.append(Entry(outcome=failure("c"), wall_seconds=0))
    assert [entry.outcome.id for entry in read_journal(tmp_path / "items.jsonl")[0]] == ["a", "c"]
