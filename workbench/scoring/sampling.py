"""Error rates of many clips from a few that were labelled, drawn where systems disagree.

Clips are drawn with replacement, each draw with a known chance (Hansen and Hurwitz 1943, "On the theory of sampling
from finite populations", Annals of Mathematical Statistics 14), so that a rate can be estimated without bias although
difficult clips are drawn more often, whenever one stops. A clip that is drawn again has its label already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.scoring.interval import SIGNIFICANCE, Interval, Verdict

EVEN_SHARE = 0.3
"""The part of the chance that goes by length alone: clips on which all systems agree may be wrong in all."""

LEAST_DRAWS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A rate, or a difference of two, with what is known of it.

    Attributes:
        value: The rate; None where no reference unit was drawn.
        ci95: Its interval; None with fewer than `LEAST_DRAWS` draws.
        p_value: Of the hypothesis that it is 0, two-sided; None where there is no interval.
    """

    value: float | None
    ci95: Interval | None
    p_value: float | None

    @property
    def verdict(self) -> Verdict:
        """Of a difference B − A."""
        if self.value is None or self.p_value is None or self.p_value >= SIGNIFICANCE:
            return "no difference shown"
        return "better" if self.value < 0 else "worse"


def chances(disagreements: Sequence[float], lengths: Sequence[float]) -> NDArray[np.float64]:
    """The chance of each clip at each draw.

    Args:
        disagreements: Of each clip, 0 and more; as in errors, so that long clips have more.
        lengths: About how many units each has, 0 and more.

    Returns:
        float64 (n,), every one above 0, their sum 1.
    """
    apart, long = (np.asarray(one, dtype=np.float64) for one in (disagreements, lengths))
    long = long + 1.0  # of a clip without text nothing is known, and it may have speech
    by_length = long / long.sum()
    if apart.sum() <= 0:
        return by_length
    return (1 - EVEN_SHARE) * (apart / apart.sum()) + EVEN_SHARE * by_length


def draw_order(chance: NDArray[np.float64], draws: int, *, seed: int = 0) -> list[int]:
    """Places of clips in the order in which they are drawn, the same ones each time; clips come again.

    More draws begin like fewer.

    Args:
        chance: As `chances`.
        draws: How many.
        seed: Of the draws.
    """
    points = np.random.default_rng(seed).random(draws)
    return np.minimum(np.searchsorted(np.cumsum(chance), points, side="right"), chance.size - 1).tolist()


def drawn_so_far(order: Sequence[int], labelled: Mapping[int, object]) -> list[int]:
    """The draws up to the first clip that is not labelled: those that an estimate may rest on.

    Labels beyond it would be of clips that somebody chose.
    """
    for number, place in enumerate(order):
        if place not in labelled:
            return list(order[:number])
    return list(order)


def estimate_rate(
    errors: Sequence[float], lengths: Sequence[float], chance: Sequence[float] | NDArray[np.float64]
) -> Estimate:
    """Errors by units of all clips, from those drawn; for a difference of two systems, take the difference of errors.

    A ratio of two estimated totals, with an interval by linearisation and Student's t (Cochran 1977, "Sampling
    Techniques", 3rd edition, sections 6.3 and 9A.3).

    Args:
        errors: Of each draw, a clip drawn twice counting twice.
        lengths: Reference units of each draw.
        chance: Of each drawn clip at one draw.
    """
    weights = 1 / np.asarray(chance, dtype=np.float64)
    wrong, units = (weights * np.asarray(one, dtype=np.float64) for one in (errors, lengths))
    if units.sum() <= 0:
        return Estimate(value=None, ci95=None, p_value=None)
    rate, draws = float(wrong.sum() / units.sum()), len(wrong)
    if draws < LEAST_DRAWS:
        return Estimate(value=rate, ci95=None, p_value=None)
    rest = wrong - rate * units
    error = float(np.sqrt(rest.var(ddof=1) / draws) / units.mean())
    from scipy.stats import t as student  # 0.7 s

    reach = float(student.ppf(0.975, draws - 1)) * error
    p_value = float(2 * student.sf(abs(rate) / error, draws - 1)) if error > 0 else float(rate == 0)
    return Estimate(value=rate, ci95=(rate - reach, rate + reach), p_value=p_value)
