"""The layer without the kernel: Python refuses what is not this machine, and says who asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from workbench.sealed.guard import is_here

Run = Callable[..., Any]


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.9.9.9", "::1", "::1%lo", "localhost", "a.localhost", "", None, b"127.0.0.1", "0.0.0.0", "::"],
)
def test_this_machine_is_here(host: Any) -> None:
    assert is_here(host)


@pytest.mark.parametrize(
    "host",
    [
        *(
            "192.0.2.1",
            "8.8.8.8",
            "2001:db8::1",
            "fe80::1%eth0",
            "example.org",
            "localhost.example.org",
            b"example.org",
        ),
        *("127.0.0.1.example.org", "10.0.0.1", "169.254.169.254", "2130706433", "::ffff:8.8.8.8"),
    ],
)
def test_everything_else_is_not(host: Any) -> None:
    assert not is_here(host)


TRIES = """
import asyncio, errno, json, socket, urllib.request
from workbench.sealed import guard
guard.put_up()
guard.put_up()
def outcome(call, *given):
    try:
        call(*given)
        return "sent"
    except OSError as error:
        return errno.errorcode.get(error.errno or 0) or repr(error)
def udp():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.sendto(b".", ("203.0.113.1", 9))
def message():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.sendmsg([b"."], [], 0, ("203.0.113.1", 9))
def here():
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()):
        socket.getaddrinfo("localhost", 1)
        left, right = socket.socketpair()
        left.sendmsg([b"."])
async def loop():
    await asyncio.open_connection("198.51.100.1", 443)
print(json.dumps({
    "tcp": outcome(socket.create_connection, ("198.51.100.1", 443), 3),
    "ipv6": outcome(socket.create_connection, ("2001:db8::1", 443), 3),
    "name": outcome(socket.getaddrinfo, "canary.workbench.invalid", 443),
    "old name": outcome(socket.gethostbyname, "canary.workbench.invalid"),
    "udp": outcome(udp),
    "message": outcome(message),
    "asyncio": outcome(asyncio.run, loop()),
    "url": outcome(urllib.request.urlopen, "http://canary.workbench.invalid/"),
    "here": outcome(here),
    "refusals": [[one.target, one.caller] for one in guard.refusals],
}))
"""


def test_what_python_tries_is_refused_and_this_machine_is_not(python: Run) -> None:
    found = python(TRIES)
    assert found.pop("here") == "sent"
    refusals = found.pop("refusals")
    assert "the workbench refused __main__" in found.pop("url")
    assert set(found.values()) == {"ENETUNREACH"}
    assert [target for target, _ in refusals] == [
        *("198.51.100.1", "2001:db8::1", "canary.workbench.invalid", "canary.workbench.invalid"),
        *("203.0.113.1", "203.0.113.1", "198.51.100.1", "canary.workbench.invalid"),
    ]
    assert {caller.partition(":")[0] for _, caller in refusals} == {"__main__"}
