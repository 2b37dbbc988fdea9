"""Answers that come before a request was heard out, such as a refusal of what is too large: they are read all the same.

A connection that is closed while its client still sends is reset, and who is cut off so may never read the answer. So
what is short is heard out before it is answered; what is long is answered at once, and what still comes is taken and
thrown away, for so long, before the connection is closed. Who asks beforehand whether to send (`Expect: 100-continue`,
RFC 9110, 10.1.1) is answered and sends nothing.
"""

from __future__ import annotations

from anyio import move_on_after
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SHORT_BYTES = 64 * 1024**2
"""What is heard before the answer: it is here by then, or soon, and the connection can be kept for a next request."""

MOST_SECONDS = 30.0
IDLE_SECONDS = 5.0
"""How long it is listened to after an answer, altogether and to one that is silent: as nginx's lingering_time and
lingering_timeout are by default (https://nginx.org/en/docs/http/ngx_http_core_module.html#lingering_time)."""


class HeardOut:
    """Hears out what the application answered without hearing; nothing of it is kept.

    Args:
        app: What is behind.
        most_seconds: See `MOST_SECONDS`.
        idle_seconds: See `IDLE_SECONDS`.
    """

    def __init__(self, app: ASGIApp, *, most_seconds: float = MOST_SECONDS, idle_seconds: float = IDLE_SECONDS) -> None:
        self._app = app
        self._seconds = most_seconds, idle_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _has_body(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(Headers(scope=scope), receive, send, *self._seconds)
        await self._app(scope, exchange.receive, exchange.send)


class _Exchange:
    """One request, and how much of it was heard when its answer is sent."""

    def __init__(
        self, headers: Headers, receive: Receive, send: Send, most_seconds: float, idle_seconds: float
    ) -> None:
        self._receive = receive
        self._send = send
        self._most_seconds, self._idle_seconds = most_seconds, idle_seconds
        declared = headers.get("content-length", "")
        self._is_short = declared.isdecimal() and int(declared) <= SHORT_BYTES
        self._waits = headers.get("expect", "").lower() == "100-continue"
        self._heard = False

    async def receive(self) -> Message:
        self._waits = False  # the server tells the client to send when it is asked for the first part
        message = await self._receive()
        self._heard = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and not self._heard:
            if self._is_short and not self._waits:
                await self._hear_out()
            if not self._heard:
                MutableHeaders(scope=message)["Connection"] = "close"
        ends = message["type"] == "http.response.body" and not message.get("more_body", False)
        if not ends or self._heard or self._waits:
            await self._send(message)
            return
        await self._send({**message, "more_body": True})
        await self._hear_out()
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _hear_out(self) -> None:
        with move_on_after(self._most_seconds):
            while not self._heard:
                with move_on_after(self._idle_seconds) as silence:
                    await self.receive()
                if silence.cancelled_caught:
                    return


def _has_body(headers: Headers) -> bool:
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
