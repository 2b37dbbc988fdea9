"""What may be said of one run's rate against another's over the same items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from workbench.scoring.clusters import ClusterBy, Clusters
from workbench.scoring.counts import ErrorCounts, tally_all
from workbench.scoring.interval import RESAMPLES, Interval, Verdict, paired_difference, utterances_needed, verdict
from workbench.scoring.matched_pairs import MatchedPairs, correct_for_many
from workbench.scoring.verdicts import count_more, say_difference
from workbench.text.rulers import MetricName

Counts = Mapping[MetricName, ErrorCounts]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricDifference:
    """One rate of both runs over the same items.

    Attributes:
        a: Rate of A; None without a reference.
        b: Rate of B.
        delta: B − A: below zero, B makes fewer errors.
        ci95: Its interval; None with fewer than two units of chance.
        p_value: Of a paired permutation test, two-sided; raised by Holm's method where `among` is above 1.
        verdict: What may be said of B against A.
        wins: Items in which B makes fewer errors.
        losses: Items in which it makes more.
        ties: Items with as many.
        clusters: Units of chance: how many there are of what was drawn.
        cluster_by: What was drawn: utterances, or whole speakers or recordings.
        needed: About how many units of chance would show the difference on its own, if it is real; None where the runs
            make as many errors, or with fewer than two.
        more_needed: About how many more than there are; None where the difference is shown, or nothing can be said.
        among: Of how many comparisons this is one.
        mapsswe: NIST's matched-pairs test, by segments, which knows of no clusters; None where it was not asked for.
        sentence: Verdict, difference and interval in words.
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
    clusters: int
    cluster_by: ClusterBy
    needed: int | None
    more_needed: int | None
    among: int
    mapsswe: MatchedPairs | None
    sentence: str


def measure_difference(
    a: Sequence[ErrorCounts],
    b: Sequence[ErrorCounts],
    *,
    clusters: Clusters,
    mapsswe: MatchedPairs | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> MetricDifference:
    """Hold one rate of B against that of A.

    Args:
        a: Counts of A, one an item.
        b: Counts of B, of the same items in the same order.
        clusters: Which items are drawn together.
        mapsswe: Passed on.
        resamples: How often to draw, for the interval and for the p-value.
        seed: Of the draws.
    """
    errors_a, errors_b = (np.array([counts.errors for counts in side], dtype=np.int64) for side in (a, b))
    lengths = np.array([counts.reference_length for counts in a], dtype=np.int64)
    found = paired_difference(errors_a, errors_b, lengths, clusters=clusters.labels, resamples=resamples, seed=seed)
    bare = MetricDifference(
        a=tally_all(a).counts.rate,
        b=tally_all(b).counts.rate,
        delta=found.delta,
        ci95=found.ci95,
        p_value=found.p_value,
        verdict="no difference shown",
        wins=found.wins,
        losses=found.losses,
        ties=found.ties,
        clusters=found.units,
        cluster_by=clusters.by,
        needed=utterances_needed(errors_a, errors_b, lengths, clusters=clusters.labels),
        more_needed=None,
        among=1,
        mapsswe=mapsswe,
        sentence="",
    )
    return judge(bare, p_value=found.p_value, among=1)


def judge(difference: MetricDifference, *, p_value: float | None, among: int) -> MetricDifference:
    """The same difference with what may be said of it as one of several.

    Args:
        difference: As measured.
        p_value: Corrected for the others.
        among: How many there are.
    """
    said = verdict(difference.delta, difference.ci95, p_value)
    more = count_more(difference.needed, difference.clusters, said, among=among)
    return replace(
        difference,
        p_value=p_value,
        verdict=said,
        more_needed=more,
        among=among,
        sentence=say_difference(
            difference.delta, difference.ci95, said, more_needed=more, cluster_by=difference.cluster_by
        ),
    )


def judge_together(differences: Sequence[MetricDifference]) -> list[MetricDifference]:
    """Several differences as one family: p-values raised by Holm's method, verdicts and sentences by those.

    Args:
        differences: Each as measured on its own.
    """
    corrected = correct_for_many([one.p_value for one in differences])
    return [
        judge(one, p_value=p_value, among=len(differences)) for one, p_value in zip(differences, corrected, strict=True)
    ]
