"""Differences in a sentence: the same one on the command line, on the page and in reports."""

from __future__ import annotations

import math

from workbench.scoring.clusters import NAMES, ClusterBy
from workbench.scoring.interval import SIGNIFICANCE, Interval, Verdict, fewest_units, power_distance

_FIGURES = 2  # of a number of clips that is only an estimate


def say_difference(
    delta: float | None,
    ci95: Interval | None,
    verdict: Verdict,
    *,
    more_needed: int | None = None,
    cluster_by: ClusterBy = "utterance",
) -> str:
    """What may be said of B against A, with its figures.

    `no difference shown (−0.1 points, −0.9 … +0.7; about 400 more clips would be needed to show it)`.

    Args:
        delta: Rate of B minus rate of A.
        ci95: Its interval.
        verdict: What test and interval say.
        more_needed: About how many more units of chance would show the difference, if it is real; None says nothing.
        cluster_by: The unit of chance.
    """
    if delta is None:
        return f"{verdict} (nothing was said in these clips)"
    said = f"{say_points(delta)} points"
    said += ", no interval" if ci95 is None else f", {say_points(ci95[0])} … {say_points(ci95[1])}"
    if more_needed is not None:
        said += f"; about {_rounded(more_needed)} more {NAMES[cluster_by][more_needed != 1]} would be needed to show it"
    return f"{verdict} ({said})"


def say_points(difference: float) -> str:
    """A difference of rates in percentage points with its sign: `−0.1`; two decimals below a tenth of a point."""
    points = 100 * difference
    text = f"{points:+.1f}" if abs(points) >= 0.095 else f"{points:+.2f}"
    return "0.0" if float(text) == 0 else text.replace("-", "\N{MINUS SIGN}")


def say_units(count: int, cluster_by: ClusterBy) -> str:
    """Units of chance: `12 speakers`, `1 clip`."""
    return f"{count} {NAMES[cluster_by][count != 1]}"


def count_more(needed: int | None, present: int, verdict: Verdict, *, among: int = 1) -> int | None:
    """How many more units of chance would be needed to show a difference.

    Args:
        needed: In all, as `interval.utterances_needed` says for a comparison on its own.
        present: How many there are.
        verdict: Of those there are.
        among: How many comparisons are made; each is then held against 0.05 divided by that.

    Returns:
        None where the difference is shown, where nothing can be said, and where as many as are needed are there: an
        estimate is no promise.
    """
    if verdict != "no difference shown" or needed is None:
        return None
    stricter = SIGNIFICANCE / among
    scaled = math.ceil(needed * (power_distance(stricter) / power_distance(SIGNIFICANCE)) ** 2)
    more = max(scaled, fewest_units(stricter)) - present
    return more if more > 0 else None


def _rounded(number: int) -> str:
    """A whole number to two figures, thousands apart: `12`, `430`, `3,100`."""
    power = max(0, len(str(number)) - _FIGURES)
    return f"{round(number, -power):,}"
