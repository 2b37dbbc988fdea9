"""`workbench serve`: the page and the HTTP API in one process, on this machine only unless another address is named."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from argparse import Namespace
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from workbench import __version__, sealed, services
from workbench.cli.console import Console
from workbench.cli.listener import is_loopback, listen
from workbench.cli.log import own_words_only
from workbench.engines.pool import EnginePool, EngineState
from workbench.engines.registry import EngineRef, plugin

if TYPE_CHECKING:
    from workbench.http.access import Access

_SECONDS_TO_FINISH = 2
"""How long open requests may take to end once the server is stopped; the page holds one open all the time."""

_SECONDS_KEPT_OPEN = 30
"""How long a connection stays for a next request: longer than who was told to try again later waits."""

_MOST_CONNECTIONS = 1000
"""Open at once, beyond which uvicorn answers 503; a page holds two to six. Where few files may be open, a quarter of
them: half is for recordings (`audio.held`), the rest for the work."""
_FILES = 65_536
"""As many open files as are asked for: more would never be used, and some libraries count through all there may be."""

_SWITCH_SECONDS = 0.001
"""After which a thread that computes in Python lets another go on: five times as often as by default, so that whoever
only asks how the server is does not wait for all that work."""

_UNENCRYPTED = (
    "The connection is not encrypted: whoever is between can read what is said and the token. "
    "An SSH tunnel to 127.0.0.1 is better: ssh -L {port}:127.0.0.1:{port} THIS_MACHINE."
)


def serve(arguments: Namespace, console: Console) -> int:
    """Serve until stopped.

    Raises:
        UsageError: The host is not this machine, or the port is taken.
        UnknownName: No such engine.
    """
    os.umask(0o077)
    pool, ref = services.hosted_pool(), EngineRef.parse(arguments.engine)
    plugin(ref.name)
    host = arguments.host or pool.settings.host
    port = pool.settings.port if arguments.port is None else arguments.port
    listener: socket.socket = getattr(arguments, "listener", None) or listen(
        host, port, allow_remote=arguments.allow_remote
    )
    with listener:
        address = listener.getsockname()
        access = _access(host, address[0], with_token=arguments.token)
        visit = _Visit(f"http://{_in_url(host)}:{address[1]}", access, pool.settings.home / "tokens" / str(address[1]))

        def on_ready() -> None:
            visit.announce(console)
            pool.warm(ref)
            threading.Thread(target=_tell_when_loaded, args=(pool, ref, console), daemon=True).start()

        try:
            with own_words_only():
                _run(pool, access, listener, on_ready)
        finally:
            visit.end()
            pool.stop()  # an engine that hangs must not keep the server
    console.note("Stopped.")
    return 0


class _Visit:
    """Where the server is, and what has to be shown to it.

    Args:
        url: Its address.
        access: Who may come in.
        token_file: Where the token is kept for programs, where there is one.
    """

    def __init__(self, url: str, access: Access, token_file: Path) -> None:
        self._url = url
        self._tokens = access.tokens
        self._file = token_file

    def announce(self, console: Console) -> None:
        """Say where the server is, how to come in, and what holds."""
        held = sealed.layers()
        console.note(f"Workbench on {self._url} (model loading…)")
        document = {"url": self._url, "version": __version__, "pid": os.getpid(), "sealed": held.as_json()}
        if self._tokens is not None:
            link, file = f"{self._url}/?token={self._tokens.new_link()}", self._tokens.write(self._file)
            console.note(f"This link opens once: {link}")
            console.note(
                f"Programs send the token in {file} as `Authorization: Bearer …`; so does who wants a new link:"
            )
            console.note(f'curl -X POST -H "Authorization: Bearer $(cat {file})" {self._url}/access/links')
            document |= {"link": link, "token_file": str(file)}
        host, _, port = self._url.removeprefix("http://").rpartition(":")
        if not is_loopback(host):
            console.note(_UNENCRYPTED.format(port=port))
        console.note(held.sentence)
        console.document(document)

    def end(self) -> None:
        """The token is no use any more."""
        if self._tokens is not None:
            self._file.unlink(missing_ok=True)


def _access(host: str, address: str, *, with_token: bool) -> Access:
    from workbench.http.access import Access, Tokens

    remote = not is_loopback(host)
    hosts = tuple(_in_url(name) for name in (host, address)) if remote else ()
    tokens = Tokens(os.environ.pop("WORKBENCH_TOKEN", None)) if with_token or remote else None
    return Access(hosts=hosts, tokens=tokens)


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _run(pool: EnginePool, access: Access, listener: socket.socket, on_ready: Callable[[], None]) -> None:
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
        page.mount(http.create_app(pool, access), pool),
        log_config=None,  # `cli.log` has its records
        access_log=False,  # paths and names of what is worked on are nobody's log
        log_level="warning",
        server_header=False,
        limit_concurrency=_most_connections(),
        timeout_keep_alive=_SECONDS_KEPT_OPEN,
        timeout_graceful_shutdown=_SECONDS_TO_FINISH,
    )
    sys.setswitchinterval(_SWITCH_SECONDS)
    # uvicorn raises the signal again once it has shut down; stopping is how a server ends.
    with suppress(KeyboardInterrupt):
        Server(config).run(sockets=[listener])


def _most_connections() -> int:
    """A part of the files that may be open; that limit is raised first, as far as it can be."""
    try:
        import resource  # not on Windows, which has no such limit
    except ImportError:
        return _MOST_CONNECTIONS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(hard, _FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else max(16, min(_MOST_CONNECTIONS, soft // 4))


def _tell_when_loaded(pool: EnginePool, ref: EngineRef, console: Console) -> None:
    state: EngineState | None = None
    while state is None or state.state == "loading":
        time.sleep(0.1)
        state = next((one for one in pool.states() if one.ref == str(ref)), None)
    if state.state == "ready":
        console.note(f"{state.ref} is ready after {state.load_seconds:.1f} s.")
    else:
        console.note(f"{state.ref} did not load: {state.error}")
