"""Where the kernel cannot be asked: Python's own events, refused for every address that is not this machine's.

It binds Python code of this process only. An extension in C, a subprocess, and a name handed straight to
`socket.connect` (which looks it up before it tells) are not held back; that is why the page calls it a guard, no seal.
"""

from __future__ import annotations

import errno
import ipaddress
import sys
from dataclasses import dataclass
from types import FrameType
from typing import Any

_CONNECTING = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_LOOKING_UP = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})
_PLUMBING = ("socket", "asyncio", "ssl", "http", "urllib", "urllib3", "httpcore", "httpx", "anyio", "requests")
_MOST_KEPT = 100


@dataclass(frozen=True, slots=True)
class Refusal:
    """One attempt that was refused: where to, and the code that made it."""

    target: str
    caller: str


refusals: list[Refusal] = []
"""The first hundred attempts that were refused in this process."""
_standing: list[bool] = []


def put_up() -> None:
    """Refuse from now on; an audit hook cannot be taken back. A second call changes nothing."""
    if not _standing:
        _standing.append(True)
        sys.addaudithook(_refuse_outside)


def _refuse_outside(event: str, given: tuple[Any, ...]) -> None:
    if event in _CONNECTING:
        host = _host_of(given[1])
    elif event in _LOOKING_UP:
        host = given[0]
    else:
        return
    if not is_here(host):
        refusal = Refusal(_text(host), _caller(sys._getframe(1)))  # pyright: ignore[reportPrivateUsage]
        if len(refusals) < _MOST_KEPT:
            refusals.append(refusal)
        # An OSError as the kernel's own: libraries know what to do with a network that is not there.
        told = f"the workbench refused {refusal.caller} the way to {refusal.target}"
        raise OSError(errno.ENETUNREACH, told)


def _host_of(address: Any) -> Any:
    """The host of a socket's address; None for one that stays on this machine, or that was connected before."""
    return address[0] if isinstance(address, tuple) and address else None


def is_here(host: Any) -> bool:
    """Whether a host is this machine: a loopback address, `localhost`, or none."""
    text = _text(host)
    if text in ("", "localhost") or text.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _text(host: Any) -> str:
    if isinstance(host, bytes | bytearray):
        return bytes(host).decode("ascii", errors="replace")
    return "" if host is None else str(host)


def _caller(frame: FrameType | None) -> str:
    """The first module on the way up that is no networking library, with the line."""
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] not in _PLUMBING and module != __name__:
            return f"{module}:{frame.f_lineno}"
        frame = frame.f_back
    return "something"
