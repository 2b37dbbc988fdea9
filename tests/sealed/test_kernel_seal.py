"""What the kernel enforces, tried from inside: no way out, for libraries in any language and for subprocesses."""

from __future__ import annotations

import ctypes
import socket
from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., Any]

NAMESPACE = "from workbench.sealed import namespace; namespace.enter({})"
WAYS = {
    "namespace": (NAMESPACE.format(""), "namespaces"),
    "namespace with a user of its own": (NAMESPACE.format("own_user=True"), "namespaces"),
    "filter": ("from workbench.sealed import syscall_filter; syscall_filter.enter()", "filters"),
}
CANARY = "from workbench.sealed import canary; canary.main([])"
DROP_ADMINISTRATOR = 24, 21  # PR_CAPBSET_DROP, CAP_SYS_ADMIN


@pytest.fixture(params=WAYS)
def entering(request: pytest.FixtureRequest) -> str:
    code, needs = WAYS[request.param]
    request.getfixturevalue(needs)
    return code


def test_no_connection_no_datagram_no_name_and_no_subprocess_gets_out(entering: str, python: Run) -> None:
    outcome = python(f"{entering}\n{CANARY}")
    assert outcome["tcp"] == outcome["udp"] == "ENETUNREACH"
    assert outcome["dns"] == "gaierror"
    assert "Network is unreachable" in outcome["subprocess"]


def test_code_in_c_does_not_get_out_either(entering: str, python: Run) -> None:
    """Straight into the C library, past everything that Python could watch."""
    code = """
import ctypes, errno, json, os, socket, struct
libc = ctypes.CDLL(None, use_errno=True)
made = libc.socket(socket.AF_INET, socket.SOCK_STREAM, 0)
address = struct.pack("=HH4s8x", socket.AF_INET, socket.htons(443), bytes([198, 51, 100, 1]))
result = libc.connect(made, address, len(address)) if made >= 0 else made
print(json.dumps([result, errno.errorcode[ctypes.get_errno()]]))
"""
    assert python(f"{entering}\n{code}") == [-1, "ENETUNREACH"]


def test_what_listened_before_goes_on_listening(entering: str, python: Run) -> None:
    code = f"""
import json, os, socket
listener = socket.create_server(("127.0.0.1", 0))
visitor = os.fork()
if visitor == 0:
    with socket.create_connection(listener.getsockname(), 10) as outside:
        outside.recv(1)  # told to begin once the other is sealed
        outside.sendall(b"ping")
        os._exit(0 if outside.recv(4) == b"pong" else 1)
connection, _ = listener.accept()
{entering}
connection.sendall(b".")
heard = connection.recv(4)
connection.sendall(b"pong")
print(json.dumps([heard.decode(), os.waitstatus_to_exitcode(os.waitpid(visitor, 0)[1])]))
"""
    assert python(code) == ["ping", 0]


def test_what_a_server_needs_is_still_there(entering: str, python: Run, tmp_path: Any) -> None:
    code = f"""
import asyncio, json, multiprocessing, socket, sys
{entering}
async def through_a_local_socket():
    async def echo(reader, writer):
        writer.write(await reader.read(4))
        await writer.drain()
        writer.close()
    async with await asyncio.start_unix_server(echo, sys.argv[1]):
        reader, writer = await asyncio.open_unix_connection(sys.argv[1])
        writer.write(b"ping")
        return (await reader.read(4)).decode()
pair = socket.socketpair()
print(json.dumps([asyncio.run(through_a_local_socket()), multiprocessing.Pipe()[0].closed]))
"""
    assert python(code, str(tmp_path / "s")) == ["ping", False]


def test_files_are_what_they_were(entering: str, python: Run, tmp_path: Any) -> None:
    (tmp_path / "recording").write_text("kept")
    code = f"""
import json, os, pathlib, sys
before = os.getuid(), os.getgid()
{entering}
path = pathlib.Path(sys.argv[1])
path.with_name("written").write_text("too")
print(json.dumps([path.read_text(), before == (os.getuid(), os.getgid()), path.stat().st_uid == os.getuid()]))
"""
    assert python(code, str(tmp_path / "recording")) == ["kept", True, True]


def test_a_user_who_is_no_administrator_is_sealed_too(namespaces: None, python: Run) -> None:
    outcome = python(
        "from workbench.sealed import canary; canary.main(['--sealed'])",
        preexec_fn=lambda: ctypes.CDLL(None).prctl(*DROP_ADMINISTRATOR, 0, 0, 0),
    )
    assert outcome["layers"]["kernel"] in ("namespace", "filter")
    assert outcome["tcp"] == "ENETUNREACH"


def test_a_namespace_is_refused_once_threads_run_and_the_filter_binds_them(filters: None, python: Run) -> None:
    """A thread keeps the namespace in which it began."""
    code = """
import json, queue, socket, threading
orders, answers = queue.Queue(), queue.Queue()
def try_out():
    orders.get()
    try:
        socket.socket(socket.AF_INET)
        answers.put("sent")
    except OSError as error:
        answers.put(str(error))
threading.Thread(target=try_out).start()
from workbench.sealed import namespace, seal
try:
    namespace.enter()
except RuntimeError as error:
    refused = str(error)
held = seal()
orders.put(None)
print(json.dumps([refused, held.kernel, answers.get()]))
"""
    assert python(code) == ["2 threads run already", "filter", "[Errno 101] Network is unreachable"]


def test_the_same_try_reaches_this_machine_unsealed_and_nothing_sealed(entering: str, python: Run) -> None:
    """Or the tests above would pass where there is no network at all."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        code = f"""
import json, socket
try:
    socket.create_connection({listener.getsockname()!r}, 10)
    print(json.dumps("sent"))
except OSError as error:
    print(json.dumps(error.strerror))
"""
        assert python(code) == "sent"
        assert python(f"{entering}\n{code}") == "Network is unreachable"
