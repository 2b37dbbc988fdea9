"""What a sweep says: settings in order, each against the first, over all sets and on each, with what it costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from workbench.errors import RunError
from workbench.evalsets.selection import MIXED
from workbench.runs.compare import Comparison, compare_runs
from workbench.runs.differences import MetricDifference, judge_together
from workbench.runs.ranking import Ranking, RankRow, rank_runs
from workbench.runs.store import StoredRun
from workbench.runs.summary import RunSummary, summarise
from workbench.runs.sweep_store import Cell, Setting, SweepRecord
from workbench.scoring.score import METRICS, Metric
from workbench.text.rulers import MetricName, Ruler, default_ruler, find_ruler

TradeOff = Literal["time", "memory"]
TRADE_OFFS: tuple[TradeOff, ...] = get_args(TradeOff)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetResult:
    """A setting on one set.

    Attributes:
        eval_set: The set's name.
        run_id: The cell's run.
        metric: The rate that leads in the set's language.
        rate: Over the items that the baseline has too; of the baseline, over all it has.
        difference: From the baseline; None for the baseline. One of as many as there are settings × sets beside it.
    """

    eval_set: str
    run_id: str
    metric: MetricName
    rate: Metric
    difference: MetricDifference | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepRow:
    """A setting over all sets.

    Attributes:
        setting: Engine and chain.
        summary: All its runs as one.
        against: It against the baseline; verdicts hold for all settings together. None for the baseline.
        rank: Its place and rates over the items that all settings have.
        sets: On each set.
        best: In which respect no other setting makes as few errors for less: in time, in memory.
    """

    setting: Setting
    summary: RunSummary
    against: Comparison | None
    rank: RankRow
    sets: tuple[SetResult, ...]
    best: frozenset[TradeOff]


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepTable:
    """A sweep's answer.

    Attributes:
        record: What was asked for.
        rows: The lowest rate first.
        ranking: Of all sets together; its run ids are labels of settings.
        pooled: A run for each setting in the order asked for, all its sets together.
        lacking: Cells without a run; a setting that lacks one has no row.
    """

    record: SweepRecord
    rows: tuple[SweepRow, ...]
    ranking: Ranking
    pooled: tuple[StoredRun, ...]
    lacking: tuple[Cell, ...]

    @property
    def metric(self) -> MetricName:
        """The rate by which settings are in order."""
        return self.ranking.metric

    @property
    def baseline(self) -> Setting:
        """What the others are held against."""
        return next(row.setting for row in self.rows if row.against is None)


def tabulate(record: SweepRecord, *, load: Callable[[str], StoredRun], ruler: Ruler | None) -> SweepTable:
    """Score the runs of a sweep and say which settings differ.

    The rates of all sets together add their errors and their units: a long set weighs more than a short one. The first
    setting that is whole is the baseline.

    Args:
        record: The sweep; settings with a run for every set are compared.
        load: A run by its id.
        ruler: How texts are compared; None is what suits each set's language, and for all sets together what suits a
            mixture where they differ.

    Raises:
        RunError: Fewer than two settings are whole.
    """
    lacking = tuple(cell for cell in record.cells if record.run_of(cell) is None)
    whole = [one for one in record.settings if all(cell.setting != one for cell in lacking)]
    if len(whole) < 2:
        raise RunError(
            f"The sweep {record.sweep_id} has nothing to compare yet: {len(whole)} of {len(record.settings)} "
            "settings are done.",
            hint="Give the same command again; it goes on where it was stopped.",
        )
    runs = {one: [load(run_id) for name in record.sets if (run_id := record.run_of(Cell(one, name)))] for one in whole}
    pooled = [pool_runs(runs[one], label=one.label) for one in whole]
    chosen = ruler or find_ruler(default_ruler(pooled[0].record.spec.set_language))
    ranking = rank_runs(pooled, ruler=chosen)
    ranked = {row.run_id: row for row in ranking.rows}
    against = _judged([compare_runs(pooled[0], one, ruler=chosen) for one in pooled[1:]])
    by_set = _by_set([runs[one] for one in whole], ruler)
    best = trade_offs([ranked[one.label] for one in whole], ranking.metric)
    rows = {
        one.label: SweepRow(
            setting=one,
            summary=summarise(pooled[place], ruler=chosen),
            against=against[place - 1] if place else None,
            rank=ranked[one.label],
            sets=by_set[place],
            best=best[place],
        )
        for place, one in enumerate(whole)
    }
    return SweepTable(
        record=record,
        rows=tuple(rows[row.run_id] for row in ranking.rows),
        ranking=ranking,
        pooled=tuple(pooled),
        lacking=lacking,
    )


def pool_runs(runs: Sequence[StoredRun], *, label: str) -> StoredRun:
    """Several runs of one setting as one, named by the label; items are named and tagged by their set.

    Args:
        runs: Of different sets, one or more.
        label: The id that it goes by.
    """
    first = runs[0].record
    if len(runs) == 1:
        return replace(runs[0], record=replace(first, run_id=label))
    specs = [run.record.spec for run in runs]
    languages = {spec.set_language for spec in specs}
    return StoredRun(
        record=replace(
            first,
            run_id=label,
            spec=replace(
                first.spec,
                eval_set="+".join(spec.eval_set for spec in specs),
                set_language=languages.pop() if len(languages) == 1 else MIXED,
                items=sum(spec.items for spec in specs),
            ),
            wall_seconds=_added([run.record.wall_seconds for run in runs]),
        ),
        outcomes=tuple(
            replace(outcome, id=f"{spec.eval_set}/{outcome.id}", tags={**outcome.tags, "set": spec.eval_set})
            for spec, run in zip(specs, runs, strict=True)
            for outcome in run.outcomes
        ),
    )


def trade_offs(rows: Sequence[RankRow], metric: MetricName) -> list[frozenset[TradeOff]]:
    """In which respects a row is on the frontier: none has a rate as low and a cost as low, and one of them lower.

    Rows of which the rate or the cost is not known are on none.
    """
    rates = [row.metrics[metric].rate for row in rows]
    on: Mapping[TradeOff, set[int]] = {
        name: frontier([(rate, cost_in(row, name)) for rate, row in zip(rates, rows, strict=True)])
        for name in TRADE_OFFS
    }
    return [frozenset(name for name, places in on.items() if place in places) for place in range(len(rows))]


def cost_in(row: RankRow, respect: TradeOff) -> float | None:
    """The real-time factor, or the peak memory in bytes: of the GPU where one was used."""
    cost = row.cost
    return cost.rtf if respect == "time" else cost.peak_gpu_bytes or cost.peak_rss_bytes


def frontier(points: Sequence[tuple[float | None, float | None]]) -> set[int]:
    """The places of the points that no other is below in one coordinate without being above in the other (Pareto)."""
    known = {place: (x, y) for place, (x, y) in enumerate(points) if x is not None and y is not None}
    return {
        place
        for place, (x, y) in known.items()
        if not any(a <= x and b <= y and (a, b) != (x, y) for a, b in known.values())
    }


def _added(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def _judged(compared: Sequence[Comparison]) -> list[Comparison]:
    """Comparisons as one family, in each measure."""
    judged = {name: judge_together([one.metrics[name] for one in compared]) for name in METRICS}
    return [replace(one, metrics={name: judged[name][place] for name in METRICS}) for place, one in enumerate(compared)]


def _by_set(runs: Sequence[Sequence[StoredRun]], ruler: Ruler | None) -> list[tuple[SetResult, ...]]:
    """Every setting on every set against the first setting there; all as one family.

    Args:
        runs: A row for each setting, a run for each set.
        ruler: As in `tabulate`.
    """
    rulers = [ruler or find_ruler(default_ruler(run.record.spec.set_language)) for run in runs[0]]
    compared = [
        [compare_runs(first, run, ruler=chosen) for first, run, chosen in zip(runs[0], row, rulers, strict=True)]
        for row in runs[1:]
    ]
    judged = iter(judge_together([one.metrics[one.headline] for row in compared for one in row]))
    differences = [[None] * len(runs[0]), *([next(judged) for _ in row] for row in compared)]
    return [
        tuple(
            _set_result(run, chosen, difference)
            for run, chosen, difference in zip(row, rulers, differences[place], strict=True)
        )
        for place, row in enumerate(runs)
    ]


def _set_result(run: StoredRun, ruler: Ruler, difference: MetricDifference | None) -> SetResult:
    found = summarise(run, ruler=ruler)
    return SetResult(
        eval_set=found.eval_set,
        run_id=found.run_id,
        metric=found.headline,
        rate=found.metrics[found.headline],
        difference=difference,
    )
