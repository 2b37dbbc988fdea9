"""Before a verb is loaded: listen, then leave the network, so that whatever is imported later finds none."""

from __future__ import annotations

import os
import socket
from argparse import Namespace
from collections.abc import Callable, Sequence

from workbench import sealed
from workbench.cli.listener import listen
from workbench.cli.syntax import Parser, is_sealed
from workbench.runs.executors.ray_place import leaves_machine
from workbench.sealed.needs import needs_network
from workbench.settings import Settings

_OFF = ("0", "false")
_HELP = ("-h", "--help")


def seal_first(words: Sequence[str], note: Callable[[str], None]) -> socket.socket | None:
    """Shut this process off if the verb on the command line is to run without a network.

    Nothing that starts threads may have been imported. An engine that needs a network keeps it, and so do
    workers on Ray; that is noted.

    Args:
        words: The arguments of the command line.
        note: Told in a sentence why the kernel keeps out of it, where an engine or Ray is the reason.

    Returns:
        What `serve` listens on; None for every other verb.

    Raises:
        UsageError: The port cannot be had, or an argument cannot be read.
    """
    path = [word for word in words if not word.startswith("-")][:2]
    if not (is_sealed(path) or is_sealed(path[:1])) or any(word in _HELP for word in words):
        return None
    given = _foreseen(path[0], words)
    listener = _listener(given) if path[0] == "serve" else None
    why = _why_not(given)
    if given.no_seal or os.environ.get("WORKBENCH_SEAL", "").lower() in _OFF:
        sealed.leave_open(f"{'--no-seal' if given.no_seal else 'WORKBENCH_SEAL=0'} was given.")
    elif why:
        held = sealed.leave_open(why) if _may_leave(given) else sealed.guard_only(why)
        if listener is None:  # `serve` says it beside its address
            note(held.sentence)
    else:
        sealed.seal()
    return listener


def _foreseen(verb: str, words: Sequence[str]) -> Namespace:
    """The few arguments that have to be known now; the verb's own parser reads all of them later."""
    parser = Parser(prog=f"workbench {verb}", add_help=False, allow_abbrev=False)
    parser.add_argument("--engine", action="append", default=[])
    parser.add_argument("--option", action="append", default=[])
    parser.add_argument("--executor")
    parser.add_argument("--ray-address")
    parser.add_argument("--host")
    parser.add_argument("--port", type=int)
    parser.add_argument("--no-seal", action="store_true")
    parser.add_argument("--allow-remote", action="store_true")
    return parser.parse_known_args(list(words))[0]


def _why_not(given: Namespace) -> str:
    """Why the kernel is to keep out of it, as `Layers.why`; empty where nothing is against it."""
    needing = next((engine for engine in given.engine if needs_network(engine)), None)
    if needing is not None:
        return f"the engine {needing.partition(':')[0]} needs the network."
    return "the executor ray needs the network." if given.executor == "ray" else ""


def _listener(given: Namespace) -> socket.socket:
    settings = Settings.from_env()
    port = settings.port if given.port is None else given.port
    return listen(given.host or settings.host, port, allow_remote=given.allow_remote)


def _may_leave(given: Namespace) -> bool:
    """Whether recordings may go to a server elsewhere, as the engine reads it, or to workers elsewhere."""
    if leaves_machine(given.ray_address):
        return True
    options = (option.partition("=") for option in given.option)
    asked = any(name.strip() == "allow_remote" and value.strip().lower() in ("1", "true") for name, _, value in options)
    return asked or os.environ.get("WORKBENCH_ALLOW_REMOTE", "") in ("1", "true")
