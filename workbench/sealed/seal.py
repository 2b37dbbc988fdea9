"""Shutting this process off: the strongest layer that the machine allows, tried before it is claimed."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

from workbench.sealed import guard, namespace, syscall_filter
from workbench.sealed.layers import Kernel, Layers
from workbench.sealed.system import LINUX

_NOT_ASKED = Layers(why="it was not asked for.")
_held: list[Layers] = [_NOT_ASKED]
_LOOPBACK = ("127.0.0.1", 9)


def layers() -> Layers:
    """What holds in this process."""
    return _held[-1]


def seal() -> Layers:
    """Shut this process off from every network, loopback included, for good; where the kernel refuses, put up a guard.

    What listens already goes on listening. To be called before threads begin, since those would keep the network, and
    so before numpy, torch or gradio is imported.

    Returns:
        What holds now.
    """
    if layers().kernel is None:
        _held.append(_strongest())
    return layers()


def guard_only(why: str) -> Layers:
    """Leave the kernel out, and let Python refuse every address that is not this machine's.

    Args:
        why: A sentence, as `Layers.why`.
    """
    guard.put_up()
    _held.append(Layers(guard=True, why=why))
    return layers()


def leave_open(why: str) -> Layers:
    """Note that nothing was put up.

    Args:
        why: A sentence, as `Layers.why`.
    """
    _held.append(Layers(why=why))
    return layers()


def _strongest() -> Layers:
    refusals: list[str] = []
    ways: tuple[tuple[Kernel, str, Callable[[], None]], ...] = (
        ("namespace", "namespaces", namespace.enter),
        ("filter", "a filter of system calls", syscall_filter.enter),
    )
    if not LINUX:
        refusals.append("only Linux has a kernel layer")
    for kind, name, enter in ways if LINUX else ():
        try:
            enter()
        except (OSError, RuntimeError) as error:
            refusals.append(f"the kernel refused {name} ({_reason(error)})")
        else:
            if not _reaches_anything():
                return Layers(kernel=kind)
            refusals.append(f"{name} did not hold")
    guard.put_up()
    return Layers(guard=True, why=f"{'; '.join(refusals)}.")


def _reason(error: OSError | RuntimeError) -> str:
    return os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)


def _reaches_anything() -> bool:
    """Whether a socket finds even loopback, which it does on every machine, with a network or without.

    A datagram socket that connects sends nothing.
    """
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(_LOOPBACK)
    except OSError:
        return False
    return True
