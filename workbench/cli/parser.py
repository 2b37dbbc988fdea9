"""Arguments of the command line. Names, defaults and help are those of the services they are passed to."""

from __future__ import annotations

import inspect
import re
from argparse import ArgumentParser
from collections.abc import Callable
from functools import cache
from typing import Any, NoReturn

from workbench import __version__, services
from workbench.cli import listings, serving, transcription, verbs
from workbench.errors import UsageError

Service = Callable[..., Any]


class Parser(ArgumentParser):
    """An `ArgumentParser` whose complaints are errors like all others."""

    def error(self, message: str) -> NoReturn:
        sentence = f"{message[:1].upper()}{message[1:]}".rstrip(".")
        raise UsageError(f"{sentence}.", hint=f"`{self.prog} --help` lists the arguments.")


class Verb:
    """One verb under construction.

    Args:
        parser: Its parser.
        services: The functions it calls; an argument's help and default come from the first that says one.
    """

    def __init__(self, parser: ArgumentParser, *services: Service) -> None:
        self.parser = parser
        self._services = services

    def add(self, flag: str, dest: str, **settings: Any) -> None:
        """An argument of the services, passed on under the name `dest`."""
        for service in self._services:
            found = inspect.signature(service).parameters.get(dest)
            if found is not None and found.default is not inspect.Parameter.empty and flag.startswith("-"):
                settings.setdefault("default", found.default)
            if dest in argument_helps(service):
                settings.setdefault("help", argument_helps(service)[dest])
        if flag.startswith("-"):
            self.parser.add_argument(flag, dest=dest, **settings)
        else:
            self.parser.add_argument(dest, **settings)


@cache
def argument_helps(service: Service) -> dict[str, str]:
    """The lines under `Args:` of a Google docstring, by name."""
    text = inspect.getdoc(service) or ""
    section = re.search(r"^Args:\n((?:    .*\n?|\n)+)", text, re.MULTILINE)
    entries = re.findall(r"^ {4}(\w+): (.+(?:\n {8,}.+)*)", section[1] if section else "", re.MULTILINE)
    return {name: " ".join(help_text.split()).replace("%", "%%") for name, help_text in entries}


def build_parser() -> ArgumentParser:
    """The parser of `workbench`; the parsed arguments' `command` is called with them and a console."""
    description = "Transcribe speech, and measure who does it best."
    parser = Parser(prog="workbench", description=description, allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"workbench {__version__}")
    group = parser.add_subparsers(dest="verb", metavar="VERB", required=True, parser_class=Parser)

    def verb(name: str, run: Callable[..., int], summary: str, *called: Service) -> Verb:
        made = group.add_parser(name, help=summary, description=summary, allow_abbrev=False)
        made.add_argument("--json", action="store_true", help="One JSON document on standard output.")
        made.set_defaults(command=run)
        return Verb(made, *called)

    _add_transcribe(verb("transcribe", transcription.transcribe, "Recordings to text.", services.transcribe_events))
    _add_bench(verb("bench", verbs.bench, "Transcribe labelled sets, metered.", services.bench_events, services.bench))
    _add_score(
        verb("score", verbs.score, "Score a stored run, or texts against texts.", services.score, services.summary)
    )
    _add_compare(verb("compare", verbs.compare, "Two runs, item by item.", services.compare, services.summary))
    _add_sweep(
        verb("sweep", verbs.sweep, "Engines × chains on the same items.", services.sweep_events, services.bench_events)
    )
    _add_lists(verb)
    _add_serve(verb("serve", serving.serve, "The page and the HTTP API, on this machine only."))
    return parser


def _add_common(verb: Verb) -> None:
    verb.add("--context", "context", metavar="TEXT")
    verb.add("--option", "options", action="append", metavar="KEY=VALUE")


