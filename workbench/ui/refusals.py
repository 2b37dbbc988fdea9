"""What a visitor reads where the page's routes refuse something: a sentence of ours, in the page's language."""

from __future__ import annotations

import json
import re
from typing import Any, cast

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workbench.ui.language import ENGLISH, SIMPLIFIED, TRADITIONAL, Language, say, speaking, tell

_ROUTE = re.compile(r"(?P<page>.*/)gradio_api/(?P<route>.*?)/?")
_FULL, _TOO_MANY = 503, 429
"""Gradio's page has an English sentence of its own for 503, and says what came with any other status."""


class PageRefusals:
    """Words what Gradio's routes, and whatever stands before them, answer with a status from 400 on.

    Gradio's page shows such an answer as a message: of an event `detail`, of an upload the whole body. Programs, which
    send no `Origin`, are answered as before.

    Args:
        app: The application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = _of_page(scope)
        if found is None:
            await self._app(scope, receive, send)
            return
        start: Message = {}
        body = bytearray()

        async def send_worded(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and message["status"] >= 400:
                start = message
                return
            if not start or message["type"] != "http.response.body":
                await send(message)
                return
            body.extend(message.get("body", b""))
            if not message.get("more_body", False):
                await _worded(start, bytes(body), found)(scope, receive, send)

        await self._app(scope, receive, send_worded)


def _of_page(scope: Scope) -> re.Match[str] | None:
    if scope["type"] != "http" or scope["method"] != "POST" or "origin" not in Headers(scope=scope):
        return None
    return _ROUTE.fullmatch(scope["path"])


def _worded(start: Message, body: bytes, found: re.Match[str]) -> Response:
    status: int = start["status"]
    kept = {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in start["headers"]
        if name.lower() not in (b"content-length", b"content-type")
    }
    with speaking(_language(found["page"])):
        if found["route"] == "queue/join" and status == _FULL:
            full = say(
                "Too much waits here already, so this was not begun. Nothing is lost: try again in a few seconds."
            )
            return JSONResponse({"detail": full}, _TOO_MANY, kept | {"retry-after": "5"})
        if found["route"] == "upload":
            return PlainTextResponse(tell(_sentence(body)), status, kept)
        return JSONResponse({**_document(body), "detail": tell(_sentence(body))}, status, kept)


def _document(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _sentence(body: bytes) -> str:
    """Of an answer in Gradio's shape, or in that of this server's errors."""
    document = _document(body)
    error = document.get("error")
    said = cast("dict[str, Any]", error).get("message") if isinstance(error, dict) else document.get("detail", error)
    return said if isinstance(said, str) else ""


def _language(page: str) -> Language:
    return next((one for one in (SIMPLIFIED, TRADITIONAL) if page.endswith(one.path)), ENGLISH)
