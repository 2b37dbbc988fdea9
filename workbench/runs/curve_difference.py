"""Two curves against each other: whether the area below one is smaller, on the clips that both heard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.runs.curve_figures import RESAMPLES, area_below, draw_units, percentiles, rates_of
from workbench.runs.summary import ItemRow
from workbench.scoring.clusters import ClusterBy, cluster_utterances
from workbench.scoring.interval import RESAMPLES as PERMUTATIONS
from workbench.scoring.interval import Interval, Verdict, verdict
from workbench.scoring.matched_pairs import correct_for_many
from workbench.scoring.verdicts import say_difference
from workbench.text.rulers import MetricName

Rows = Mapping[float | None, Mapping[str, ItemRow]]
"""What was heard at each place of a curve, by the clip as it was before anything was done to it; None is clean."""

_BLOCK = 500_000  # signs drawn at a time
_NEAR = 1e-12  # sums of the same numbers in another order


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaDifference:
    """Curve B against curve A over the places and the clips that both have.

    Attributes:
        name_a: What A is.
        name_b: What B is.
        a: Mean rate of A over the range of those places; None where fewer than two are shared, or one has no reference.
        b: That of B.
        delta: B − A: below zero, B makes fewer errors.
        ci95: Its bootstrap interval; None with fewer than two units of chance.
        p_value: Of a permutation test, two-sided: that A and B could be swapped unit by unit; raised by Holm's method
            where `among` is above 1.
        verdict: What may be said of B against A.
        places: Along the axis.
        clips: How many both heard.
        left_out: Clips that only one of them heard, or not at every place, or with another reference.
        units: Units of chance.
        cluster_by: What was drawn.
        among: Of how many comparisons this is one.
        sentence: Verdict, difference and interval in words.
    """

    name_a: str
    name_b: str
    a: float | None
    b: float | None
    delta: float | None
    ci95: Interval | None
    p_value: float | None
    verdict: Verdict
    places: tuple[float, ...]
    clips: int
    left_out: int
    units: int
    cluster_by: ClusterBy
    among: int
    sentence: str


@dataclass(frozen=True, slots=True)
class AreaTest:
    """What resampling says of two areas; attributes as of `AreaDifference`."""

    a: float | None
    b: float | None
    delta: float | None
    ci95: Interval | None
    p_value: float | None


def compare_areas(
    a: Rows, b: Rows, *, names: tuple[str, str], metric: MetricName, seed: int = 0, resamples: int = RESAMPLES
) -> AreaDifference:
    """Hold the area below curve B against that below curve A.

    Args:
        a: What A heard.
        b: What B heard.
        names: What A and B are.
        metric: Whose rates.
        seed: Of the draws.
        resamples: For the interval.
    """
    places, shared, left_out = _shared(a, b)
    keys = sorted({key for at in places for key in shared[at]})
    tags = {key: a[at][key].result.tags for at in places for key in shared[at]}
    clusters = cluster_utterances([tags[key] for key in keys])
    numbers = {label: number for number, label in enumerate(dict.fromkeys(clusters.labels))}
    unit_of = {key: numbers[label] for key, label in zip(keys, clusters.labels, strict=True)}
    sums = np.zeros((3, len(numbers), len(places)), np.int64)
    for column, at in enumerate(places):
        for key in shared[at]:
            one, other = a[at][key].counts[metric], b[at][key].counts[metric]
            if one.reference_length:
                sums[:, unit_of[key], column] += (one.errors, other.errors, one.reference_length)
    found = measure_areas(places, *sums, seed=seed, resamples=resamples)
    bare = AreaDifference(
        name_a=names[0],
        name_b=names[1],
        a=found.a,
        b=found.b,
        delta=found.delta,
        ci95=found.ci95,
        p_value=found.p_value,
        verdict="no difference shown",
        places=tuple(places),
        clips=len(keys),
        left_out=left_out,
        units=len(numbers),
        cluster_by=clusters.by,
        among=1,
        sentence="",
    )
    return _judge(bare, found.p_value, 1)


def judge_areas(differences: Sequence[AreaDifference]) -> tuple[AreaDifference, ...]:
    """Several differences as one family: p-values raised by Holm's method, verdicts and sentences by those."""
    corrected = correct_for_many([one.p_value for one in differences])
    return tuple(_judge(one, p, len(differences)) for one, p in zip(differences, corrected, strict=True))


def measure_areas(
    places: Sequence[float],
    errors_a: NDArray[np.int64],
    errors_b: NDArray[np.int64],
    lengths: NDArray[np.int64],
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
    permutations: int = PERMUTATIONS,
) -> AreaTest:
    """Difference of two areas with an interval and a p-value; the same units are drawn for both and at every place.

    The area is linear in the rates, so that swapping A and B in a unit changes it by that unit's own part: the signs of
    the parts are flipped at random, as in `scoring.interval.permutation_p_value`.

    Args:
        places: Along the axis, rising (p,).
        errors_a: Errors of A of each unit of chance at each place (u, p).
        errors_b: Those of B.
        lengths: Reference units, the same for both.
        seed: Of the draws.
        resamples: For the interval.
        permutations: For the p-value.
    """
    rates_a, rates_b = (rates_of(errors.sum(axis=0), lengths.sum(axis=0)) for errors in (errors_a, errors_b))
    area_a, area_b = area_below(places, rates_a), area_below(places, rates_b)
    if np.isnan(area_a) or np.isnan(area_b):
        return AreaTest(None, None, None, None, None)
    ci95 = None
    if len(lengths) >= 2:
        drawn = draw_units((errors_b - errors_a, lengths), seed=seed, resamples=resamples)
        ci95 = percentiles(np.array([area_below(places, rates_of(above, below)) for above, below in drawn]))
    parts = np.array([area_below(places, one) for one in (errors_b - errors_a) / lengths.sum(axis=0)])
    return AreaTest(area_a, area_b, area_b - area_a, ci95, _flip(parts, seed, permutations))


def _flip(parts: NDArray[np.float64], seed: int, permutations: int) -> float:
    """(k + 1) / (n + 1) where k of n draws of signs are at least as far from zero as what was seen."""
    parts = parts[parts != 0]
    if not parts.size:
        return 1.0
    generator, seen, as_far = np.random.default_rng(seed), abs(parts.sum()), 0
    block = max(1, _BLOCK // parts.size)
    for start in range(0, permutations, block):
        signs = generator.integers(0, 2, size=(min(block, permutations - start), parts.size)) * 2 - 1
        as_far += int((np.abs(signs @ parts) >= seen - _NEAR).sum())
    return (as_far + 1) / (permutations + 1)


def _shared(a: Rows, b: Rows) -> tuple[list[float], dict[float, list[str]], int]:
    """Places, and the clips both heard there: the same ones at every place where there are such."""
    places = sorted(at for at in a if at is not None and at in b)
    both = {
        at: {key for key, row in a[at].items() if key in b[at] and b[at][key].result.reference == row.result.reference}
        for at in places
    }
    everywhere = set[str].intersection(*both.values()) if both else set[str]()
    shared = {at: sorted(everywhere or both[at]) for at in places}
    every = {key for at in places for side in (a, b) for key in side[at]}
    return places, shared, len(every - {key for keys in shared.values() for key in keys})


def _judge(one: AreaDifference, p_value: Any, among: int) -> AreaDifference:
    said = verdict(one.delta, one.ci95, p_value)
    told = "no difference shown (fewer than two places with clips that both heard)"
    if one.delta is not None:
        told = say_difference(one.delta, one.ci95, said)
    return replace(one, p_value=p_value, verdict=said, among=among, sentence=told)
