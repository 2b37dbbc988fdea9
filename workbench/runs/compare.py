"""Two runs, item by item, under one ruler."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from workbench.errors import RunError
from workbench.pipeline.measurement import Measurement, combined
from workbench.runs.records import ItemFailure, ItemOutcome, ItemResult
from workbench.runs.store import StoredRun
from workbench.runs.summary import Counts, add_counts
from workbench.scoring.interval import Interval, Verdict, paired_difference, verdict
from workbench.scoring.score import METRICS, count_all
from workbench.text.rulers import MetricName, Ruler, headline_metric

DropReason = Literal[
    "missing_in_a", "missing_in_b", "failed_in_a", "failed_in_b", "failed_in_both", "reference_differs"
]

COST_FIGURES = (
    "wall_seconds", "cpu_seconds", "gpu_seconds", "rtf",
    "peak_gpu_bytes", "peak_gpu_reserved_bytes", "peak_gpu_process_bytes", "peak_rss_bytes",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricDifference:
    """One rate of both runs over the same items.

    Attributes:
        a: Rate of A; None without a reference.
        b: Rate of B.
        delta: B − A: below zero, B makes fewer errors.
        ci95: Its interval; None with fewer than two items.
        p_value: Of a paired permutation test, two-sided.
        verdict: What may be said of B against A.
        wins: Items in which B makes fewer errors.
        losses: Items in which it makes more.
        ties: Items with as many.
    """

    a: float | None
    b: float | None
    delta: float | None
    ci95: Interval | None
    p_value: float | None
    verdict: Verdict
    wins: int
    losses: int
    ties: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CostDifference:
    """One figure of both runs over the same items; `ratio` is B / A. None where one was not measured."""

    a: float | None
    b: float | None
    ratio: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRow:
    """One item in both runs."""

    a: ItemResult
    b: ItemResult
    counts_a: Counts
    counts_b: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Run B against run A on the items both have.

    Attributes:
        run_a: The baseline.
        run_b: What is held against it.
        ruler: Name and version of what both were scored under.
        ruler_hash: What it was made of.
        headline: The metric that leads in A's language.
        common: Items compared.
        dropped: How many items were left out, by reason; reasons that did not occur are not named.
        metrics: By name.
        cost: Each of `COST_FIGURES` over the common items: times added, peaks the highest.
        warnings: Why figures of the two may not be held against each other.
        rows: Every common item, in A's order.
    """

    run_a: str
    run_b: str
    ruler: str
    ruler_hash: str
    headline: MetricName
    common: int
    dropped: Mapping[DropReason, int]
    metrics: Mapping[MetricName, MetricDifference]
    cost: Mapping[str, CostDifference]
    warnings: tuple[str, ...]
    rows: tuple[PairRow, ...]


def compare_runs(a: StoredRun, b: StoredRun, *, ruler: Ruler, seed: int = 0) -> Comparison:
    """Rescore both runs under one ruler and pair their items by id.

    Items that failed or are missing in one, or whose references differ, are left out and counted: a rate is only held
    against another on the same items.

    Args:
        a: The baseline.
        b: What is held against it.
        ruler: What is done to all texts before they are compared.
        seed: For interval and test.

    Raises:
        RunError: No item was transcribed in both runs with the same reference.
    """
    pairs, dropped = _paired(a, b)
    if not pairs:
        reasons = ", ".join(f"{count} {reason.replace('_', ' ')}" for reason, count in dropped.items())
        raise RunError(
            f"{a.record.run_id} and {b.record.run_id} have no item in common{f' ({reasons})' if reasons else ''}.",
            hint="Compare runs over the same set.",
        )
    counts_a = _counted([one for one, _ in pairs], ruler)
    counts_b = _counted([one for _, one in pairs], ruler)
    return Comparison(
        run_a=a.record.run_id,
        run_b=b.record.run_id,
        ruler=ruler.id,
        ruler_hash=ruler.hash,
        headline=headline_metric(a.record.spec.set_language),
        common=len(pairs),
        dropped=dropped,
        metrics={name: _difference(name, counts_a, counts_b, seed=seed) for name in METRICS},
        cost=_cost([one.measurement for one, _ in pairs], [one.measurement for _, one in pairs]),
        warnings=tuple(_warnings(a, b)),
        rows=tuple(
            PairRow(a=one, b=other, counts_a=of_a, counts_b=of_b)
            for (one, other), of_a, of_b in zip(pairs, counts_a, counts_b, strict=True)
        ),
    )


