"""`workbench serve`: the page and the HTTP API in one process, on this machine only."""

from __future__ import annotations

import os
import socket
import threading
import time
from argparse import Namespace
from contextlib import suppress
from typing import Any

from workbench import __version__, sealed, services
from workbench.cli.console import Console
from workbench.cli.listener import listen
from workbench.engines.pool import EnginePool, EngineState
from workbench.engines.registry import EngineRef, plugin

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
    port = pool.settings.port if arguments.port is None else arguments.port
    listener: socket.socket = getattr(arguments, "listener", None) or listen(host, port)
    url = f"http://{_in_url(host)}:{listener.getsockname()[1]}"

    def on_ready() -> None:
        held = sealed.layers()
        console.note(f"Workbench on {url} (model loading…)")
        console.note(held.sentence)
        console.document({"url": url, "version": __version__, "pid": os.getpid(), "sealed": held.as_json()})
        pool.warm(ref)
        threading.Thread(target=_tell_when_loaded, args=(pool, ref, console), daemon=True).start()

    with listener:
        _run(pool, listener, on_ready)
    console.note("Stopped.")
    return 0


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
