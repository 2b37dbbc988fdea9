"""The score so far, for a table that grows."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.pipeline.measurement import Measurement, combined
from workbench.runs.records import ItemOutcome, ItemResult, Scalar
from workbench.runs.summary import Counts, add_counts
from workbench.scoring.clusters import cluster_utterances
from workbench.scoring.score import METRICS, Metric, score, summarise
from workbench.text.rulers import MetricName, Ruler


class RunningScore:
    """Adds outcomes one at a time; adding costs the same however many there were.

    Args:
        ruler: What is done to both texts before they are compared.
        seed: For the bootstrap.
    """

    def __init__(self, ruler: Ruler, *, seed: int = 0) -> None:
        self.ruler = ruler
        self.scored = 0
        self.failed = 0
        self.measurement: Measurement | None = None
        self._seed = seed
        self._items: list[Counts] = []
        self._tags: list[Mapping[str, Scalar]] = []
        self._total = add_counts([])

    def add(self, outcome: ItemOutcome) -> Counts | None:
        """Count one outcome. Returns its counts by metric; None where it failed."""
        if not isinstance(outcome, ItemResult):
            self.failed += 1
            return None
        counts = score([(outcome.id, outcome.reference, outcome.text)], self.ruler).items[0].counts
        self.scored += 1
        self._items.append(counts)
        self._tags.append(outcome.tags)
        self._total = add_counts([self._total, counts])
        self.measurement = combined((self.measurement, outcome.measurement))
        return counts

    @property
    def counts(self) -> Counts:
        """Added counts by metric, of the items that have a reference."""
        return self._total

    def metrics(self) -> Mapping[MetricName, Metric]:
        """Rates with their intervals. A bootstrap of 1000 items takes a tenth of a second: ask now and then."""
        clusters = cluster_utterances(self._tags)
        return {
            name: summarise([counts[name] for counts in self._items], clusters=clusters, seed=self._seed)
            for name in METRICS
        }