def _add_transcribe(verb: Verb) -> None:
    verb.add("files", "files", nargs="+", metavar="FILE", help=argument_helps(services.transcribe_events)["path"])
    verb.add("--engine", "engine", metavar="ENGINE")
    verb.add("--language", "language", metavar="LANGUAGE")
    verb.add("--chain", "chain", metavar="CHAIN")
    _add_common(verb)
    verb.add("--chunk-seconds", "chunk_seconds", type=float, metavar="SECONDS")
    verb.add("--max-seconds", "max_seconds", type=float, metavar="SECONDS")
    verb.add("--format", "formats", action="append", metavar="FORMAT", help="txt, md, srt, vtt, json or docx.")
    verb.add("--output", "output", metavar="FOLDER", help="Write files there instead of to standard output.")


def _add_runs(verb: Verb) -> None:
    verb.add("sets", "sets", nargs="+", metavar="SET")
    verb.add("--language", "language", metavar="LANGUAGE")
    _add_common(verb)
    verb.add("--limit", "limit", type=int, metavar="N")
    verb.add("--where", "where", action="append", metavar="KEY=VALUE")
    verb.add("--batch-size", "batch_size", type=int, metavar="N")
    verb.add("--on-existing", "on_existing", choices=("reuse", "resume", "again"))
    verb.add("--seed", "seed", type=int, metavar="N")
    verb.add("--ruler", "ruler", metavar="RULER")
    verb.add("--executor", "executor", choices=("local",), default="local", help="Where the work is done.")


def _add_bench(verb: Verb) -> None:
    verb.add("--engine", "engine", metavar="ENGINE")
    verb.add("--chain", "chain", metavar="CHAIN")
    _add_runs(verb)
    verb.add("--csv", "csv", metavar="FILE", help="Also write a table with a row for every clip.")


def _add_sweep(verb: Verb) -> None:
    verb.add("--chain", "chains", action="append", metavar="CHAIN", default=None)
    verb.add("--engine", "engines", action="append", metavar="ENGINE", default=None)
    _add_runs(verb)


def _add_score(verb: Verb) -> None:
    verb.add("run", "run", nargs="?", metavar="RUN")
    verb.add("--ref", "ref", metavar="FILE", help='JSON Lines of {"id", "text"}: what was said.')
    verb.add("--hyp", "hyp", metavar="FILE", help="The same: what was recognised.")
    verb.add("--ruler", "ruler", metavar="RULER")
    verb.add("--unit", "unit", choices=tuple(verbs.UNITS), help="Only this unit; all three otherwise.")


def _add_compare(verb: Verb) -> None:
    verb.add("run_a", "run_a", metavar="RUN_A", help="The baseline: a run's id, its beginning, or its folder.")
    verb.add("run_b", "run_b", metavar="RUN_B", help="The run that is held against it.")
    verb.add("--ruler", "ruler", metavar="RULER")


def _add_lists(verb: Callable[..., Verb]) -> None:
    sets = verb("sets", listings.sets, "List the eval sets, or check one.", services.list_sets)
    sets.add("name", "name", nargs="?", metavar="SET", help="Check every line and recording of this one.")
    verb("engines", listings.engines, "List the engines, and whether each can run here.", services.list_engines)
    runs = verb("runs", listings.runs, "List the stored runs; show or delete one.", services.load_run)
    runs.add("action", "action", nargs="?", choices=("list", "show", "delete"), default="list", help="list by default")
    runs.add("run_id", "run_id", nargs="?", metavar="ID", help="The run's id, or its beginning.")
    runs.add("--ruler", "ruler", metavar="RULER", default=None, help=argument_helps(services.summary)["ruler"])
    models = verb("models", listings.models, "List the models, or fetch one.", services.fetch_model)
    models.add("action", "action", nargs="?", choices=("list", "fetch"), default="list", help="list by default")
    models.add("name", "name", nargs="?", metavar="NAME")
    verb("doctor", listings.doctor, "What this machine has, and what the engines need.", services.check_machine)


def _add_serve(verb: Verb) -> None:
    verb.add("--host", "host", metavar="HOST", default=None, help="127.0.0.1 unless WORKBENCH_HOST says otherwise.")
    verb.add(
        "--port", "port", type=int, metavar="PORT", default=None, help="7860 unless WORKBENCH_PORT says otherwise."
    )
    help_text = "The engine to load at once."
    verb.add("--engine", "engine", metavar="ENGINE", default=services.DEFAULT_ENGINE, help=help_text)