def _counted(results: Sequence[ItemResult], ruler: Ruler) -> list[Counts]:
    references = [ruler.apply(result.reference) for result in results]
    texts = [ruler.apply(result.text) for result in results]
    by_metric = {name: count_all(references, texts, unit) for name, unit in METRICS.items()}
    return [{name: by_metric[name][index] for name in METRICS} for index in range(len(results))]


def _paired(a: StoredRun, b: StoredRun) -> tuple[list[tuple[ItemResult, ItemResult]], dict[DropReason, int]]:
    of_a, of_b = ({outcome.id: outcome for outcome in run.outcomes} for run in (a, b))
    pairs: list[tuple[ItemResult, ItemResult]] = []
    dropped = Counter[DropReason]()
    for name in dict.fromkeys((*of_a, *of_b)):
        pair = _pair(of_a.get(name), of_b.get(name))
        if isinstance(pair, str):
            dropped[pair] += 1
        else:
            pairs.append(pair)
    return pairs, dict(dropped)


def _pair(a: ItemOutcome | None, b: ItemOutcome | None) -> tuple[ItemResult, ItemResult] | DropReason:
    if a is None:
        return "missing_in_a"
    if b is None:
        return "missing_in_b"
    if isinstance(a, ItemFailure):
        return "failed_in_both" if isinstance(b, ItemFailure) else "failed_in_a"
    if isinstance(b, ItemFailure):
        return "failed_in_b"
    return (a, b) if a.reference == b.reference else "reference_differs"


def _difference(name: MetricName, a: Sequence[Counts], b: Sequence[Counts], *, seed: int) -> MetricDifference:
    found = paired_difference(
        np.array([counts[name].errors for counts in a], dtype=np.int64),
        np.array([counts[name].errors for counts in b], dtype=np.int64),
        np.array([counts[name].reference_length for counts in a], dtype=np.int64),
        seed=seed,
    )
    return MetricDifference(
        a=add_counts(a)[name].rate,
        b=add_counts(b)[name].rate,
        delta=found.delta,
        ci95=found.ci95,
        p_value=found.p_value,
        verdict=verdict(found.delta, found.ci95, found.p_value),
        wins=found.wins,
        losses=found.losses,
        ties=found.ties,
    )


def _cost(a: Sequence[Measurement | None], b: Sequence[Measurement | None]) -> dict[str, CostDifference]:
    total_a, total_b = combined(a), combined(b)
    return {name: _ratio(getattr(total_a, name, None), getattr(total_b, name, None)) for name in COST_FIGURES}


def _ratio(a: float | None, b: float | None) -> CostDifference:
    return CostDifference(a=a, b=b, ratio=None if a is None or b is None or a == 0 else b / a)


def _warnings(a: StoredRun, b: StoredRun) -> Iterator[str]:
    one, other = a.record, b.record
    for name in ("cpu", "gpus"):
        if one.environment.get(name) != other.environment.get(name):
            yield "The runs were made on different machines: their times and memory are not comparable."
            break
    if one.spec.batch_size != other.spec.batch_size:
        yield (
            f"The runs decoded {one.spec.batch_size} and {other.spec.batch_size} clips at a time: "
            "their times for one clip are not comparable."
        )
    if one.spec.language != other.spec.language:
        yield f"The engine was told language {one.spec.language!r} in A and {other.spec.language!r} in B."
    for letter, run in (("A", a), ("B", b)):
        if run.missing:
            yield f"Run {letter} is not complete: {run.missing} of its {run.record.spec.items} items were not done."
