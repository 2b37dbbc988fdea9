"""Texts of other systems in, ours out: `workbench runs import` and `workbench runs export`."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from workbench import services
from workbench.cli.arguments import passed_on
from workbench.cli.console import Console
from workbench.cli.records import export_bundle
from workbench.cli.syntax import Maker
from workbench.cli.tables import METRIC_COLUMNS, metric_rows, total_lines
from workbench.runs.imported import imported_json
from workbench.runs.report import run_json
from workbench.storage import write_output

_NAMED = 10


def add_actions(action: Maker) -> None:
    """The actions of `runs` that are here, with their arguments."""
    given = action("import", "exchange:import_run", "Another system's texts, or a bundle.", services.import_run)
    given.add("path", "path", metavar="FILE")
    given.add("--set", "set", metavar="SET")
    given.add("--system", "system", metavar="NAME")
    given.add("--format", "format", metavar="FORMAT")
    given.add("--model", "model", metavar="MODEL")
    given.add("--revision", "revision", metavar="REVISION")
    given.add("--missing", "missing", choices=("refuse", "empty", "fail"))
    given.add("--unknown", "unknown", choices=("refuse", "skip"))
    given.add("--on-existing", "on_existing", choices=("reuse", "again"))
    exports = (services.export_run, services.export_bundle)
    out = action("export", "exchange:export_run", "A run's texts for other tools, or all of it, sealed.", *exports)
    out.add("run", "run", metavar="ID")
    out.add("--format", "format", metavar="FORMAT")
    out.add("--side", "side", choices=("hypothesis", "reference"))
    out.add("--ruler", "ruler", metavar="RULER")
    out.add("--output", "output", metavar="FILE", help="Write it there instead of to standard output.")
    out.add("--bundle", "bundle", metavar="FILE", default=None)
    out.add("--audio", "audio", action="store_true")
    out.add("--licence", "licence", metavar="TEXT")
    out.add("--note", "note", metavar="TEXT")
    out.add("--yes", "yes", action="store_true", help="Do not ask whether the recordings may be in the bundle.")


def import_run(arguments: Namespace, console: Console) -> int:
    """Store another system's texts as a run, and score it; 1 where clips failed for want of a text.

    Raises:
        WorkbenchError: The file has faults, or its ids are not those of the set.
    """
    found = services.import_run(arguments.path, **passed_on(arguments, services.import_run))
    summary = services.summary(found.record.run_id)
    console.document(run_json(summary) | imported_json(found))
    known = " was there already" if found.existing else ""
    console.say(f"Run {found.record.run_id}{known}: {found.given} texts of {found.record.spec.engine}.")
    _warn(found.missing, "clips have no text", console)
    _warn(found.skipped, "texts are of no clip and were left out", console)
    console.table(METRIC_COLUMNS, metric_rows(summary.metrics, summary.headline, summary.ruler, summary.ruler_hash))
    for line in total_lines(summary):
        console.say(line)
    return 1 if summary.failed else 0


def export_run(arguments: Namespace, console: Console) -> int:
    """Write a run's texts to a file, or to standard output.

    Raises:
        WorkbenchError: The run cannot be read, the format cannot hold its texts, or the file cannot be written.
    """
    if arguments.bundle is not None:
        return export_bundle(arguments, console)
    found = services.export_run(
        arguments.run, **passed_on(arguments, services.export_run) | {"format": arguments.format}
    )
    document = {"format": found.format, "items": found.items, "left_out": list(found.left_out)}
    content = found.content.encode()
    if arguments.output is None:
        console.document(document | {"content": found.content})
        if not console.as_json:
            console.write(content)
    else:
        console.document(document | {"written": str(_written(Path(arguments.output), content))})
        console.note(f"Wrote {found.items} texts to {arguments.output}.")
    _warn(found.left_out, "clips failed and are not in it", console)
    return 0


def _written(path: Path, content: bytes) -> Path:
    write_output(path, content)
    return path


def _warn(ids: Sequence[str], what: str, console: Console) -> None:
    if ids:
        more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
        console.note(f"warning: {len(ids)} {what}: {', '.join(ids[:_NAMED])}{more}")
