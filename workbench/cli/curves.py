"""`workbench curve`: error against SNR, or against another number."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from workbench import services
from workbench.cli.arguments import passed_on
from workbench.cli.console import Console
from workbench.cli.tables import interval, percent
from workbench.errors import UsageError
from workbench.runs.curve_report import curves_json, curves_svg, doubling_words
from workbench.runs.curves import Curve, CurvePoint, Curves


def curve(arguments: Namespace, console: Console) -> int:
    """Draw error along an axis.

    Raises:
        WorkbenchError: A run cannot be read, nothing has such a number, or the chart cannot be written.
    """
    given = {name: value for name, value in passed_on(arguments, services.curve).items() if value is not None}
    found = services.curve(arguments.runs, **given)
    if arguments.svg is not None:
        _write(Path(arguments.svg), curves_svg(found))
        console.note(f"Wrote {arguments.svg}.")
    console.document(curves_json(found))
    for one in found.curves:
        _show(one, found, console)
    console.say(f"Ruler {found.ruler} {found.ruler_hash}.")
    return 0


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
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.", hint="Choose another place.") from error
