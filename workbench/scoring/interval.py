"""How sure a rate is, and whether two systems differ. Seeded: the same numbers every time.

Utterances are the unit of chance, or clusters of them (`scoring.clusters`): errors inside one are not independent of
each other. Every function draws whole units, and works on sums: a corpus rate is a ratio of sums, no mean of rates.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Interval = tuple[float, float]
Counts = NDArray[np.integer[Any]]
Verdict = Literal["better", "worse", "no difference shown"]

RESAMPLES = 10_000
SIGNIFICANCE = 0.05

POWER = 0.8

_BLOCK = 320_000  # numbers held at a time; what stays in the cache is drawn fastest
_KIND_COST = 24  # drawing how often a kind comes takes as long as drawing so many units one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedDifference:
    """System B against system A on the same utterances.

    Attributes:
        delta: Rate of B minus rate of A: below zero, B makes fewer errors. None without a reference.
        ci95: Bootstrap interval of `delta`; None with fewer than two units of chance.
        p_value: Two-sided, of the hypothesis that the two names could be swapped unit by unit; None without a
            reference.
        units: Units of chance: utterances or clusters that have a reference.
        wins: Utterances in which B makes fewer errors than A.
        losses: Utterances in which B makes more.
        ties: Utterances with as many.
    """

    delta: float | None
    ci95: Interval | None
    p_value: float | None
    units: int
    wins: int
    losses: int
    ties: int


def bootstrap_rate(
    errors: Counts,
    lengths: Counts,
    *,
    clusters: Sequence[int] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval | None:
    """95 % percentile bootstrap interval of an error rate.

    Units of chance are drawn with replacement and the rate is that of their sums: Bisani and Ney 2004, "Bootstrap
    estimates for confidence intervals in ASR performance evaluation", ICASSP; over speakers, Liu and Peng 2020,
    "Statistical Testing on ASR Performance via Blockwise Bootstrap", Interspeech.

    Args:
        errors: Errors of each utterance (n,).
        lengths: Reference units of each utterance (n,); utterances without any are left out.
        clusters: Which utterances are drawn together: the number of each one's cluster (n,). None draws one by one.
        resamples: How often to draw.
        seed: Of the draws.

    Returns:
        Lower and upper bound, or None with fewer than two units that have a reference.
    """
    return _bootstrap_ratio(*_units(errors, lengths, clusters), resamples=resamples, seed=seed)


def paired_difference(
    errors_a: Counts,
    errors_b: Counts,
    lengths: Counts,
    *,
    clusters: Sequence[int] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> PairedDifference:
    """Whether two systems differ on the same utterances.

    The interval is the paired bootstrap of Bisani and Ney 2004; for the p-value, see `permutation_p_value`.

    Args:
        errors_a: Errors of system A in each utterance (n,).
        errors_b: Errors of system B, in the same order (n,).
        lengths: Reference units of each utterance (n,); utterances without any are left out.
        clusters: As in `bootstrap_rate`; wins, losses and ties are counted by utterance all the same.
        resamples: How often to draw, for the interval and for the p-value.
        seed: Of the draws.
    """
    difference, spoken = _spoken(_minus(errors_b, errors_a), lengths)
    above, below = _units(_minus(errors_b, errors_a), lengths, clusters)
    total = int(below.sum())
    wins, losses = int((difference < 0).sum()), int((difference > 0).sum())
    return PairedDifference(
        delta=int(above.sum()) / total if total else None,
        ci95=_bootstrap_ratio(above, below, resamples=resamples, seed=seed),
        p_value=_flip_signs(above, resamples=resamples, seed=seed) if total else None,
        units=len(below),
        wins=wins,
        losses=losses,
        ties=len(spoken) - wins - losses,
    )


def permutation_p_value(
    errors_a: Counts,
    errors_b: Counts,
    lengths: Counts,
    *,
    clusters: Sequence[int] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> float | None:
    """Two-sided p-value of a paired permutation test; arguments as `paired_difference`, None without a reference.

    Under the hypothesis of no difference the two systems' outputs can be swapped in any unit of chance, so the signs of
    the units' differences are flipped at random, and p = (k + 1) / (n + 1) where k of n draws are at least as far from
    zero as what was seen (Phipson and Smyth 2010, "Permutation P-values should never be zero").
    """
    above, _ = _units(_minus(errors_b, errors_a), lengths, clusters)
    return _flip_signs(above, resamples=resamples, seed=seed) if len(above) else None


def utterances_needed(
    errors_a: Counts,
    errors_b: Counts,
    lengths: Counts,
    *,
    clusters: Sequence[int] | None = None,
) -> int | None:
    """About how many units like these would show the difference seen, if it is real.

    For a two-sided test at 0.05 with 80 % power, n = ((1.960 + 0.842) s / d)², where d is the mean difference of errors
    a unit and s the standard deviation of what is left of the differences when each unit has its share of the rate's
    difference (the linearised ratio; Cochran 1977, "Sampling Techniques", 2.11 and 4.4), and never fewer than
    `fewest_units`. An estimate from a small or uncertain difference is itself uncertain, and never a promise.

    Args:
        errors_a: Errors of system A in each utterance (n,).
        errors_b: Errors of system B, in the same order (n,).
        lengths: Reference units of each utterance (n,); utterances without any are left out.
        clusters: As in `bootstrap_rate`; the number returned is then one of clusters.

    Returns:
        Units in all, those there are included; None with fewer than two, or where the systems make as many errors.
    """
    difference, lengths = _units(_minus(errors_b, errors_a), lengths, clusters)
    total = int(difference.sum())
    if len(difference) < 2 or not total:
        return None
    left_over = difference - total / int(lengths.sum()) * lengths
    spread = float(left_over.std(ddof=1)) / abs(total / len(difference))
    return max(fewest_units(SIGNIFICANCE), math.ceil((power_distance(SIGNIFICANCE) * spread) ** 2))


def fewest_units(significance: float) -> int:
    """Units below which no permutation test shows anything, 6 at 0.05: of the 2ⁿ ways to sign n, two agree on all."""
    return math.floor(math.log2(2 / significance)) + 1


def power_distance(significance: float) -> float:
    """How many standard errors from zero a difference must lie for 80 % of two-sided tests to show it; 2.80 at 0.05."""
    normal = NormalDist()
    return normal.inv_cdf(1 - significance / 2) + normal.inv_cdf(POWER)


def verdict(delta: float | None, ci95: Interval | None, p_value: float | None) -> Verdict:
    """What may be said of B against A: a difference is claimed only if interval and test both show it.

    Args:
        delta: Rate of B minus rate of A.
        ci95: Its interval.
        p_value: Its p-value; 0.05 is the limit.
    """
    if delta is None or ci95 is None or p_value is None or p_value >= SIGNIFICANCE:
        return "no difference shown"
    if delta < 0 and ci95[1] < 0:
        return "better"
    if delta > 0 and ci95[0] > 0:
        return "worse"
    return "no difference shown"


def _spoken(errors: Counts, lengths: Counts) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    errors, lengths = np.asarray(errors, np.int64), np.asarray(lengths, np.int64)
    if errors.shape != lengths.shape or errors.ndim != 1:
        raise ValueError(f"errors {errors.shape} and lengths {lengths.shape} must be two lists of the same length")
    return errors[lengths > 0], lengths[lengths > 0]


def _minus(errors: Counts, others: Counts) -> NDArray[np.int64]:
    return np.asarray(errors, np.int64) - np.asarray(others, np.int64)


def _units(
    errors: Counts, lengths: Counts, clusters: Sequence[int] | None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Errors and reference units of each unit of chance that has a reference."""
    if clusters is None:
        return _spoken(errors, lengths)
    labels = np.asarray(clusters, np.int64)
    if labels.shape != np.shape(lengths):
        raise ValueError(f"{labels.shape} clusters and {np.shape(lengths)} lengths must be of the same length")
    spoken = np.asarray(lengths) > 0
    above, below = _spoken(errors, lengths)
    _, places = np.unique(labels[spoken], return_inverse=True)
    # Sums of whole numbers are exact in float64 up to 2⁵³.
    sums = (np.bincount(places, weights=values) for values in (above, below))
    first, second = (np.rint(values).astype(np.int64) for values in sums)
    return first, second


