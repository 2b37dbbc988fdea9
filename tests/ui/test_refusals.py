"""What the page's routes refuse, in the page's language; and a page that is sent in pieces. Without a browser."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest
from starlette.responses import HTMLResponse, JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workbench.http.access import refusals
from workbench.ui.language import SIMPLIFIED, speaking, tell
from workbench.ui.refusals import PageRefusals
from workbench.ui.served_page import ServedPage


def ask(app: ASGIApp, path: str, method: str = "POST", **headers: str) -> tuple[int, dict[str, str], bytes, list[int]]:
    """Status, headers and body of an answer, and the sizes of the pieces it came in."""
    found: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        found.append(message)

    sent = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": sent}
    anyio.run(app, scope, receive, send)
    pieces = [one["body"] for one in found if one["type"] == "http.response.body"]
    assert [one.get("more_body", False) for one in found[1:]] == [True] * (len(pieces) - 1) + [False]
    named = {name.decode(): value.decode() for name, value in found[0]["headers"]}
    return found[0]["status"], named, b"".join(pieces), [len(piece) for piece in pieces]


def answering(status: int, content: Any) -> ASGIApp:
    return PageRefusals(JSONResponse(content, status, {"x-kept": "yes"}))


@pytest.mark.parametrize("page", ["/", "/zh-hans/", "/behind/a/proxy/zh-hans/"])
def test_a_full_queue_is_a_sentence_of_ours(page: str) -> None:
    app = answering(503, {"detail": "Queue is full. Max size is 32 and size is 32."})
    status, headers, body, _ = ask(app, f"{page}gradio_api/queue/join", origin="http://127.0.0.1:7860")
    said = json.loads(body)["detail"]
    assert (status, headers["retry-after"], headers["x-kept"]) == (429, "5", "yes")
    assert int(headers["content-length"]) == len(body)
    assert "32" not in said
    assert said.isascii() == (page == "/")


@pytest.mark.parametrize("sentence", [refusals.OTHER_PAGE, refusals.NOT_YOURS, refusals.TOO_LONG])
def test_what_is_refused_is_said_in_the_page_s_language(sentence: str) -> None:
    app = answering(403, {"error": {"message": sentence}, "detail": sentence})
    _, _, body, _ = ask(app, "/zh-hans/gradio_api/queue/join", origin="http://127.0.0.1:7860")
    with speaking(SIMPLIFIED):
        assert json.loads(body)["detail"] == tell(sentence) != sentence


def test_an_upload_s_refusal_is_its_sentence_alone() -> None:
    sentence = "The upload is larger than 4 GiB. Split the recording."
    app = answering(413, {"error": {"message": sentence, "code": "x"}})
    status, headers, body, _ = ask(app, "/gradio_api/upload", origin="http://127.0.0.1:7860")
    assert (status, body.decode()) == (413, sentence)
    assert headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(("path", "method", "headers"), [
    ("/gradio_api/upload", "POST", {}),
    ("/gradio_api/queue/data", "GET", {"origin": "http://127.0.0.1:7860"}),
    ("/v1/audio/transcriptions", "POST", {"origin": "http://127.0.0.1:7860"}),
])  # fmt: skip
def test_programs_and_other_routes_are_answered_as_before(path: str, method: str, headers: dict[str, str]) -> None:
    content = {"error": {"message": refusals.TOO_LONG}}
    _, _, body, _ = ask(answering(413, content), path, method, **headers)
    assert json.loads(body) == content


@pytest.mark.parametrize("size", [10, 200_000])
def test_a_page_comes_in_pieces_and_is_made_once(size: int) -> None:
    made: list[str] = []

    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        made.append(scope["path"])
        await HTMLResponse(f"<html lang='en'><head></head>{'x' * size}</html>")(scope, receive, send)

    app = ServedPage(page)
    _, headers, first, pieces = ask(app, "/", "GET", host="127.0.0.1")
    assert max(pieces) <= 64 * 1024
    assert int(headers["content-length"]) == len(first) > size
    assert ask(app, "/", "GET", host="127.0.0.1")[2] == first
    assert made == ["/"]
