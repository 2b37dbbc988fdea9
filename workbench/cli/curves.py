"""`workbench curve`: error against SNR, or against another number."""

from __future__ import annotations

from argparse import Namespace
from contextlib import closing
from pathlib import Path
from typing import Any

from workbench import services
from workbench.cli.arguments import passed_on
from workbench.cli.console import Console
from workbench.cli.tables import interval, percent
from workbench.cli.verbs import RunTeller, check_ruler, run_arguments
from workbench.errors import UsageError
from workbench.runs.curve_difference import AreaDifference
from workbench.runs.curve_report import curves_json, curves_svg, doubling_words
from workbench.runs.curves import Curve, CurvePoint, Curves
from workbench.services.curves import CurveCellFailed, CurveCellStarted, CurveEvent, CurvesMeasured
from workbench.storage import write_output


def curve(arguments: Namespace, console: Console) -> int:
    """Draw error along an axis.

    Raises:
        WorkbenchError: A run cannot be read, nothing has such a number, or the chart cannot be written.
    """
    check_ruler(arguments.ruler)
    given = {name: value for name, value in passed_on(arguments, services.curve).items() if value is not None}
    if bool(arguments.runs) == bool(arguments.sets):
        raise UsageError("A curve is of runs, or of sets that are run first.", hint="Name runs, or sets with --set.")
    teller = CurveTeller(console)
    runs = _measured(arguments, teller, console) if arguments.sets else arguments.runs
    found = services.curve(runs, **given)
    if arguments.svg is not None:
        _write(Path(arguments.svg), curves_svg(found))
        console.note(f"Wrote {arguments.svg}.")
    console.document(curves_json(found))
    for one in found.curves:
        _show(one, found, console)
    for difference in found.differences:
        console.say(difference_line(difference))
    console.say(f"Ruler {found.ruler} {found.ruler_hash}.")
    for one in teller.failed:
        console.note(f"failed: {one.label}: {one.message}")
    return 1 if teller.failed else 0


class CurveTeller:
    """Tells the runs that curves need, a line each.

    Attributes:
        failed: Those that came to nothing.
        run_ids: At the end, all that there are.
    """

    def __init__(self, console: Console) -> None:
        self.failed: list[CurveCellFailed] = []
        self.run_ids: tuple[str, ...] = ()
        self._console = console
        self._runs = RunTeller(console)

    def tell(self, event: CurveEvent, advance: Any) -> None:
        """Say one event, and how far the run is."""
        match event:
            case CurveCellStarted():
                self._console.note(f"[{event.index + 1}/{event.total}] {event.label}")
            case CurveCellFailed():
                self.failed.append(event)
                self._console.note(f"  failed: {event.message}")
            case CurvesMeasured():
                self.run_ids = event.run_ids
            case _:
                self._runs.tell(event, advance)


def _measured(arguments: Namespace, teller: CurveTeller, console: Console) -> tuple[str, ...]:
    asked = passed_on(arguments, services.curve_events) | run_arguments(arguments)
    given = {name: value for name, value in asked.items() if value is not None}
    with console.progress("curve") as advance, closing(services.curve_events(**given)) as events:
        for event in events:
            teller.tell(event, advance)
    return teller.run_ids


def difference_line(one: AreaDifference) -> str:
    """What may be said of one curve against the first."""
    among = f", one of {one.among} (Holm)" if one.among > 1 else ""
    left_out = f", {one.left_out} left out" if one.left_out else ""
    basis = f"{len(one.places)} places, {one.clips} clips that both heard{left_out}{among}"
    return f"{one.name_b} against {one.name_a}: {one.sentence} of the mean over the axis; {basis}."


def _show(one: Curve, found: Curves, console: Console) -> None:
    console.say(f"{one.name} ({', '.join(one.run_ids)})")
    clean = [] if one.clean is None else [("clean", one.clean)]
    rows = [(f"{point.at:g}", point) for point in one.points if point.at is not None]
    columns = (found.axis, found.metric.upper(), "95 % interval", "errors of units", "clips")
    console.table(columns, [_row(name, point) for name, point in (*clean, *rows[::-1])])
    figures = one.figures
    if words := doubling_words(figures.doubling, found.axis):
        console.say(f"Error {words}.")
    if figures.area is not None:
        console.say(f"Mean over the axis: {percent(figures.area)} ({interval(figures.area_ci95)}).")
    drawn = "the same clips at every place, drawn together" if one.paired else "other clips at each place"
    left_out = f"; {one.left_out} clips not scored at every place are left out" if one.left_out else ""
    console.say(f"{one.units} units of chance, {drawn}{left_out}.")


def _row(name: str, point: CurvePoint) -> tuple[str, ...]:
    counts = point.counts
    units = f"{counts.errors} of {counts.reference_length}"
    return name, percent(counts.rate), interval(point.ci95), units, str(point.clips)


def _write(path: Path, text: str) -> None:
    write_output(path, text.encode())
