"""The detector detects: a canary, and what must not trip it."""

from __future__ import annotations

import json
import sys

import pytest

from workbench.sealed.canary import CHILD_TCP, NAME, TCP, UDP
from workbench.sealed.watch import run_in_sink

pytestmark = pytest.mark.usefixtures("namespaces")

LOCAL = """
import socket, sys
with socket.create_server(("127.0.0.1", 0)) as listener:
    with socket.create_connection(listener.getsockname()) as out, listener.accept()[0] as inside:
        out.sendall(b"x")
        print(inside.recv(1).decode())
print("told", file=sys.stderr)
sys.exit(3)
"""


def test_the_canary_is_seen_in_every_way_and_sealed_in_none() -> None:
    open_one, sealed = run_in_sink(
        [[sys.executable, "-m", "workbench.sealed.canary", *words] for words in ([], ["--sealed"])]
    )
    seen = [
        ["dns", NAME],
        ["tcp", "{}:{}".format(*TCP)],
        ["udp", "{}:{}".format(*UDP)],
        ["tcp", "{}:{}".format(*CHILD_TCP)],
    ]
    assert (open_one["attempts"], open_one["lost"]) == (seen, 0)
    assert (sealed["attempts"], sealed["lost"]) == ([], 0)
    outcome = json.loads(sealed["out"])
    assert outcome["layers"]["kernel"] is not None
    assert outcome["tcp"] == outcome["udp"] == "ENETUNREACH"


def test_loopback_is_no_way_out_and_what_a_command_says_comes_back() -> None:
    (done,) = run_in_sink([[sys.executable, "-c", LOCAL]])
    assert done == {"code": 3, "out": "x\n", "err": "told\n", "attempts": [], "lost": 0}


def test_each_attempt_is_listed_once_and_belongs_to_its_command() -> None:
    twice = "import socket\nfor _ in range(2):\n    socket.socket().connect_ex(('198.51.100.7', 80))"
    first, second = run_in_sink([[sys.executable, "-c", twice], [sys.executable, "-c", "pass"]])
    assert first["attempts"] == [["tcp", "198.51.100.7:80"]]
    assert second["attempts"] == []


def test_a_name_is_answered_so_that_the_connection_behind_it_is_seen() -> None:
    code = "import socket\ntry:\n    socket.create_connection(('hub.example.org', 443), 3)\nexcept OSError: pass"
    (done,) = run_in_sink([[sys.executable, "-c", code]])
    assert done["attempts"] == [["dns", "hub.example.org"], ["tcp", "198.18.0.1:443"]]