def _bootstrap_ratio(
    above: NDArray[np.int64], below: NDArray[np.int64], *, resamples: int, seed: int
) -> Interval | None:
    """Percentile interval of sum(above) / sum(below), units drawn with replacement."""
    if len(below) < 2:
        return None
    generator = np.random.default_rng(seed)
    sums = np.concatenate(list(_resampled(above, below, resamples, generator)))
    low, high = np.quantile(sums[:, 0] / sums[:, 1], [0.025, 0.975])
    return float(low), float(high)


def _resampled(
    above: NDArray[np.int64], below: NDArray[np.int64], resamples: int, generator: np.random.Generator
) -> Iterator[NDArray[np.int64]]:
    """Both sums (k, 2) of each draw of as many units as there are, block by block.

    Units with the same two numbers are one kind, and how often each kind is drawn is multinomial: the same distribution
    as drawing units one by one, which is faster where there are many kinds.
    """
    kinds, frequency = np.unique(np.stack([above, below]), axis=1, return_counts=True)
    units = len(below)
    by_kind = len(frequency) * _KIND_COST < units
    ordered = np.repeat(kinds, frequency, axis=1)  # so that the order in which units are given does not matter
    block = max(1, _BLOCK // (len(frequency) if by_kind else units))
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        if by_kind:
            yield generator.multinomial(units, frequency / units, size=size) @ kinds.T
        else:
            drawn = generator.integers(0, units, size=(size, units))
            yield np.stack([row.take(drawn).sum(axis=1) for row in ordered], axis=1)


def _flip_signs(difference: NDArray[np.int64], *, resamples: int, seed: int) -> float:
    """Two-sided p-value of the sum of differences when each keeps or changes its sign with equal chance.

    Of n differences of the same size m, those that stay positive are binomial: their sum is m (2 k − n).
    """
    sizes, frequency = np.unique(np.abs(difference[difference != 0]), return_counts=True)
    if not len(sizes):
        return 1.0
    generator = np.random.default_rng(seed)
    block = max(1, _BLOCK // len(sizes))
    seen, as_far = abs(int(difference.sum())), 0
    for start in range(0, resamples, block):
        positive = generator.binomial(frequency, 0.5, size=(min(block, resamples - start), len(sizes)))
        as_far += int((np.abs((2 * positive - frequency) @ sizes) >= seen).sum())
    return (as_far + 1) / (resamples + 1)
