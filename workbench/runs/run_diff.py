"""What differs between two runs: how they were made, and what was heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import reduce
from operator import add
from typing import Any

from workbench.runs.made import EFFECTS, Making, compare_making
from workbench.runs.records import ItemFailure, ItemResult
from workbench.runs.store import StoredRun
from workbench.scoring.counts import ErrorCounts
from workbench.scoring.score import count_all
from workbench.text.rulers import Ruler


@dataclass(frozen=True, slots=True, kw_only=True)
class TextDifference:
    """One clip in which A and B heard something else.

    Attributes:
        id: Of the clip.
        a: What A heard, as the engine wrote it.
        b: What B heard.
        counts: What turns A's text into B's, in characters of Han and words of everything else.
        same_under_ruler: Whether the ruler makes them equal.
    """

    id: str
    a: str
    b: str
    counts: ErrorCounts
    same_under_ruler: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TextDifferences:
    """What two runs heard in the clips that both transcribed.

    Attributes:
        compared: How many those are.
        differing: The clips whose texts are not the same to the character, in A's order.
        counts: Their counts, added.
        ruler: Name, version and hash of what `same_under_ruler` speaks of.
        only_in_a: Clips that B has no outcome of.
        only_in_b: Clips that A has no outcome of.
        failed_in_a: Clips that failed in A alone.
        failed_in_b: Clips that failed in B alone.
        failed_in_both: Clips that failed in both.
        references_differ: Clips whose labels differ; their texts are compared all the same.
    """

    compared: int
    differing: tuple[TextDifference, ...]
    counts: ErrorCounts
    ruler: str
    only_in_a: tuple[str, ...]
    only_in_b: tuple[str, ...]
    failed_in_a: tuple[str, ...]
    failed_in_b: tuple[str, ...]
    failed_in_both: tuple[str, ...]
    references_differ: tuple[str, ...]

    @property
    def identical(self) -> int:
        """Clips with the same text to the character."""
        return self.compared - len(self.differing)

    @property
    def all_identical(self) -> bool:
        """Whether every clip of either run came out alike in the other."""
        return not (self.differing or self.only_in_a or self.only_in_b or self.failed_in_a or self.failed_in_b)

    @property
    def sentence(self) -> str:
        """How many texts differ, and by how much."""
        if not self.compared:
            return "No clip was transcribed in both."
        if not self.differing:
            return f"Texts identical in {self.identical} of {self.compared} clips."
        ruled = sum(not one.same_under_ruler for one in self.differing)
        units = self.counts.errors
        return (
            f"Texts identical in {self.identical} of {self.compared} clips; {len(self.differing)} differ, by {units} "
            f"{'unit' if units == 1 else 'units'} in all, {ruled} of them also under the ruler {self.ruler}."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDiff:
    """Run B against run A."""

    run_a: str
    run_b: str
    making: Making
    texts: TextDifferences


def diff_runs(a: StoredRun, b: StoredRun, *, ruler: Ruler) -> RunDiff:
    """How two runs were made and what they heard, held against each other.

    Args:
        a: The first.
        b: The second.
        ruler: Under which differing texts may still be equal.
    """
    return RunDiff(
        run_a=a.record.run_id,
        run_b=b.record.run_id,
        making=compare_making(a.record.spec, a.record.environment, b.record.spec, b.record.environment),
        texts=diff_texts(a, b, ruler=ruler),
    )


def diff_texts(a: StoredRun, b: StoredRun, *, ruler: Ruler) -> TextDifferences:
    """What two runs heard, clip by clip by id."""
    of_a, of_b = ({one.id: one for one in run.outcomes} for run in (a, b))
    both = [(of_a[name], of_b[name]) for name in of_a if name in of_b]
    heard = [(one, other) for one, other in both if isinstance(one, ItemResult) and isinstance(other, ItemResult)]
    differing = _differing([pair for pair in heard if pair[0].text != pair[1].text], ruler)
    return TextDifferences(
        compared=len(heard),
        differing=tuple(differing),
        counts=reduce(add, (one.counts for one in differing), ErrorCounts()),
        ruler=f"{ruler.id} {ruler.hash}",
        only_in_a=tuple(name for name in of_a if name not in of_b),
        only_in_b=tuple(name for name in of_b if name not in of_a),
        failed_in_a=tuple(one.id for one, other in both if _failed(one) and not _failed(other)),
        failed_in_b=tuple(one.id for one, other in both if _failed(other) and not _failed(one)),
        failed_in_both=tuple(one.id for one, other in both if _failed(one) and _failed(other)),
        references_differ=tuple(one.id for one, other in both if one.reference != other.reference),
    )


def _failed(outcome: ItemResult | ItemFailure) -> bool:
    return isinstance(outcome, ItemFailure)


def _differing(pairs: Sequence[tuple[ItemResult, ItemResult]], ruler: Ruler) -> list[TextDifference]:
    counted = count_all([one.text for one, _ in pairs], [other.text for _, other in pairs], "mixed")
    return [
        TextDifference(
            id=one.id,
            a=one.text,
            b=other.text,
            counts=counts,
            same_under_ruler=ruler.apply(one.text) == ruler.apply(other.text),
        )
        for (one, other), counts in zip(pairs, counted, strict=True)
    ]


def diff_json(found: RunDiff) -> dict[str, Any]:
    """What `runs diff --json` says."""
    return {
        "run_a": found.run_a,
        "run_b": found.run_b,
        **making_json(found.making),
        "texts": texts_json(found.texts),
    }


def making_json(making: Making) -> dict[str, Any]:
    """How two runs were made, what differs under what it can change."""
    return {
        "differences": {
            effect: [{"name": one.name, "a": one.a, "b": one.b, "why": one.why} for one in making.that_change(effect)]
            for effect in EFFECTS
        },
        "same": list(making.same),
        "doubts": list(making.doubts),
    }


def texts_json(texts: TextDifferences) -> dict[str, Any]:
    """What two runs heard; every clip that differs with both texts."""
    return {
        "compared": texts.compared,
        "identical": texts.identical,
        "sentence": texts.sentence,
        "ruler": texts.ruler,
        "units": _counts_json(texts.counts),
        "items": [
            {
                "id": one.id,
                "a": one.a,
                "b": one.b,
                "same_under_ruler": one.same_under_ruler,
                **_counts_json(one.counts),
            }
            for one in texts.differing
        ],
        **{
            name: list(getattr(texts, name))
            for name in (
                *("only_in_a", "only_in_b", "failed_in_a", "failed_in_b", "failed_in_both", "references_differ"),
            )
        },
    }


def _counts_json(counts: ErrorCounts) -> dict[str, int]:
    return {"differing": counts.errors, **asdict(counts)}
