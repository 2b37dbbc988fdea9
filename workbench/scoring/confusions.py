"""Which units are mistaken for which, and in which clips."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from workbench.scoring.alignment import Edit, Operation, align_units
from workbench.scoring.score import Pair
from workbench.text.rulers import Ruler
from workbench.text.units import Unit, split

Alignment = list[Edit]


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """One kind of error: a unit said, a unit heard.

    Attributes:
        reference: What was said; empty for an insertion.
        hypothesis: What was heard; empty for a deletion.
        count: How often.
        clips: Ids of the clips it is in, in order, each once.
    """

    reference: str
    hypothesis: str
    count: int
    clips: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusions:
    """All errors of a corpus by kind, the most frequent first; of equally frequent ones in order of the units.

    The counts add up to the corpus's substitutions, deletions and insertions, those on empty references included.
    """

    substitutions: tuple[Confusion, ...]
    deletions: tuple[Confusion, ...]
    insertions: tuple[Confusion, ...]


def align_pairs(pairs: Sequence[Pair], ruler: Ruler, unit: Unit) -> list[Alignment]:
    """Every clip's alignment under a ruler, in order."""
    references = [split(ruler.apply(reference), unit) for _, reference, _ in pairs]
    hypotheses = [split(ruler.apply(hypothesis), unit) for _, _, hypothesis in pairs]
    return align_units(references, hypotheses)


def count_confusions(ids: Sequence[str], alignments: Sequence[Alignment]) -> Confusions:
    """Errors by kind.

    Args:
        ids: Of the clips.
        alignments: As `align_pairs` gives them, in the same order.
    """
    places: dict[tuple[Operation, str, str], list[str]] = defaultdict(list)
    for name, alignment in zip(ids, alignments, strict=True):
        for edit in alignment:
            if edit.op != "hit":
                places[edit.op, edit.reference, edit.hypothesis].append(name)

    def most_frequent(wanted: Operation) -> tuple[Confusion, ...]:
        found = [
            Confusion(reference=said, hypothesis=heard, count=len(names), clips=tuple(dict.fromkeys(names)))
            for (op, said, heard), names in places.items()
            if op == wanted
        ]
        return tuple(sorted(found, key=lambda one: (-one.count, one.reference, one.hypothesis)))

    return Confusions(
        substitutions=most_frequent("substitution"),
        deletions=most_frequent("deletion"),
        insertions=most_frequent("insertion"),
    )
