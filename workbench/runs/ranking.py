"""Any number of runs in order, over the items that all of them have, under one ruler."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from workbench.errors import RunError, UsageError
from workbench.evalsets.corrections import CorrectionNote
from workbench.pipeline.measurement import combined
from workbench.runs.differences import MetricDifference
from workbench.runs.imported import NOT_KNOWN, tell_language_not_known
from workbench.runs.records import ItemOutcome, ItemResult
from workbench.runs.standings import Standings
from workbench.runs.store import StoredRun
from workbench.runs.tags import labelled
from workbench.scoring.clusters import ClusterBy, cluster_utterances, tell_doubts
from workbench.scoring.score import Metric, Score, score
from workbench.text.rulers import MetricName, Ruler, headline_metric

DropReason = Literal["missing", "failed", "reference_differs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RankCost:
    """What a run took over the common items; None where it was not measured."""

    wall_seconds: float | None
    rtf: float | None
    gpu_seconds: float | None
    peak_gpu_bytes: int | None
    peak_rss_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RankRow:
    """One run of several.

    Attributes:
        run_id: Which run.
        eval_set: Name of its set.
        engine: As asked for.
        model_id: Which weights.
        chain: What was done to the audio.
        place: "1", or "2–3" where it cannot be told.
        metrics: Over the common items: counts, rate and interval.
        cost: Over the common items.
        lacking: Items of the other runs that this one did not transcribe.
        against_baseline: The ranked rate against that of the baseline; None for the baseline itself.
        against_leader: The same against that of the run with the lowest rate; None for that run.
    """

    run_id: str
    eval_set: str
    engine: str
    model_id: str
    chain: str
    place: str
    metrics: Mapping[MetricName, Metric]
    cost: RankCost
    lacking: int
    against_baseline: MetricDifference | None
    against_leader: MetricDifference | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Runs by one rate, the lowest first.

    Attributes:
        metric: Which rate: the one that leads in the baseline's language.
        ruler: Name and version of what all were scored under.
        ruler_hash: What it was made of.
        baseline: The run that each is held against.
        leader: The run with the lowest rate.
        common: Items that were compared.
        dropped: How many were left out, by reason; reasons that did not occur are not named.
        cluster_by: What intervals and tests draw: utterances, or whole speakers or recordings.
        clusters: How many there are of it.
        rows: By rate, the lowest first; equal ones in the order given.
        warnings: Why figures may not be held against each other, or promise too much.
        corrections: What was done to the references before; empty where they are the published ones.
    """

    metric: MetricName
    ruler: str
    ruler_hash: str
    baseline: str
    leader: str
    common: int
    dropped: Mapping[DropReason, int]
    cluster_by: ClusterBy
    clusters: int
    rows: tuple[RankRow, ...]
    warnings: tuple[str, ...]
    corrections: tuple[CorrectionNote, ...] = ()


def rank_runs(
    runs: Sequence[StoredRun],
    *,
    ruler: Ruler,
    baseline: str | None = None,
    cluster_by: ClusterBy | None = None,
    seed: int = 0,
) -> Ranking:
    """Score runs on the items that all of them transcribed, and say which differ.

    There are two families of claims, and in either the chance of any wrong claim is at most 5 %: every run against the
    baseline, and every run against every other, from which come the places and what is said of the leader, who is known
    from the data only.

    Args:
        runs: Two or more.
        ruler: What is done to all texts before they are compared.
        baseline: Id of the run that each is held against; None is the first.
        cluster_by: As in `compare_runs`.
        seed: For intervals and tests.

    Raises:
        UsageError: Fewer than two runs; the baseline is not among them; no item has the tag to draw by.
        RunError: No item was transcribed in all runs with the same reference.
    """
    first = _place_of(runs, baseline)
    items, dropped = _common(runs)
    if not items:
        reasons = ", ".join(f"{count} {reason.replace('_', ' ')}" for reason, count in dropped.items())
        raise RunError(f"The runs have no item in common ({reasons}).", hint="Rank runs over the same set.")
    clusters = cluster_utterances([labelled(item).tags for item in items], by=cluster_by)
    scored = [
        score([(one.id, one.reference, one.text) for one in column], ruler, clusters=clusters, seed=seed)
        for column in zip(*items, strict=True)
    ]
    metric = headline_metric(runs[first].record.spec.set_language)
    standings = Standings([[item.counts[metric] for item in one.items] for one in scored], clusters, seed=seed)
    order = sorted(range(len(runs)), key=lambda place: _rate(scored[place], metric))
    against_baseline, against_leader = standings.against(first), standings.against_leader(order[0])
    places = standings.places(against_leader)
    drawn = scored[first].metrics[metric].clusters
    return Ranking(
        metric=metric,
        ruler=ruler.id,
        ruler_hash=ruler.hash,
        baseline=runs[first].record.run_id,
        leader=runs[order[0]].record.run_id,
        common=len(items),
        dropped=dropped,
        cluster_by=clusters.by,
        clusters=drawn,
        rows=tuple(
            _row(
                runs[place],
                [item[place] for item in items],
                scored[place],
                place=places[place],
                lacking=len(items) + sum(dropped.values()) - _transcribed(runs[place]),
                against=(against_baseline.get(place), against_leader.get(place)),
            )
            for place in order
        ),
        warnings=(*_warnings(runs), *tell_doubts(clusters.by, drawn, few=clusters.few)),
        corrections=tuple(dict.fromkeys(run.corrections for run in runs if run.corrections is not None)),
    )


