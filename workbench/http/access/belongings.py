"""The page's routes, most of them Gradio's: what each names, and whether that is the visitor's.

Gradio lets whoever knows a page's `session_hash`, an event's id or a file's path use it. Here each belongs to the
session that was the first to use it, that started it, that uploaded it, or whose events answered with it. A route that
is not listed here is refused, so that a new release of Gradio opens nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workbench.http.access.files import PrivateFiles, chosen_files, file_key, held_key, without_addresses
from workbench.http.access.ownership import Ownership
from workbench.http.access.refusals import NO_SUCH_THING, NOT_YOURS, OTHER_PAGE, TOO_LONG, refuse
from workbench.http.access.sessions import SESSION

MOST_BODY_BYTES = 32 * 1024**2
"""The longest body that starts an event: hours of edited transcript are some MiB. Uploads are no such body."""

_INSIDE = re.compile(r"(?:.*?/gradio_api/|(?:/[^/]+)?/(?=files/[^/]*$))(.*)", re.DOTALL)
"""Wherever in a path it begins: what comes before is the page's language, or a proxy's prefix."""
_PUBLIC = re.compile(
    r"(?:info|openapi\.json|app_id|startup-events|theme\.css|user|token|login_check|queue/status)/?|custom_component/.*"
)
"""Says nothing of any visitor."""


class Refused(Exception):
    """A request that is not let through; the status, and the sentence."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class _Asked:
    """One request to a route of Gradio."""

    found: re.Match[str]
    query: Mapping[str, list[str]]
    body: Any
    session: str
    ownership: Ownership
    files: PrivateFiles

    def must_hold(self, kind: str, name: Any) -> None:
        if not isinstance(name, str) or not self.ownership.hold(self.session, f"{kind}:{name}"):
            raise Refused(403, NOT_YOURS)

    def must_own(self, key: str) -> None:
        if not self.ownership.owns(self.session, key):
            raise Refused(403, NOT_YOURS)


def _file(asked: _Asked) -> None:
    asked.must_own(file_key(asked.found["path"]))


def _held(asked: _Asked) -> None:
    asked.must_own(held_key(asked.found["key"]))


def _upload(asked: _Asked) -> None:
    for upload in asked.query.get("upload_id", ()):
        asked.must_hold("upload", upload)


def _one_upload(asked: _Asked) -> None:
    asked.must_hold("upload", _only(asked.query.get("upload_id")))


def _listening(asked: _Asked) -> None:
    asked.must_hold("page", _only(asked.query.get("session_hash")))


def _page(asked: _Asked) -> None:
    asked.must_hold("page", asked.found["page"])


def _event(asked: _Asked) -> None:
    asked.must_own(f"event:{asked.found['event']}")


def _streamed(asked: _Asked) -> None:
    _event(asked)
    _work(asked)


def _work(asked: _Asked) -> None:
    """What starts, feeds or ends an event: its page, the event it names, and every file it is given."""
    sent = asked.body
    if not isinstance(sent, dict):
        raise Refused(400, "The request is no JSON object.")
    named = cast("dict[str, Any]", sent)
    if named.get("session_hash") is not None:
        asked.must_hold("page", named["session_hash"])
    if named.get("event_id") is not None:
        asked.must_own(f"event:{named['event_id']}")
    for path in chosen_files(named):
        asked.must_own(file_key(path))
    for key in asked.files.present(without_addresses(named)):
        asked.must_own(key)


def _only(values: list[str] | None) -> str | None:
    return values[0] if values is not None and len(values) == 1 else None


@dataclass(frozen=True, slots=True)
class _Rule:
    """What a route asks for.

    Attributes:
        method: How it is asked.
        path: Everything behind `/gradio_api/`, or from `files/` on.
        check: Raises `Refused` where something is not the visitor's.
        reads: Whether the check needs the body.
        answers: Whether the answer names what is the visitor's from now on.
    """

    method: str
    path: re.Pattern[str]
    check: Callable[[_Asked], None]
    reads: bool = False
    answers: bool = False


def _rule(method: str, path: str, check: Callable[[_Asked], None], **more: bool) -> _Rule:
    return _Rule(method, re.compile(path, re.DOTALL), check, **more)


