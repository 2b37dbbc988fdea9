"""Several systems under one reference: one alignment whose columns all of them share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.scoring.alignment import MOST_HITS, Edit, align_units
from workbench.text.units import Unit, split


@dataclass(frozen=True, slots=True)
class Column:
    """One place of the reference, or one unit put in between two of them.

    Attributes:
        reference: The reference's unit; None where one or more systems put a unit in.
        edits: For each system what it made of that place. At a reference unit all have one; where a unit is put in,
            only the systems that put in this very unit have, the others None.
    """

    reference: str | None
    edits: tuple[Edit | None, ...]


@dataclass(frozen=True, slots=True)
class StackedAlignment:
    """One reference and the systems that heard it.

    Attributes:
        columns: The reference's units in order, and what was put in before, between and after them.
        systems: How many; each column has as many edits.
    """

    columns: tuple[Column, ...]
    systems: int

    def read_row(self, system: int) -> list[Edit]:
        """One system's edits, left to right: its alignment as if it were alone."""
        return [edit for column in self.columns if (edit := column.edits[system]) is not None]


def stack_texts(reference: str, hypotheses: Sequence[str], unit: Unit) -> StackedAlignment:
    """One reference and what several systems recognised, unit by unit; no ruler is applied.

    Args:
        reference: What was said; may be empty.
        hypotheses: What each system recognised, one or more.
        unit: What is aligned.

    Raises:
        ValueError: No hypothesis.
    """
    said = split(reference, unit)
    return stack_alignments(align_units([said] * len(hypotheses), [split(text, unit) for text in hypotheses]))


def stack_alignments(alignments: Sequence[Sequence[Edit]]) -> StackedAlignment:
    """Put alignments of the same reference under each other; none of them is changed.

    What the systems put in at the same place is merged one system after the other, in the order given: equal units
    share a column wherever their order allows it (a longest common subsequence), others have columns of their own.

    Args:
        alignments: Of each system, one or more, as `align` gives them.

    Raises:
        ValueError: No alignment, or the references are not the same.
    """
    if not alignments:
        raise ValueError("there is no alignment to stack")
    rows = [_part_by_unit(alignment) for alignment in alignments]
    if len({tuple(edit.reference for _, edit in row if edit) for row in rows}) > 1:
        raise ValueError("the alignments are of different references")
    columns: list[Column] = []
    for parts in zip(*rows, strict=True):
        columns += _merge_insertions([inserted for inserted, _ in parts])
        edits = tuple(edit for _, edit in parts)
        if edits[0]:
            columns.append(Column(edits[0].reference, edits))
    return StackedAlignment(tuple(columns), len(alignments))


def _part_by_unit(alignment: Sequence[Edit]) -> list[tuple[list[Edit], Edit | None]]:
    """For each reference unit what was put in before it, and its edit; last what was put in after them all."""
    parts: list[tuple[list[Edit], Edit | None]] = []
    inserted: list[Edit] = []
    for edit in alignment:
        if edit.op == "insertion":
            inserted.append(edit)
        else:
            parts.append((inserted, edit))
            inserted = []
    return [*parts, (inserted, None)]


def _merge_insertions(insertions: Sequence[list[Edit]]) -> list[Column]:
    """The columns of one place between reference units, from what each system put in there."""
    columns: list[list[Edit | None]] = []
    units: list[str] = []  # of each column
    for system, edits in enumerate(insertions):
        if not edits:
            continue
        merged: list[list[Edit | None]] = []
        old, new = iter(columns), iter(edits)
        for step in align_units([units], [[edit.hypothesis for edit in edits]], gains=MOST_HITS)[0]:
            if step.op != "insertion":
                merged.append(next(old))
            if step.op == "hit":
                merged[-1][system] = next(new)
            elif step.op != "deletion":  # two different units that face each other are two columns
                merged.append([None] * len(insertions))
                merged[-1][system] = next(new)
        columns = merged
        units = [next(edit.hypothesis for edit in column if edit) for column in columns]
    return [Column(None, tuple(column)) for column in columns]
