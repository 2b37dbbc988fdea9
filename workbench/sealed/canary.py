"""`python -m workbench.sealed.canary`: try to leave in every way there is, and print what became of each.

A detector that sees nothing has to be shown something first; a seal has to be pulled at.
"""

from __future__ import annotations

import errno
import json
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence

from workbench.sealed.seal import seal

NAME = "canary.workbench.invalid"
TCP, CHILD_TCP = ("198.51.100.1", 443), ("198.51.100.1", 8443)
UDP = ("203.0.113.1", 4433)
"""Addresses for documentation (RFC 5737) and a name that cannot exist (RFC 2606): nobody is there to be bothered."""
_SECONDS = 3.0
_SUBPROCESS = f"import socket; socket.create_connection({CHILD_TCP!r}, {_SECONDS})"


def _look_up() -> None:
    socket.getaddrinfo(NAME, 443)


def _connect() -> None:
    with socket.create_connection(TCP, _SECONDS):
        pass


def _send() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.sendto(b"canary", UDP)


def _connect_from_a_subprocess() -> None:
    done = subprocess.run([sys.executable, "-c", _SUBPROCESS], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(done.stderr.strip().splitlines()[-1])


_TRIES = {"dns": _look_up, "tcp": _connect, "udp": _send, "subprocess": _connect_from_a_subprocess}
WAYS = tuple(_TRIES)


def _outcome(way: Callable[[], None]) -> str:
    try:
        way()
    except OSError as error:
        known = errno.errorcode.get(error.errno or 0, "")
        return type(error).__name__ if isinstance(error, socket.gaierror) else known or str(error)
    return "sent"


def outcomes(ways: Sequence[str] = WAYS) -> dict[str, str]:
    """What became of each way: "sent", or the error."""
    return {way: _outcome(_TRIES[way]) for way in ways}


def main(words: list[str]) -> int:
    """Print one JSON object; with `--sealed`, shut the process off first."""
    held = seal().as_json() if "--sealed" in words else None
    print(json.dumps({"layers": held, **outcomes()}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
