"""Runs as reports to hand on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, get_args

from workbench.engines.pool import EnginePool
from workbench.errors import UnknownName
from workbench.runs.causes import find_causes
from workbench.runs.compare import compare_runs
from workbench.runs.ranking import rank_runs
from workbench.runs.report import run_csv
from workbench.runs.reporting.comparison_report import report_comparison
from workbench.runs.reporting.document import Document
from workbench.runs.reporting.html import write_html
from workbench.runs.reporting.markdown import write_markdown
from workbench.runs.reporting.ranking_report import report_ranking
from workbench.runs.reporting.run_report import report_run
from workbench.runs.reporting.sheets import comparison_csv, ranking_csv
from workbench.runs.store import StoredRun
from workbench.runs.summary import summarise
from workbench.services.labels import load_labelled
from workbench.text.rulers import Ruler, default_ruler, find_ruler

ReportFormat = Literal["html", "md", "csv"]
REPORT_FORMATS: tuple[ReportFormat, ...] = get_args(ReportFormat)

REPORT_WRITERS: Mapping[str, Callable[[Document], str]] = {"html": write_html, "md": write_markdown}
"""Of the formats that are documents."""


def report(
    run: str | Path,
    other: str | Path | None = None,
    *more: str | Path,
    format: str = "html",
    ruler: str | None = None,
    corrected: bool = False,
    pool: EnginePool | None = None,
) -> str:
    """A report of one run, of two held against each other, or of several in order, as the text of a file.

    Texts of the set and of the engine are in it; recordings are not.

    Args:
        run: Its id, the beginning of one, or its folder; with others, the baseline.
        other: The run that is held against it.
        more: Further runs; all are ranked.
        format: "html": one file that needs nothing else and runs nothing; "md": Markdown; "csv": a row a clip, or with
            three runs and more a row a run.
        ruler: How texts are compared; None is what suits the set's language.
        corrected: Score against corrected labels, not the published ones, without clips that are wrongly labelled.
        pool: Whose settings say where runs are.

    Raises:
        UnknownName: No such run, ruler or format.
        RunError: The runs have no item in common.
    """
    if format not in REPORT_FORMATS:
        raise UnknownName("format of a report", format, REPORT_FORMATS)
    runs = [load_labelled(one, corrected=corrected, pool=pool) for one in (run, other, *more) if one is not None]
    chosen = find_ruler(ruler or default_ruler(runs[0].record.spec.set_language))
    if len(runs) == 1:
        return _of_run(runs[0], chosen, format)
    return _of_two(runs[0], runs[1], chosen, format) if len(runs) == 2 else _of_several(runs, chosen, format)


def _of_run(run: StoredRun, ruler: Ruler, format: str) -> str:
    summary = summarise(run, ruler=ruler)
    if format == "csv":
        return run_csv(summary)
    return REPORT_WRITERS[format](report_run(run, summary, find_causes(run, ruler=ruler), ruler=ruler))


def _of_two(a: StoredRun, b: StoredRun, ruler: Ruler, format: str) -> str:
    found = compare_runs(a, b, ruler=ruler)
    if format == "csv":
        return comparison_csv(found)
    return REPORT_WRITERS[format](report_comparison(a, b, found, ruler=ruler))


def _of_several(runs: list[StoredRun], ruler: Ruler, format: str) -> str:
    found = rank_runs(runs, ruler=ruler)
    return ranking_csv(found) if format == "csv" else REPORT_WRITERS[format](report_ranking(runs, found))
