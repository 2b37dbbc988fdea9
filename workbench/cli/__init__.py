"""The command line: parses, calls `workbench.services`, renders.

A contract for people and programs: `--json` on every verb puts one JSON document on standard output and nothing else
there; exit codes are 0 done, 1 failed or incomplete, 2 unusable arguments or input, 130 cancelled.
"""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Sequence

from workbench.children.core_dumps import forbid_core_dumps
from workbench.cli.console import Console, error_document, reconfigure
from workbench.cli.log import places
from workbench.cli.parser import build_parser
from workbench.cli.sealing import seal_first
from workbench.errors import WorkbenchError
from workbench.settings import quieten

__all__ = ["main"]

CANCELLED = 130
_KEPT = "What was done is kept; the same command goes on from there."
_REPORT_IT = "Please report it with the lines above."


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Args:
        argv: Arguments without the program's name; None takes them from the command line. Then the process is this
            command's own, and is shut off from the network first where the verb needs none (`cli.sealing`).
    """
    words = sys.argv[1:] if argv is None else list(argv)
    forbid_core_dumps()
    reconfigure(sys.stdout, sys.stderr)
    console = Console(as_json="--json" in words)
    try:
        listener = seal_first(words, console.note) if argv is None else None
        arguments = build_parser(next((word for word in words if not word.startswith("-")), "")).parse_args(words)
        arguments.listener = listener
        _quieten_but_for_fetching(arguments)
        return arguments.command(arguments, console)
    except WorkbenchError as error:
        console.error(error)
        console.document(error_document(error))
        return error.exit_code
    except KeyboardInterrupt:
        return _tell(console, CANCELLED, "Cancelled", "Cancelled.", _KEPT)
    except BrokenPipeError:
        # Whoever read the output has enough; Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        console.note(places(error))  # to be passed on: without the words of the error, which may quote a recording
        return _tell(console, 1, type(error).__name__, "Something went wrong in the workbench itself.", _REPORT_IT)


def _tell(console: Console, code: int, name: str, message: str, hint: str) -> int:
    """An end that is no `WorkbenchError`, told like one."""
    console.note(f"{message} {hint}")
    console.document({"error": {"code": name, "message": message, "hint": hint}})
    return code


def _quieten_but_for_fetching(arguments: Namespace) -> None:
    """Close every way out before a library is imported that has one; what fetches may need the proxy."""
    fetches = arguments.verb in ("models", "sets") and arguments.action == "fetch"
    proxies = {name: value for name, value in os.environ.items() if fetches and name.lower().endswith("_proxy")}
    quieten()
    os.environ.update(proxies)
