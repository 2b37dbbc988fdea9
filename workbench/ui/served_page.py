"""The HTML that Gradio serves for a page, with the page's language in it."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workbench.ui.language import LANGUAGES, Language

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

    Args:
        app: The application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        language = _page_of(scope)
        if language is None:
            await self._app(scope, receive, send)
            return
        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        await self._app({**scope, "headers": plain}, receive, _Rewritten(send, language))


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


def with_language(html: bytes, language: Language) -> bytes:
    """The page's HTML in which it says its language, and in which Gradio takes it for the browser's."""
    named = html.replace(_AS_SERVED, f'lang="{language.code}"'.encode(), 1)
    script = _SCRIPT.replace("BROWSER", language.browser).replace("CODE", language.code)
    return named.replace(b"<head>", f"<head><script>{script}</script>".encode(), 1)


def _page_of(scope: Scope) -> Language | None:
    if scope["type"] != "http" or scope["method"] != "GET":
        return None
    path = scope["path"].removeprefix(scope.get("root_path", "")) or "/"
    return next((one for one in LANGUAGES if one.path == path), None)
