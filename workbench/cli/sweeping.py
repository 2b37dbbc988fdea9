"""Sweeps: `workbench sweep`, and `workbench sweeps` for those that were made."""

from __future__ import annotations

from argparse import Namespace
from contextlib import closing
from typing import Any

from pydantic_core import to_jsonable_python

from workbench import services
from workbench.cli.arguments import passed_on
from workbench.cli.console import Console
from workbench.cli.reporting import hand_over
from workbench.cli.syntax import Maker
from workbench.cli.tables import SET_COLUMNS, SWEEP_COLUMNS, interval, percent, set_rows, sweep_rows
from workbench.cli.verbs import RunTeller, check_ruler, run_arguments
from workbench.runs.recommendation_report import recommendation_json
from workbench.runs.report import sweep_json
from workbench.runs.sweep import CellDone, CellFailed, CellStarted, SweepEvent, SweepStarted
from workbench.runs.sweep_table import SweepTable


def add_actions(action: Maker) -> None:
    """The actions of `sweeps`, with their arguments."""
    action("list", "sweeping:sweeps", "List the sweeps.", services.list_sweeps)
    show = action("show", "sweeping:show_sweep", "Settings in order, and each set.", services.sweep_table)
    report = action("report", "sweeping:report_sweep", "A sweep's report.", services.sweep_report)
    delete = action("delete", "sweeping:delete_sweep", "Forget a sweep; its runs stay.", services.delete_sweep)
    for one in (show, report, delete):
        one.add("sweep_id", "sweep_id", metavar="SWEEP")
    for one in (show, report):
        one.add("--ruler", "ruler", metavar="RULER")
    report.add("--format", "format", choices=services.REPORT_FORMATS)
    report.add("--output", "output", metavar="FILE", help="Write it there instead of to standard output.")


def sweep(arguments: Namespace, console: Console) -> int:
    """Benchmark every engine with every chain on every set; one run a cell, settings in order.

    Raises:
        WorkbenchError: It could not begin, or fewer than two settings came to their end.
    """
    check_ruler(arguments.ruler)
    chosen = run_arguments(arguments)
    chosen |= {"chains": arguments.chains or [""], "engines": arguments.engines or [services.DEFAULT_ENGINE]}
    told = SweepTeller(console)
    with console.progress("sweep") as advance, closing(services.sweep_events(**chosen)) as events:
        for event in events:
            told.tell(event, advance)
    code = _show(services.sweep_table(told.sweep_id, ruler=arguments.ruler), console)
    told.tell_failures()
    return 1 if told.failed else code


class SweepTeller:
    """Tells the events of a sweep, a line each.

    Attributes:
        sweep_id: Of the sweep; empty before it began.
        failed: Cells that came to nothing.
    """

    def __init__(self, console: Console) -> None:
        self.sweep_id = ""
        self.failed: list[CellFailed] = []
        self._console = console
        self._runs = RunTeller(console)

    def tell(self, event: SweepEvent, advance: Any) -> None:
        """Say one event, and how far the cell is."""
        match event:
            case SweepStarted():
                self.sweep_id = event.sweep_id
                before = f", {event.done} of them done before" if event.done else ""
                self._console.note(f"Sweep {event.sweep_id}: {event.cells} runs{before}.")
            case CellStarted():
                where = f"{event.cell.setting.label} on {event.cell.eval_set}"
                self._console.note(f"[{event.index + 1}/{event.total}] {where}")
            case CellDone():
                if event.reused:
                    self._console.note("  it was there already")
            case CellFailed():
                self.failed.append(event)
                self._console.note(f"  failed: {event.message}")
            case _:
                self._runs.tell(event, advance)

    def tell_failures(self) -> None:
        """Say once more, at the end, what came to nothing."""
        for one in self.failed:
            self._console.note(f"failed: {one.cell.setting.label} on {one.cell.eval_set}: {one.message}")


def sweeps(arguments: Namespace, console: Console) -> int:  # noqa: ARG001  every verb is called alike
    """List the sweeps."""
    records = services.list_sweeps()
    console.document(to_jsonable_python(records))
    console.table(
        ("sweep", "runs", "settings", "sets", "created"),
        [
            (
                one.sweep_id,
                f"{len(one.runs)} of {len(list(one.cells))}",
                str(len(one.settings)),
                ", ".join(one.sets),
                one.created,
            )
            for one in records
        ],
    )
    return 0


def show_sweep(arguments: Namespace, console: Console) -> int:
    """Show what a sweep says.

    Raises:
        WorkbenchError: No such sweep, or nothing to compare yet.
    """
    return _show(services.sweep_table(arguments.sweep_id, **passed_on(arguments, services.sweep_table)), console)


def report_sweep(arguments: Namespace, console: Console) -> int:
    """Write a sweep's report to a file, or to standard output.

    Raises:
        WorkbenchError: As `show_sweep`, or the file cannot be written.
    """
    text = services.sweep_report(arguments.sweep_id, **passed_on(arguments, services.sweep_report))
    return hand_over(text, arguments.format, arguments.output, console)


def recommend(arguments: Namespace, console: Console) -> int:
    """Say which setting to take for a recording, and how sure that is.

    Raises:
        WorkbenchError: The recording cannot be used, or there is no sweep to go by.
    """
    found = services.recommend(arguments.path, **passed_on(arguments, services.recommend))
    console.document(recommendation_json(found))
    console.say(found.sentence)
    console.table(
        ("place", "setting", "rate", "95 % interval", "against the baseline"),
        [
            (
                row.place,
                row.run_id,
                percent(row.metrics[found.ranking.metric].rate),
                interval(row.metrics[found.ranking.metric].ci95),
                "baseline" if row.against_baseline is None else row.against_baseline.sentence,
            )
            for row in found.ranking.rows
        ],
    )
    for name, unit, heard, span in (
        ("SNR", "dB", found.conditions.snr_db, found.snr_db),
        ("bandwidth", "Hz", found.conditions.bandwidth_hz, found.bandwidth_hz),
    ):
        told = "not known" if heard is None else f"{heard:.0f} {unit}"
        between = "not known" if span is None else f"{span[0]:.0f} … {span[1]:.0f} {unit}"
        console.say(f"Its {name}: {told}; of the clips compared: {between}.")
    for warning in found.ranking.warnings:
        console.note(f"warning: {warning}")
    return 0


def delete_sweep(arguments: Namespace, console: Console) -> int:
    """Forget a sweep; its runs stay.

    Raises:
        UnknownName: No such sweep.
    """
    services.delete_sweep(arguments.sweep_id)
    console.document({"deleted": arguments.sweep_id})
    console.say(f"Deleted {arguments.sweep_id}; its runs are still there.")
    return 0


def _show(found: SweepTable, console: Console) -> int:
    console.document(sweep_json(found))
    console.table(SWEEP_COLUMNS, sweep_rows(found))
    for row in found.rows:
        if row.rank.against_baseline is not None:
            console.say(f"{row.setting.label}: {row.rank.against_baseline.sentence}.")
    if len(found.rows[0].sets) > 1:
        console.table(SET_COLUMNS, set_rows(found))
    console.say(f"The baseline is {found.baseline.label}; {found.ranking.common} clips that all have.")
    for cell in found.lacking:
        console.note(f"warning: no run of {cell.setting.label} on {cell.eval_set}")
    for warning in found.ranking.warnings:
        console.note(f"warning: {warning}")
    whole = all(row.summary.status == "success" and row.summary.failed == 0 for row in found.rows)
    return 0 if whole and not found.lacking else 1
