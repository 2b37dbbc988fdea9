"""Who may ask: pages of this server and programs on this machine, nobody else's pages."""

from __future__ import annotations

import re
from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from workbench.http.access.headers import with_headers
from workbench.http.access.refusals import refuse

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})

# Gradio fetches what these name from anywhere, on the server's behalf.
_FETCHES = re.compile(r"/(?:proxy=|file[=/]\s*(?:https?:|ftp:|//|\\\\))", re.IGNORECASE)


class Guard:
    """Refuses requests that were not meant for this server, with a sentence and status 403, and sets `HEADERS`.

    A foreign name that resolves to this machine (DNS rebinding) shows in the Host header; a foreign page shows in
    Origin or Sec-Fetch-Site, which browsers set and pages cannot. Programs send neither and are let in.

    Pure ASGI around the whole application, the mounted page included: bodies, streams and ranges pass untouched.

    Args:
        app: What is guarded.
        hosts: Names that this server goes by besides those of the machine itself; any port.
    """

    def __init__(self, app: ASGIApp, *, hosts: Iterable[str] = ()) -> None:
        self._app = app
        self._others = tuple(dict.fromkeys(name.lower() for name in hosts if name.lower() not in LOCAL_HOSTS))
        self._hosts = LOCAL_HOSTS | set(self._others)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        reason = self._refusal(scope)
        answer = refuse(403, reason) if reason else self._app
        await answer(scope, receive, with_headers(send))

    def _refusal(self, scope: Scope) -> str:
        """Why the request is refused, as a sentence; empty where it is not."""
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or host_name(hosts[0]) not in self._hosts:
            names = ", ".join(("localhost", *self._others))
            return f"This server answers to {names} and 127.0.0.1 only."
        if any(not _is_own(origin, hosts[0]) for origin in headers.getlist("origin")):
            return "Another page may not use this server."
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and not is_visit(scope, headers):
            return "Another page may not use this server."
        if _FETCHES.search(scope["path"]):
            return "This server fetches nothing from other addresses."
        return ""


def host_name(host: str) -> str:
    """The name without the port: `127.0.0.1:7860` → `127.0.0.1`, `[::1]:7860` → `[::1]`; empty where it is none."""
    match = re.fullmatch(r"(\[[0-9a-f:.]+\]|[^:\[\]]+)(?::\d{1,5})?", host.strip().lower())
    return match[1] if match else ""


def _is_own(origin: str, host: str) -> bool:
    """Whether the origin is this very server; another port of this machine is another's page."""
    return origin.lower() in (f"http://{host.lower()}", f"https://{host.lower()}")


def is_visit(scope: Scope, headers: Headers) -> bool:
    """Whether somebody follows a link to a page here, which reads and changes nothing for the page it is on."""
    return (
        scope["type"] == "http"
        and scope["method"] in ("GET", "HEAD")
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
    )
