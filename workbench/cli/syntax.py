"""What the command line's arguments are made with: their names, defaults and help come from the services."""

from __future__ import annotations

import inspect
import re
from argparse import SUPPRESS, ArgumentParser
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from typing import Any, NoReturn

from workbench.errors import UsageError

Service = Callable[..., Any]
SEALED = frozenset(
    {
        ("serve",),
        ("transcribe",),
        ("inspect",),
        ("bench",),
        ("sweep",),
        ("compare",),
        ("curve",),
        ("estimate",),
        ("transcript", "rerun"),
        ("trial", "start"),
        ("runs", "reproduce"),
    }
)
"""Verbs, and actions of verbs, that run without a network; what lists engines asks servers, what fetches goes out."""
_NO_SEAL = "Leave this process its network (docs/privacy.md says what sealing is)."


class Parser(ArgumentParser):
    """An `ArgumentParser` whose complaints are errors like all others.

    Attributes:
        fallback: The action that is meant by a word that is none: `sets NAME` is `sets check NAME`. Empty for none.
    """

    fallback = ""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """As in argparse, with the fallback put in front of the word that is no action."""
        words = None if args is None else list(args)
        place = next((place for place, word in enumerate(words or ()) if not word.startswith("-")), None)
        actions = {name for one in self._actions if isinstance(one.choices, dict) for name in one.choices}
        if self.fallback and words and place is not None and words[place] not in actions:
            words.insert(place, self.fallback)
        return super().parse_known_args(words, namespace)

    def error(self, message: str) -> NoReturn:
        sentence = f"{message[:1].upper()}{message[1:]}".rstrip(".")
        raise UsageError(f"{sentence}.", hint=f"`{self.prog} --help` lists the arguments.")


def is_sealed(path: Sequence[str]) -> bool:
    """Whether a verb with its action, as `("trial", "start")`, runs without a network."""
    return tuple(path) in SEALED


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


Maker = Callable[..., Verb]
"""Adds a verb or an action: its name, what is called, a sentence, and the services whose arguments it has."""


@cache
def argument_helps(service: Service) -> dict[str, str]:
    """The lines under `Args:` of a Google docstring, by name."""
    text = inspect.getdoc(service) or ""
    section = re.search(r"^Args:\n((?:    .*\n?|\n)+)", text, re.MULTILINE)
    entries = re.findall(r"^ {4}(\w+): (.+(?:\n {8,}.+)*)", section[1] if section else "", re.MULTILINE)
    return {name: " ".join(help_text.split()).replace("%", "%%") for name, help_text in entries}


def verb_maker(group: Any, **json: Any) -> Maker:
    """What adds verbs to a group of them, or actions to those of a verb."""

    def make(name: str, run: str | Callable[..., int], summary: str, *called: Service) -> Verb:
        made = group.add_parser(name, help=summary, description=summary, allow_abbrev=False)
        made.add_argument("--json", action="store_true", help="One JSON document on standard output.", **json)
        if is_sealed(made.prog.split()[1:]):
            made.add_argument("--no-seal", action="store_true", help=_NO_SEAL)
        made.set_defaults(command=_command(run) if isinstance(run, str) else run)
        return Verb(made, *called)

    return make


def _command(path: str) -> Callable[..., int]:
    """`module:function` of this package, loaded when it is called."""
    module, _, name = path.partition(":")

    def run(*given: Any) -> int:
        return getattr(import_module(f"workbench.cli.{module}"), name)(*given)

    return run


def action_maker(verb: Verb, *, required: bool = False, fallback: str = "") -> Maker:
    """What adds actions to a verb, each with arguments and a `--help` of its own; without one, the verb is itself.

    Args:
        verb: It has no arguments of its own.
        required: Whether it is nothing without an action.
        fallback: See `Parser.fallback`.
    """
    if fallback and isinstance(verb.parser, Parser):
        verb.parser.fallback = fallback
    told = "What to do." if required else "What to do; list is the default."
    group = verb.parser.add_subparsers(
        dest="action", metavar="ACTION", required=required, help=told, parser_class=Parser
    )
    return verb_maker(group, default=SUPPRESS)  # an action without --json must not undo that of its verb
