"""Which visitor a request comes from, and whether it may come in at all where a token is set."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workbench.http.access.hosts import is_visit
from workbench.http.access.ownership import Ownership
from workbench.http.access.refusals import come_again, refuse_without_token
from workbench.http.access.tokens import Tokens

SESSION = "workbench.session"
"""Where a request's scope has the name of its session; None where it has none."""

_COOKIE = "workbench-session"


class Sessions:
    """Tells visitors apart by a cookie that no script and no other site can use; asks for the token where one is set.

    The cookie comes with a page, and where a token is set only with the link that opens once; then the link's secret
    leaves the address bar by a redirect. A link on another site leads here without the cookie (SameSite=Strict), which
    would look like a first visit: such a visit is asked to come again from here before anything else.

    Args:
        app: What is behind.
        ownership: Where sessions are kept.
        tokens: What lets in; None lets everybody in.
    """

    def __init__(self, app: ASGIApp, *, ownership: Ownership, tokens: Tokens | None = None) -> None:
        self._app = app
        self._ownership = ownership
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        session = self._session(headers)
        app = self._opened_link(scope, headers, session) or self._refusal(scope, headers, session) or self._app
        asks_for_page = session is None and app is self._app and scope["type"] == "http" and scope["method"] == "GET"
        answering = self._opening_session(send, headers, scope) if asks_for_page else send
        await app({**scope, SESSION: session}, receive, answering)

    def _session(self, headers: Headers) -> str | None:
        """The one session that the request's cookies name; two that are known are one too many, and none is meant."""
        named = {value for value in _cookies(headers, _cookie_name(headers)) if self._ownership.knows(value)}
        return named.pop() if len(named) == 1 else None

    def _opened_link(self, scope: Scope, headers: Headers, session: str | None) -> ASGIApp | None:
        if self._tokens is None or scope["type"] != "http" or scope["method"] != "GET":
            return None
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        given = [value for name, value in query if name == "token"]
        if len(given) != 1 or not self._tokens.redeem(given[0]):
            return None
        rest = urlencode([(name, value) for name, value in query if name != "token"])
        # One slash: two would begin another host's address.
        to = RedirectResponse("/" + quote(scope["path"].lstrip("/\\")) + (f"?{rest}" if rest else ""), 303)
        if session is None:
            to.headers["set-cookie"] = _cookie(headers, scope, self._ownership.open())
        return to

    def _refusal(self, scope: Scope, headers: Headers, session: str | None) -> ASGIApp | None:
        if session is not None:
            return None
        if headers.get("sec-fetch-site") == "cross-site" and is_visit(scope, headers):
            return come_again()
        if self._tokens is None or self._tokens.admits(headers.get("authorization", "")):
            return None
        return refuse_without_token(scope)

    def _opening_session(self, send: Send, headers: Headers, scope: Scope) -> Send:
        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                answered = MutableHeaders(scope=message)
                if answered.get("content-type", "").startswith("text/html"):
                    answered.append("set-cookie", _cookie(headers, scope, self._ownership.open()))
            await send(message)

        return send_with_cookie


def _cookie_name(headers: Headers) -> str:
    """With the port, since browsers keep one jar for all ports of a host, and two workbenches are two."""
    port = re.search(r":(\d{1,5})$", headers.get("host", ""))
    return f"{_COOKIE}-{port[1] if port else 'web'}"


def _cookies(headers: Headers, name: str) -> list[str]:
    pairs = (pair.strip().partition("=") for line in headers.getlist("cookie") for pair in line.split(";"))
    return [value.strip('"') for key, _, value in pairs if key == name]


def _cookie(headers: Headers, scope: Scope, session: str) -> str:
    secure = "; Secure" if scope.get("scheme") == "https" else ""
    return f"{_cookie_name(headers)}={session}; Path=/; HttpOnly; SameSite=Strict{secure}"
