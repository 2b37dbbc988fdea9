"""Which of several systems differ, and which places that leaves each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from workbench.runs.differences import MetricDifference, judge, judge_together, measure_difference
from workbench.scoring.clusters import Clusters
from workbench.scoring.counts import ErrorCounts
from workbench.scoring.interval import RESAMPLES, SIGNIFICANCE, permutation_p_value
from workbench.scoring.matched_pairs import correct_for_many


class Standings:
    """Several systems' counts of the same items, each held against each other one.

    Args:
        counts: One an item, of each run.
        clusters: Which items are drawn together.
        resamples: How often to draw, for each interval and each p-value.
        seed: Of the draws.
    """

    def __init__(
        self,
        counts: Sequence[Sequence[ErrorCounts]],
        clusters: Clusters,
        *,
        resamples: int = RESAMPLES,
        seed: int = 0,
    ) -> None:
        self._counts = counts
        self._clusters = clusters
        self._resamples, self._seed = resamples, seed
        self._pairs = list(combinations(range(len(counts)), 2))
        self._errors = [np.array([item.errors for item in one], dtype=np.int64) for one in counts]
        lengths = np.array([item.reference_length for item in counts[0]], dtype=np.int64)
        self._sums = [int(errors[lengths > 0].sum()) for errors in self._errors]
        raw = [
            permutation_p_value(
                self._errors[a], self._errors[b], lengths, clusters=clusters.labels, resamples=resamples, seed=seed
            )
            for a, b in self._pairs
        ]
        self._p_values = dict(zip(self._pairs, correct_for_many(raw), strict=True))

    def against(self, baseline: int) -> dict[int, MetricDifference]:
        """Every other system against one that was chosen beforehand; Holm's method over as many comparisons."""
        others = [place for place in range(len(self._counts)) if place != baseline]
        return dict(zip(others, judge_together([self._measure(baseline, one) for one in others]), strict=True))

    def against_leader(self, leader: int) -> dict[int, MetricDifference]:
        """Every other system against the one that leads; Holm's method over all pairs, as the data chose which."""
        return {
            place: judge(self._measure(leader, place), p_value=self._p_value(leader, place), among=len(self._pairs))
            for place in range(len(self._counts))
            if place != leader
        }

    def places(self, against_leader: Mapping[int, MetricDifference]) -> list[str]:
        """Each system's place, or the places it may have: "1", "2–3".

        The first is one more than the systems shown to be better, the last as many less than there are as are shown to
        be worse, by Holm's method over all pairs, so that all places together are right in 95 % of cases: Mogstad,
        Romano, Shaikh and Wilhelm 2024, "Inference for Ranks with Applications to Mobility across Neighbourhoods and
        Academic Achievement across Countries", Review of Economic Studies.

        Args:
            against_leader: As `against_leader` returned it.
        """
        count = len(self._counts)
        shown = {
            (a, b) if self._sums[a] < self._sums[b] else (b, a)
            for a, b in self._pairs
            if (p_value := self._p_value(a, b)) is not None and p_value < SIGNIFICANCE
        }
        tied = {place for place, one in against_leader.items() if one.verdict == "no difference shown"}
        leader = next(place for place in range(count) if place not in against_leader)
        shown -= {(leader, place) for place in tied}
        named: list[str] = []
        for place in range(count):
            best = 1 + sum((other, place) in shown for other in range(count))
            worst = count - sum((place, other) in shown for other in range(count))
            named.append(str(best) if best == worst else f"{best}–{worst}")
        return named

    def _measure(self, a: int, b: int) -> MetricDifference:
        return measure_difference(
            self._counts[a], self._counts[b], clusters=self._clusters, resamples=self._resamples, seed=self._seed
        )

    def _p_value(self, a: int, b: int) -> float | None:
        return self._p_values[min(a, b), max(a, b)]
