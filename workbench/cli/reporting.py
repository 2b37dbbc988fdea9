"""Runs as reports: `workbench runs report`."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from workbench import services
from workbench.cli.arguments import passed_on
from workbench.cli.console import Console
from workbench.cli.syntax import Maker
from workbench.storage import write_output


def add_actions(action: Maker) -> None:
    """The action of `runs` that is here, with its arguments."""
    made = action("report", "reporting:report", "A report of a run, or of runs against each other.", services.report)
    made.add("run", "run", metavar="RUN")
    made.add("other", "other", nargs="?", metavar="RUN_B")
    made.add("more", "more", nargs="*", metavar="RUN")
    made.add("--format", "format", choices=services.REPORT_FORMATS)
    made.add("--ruler", "ruler", metavar="RULER")
    made.add("--corrected", "corrected", action="store_true")
    made.add("--output", "output", metavar="FILE", help="Write it there instead of to standard output.")


def report(arguments: Namespace, console: Console) -> int:
    """Write a report to a file, or to standard output.

    Raises:
        WorkbenchError: A run cannot be read, the runs have nothing in common, or the file cannot be written.
    """
    runs = (arguments.run, arguments.other, *arguments.more)
    text = services.report(*runs, **passed_on(arguments, services.report))
    return hand_over(text, arguments.format, arguments.output, console)


def hand_over(text: str, format: str, output: str | None, console: Console) -> int:
    """Write a text to a file where one is named, else to standard output.

    Raises:
        UsageError: The file cannot be written.
    """
    if output is None:
        console.document({"format": format, "content": text})
        if not console.as_json:
            console.write(text.encode())
        return 0
    _write(Path(output), text)
    console.document({"format": format, "written": output})
    console.note(f"Wrote {output}.")
    return 0


def _write(path: Path, text: str) -> None:
    write_output(path, text.encode())
