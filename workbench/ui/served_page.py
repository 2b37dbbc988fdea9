"""The HTML that Gradio serves for a page, with the page's language in it."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

from anyio import Lock
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workbench.ui.language import LANGUAGES, Language

_Address = tuple[str, bytes, str, str]
_MOST_KEPT = 24
"""Three languages, under a few names and ports of this machine."""

_PIECE_BYTES = 64 * 1024
"""As much as asyncio holds for a connection before it asks to wait."""

_AS_SERVED = b'lang="en"'
"""How Gradio's template names the language, whatever it is."""

# Gradio also names the page after the language that it takes for the browser's, which has no word for a script.
_SCRIPT = """
Object.defineProperty(navigator, "language", { get: () => "BROWSER", configurable: true });
new MutationObserver(() => {
  if (document.documentElement.lang !== "CODE") document.documentElement.lang = "CODE";
}).observe(document.documentElement, { attributeFilter: ["lang"] });
"""


class ServedPage:
    """Says in a page's HTML which language it is in, before anything in it runs.

    Gradio has the language fixed in its template, and says its own few words (of lists, of boxes for files) in the
    browser's language, which it reads before it looks at anything that a page can add.

    Gradio makes a page anew for every visit (a copy of all its components, as JSON in a template), though only the
    address differs: a page is made once for an address and kept, so that a hundred visitors do not take the machine.

    Args:
        app: The application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._made: dict[_Address, list[Message]] = {}
        self._making = Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        language = _page_of(scope)
        if language is None:
            await self._app(scope, receive, send)
            return
        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        scope, address = {**scope, "headers": plain}, _address(scope)
        if address is None:
            await self._app(scope, receive, _Rewritten(send, language))
            return
        async with self._making:
            messages = self._made.get(address) or await self._make(scope, receive, language)
            if messages and messages[0].get("status") == 200:
                self._keep(address, messages)
        for message in messages:
            for piece in _pieces(deepcopy(message)):  # its headers are added to on the way out
                await send(piece)

    async def _make(self, scope: Scope, receive: Receive, language: Language) -> list[Message]:
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self._app(scope, receive, _Rewritten(keep, language))
        return messages

    def _keep(self, address: _Address, messages: list[Message]) -> None:
        while len(self._made) >= _MOST_KEPT and address not in self._made:
            del self._made[next(iter(self._made))]
        self._made[address] = messages


class _Rewritten:
    """Holds a response back until all of it is there."""

    def __init__(self, send: Send, language: Language) -> None:
        self._send = send
        self._language = language
        self._start: Message = {}
        self._body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        if message["type"] != "http.response.body":
            await self._send(message)
            return
        self._body += message.get("body", b"")
        if message.get("more_body", False):
            return
        headers = MutableHeaders(scope=self._start)
        body = bytes(self._body)
        if headers.get("content-type", "").startswith("text/html"):
            body = with_language(body, self._language)
            headers["content-length"] = str(len(body))
        await self._send(self._start)
        await self._send({"type": "http.response.body", "body": body})


def _pieces(message: Message) -> Iterator[Message]:
    """A message of which no more waits in memory than a slow visitor is about to read: a page is 2/3 of a megabyte."""
    body = memoryview(message.get("body", b""))
    if len(body) <= _PIECE_BYTES:
        yield message
        return
    for first in range(0, len(body), _PIECE_BYTES):
        more = first + _PIECE_BYTES < len(body) or message.get("more_body", False)
        yield {**message, "body": bytes(body[first : first + _PIECE_BYTES]), "more_body": more}


def with_language(html: bytes, language: Language) -> bytes:
    """The page's HTML in which it says its language, and in which Gradio takes it for the browser's."""
    named = html.replace(_AS_SERVED, f'lang="{language.code}"'.encode(), 1)
    script = _SCRIPT.replace("BROWSER", language.browser).replace("CODE", language.code)
    return named.replace(b"<head>", f"<head><script>{script}</script>".encode(), 1)


def _address(scope: Scope) -> _Address | None:
    """What a page differs by; None for one that may differ by more: its query, or what a proxy says."""
    names = {name for name, _ in scope["headers"]}
    if scope["query_string"].removeprefix(b"language=en") or any(name.startswith(b"x-forwarded") for name in names):
        return None
    host = dict(scope["headers"]).get(b"host", b"")
    return scope.get("scheme", "http"), host, scope.get("root_path", ""), scope["path"]


def _page_of(scope: Scope) -> Language | None:
    if scope["type"] != "http" or scope["method"] != "GET":
        return None
    path = scope["path"].removeprefix(scope.get("root_path", "")) or "/"
    return next((one for one in LANGUAGES if one.path == path), None)
