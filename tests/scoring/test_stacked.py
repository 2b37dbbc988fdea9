"""Several systems in one alignment: each row is the system's own, each column has one meaning."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.scoring.alignment import Edit, align_units
from workbench.scoring.score import align
from workbench.scoring.stacked import Column, StackedAlignment, stack_alignments, stack_texts
from workbench.text.units import UNITS, Unit, split

TEXTS = st.text(alphabet="ab 好天", max_size=9)
SYSTEMS = st.lists(TEXTS, min_size=1, max_size=4)
few = settings(max_examples=150, deadline=None)


def draw_rows(stacked: StackedAlignment) -> list[str]:
    """The reference and each system as a line: `*` a unit put in elsewhere, `-` a deletion."""
    lines = ["".join(column.reference or "*" for column in stacked.columns)]
    for system in range(stacked.systems):
        edits = [column.edits[system] for column in stacked.columns]
        lines.append("".join("*" if edit is None else edit.hypothesis or "-" for edit in edits))
    return lines


@given(TEXTS, SYSTEMS, st.sampled_from(UNITS))
@few
def test_each_row_is_the_systems_own_alignment(reference: str, hypotheses: list[str], unit: Unit) -> None:
    stacked = stack_texts(reference, hypotheses, unit)
    assert stacked.systems == len(hypotheses)
    for system, hypothesis in enumerate(hypotheses):
        assert stacked.read_row(system) == align(reference, hypothesis, unit)


@given(TEXTS, SYSTEMS, st.sampled_from(UNITS))
@few
def test_columns_are_the_reference_and_what_was_put_in(reference: str, hypotheses: list[str], unit: Unit) -> None:
    columns = stack_texts(reference, hypotheses, unit).columns
    assert [column.reference for column in columns if column.reference is not None] == split(reference, unit)
    for column in columns:
        assert len(column.edits) == len(hypotheses)
        if column.reference is None:
            present = [edit for edit in column.edits if edit is not None]
            assert {edit.op for edit in present} == {"insertion"}
            assert len({edit.hypothesis for edit in present}) == 1
        else:
            assert all(edit is not None and edit.reference == column.reference for edit in column.edits)


@given(TEXTS, TEXTS, st.sampled_from(UNITS))
@few
def test_equal_systems_share_every_column(reference: str, hypothesis: str, unit: Unit) -> None:
    alone, twice = (stack_texts(reference, [hypothesis] * times, unit) for times in (1, 2))
    assert [Column(column.reference, column.edits * 2) for column in alone.columns] == list(twice.columns)


@given(st.text(alphabet="abc", max_size=8), st.text(alphabet="abc", max_size=8))
@few
def test_two_systems_share_as_many_insertions_as_their_order_allows(one: str, other: str) -> None:
    columns = stack_texts("", [one, other], "char").columns
    longest = {(0, j): 0 for j in range(len(other) + 1)} | {(i, 0): 0 for i in range(len(one) + 1)}
    for i, left in enumerate(one, 1):
        for j, right in enumerate(other, 1):
            shared = longest[i - 1, j - 1] + 1 if left == right else 0
            longest[i, j] = max(shared, longest[i - 1, j], longest[i, j - 1])
    assert sum(None not in column.edits for column in columns) == longest[len(one), len(other)]


def test_is_read_from_left_to_right() -> None:
    stacked = stack_texts("今日好天", ["今日啊好好天呀", "今日嗯啊好天氣呀", "好天"], "char")
    assert draw_rows(stacked) == [
        "今日***好天**",
        "今日*啊好好天*呀",
        "今日嗯啊*好天氣呀",
        "--***好天**",
    ]
    assert stacked.columns[3] == Column(None, (Edit("insertion", "", "啊"), Edit("insertion", "", "啊"), None))


def test_long_insertions_take_seconds() -> None:
    """Loops of thousands of units on a clip of noise."""
    columns = stack_texts("", ["thank you " * 1500, "you thank " * 1500], "word").columns
    assert len(columns) == 3001


def test_alignments_of_other_references_are_refused() -> None:
    with pytest.raises(ValueError, match="different references"):
        stack_alignments(align_units([["a"], ["b"]], [["a"], ["a"]]))
    for nothing in (lambda: stack_alignments([]), lambda: stack_texts("a", [], "word")):
        with pytest.raises(ValueError, match="no alignment"):
            nothing()
