"""What the command line writes: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TextIO

from rich.cells import cell_len
from rich.console import Console as RichConsole
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from workbench.errors import WorkbenchError

_SHOWN_CONTROLS = "\n\t"


class Advance(Protocol):
    """Told how much is done; the total may be None as long as it is not known."""

    def __call__(self, done: float, total: float | None) -> None: ...


class Console:
    """Two streams with a rule each.

    With `as_json`, standard output carries exactly one JSON document; without, text and tables. Notes and progress go
    to standard error, a bar only where that is a terminal.

    Args:
        as_json: Whether `--json` was given.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self._bar: Progress | None = None

    def document(self, value: Any) -> None:
        """The one JSON document, where it was asked for."""
        if self.as_json:
            print(json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2), flush=True)

    def say(self, text: str) -> None:
        """A line of the result, where no JSON was asked for."""
        if not self.as_json:
            print(shown(text), flush=True)

    def write(self, content: bytes) -> None:
        """A file's content as the result: as it is, unless a terminal would obey what is in it."""
        text = content.decode()
        sys.stdout.write(shown(text) if sys.stdout.isatty() else text)
        sys.stdout.flush()

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table as the result; aligned plain text where standard output is not a terminal."""
        if self.as_json:
            return
        heads, *cells = [[shown(cell) for cell in row] for row in (columns, *rows)]
        if sys.stdout.isatty():
            RichConsole().print(_rich_table(heads, cells))
        else:
            print(aligned([heads, *cells]), flush=True)

    def note(self, text: str) -> None:
        """A line beside the result: progress, a warning."""
        if self._bar is not None:
            self._bar.console.print(Text(shown(text)))
        else:
            print(shown(text), file=sys.stderr, flush=True)

    def error(self, error: WorkbenchError, *, about: str = "") -> None:
        """`error: <what is wrong>`, then what to do."""
        where = f"{about}: " if about else ""
        self.note(f"error: {where}{error.message}")
        if error.hint:
            self.note(error.hint)

    @contextmanager
    def progress(self, label: str) -> Generator[Advance]:
        """A bar while the block lasts, where standard error is a terminal."""
        if not sys.stderr.isatty():
            yield _no_bar
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=RichConsole(stderr=True), transient=True) as bar:
            task = bar.add_task(shown(label), total=None)
            self._bar = bar
            try:
                yield lambda done, total: bar.update(task, completed=done, total=total)
            finally:
                self._bar = None


def error_document(error: WorkbenchError) -> dict[str, Any]:
    """What `--json` says instead of a result."""
    kind = {"kind": error.kind} if error.kind else {}
    return {"error": {"code": error.code, **kind, "message": error.message, "hint": error.hint}}


def shown(text: str) -> str:
    """Text that a terminal shows and does not obey: control characters become U+FFFD."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if _is_control(character) and character not in _SHOWN_CONTROLS else character
        for character in text
    )


def _is_control(character: str) -> bool:
    return character < " " or "\x7f" <= character <= "\x9f"


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Columns two spaces apart, as wide as their widest cell; a Chinese character is two wide."""
    widths = [max(cell_len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = ("  ".join(_padded(cell, width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - cell_len(cell))


def _rich_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(Text(column))
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def _no_bar(done: float, total: float | None) -> None:
    """Nothing is shown where no terminal looks on; notes are lines of their own."""


def reconfigure(*streams: TextIO) -> None:
    """Write UTF-8 whatever the locale says: transcripts are in every script, and JSON is UTF-8 by definition."""
    for stream in streams:
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # pyright: ignore[reportAttributeAccessIssue]
