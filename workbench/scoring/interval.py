"""How sure a rate is, and whether two systems differ. Seeded: the same numbers every time.

Utterances are the unit of chance: errors inside one are not independent of each other. Every function draws whole
utterances, and works on sums, since a corpus rate is a ratio of sums and not a mean of rates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Interval = tuple[float, float]
Counts = NDArray[np.integer[Any]]
Verdict = Literal["better", "worse", "no difference shown"]

RESAMPLES = 10_000
SIGNIFICANCE = 0.05

_CRITICAL_SIGNIFICANCE, _CRITICAL_POWER = 1.959964, 0.841621  # of the standard normal: 97.5 % and 80 %
_BLOCK = 4_000_000  # draws held at a time, 32 MB


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedDifference:
    """System B against system A on the same utterances.

    Attributes:
        delta: Rate of B minus rate of A: below zero, B makes fewer errors. None without a reference.
        ci95: Bootstrap interval of `delta`; None with fewer than two utterances.
        p_value: Two-sided, of the hypothesis that the two names could be swapped utterance by utterance; None without
            a reference.
        wins: Utterances in which B makes fewer errors than A.
        losses: Utterances in which B makes more.
        ties: Utterances with as many.
    """

    delta: float | None
    ci95: Interval | None
    p_value: float | None
    wins: int
    losses: int
    ties: int


def bootstrap_rate(errors: Counts, lengths: Counts, *, resamples: int = RESAMPLES, seed: int = 0) -> Interval | None:
    """95 % percentile bootstrap interval of an error rate over utterances.

    Utterances are drawn with replacement and the rate is that of their sums: Bisani and Ney 2004, "Bootstrap estimates
    for confidence intervals in ASR performance evaluation", ICASSP.

    Args:
        errors: Errors of each utterance (n,).
        lengths: Reference units of each utterance (n,); utterances without any are left out.
        resamples: How often to draw.
        seed: Of the draws.

    Returns:
        Lower and upper bound, or None with fewer than two utterances that have a reference.
    """
    errors, lengths = _spoken(errors, lengths)
    return _bootstrap_ratio(errors, lengths, resamples=resamples, seed=seed)


def paired_difference(
    errors_a: Counts, errors_b: Counts, lengths: Counts, *, resamples: int = RESAMPLES, seed: int = 0
) -> PairedDifference:
    """Whether two systems differ on the same utterances.

    The interval is the paired bootstrap of Bisani and Ney 2004. The p-value is that of a paired permutation test: under
    the hypothesis of no difference the two systems' outputs can be swapped in any utterance, so the signs of the
    utterances' differences are flipped at random, and p = (k + 1) / (n + 1) where k of n draws are at least as far
    from zero as what was seen (Phipson and Smyth 2010, "Permutation P-values should never be zero").

    Args:
        errors_a: Errors of system A in each utterance (n,).
        errors_b: Errors of system B, in the same order (n,).
        lengths: Reference units of each utterance (n,); utterances without any are left out.
        resamples: How often to draw, for the interval and for the p-value.
        seed: Of the draws.
    """
    difference, lengths = _spoken(np.asarray(errors_b, np.int64) - np.asarray(errors_a, np.int64), lengths)
    total = int(lengths.sum())
    wins, losses = int((difference < 0).sum()), int((difference > 0).sum())
    return PairedDifference(
        delta=int(difference.sum()) / total if total else None,
        ci95=_bootstrap_ratio(difference, lengths, resamples=resamples, seed=seed),
        p_value=_flip_signs(difference, resamples=resamples, seed=seed) if total else None,
        wins=wins,
        losses=losses,
        ties=len(difference) - wins - losses,
    )


def utterances_needed(errors_a: Counts, errors_b: Counts, lengths: Counts) -> int | None:
    """About how many utterances like these would show the difference seen, if it is real.

    For a two-sided test at 0.05 with 80 % power, n = ((1.960 + 0.842) s / d)², where d is the mean difference of errors
    an utterance and s the standard deviation of what is left of the differences when each utterance has its share of
    the rate's difference (the linearised ratio; Cochran 1977, "Sampling Techniques", 2.11 and 4.4). An estimate from a
    small or uncertain difference is itself uncertain, and never a promise.

    Args:
        errors_a: Errors of system A in each utterance (n,).
        errors_b: Errors of system B, in the same order (n,).
        lengths: Reference units of each utterance (n,); utterances without any are left out.

    Returns:
        Utterances in all, those there are included; None with fewer than two, or where the systems make as many errors.
    """
    difference, lengths = _spoken(np.asarray(errors_b, np.int64) - np.asarray(errors_a, np.int64), lengths)
    total = int(difference.sum())
    if len(difference) < 2 or not total:
        return None
    left_over = difference - total / int(lengths.sum()) * lengths
    spread = float(left_over.std(ddof=1)) / abs(total / len(difference))
    return max(2, math.ceil((_CRITICAL_SIGNIFICANCE + _CRITICAL_POWER) ** 2 * spread**2))


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


def _bootstrap_ratio(
    above: NDArray[np.int64], below: NDArray[np.int64], *, resamples: int, seed: int
) -> Interval | None:
    """Percentile interval of sum(above) / sum(below), utterances drawn with replacement.

    Utterances with the same two numbers are one kind; how often each kind is drawn is multinomial, which is the same
    distribution as drawing them one by one and needs a few hundred draws instead of as many as there are utterances.
    """
    if len(below) < 2:
        return None
    kinds, frequency = np.unique(np.stack([above, below]), axis=1, return_counts=True)
    generator = np.random.default_rng(seed)
    block = max(1, _BLOCK // len(frequency))
    ratios: list[NDArray[np.float64]] = []
    for start in range(0, resamples, block):
        drawn = generator.multinomial(len(below), frequency / frequency.sum(), size=min(block, resamples - start))
        sums = drawn @ kinds.T
        ratios.append(sums[:, 0] / sums[:, 1])
    low, high = np.quantile(np.concatenate(ratios), [0.025, 0.975])
    return float(low), float(high)


def _flip_signs(difference: NDArray[np.int64], *, resamples: int, seed: int) -> float:
    """Two-sided p-value of the sum of differences when each keeps or changes its sign with equal chance.

    Of n differences of the same size m, those that stay positive are binomial: their sum is m (2 k − n).
    """
    sizes, frequency = np.unique(np.abs(difference[difference != 0]), return_counts=True)
    if not len(sizes):
        return 1.0
    generator = np.random.default_rng(seed)
    positive = generator.binomial(frequency, 0.5, size=(resamples, len(sizes)))
    sums = (2 * positive - frequency) @ sizes
    as_far = int((np.abs(sums) >= abs(int(difference.sum()))).sum())
    return (as_far + 1) / (resamples + 1)
