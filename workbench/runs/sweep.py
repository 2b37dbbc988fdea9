"""Engines × chains on the same items, one run a cell."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace

from workbench.audio.steps import parse_chain
from workbench.engines.registry import EngineRef, plugin
from workbench.errors import UsageError
from workbench.runs.compare import Comparison, compare_runs
from workbench.runs.differences import judge_together
from workbench.runs.records import RunEvent, RunStarted
from workbench.runs.store import RunStore, StoredRun
from workbench.runs.summary import RunSummary, summarise
from workbench.scoring.score import METRICS
from workbench.text.rulers import Ruler, default_ruler, find_ruler


@dataclass(frozen=True, slots=True)
class Cell:
    """What is varied."""

    engine: str
    chain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepCell:
    """One finished cell: its run, scored, and how it compares with the first cell's; None for the first.

    As a cell is finished, the comparison stands on its own; `ranked` corrects all of a sweep for each other.
    """

    engine: str
    chain: str
    summary: RunSummary
    against: Comparison | None


def sweep_cells(
    cells: Sequence[Cell],
    *,
    run: Callable[[Cell], Generator[RunEvent, None, None]],
    store: RunStore,
    ruler: Ruler | None,
) -> Generator[RunEvent | SweepCell, None, None]:
    """Run the cells one after another.

    Args:
        cells: Two or more; the first is the baseline.
        run: Benchmarks one cell.
        store: Where its run is found afterwards.
        ruler: How texts are compared; None is what suits the set's language.

    Yields:
        Each cell's run events, then its `SweepCell`.

    Raises:
        UsageError: Fewer than two cells.
    """
    if len(cells) < 2:
        raise UsageError("A sweep needs at least two cells.", hint="Give --chain or --engine more than once.")
    for cell in cells:
        parse_chain(cell.chain)
        plugin(EngineRef.parse(cell.engine).name)
    baseline: StoredRun | None = None
    for cell in cells:
        run_id = ""
        for event in run(cell):
            run_id = event.run_id if isinstance(event, RunStarted) else run_id
            yield event
        stored = store.load_run(run_id)
        chosen = ruler or find_ruler(default_ruler(stored.record.spec.set_language))
        yield SweepCell(
            engine=cell.engine,
            chain=cell.chain,
            summary=summarise(stored, ruler=chosen),
            against=compare_runs(baseline, stored, ruler=chosen) if baseline else None,
        )
        baseline = baseline or stored


def ranked(cells: Sequence[SweepCell]) -> list[SweepCell]:
    """Cells by headline rate, the lowest first; those without a rate last.

    Verdicts against the first cell hold for all cells together: p-values are raised by Holm's method over as many
    comparisons as there are, in each metric.
    """

    def rate(cell: SweepCell) -> float:
        found = cell.summary.metrics[cell.summary.headline].rate
        return float("inf") if found is None else found

    return sorted(_corrected(cells), key=rate)


def _corrected(cells: Sequence[SweepCell]) -> list[SweepCell]:
    compared = [cell.against for cell in cells if cell.against is not None]
    judged = {name: iter(judge_together([one.metrics[name] for one in compared])) for name in METRICS}
    return [
        replace(cell, against=replace(cell.against, metrics={name: next(judged[name]) for name in METRICS}))
        if cell.against is not None
        else cell
        for cell in cells
    ]
