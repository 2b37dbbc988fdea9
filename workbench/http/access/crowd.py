"""How many may ask the API for work at once; whoever comes later is told so, and nothing of theirs is kept."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from workbench.http.access.refusals import BUSY, refuse

MOST_AT_ONCE = 40
"""Requests for work that are under way or wait for the device: the page's queue has room for 32, and 8 threads work."""

RETRY_AFTER_SECONDS = 5


class Crowd:
    """Answers 503 with `Retry-After` to work that would be one too many; OpenAI's clients try again by themselves.

    Args:
        app: What is behind.
        most: How many requests for work there may be.
    """

    def __init__(self, app: ASGIApp, *, most: int = MOST_AT_ONCE) -> None:
        self._app = app
        self._most = most
        self._inside = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        if self._inside >= self._most:
            await refuse(503, BUSY, **{"Retry-After": str(RETRY_AFTER_SECONDS)})(scope, receive, send)
            return
        self._inside += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._inside -= 1
