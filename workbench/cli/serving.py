"""`workbench serve`: the page and the HTTP API in one process, on this machine only."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import threading
import time
from argparse import Namespace
from contextlib import suppress
from typing import Any

from workbench import __version__, services
from workbench.cli.console import Console
from workbench.engines.pool import EnginePool, EngineState
from workbench.engines.registry import EngineRef, plugin
from workbench.errors import UsageError

_SECONDS_TO_FINISH = 2
"""How long open requests may take to end once the server is stopped; the page holds one open all the time."""


def serve(arguments: Namespace, console: Console) -> int:
    """Serve until stopped.

    Raises:
        UsageError: The host is not this machine, or the port is taken.
        UnknownName: No such engine.
    """
    os.umask(0o077)
    pool, ref = services.default_pool(), EngineRef.parse(arguments.engine)
    plugin(ref.name)
    host = arguments.host or pool.settings.host
    listener = listen(host, pool.settings.port if arguments.port is None else arguments.port)
    url = f"http://{_in_url(host)}:{listener.getsockname()[1]}"

    def on_ready() -> None:
        console.note(f"Workbench on {url} (model loading…)")
        console.document({"url": url, "version": __version__, "pid": os.getpid()})
        pool.warm(ref)
        threading.Thread(target=_tell_when_loaded, args=(pool, ref, console), daemon=True).start()

    with listener:
        _run(pool, listener, on_ready)
    console.note("Stopped.")
    return 0


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on this machine only.

    Raises:
        UsageError: The host is not a loopback address, or the port cannot be had.
    """
    if not _is_loopback(host):
        raise UsageError(
            f"The workbench is served on this machine only, not on {host}.",
            hint="Use 127.0.0.1; from elsewhere, reach it through an SSH tunnel.",
        )
    if not 0 <= port <= 65535:
        raise UsageError(f"{port} is not a port.", hint="Use a number from 1 to 65535.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host.strip("[]"), port), family=family, backlog=128)
    except OSError as error:
        reason = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be had ({error.strerror})"
        raise UsageError(f"Port {port} {reason}.", hint="Stop what uses it, or choose another with --port.") from error


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _run(pool: EnginePool, listener: socket.socket, on_ready: Any) -> None:
    # These load gradio, fastapi and uvicorn, which no other verb needs.
    import uvicorn

    from workbench import http
    from workbench.ui import app as page

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                on_ready()

    config = uvicorn.Config(
        page.mount(http.create_app(pool), pool),
        access_log=False,  # paths and names of what is worked on are nobody's log
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=_SECONDS_TO_FINISH,
    )
    # uvicorn raises the signal again once it has shut down; stopping is how a server ends.
    with suppress(KeyboardInterrupt):
        Server(config).run(sockets=[listener])


def _tell_when_loaded(pool: EnginePool, ref: EngineRef, console: Console) -> None:
    state: EngineState | None = None
    while state is None or state.state == "loading":
        time.sleep(0.1)
        state = next((one for one in pool.states() if one.ref == str(ref)), None)
    if state.state == "ready":
        console.note(f"{state.ref} is ready after {state.load_seconds:.1f} s.")
    else:
        console.note(f"{state.ref} did not load: {state.error}")
