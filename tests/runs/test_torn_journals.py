"""Journals cut at every byte of their last two lines, or with any byte changed: what stays, and what is said."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from workbench.audio.segment import Span
from workbench.engines.base import Hypothesis
from workbench.errors import DiskError, RunError
from workbench.pipeline.journal import TranscriptJournal
from workbench.pipeline.measurement import Measurement
from workbench.pipeline.stretch import ChunkHeard, Heard
from workbench.runs.journal import Entry, Journal, encode, read_journal
from workbench.runs.records import ItemFailure

COST = Measurement(wall_seconds=1, cpu_seconds=1, audio_seconds=5)
SPANS = [Span(float(start), start + 5.0) for start in range(0, 20, 5)]


def line(name: str) -> bytes:
    return encode(Entry(outcome=ItemFailure(id=name, reference="r", error="E", message="It failed."), wall_seconds=1.5))


def ids(path: Path) -> list[str]:
    return [entry.outcome.id for entry in read_journal(path)[0]]


def test_items_cut_at_every_byte_of_the_last_two_lines(tmp_path: Path) -> None:
    lines = [line(name) for name in "abc"]
    whole, first = b"".join(lines), len(lines[0])
    path = tmp_path / "items.jsonl"
    for cut in range(first, len(whole) + 1):
        path.write_bytes(whole[:cut])
        kept = ["a", "b", "c"][: whole[:cut].count(b"\n")]
        assert ids(path) == kept
        with Journal(tmp_path) as journal:
            assert [one.id for one in journal.written.outcomes()] == kept
        assert path.read_bytes() == b"".join(lines[: len(kept)])


def test_a_byte_changed_before_the_last_line_is_said_with_its_place(tmp_path: Path) -> None:
    lines = [line(name) for name in "abc"]
    path = tmp_path / "items.jsonl"
    for at in range(len(lines[0]), len(lines[0]) + len(lines[1])):
        damaged = bytearray(b"".join(lines))
        damaged[at] ^= 0x15  # no newline becomes another, so that the line keeps its number
        if damaged[at] == ord("\n"):
            continue
        path.write_bytes(damaged)
        with pytest.raises(RunError, match=rf"{re.escape(tmp_path.name)}/items\.jsonl:2 ") as said:
            read_journal(path)
        assert said.value.hint
        with pytest.raises(RunError, match=r"items\.jsonl:2 "):
            Journal(tmp_path)
        assert path.read_bytes() == bytes(damaged)  # refused, and not cut


def test_a_last_line_that_is_whole_and_damaged_is_no_torn_one(tmp_path: Path) -> None:
    first, last = line("a"), line("b")
    path = tmp_path / "items.jsonl"
    for at in range(len(last) - 1):
        damaged = first + last[:at] + bytes([last[at] ^ 0x15]) + last[at + 1 :]
        if damaged.count(b"\n") != 2:
            continue
        path.write_bytes(damaged)
        for reads in (read_journal, lambda _: Journal(tmp_path)):
            with pytest.raises(RunError, match=rf"{re.escape(tmp_path.name)}/items\.jsonl:2 is damaged") as said:
                reads(path)
            assert said.value.hint
        assert path.read_bytes() == damaged


@pytest.mark.parametrize(("start", "end"), [(0, 1), (0, 40), (60, 62), (30, None), (0, None), (-1, None)])
def test_a_last_line_of_which_blocks_are_zeros_or_the_end_is_missing_is_torn(
    tmp_path: Path, start: int, end: int | None
) -> None:
    first, last = line("a"), line("b")
    path = tmp_path / "items.jsonl"
    zeroed = bytearray(last)
    zeroed[start:end] = bytes(len(zeroed[start:end]))
    path.write_bytes(first + zeroed)
    assert ids(path) == ["a"]
    with Journal(tmp_path) as journal:
        assert [one.id for one in journal.written.outcomes()] == ["a"]
    assert path.read_bytes() == first


def heard(index: int) -> ChunkHeard:
    words = Heard(start=SPANS[index].start, end=SPANS[index].end, hypothesis=Hypothesis(text=f"t{index}", raw="r"))
    return ChunkHeard(index=index, start=SPANS[index].start, end=SPANS[index].end, heard=(words,), measurement=COST)


@pytest.fixture
def chunks(tmp_path: Path) -> Path:
    """The journal of a transcription of which three of four chunks are done."""
    journal = TranscriptJournal(tmp_path, {"sound": "d"}, SPANS)
    for index in range(3):
        journal.append(heard(index))
    journal.close()
    (path,) = tmp_path.glob("*/chunks.jsonl")
    return path


def done(path: Path) -> list[ChunkHeard]:
    journal = TranscriptJournal(path.parents[1], {"sound": "d"}, SPANS)
    journal.close()
    return journal.done


def test_chunks_cut_at_every_byte_of_the_last_two_lines(chunks: Path) -> None:
    whole = chunks.read_bytes()
    lines = whole.splitlines(keepends=True)
    for cut in range(len(lines[0]) + len(lines[1]), len(whole) + 1):
        chunks.write_bytes(whole[:cut])
        kept = whole[:cut].count(b"\n") - 1
        assert done(chunks) == [heard(index) for index in range(kept)]
        assert chunks.read_bytes() == b"".join(lines[: kept + 1])


def test_chunks_after_a_changed_byte_are_heard_again(chunks: Path) -> None:
    whole = chunks.read_bytes()
    head, first, *_ = whole.splitlines(keepends=True)
    for at in range(0, len(whole), 7):
        damaged = bytearray(whole)
        damaged[at] ^= 0x15
        chunks.write_bytes(damaged)
        kept = 0 if at < len(head) + len(first) else whole[:at].count(b"\n") - 1
        assert done(chunks) == [heard(index) for index in range(kept)]


def test_a_second_transcription_of_the_same_is_refused(chunks: Path) -> None:
    journal = TranscriptJournal(chunks.parents[1], {"sound": "d"}, SPANS)
    with pytest.raises(BlockingIOError):
        TranscriptJournal(chunks.parents[1], {"sound": "d"}, SPANS)
    assert len(journal.done) == 3
    journal.close()
    assert len(done(chunks)) == 3


def test_after_a_torn_line_that_cannot_be_cut_off_nothing_is_written(tmp_path: Path) -> None:
    class Stuck:
        """A file of a disk that takes half of a line and then nothing, not even its end back."""

        def __init__(self, file: object) -> None:
            self.file = file

        def __getattr__(self, name: str) -> object:
            return getattr(self.file, name)

        def write(self, data: bytes) -> int:
            return self.file.write(data[: len(data) // 2])  # pyright: ignore[reportAttributeAccessIssue]

        def truncate(self, size: int) -> int:
            raise OSError(5, "Input/output error")

    def entry(name: str) -> Entry:
        return Entry(outcome=ItemFailure(id=name, reference="r", error="E", message="It failed."), wall_seconds=0)

    with Journal(tmp_path) as journal:
        journal.append(entry("a"))
        file, journal._file = journal._file, Stuck(journal._file)  # pyright: ignore
        with pytest.raises(DiskError, match="only a part"):
            journal.append(entry("b"))
        journal._file = file
        with pytest.raises(RunError, match="its end is torn"):
            journal.append(entry("c"))
    with Journal(tmp_path) as journal:
        journal.append(entry("c"))
    assert ids(tmp_path / "items.jsonl") == ["a", "c"]
