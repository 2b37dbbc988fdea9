"""Who may ask: pages of this server and programs on this machine, nobody else's pages.

Pure ASGI around the whole application, the mounted page included: bodies, streams and ranges pass through untouched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})

# Gradio fetches what these name from anywhere, on the server's behalf.
_FETCHES = re.compile(r"/(?:proxy=|file[=/]\s*(?:https?:|ftp:|//|\\\\))", re.IGNORECASE)

# Gradio's page runs inline scripts, compiles the handlers of gr.HTML and plays blobs; it needs no other origin.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # A browser's disk cache would otherwise keep recordings and transcripts.
    "Cache-Control": "no-store",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """Refuses requests that were not meant for this server, with a sentence and status 403, and sets `HEADERS`.

    A foreign name that resolves to this machine (DNS rebinding) shows in the Host header; a foreign page shows in
    Origin or Sec-Fetch-Site, which browsers set and pages cannot. Programs send neither and are let in.

    Args:
        app: What is guarded.
        hosts: Names this server goes by; any port.
    """

    def __init__(self, app: ASGIApp, *, hosts: Iterable[str] = LOCAL_HOSTS) -> None:
        self._app = app
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        reason = self._refusal(scope)
        if reason:
            await _refuse(reason)(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> str:
        """Why the request is refused, as a sentence; empty where it is not."""
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or _host_name(hosts[0]) not in self._hosts:
            return "This server answers to localhost and 127.0.0.1 only."
        if any(not _is_own(origin, hosts[0]) for origin in headers.getlist("origin")):
            return "Another page may not use this server."
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and not _is_visit(scope, headers):
            return "Another page may not use this server."
        if _FETCHES.search(scope["path"]):
            return "This server fetches nothing from other addresses."
        return ""


def _host_name(host: str) -> str:
    """The name without the port: `127.0.0.1:7860` → `127.0.0.1`, `[::1]:7860` → `[::1]`."""
    match = re.fullmatch(r"(\[[0-9a-f:.]+\]|[^:\[\]]+)(?::\d{1,5})?", host.strip().lower())
    return match[1] if match else ""


def _is_own(origin: str, host: str) -> bool:
    """Whether the origin is this very server; another port of this machine is another's page."""
    return origin.lower() in (f"http://{host.lower()}", f"https://{host.lower()}")


def _is_visit(scope: Scope, headers: Headers) -> bool:
    """Whether somebody follows a link from elsewhere to a page here, which reads and changes nothing for that page."""
    return (
        scope["type"] == "http"
        and scope["method"] in ("GET", "HEAD")
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
    )


def _refuse(message: str) -> JSONResponse:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": "Refused"}
    return JSONResponse({"error": error}, status_code=403, headers={"X-Content-Type-Options": "nosniff"})
