"""Who is let in, and what every answer carries."""

from __future__ import annotations

import anyio
import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from workbench.http.access.hosts import Guard


async def answer(request: Request) -> Response:
    return PlainTextResponse("in", headers={"Cache-Control": "public, max-age=9"})


def ask(method: str = "GET", path: str = "/", host: str = "127.0.0.1:7860", **headers: str) -> httpx.Response:
    app = Guard(Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST", "PUT", "DELETE"])]))
    sent = {"host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}

    async def request() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1") as client:
            return await client.request(method, path, headers=sent)

    return anyio.run(request)


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:7860", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:7860", "LOCALHOST:7860"]
)
def test_this_machine_is_let_in_under_its_own_names(host: str) -> None:
    assert ask(host=host).text == "in"


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:7860", "127.0.0.1.evil.example", "localhost.evil.example", "evil@localhost", "",
     "localhost:7860:1", "[::1", "192.168.1.7:7860", "127.0.0.1:7860, evil.example", "0.0.0.0:7860"],
)  # fmt: skip
def test_a_name_that_merely_resolves_here_is_refused(host: str) -> None:
    refused = ask(host=host)
    assert refused.status_code == 403
    assert refused.json()["error"]["message"] == "This server answers to localhost and 127.0.0.1 only."


def test_a_request_without_or_with_two_hosts_is_refused() -> None:
    for headers in ([], [(b"host", b"localhost"), (b"host", b"evil.example")]):
        assert status_of(headers) == 403


def status_of(headers: list[tuple[bytes, bytes]], kind: str = "http", path: str = "/") -> int:
    messages: list[dict] = []

    async def receive() -> dict:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict) -> None:
        messages.append(message)

    async def inner(scope: dict, receive: object, send: object) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    scope = {
        "type": kind,
        "method": "GET",
        "path": path,
        "headers": headers,
        "extensions": {"websocket.http.response": {}},
    }
    anyio.run(Guard(inner), scope, receive, send)
    return messages[0]["status"]


def test_a_foreign_page_opens_no_websocket() -> None:
    host = (b"host", b"localhost:7860")
    assert status_of([host], "websocket") == 200
    assert status_of([host, (b"origin", b"http://evil.example")], "websocket") == 403
    assert status_of([host, (b"sec-fetch-site", b"cross-site")], "websocket") == 403


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "https://127.0.0.1", "http://127.0.0.1:7861", "http://localhost:7860", "null",
     "http://127.0.0.1:7860.evil.example", "file://"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_another_page_is_refused_even_one_on_another_port_of_this_machine(origin: str, method: str) -> None:
    refused = ask(method, origin=origin)
    assert refused.status_code == 403
    assert refused.json()["error"]["message"] == "Another page may not use this server."


def test_its_own_page_may_change_things() -> None:
    assert ask("POST", origin="http://127.0.0.1:7860", sec_fetch_site="same-origin").text == "in"
    assert ask("POST", host="[::1]:7860", origin="http://[::1]:7860").text == "in"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_foreign_page_that_hides_its_origin_is_refused(site: str) -> None:
    assert ask("POST", sec_fetch_site=site).status_code == 403
    assert ask("GET", sec_fetch_site=site, sec_fetch_mode="no-cors", sec_fetch_dest="image").status_code == 403
    assert ask("POST", sec_fetch_site=site, sec_fetch_mode="navigate", sec_fetch_dest="document").status_code == 403
    assert ask("GET", sec_fetch_site=site, sec_fetch_mode="navigate", sec_fetch_dest="iframe").status_code == 403


def test_a_link_elsewhere_may_lead_here() -> None:
    assert ask("GET", sec_fetch_site="cross-site", sec_fetch_mode="navigate", sec_fetch_dest="document").text == "in"


@pytest.mark.parametrize(
    "path",
    ["/gradio_api/file=https://evil.example/a.wav", "/gradio_api/file=HTTP://evil.example", "/gradio_api/file=//evil",
     "/gradio_api/proxy=https://evil.example", "/file=https:/evil.example", "/gradio_api/file/https://evil.example"],
)  # fmt: skip
def test_the_server_fetches_nothing_on_somebody_s_behalf(path: str) -> None:
    assert ask(path=path).json()["error"]["message"] == "This server fetches nothing from other addresses."


def test_a_file_of_its_own_is_served() -> None:
    assert ask(path="/gradio_api/file=/home/a/tmp/talk.wav").text == "in"


def test_every_answer_forbids_keeping_sniffing_and_other_origins() -> None:
    headers = ask().headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert policy["connect-src"] == "'self' data: blob:"
    assert not any("http" in sources or "*" in sources for sources in policy.values())


def test_a_part_of_a_file_is_still_a_part(tmp_path) -> None:
    path = tmp_path / "talk.wav"
    path.write_bytes(bytes(range(100)))

    async def file(request: Request) -> Response:
        return FileResponse(path)

    async def request() -> httpx.Response:
        transport = httpx.ASGITransport(app=Guard(Starlette(routes=[Route("/", file)])))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get("/", headers={"Range": "bytes=10-19"})

    part = anyio.run(request)
    assert (part.status_code, part.content) == (206, bytes(range(10, 20)))
    assert part.headers["content-range"] == "bytes 10-19/100"