_RULES = (
    _rule("GET", r"file[=/](?P<path>.*)", _file),
    _rule("HEAD", r"file[=/](?P<path>.*)", _file),
    _rule("GET", r"files/(?P<key>[^/]+)", _held),
    _rule("HEAD", r"files/(?P<key>[^/]+)", _held),
    _rule("POST", r"upload/?", _upload, answers=True),
    _rule("GET", r"upload_progress/?", _one_upload),
    _rule("POST", r"queue/join/?", _work, reads=True, answers=True),
    _rule("GET", r"queue/data/?", _listening, answers=True),
    _rule("GET", r"heartbeat/(?P<page>[^/]+)/?", _page),
    _rule("POST", r"(?:run|api|call|call/v2)/[^/]+/?", _work, reads=True, answers=True),
    _rule("GET", r"call/(?:v2/)?[^/]+/(?P<event>[^/]+)/?", _event, answers=True),
    _rule("POST", r"(?:cancel|reset)/?", _work, reads=True),
    _rule("POST", r"component_server/?", _work, reads=True, answers=True),
    _rule("POST", r"stream/(?P<event>[^/]+)", _streamed, reads=True),
    _rule("POST", r"stream/(?P<event>[^/]+)/close", _event),
    _rule("GET", r"stream/(?P<page>[^/]+)/.+", _page),
)


class Belongings:
    """Lets a visitor reach what is the visitor's, and notes what becomes it.

    Args:
        app: What is behind.
        ownership: Who owns what.
        files: The private folder.
    """

    def __init__(self, app: ASGIApp, *, ownership: Ownership, files: PrivateFiles) -> None:
        self._app = app
        self._ownership = ownership
        self._files = files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        inside = _INSIDE.fullmatch(scope["path"]) if scope["type"] in ("http", "websocket") else None
        if inside is None or _PUBLIC.fullmatch(inside[1]):
            await self._app(scope, receive, send)
            return
        try:
            await self._let_in(inside[1], scope, receive, send)
        except Refused as refused:
            await refuse(refused.status, refused.message)(scope, receive, send)

    async def _let_in(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope.get("method", "")
        rule, found = next(
            ((rule, found) for rule in _RULES if rule.method == method and (found := rule.path.fullmatch(path))),
            (None, None),
        )
        if rule is None or found is None:
            raise Refused(403, NO_SUCH_THING)
        session: str | None = scope[SESSION]
        if session is None:
            raise Refused(403, OTHER_PAGE)
        body = b""
        if rule.reads:
            body, receive = await _read(Headers(scope=scope), receive)
        query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        try:
            rule.check(_Asked(found, query, _parsed(body), session, self._ownership, self._files))
        except (ValueError, RecursionError) as error:  # a path that is none, a body that is too deep
            raise Refused(403, NOT_YOURS) from error
        await self._app(scope, receive, self._noting(send, session) if rule.answers else send)

    def _noting(self, send: Send, session: str) -> Send:
        """Note what an answer names before the visitor has it; each message of Gradio's comes as one piece."""

        async def send_noted(message: Message) -> None:
            if message["type"] == "http.response.body":
                self._note(message.get("body", b""), session)
            await send(message)

        return send_noted

    def _note(self, content: bytes, session: str) -> None:
        if content.startswith(b'{"event_id"'):  # what was started, and nothing else
            self._ownership.claim(session, f"event:{_parsed(content)['event_id']}")
        elif self._files.mentioned(content):
            for line in content.split(b"\n"):
                for key in self._files.named(_parsed(line.removeprefix(b"data:"))):
                    self._ownership.claim(session, key)


def _parsed(content: bytes) -> Any:
    """JSON; None where it is none."""
    try:
        return json.loads(content) if content.strip() else None
    except (ValueError, RecursionError):
        return None


async def _read(headers: Headers, receive: Receive) -> tuple[bytes, Receive]:
    """The whole body, and a `receive` that says it again and then goes on.

    Raises:
        Refused: It is too long.
    """
    declared, body = headers.get("content-length", ""), bytearray()
    if declared.isdecimal() and int(declared) > MOST_BODY_BYTES:
        raise Refused(413, TOO_LONG)
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise Refused(400, "The request ends too early.")
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MOST_BODY_BYTES:
            raise Refused(413, TOO_LONG)
    read: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

    async def again() -> Message:
        return read.pop() if read else await receive()

    return bytes(body), again