def _place_of(runs: Sequence[StoredRun], baseline: str | None) -> int:
    if len(runs) < 2:
        raise UsageError("A ranking needs at least two runs.", hint="`workbench runs` lists them.")
    ids = [run.record.run_id for run in runs]
    if baseline is None:
        return 0
    if baseline not in ids:
        raise UsageError(f"The baseline {baseline} is not among the runs.", hint="Name it as one of them too.")
    return ids.index(baseline)


def _common(runs: Sequence[StoredRun]) -> tuple[list[tuple[ItemResult, ...]], dict[DropReason, int]]:
    """Each item's results in all runs, in the order of the first run; and how many items were left out, and why."""
    by_id = [{outcome.id: outcome for outcome in run.outcomes} for run in runs]
    items: list[tuple[ItemResult, ...]] = []
    dropped = Counter[DropReason]()
    for name in dict.fromkeys(name for one in by_id for name in one):
        several = _results([one.get(name) for one in by_id])
        if isinstance(several, str):
            dropped[several] += 1
        else:
            items.append(several)
    return items, dict(dropped)


def _results(outcomes: Sequence[ItemOutcome | None]) -> tuple[ItemResult, ...] | DropReason:
    if None in outcomes:
        return "missing"
    results = tuple(one for one in outcomes if isinstance(one, ItemResult))
    if len(results) < len(outcomes):
        return "failed"
    return results if len({one.reference for one in results}) == 1 else "reference_differs"


def _transcribed(run: StoredRun) -> int:
    return sum(isinstance(outcome, ItemResult) for outcome in run.outcomes)


def _rate(scored: Score, metric: MetricName) -> float:
    rate = scored.metrics[metric].rate
    return float("inf") if rate is None else rate


def _row(
    run: StoredRun,
    results: Sequence[ItemResult],
    scored: Score,
    *,
    place: str,
    lacking: int,
    against: tuple[MetricDifference | None, MetricDifference | None],
) -> RankRow:
    spec = run.record.spec
    total = combined(one.measurement for one in results)
    return RankRow(
        run_id=run.record.run_id,
        eval_set=spec.eval_set,
        engine=spec.engine,
        model_id=spec.model_id,
        chain=spec.chain,
        place=place,
        metrics=scored.metrics,
        cost=RankCost(
            wall_seconds=None if total is None else total.wall_seconds,
            rtf=None if total is None else total.rtf,
            gpu_seconds=None if total is None else total.gpu_seconds,
            peak_gpu_bytes=None if total is None else total.peak_gpu_bytes or total.peak_gpu_process_bytes,
            peak_rss_bytes=None if total is None else total.peak_rss_bytes,
        ),
        lacking=lacking,
        against_baseline=against[0],
        against_leader=against[1],
    )


def _warnings(runs: Sequence[StoredRun]) -> Iterator[str]:
    records = [run.record for run in runs]
    measured = [
        run.record for run in runs if any(isinstance(one, ItemResult) and one.measurement for one in run.outcomes)
    ]
    if len({repr([one.environment.get(name) for name in ("cpu", "gpus")]) for one in measured}) > 1:
        yield "The runs were made on different machines: their times and memory are not comparable."
    if len(sizes := sorted({one.spec.batch_size for one in measured})) > 1:
        yield f"The runs decoded {_listed(sizes)} clips at a time: their times are not comparable."
    if len(told := sorted({one.spec.language for one in records} - {NOT_KNOWN})) > 1:
        yield f"The engines were told different languages: {_listed([repr(one) for one in told])}."
    if imported := [one.run_id for one in records if one.spec.language == NOT_KNOWN]:
        yield tell_language_not_known(imported)
    for run in runs:
        if run.missing:
            yield f"{run.record.run_id} is not complete: {run.missing} of {run.record.spec.items} items were not done."


def _listed(values: Sequence[object]) -> str:
    return f"{', '.join(map(str, values[:-1]))} and {values[-1]}"
