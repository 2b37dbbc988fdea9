"""Sessions, what belongs to them, the token and its links, and how many may ask for work at once."""

from __future__ import annotations

import stat
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any
from urllib.parse import quote

import anyio
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from workbench.http.access.crowd import Crowd
from workbench.http.access.files import PrivateFiles, file_key, without_addresses
from workbench.http.access.ownership import Ownership
from workbench.http.access.sessions import SESSION, Sessions
from workbench.http.access.tokens import MOST_LINKS, Tokens

# Ownership -----------------------------------------------------------------------------------------------------------


def test_what_is_held_is_one_session_s_and_what_is_claimed_may_be_several_s() -> None:
    kept = Ownership()
    one, two = kept.open(), kept.open()
    assert [kept.hold(one, "page:a"), kept.hold(two, "page:a"), kept.hold(one, "page:a")] == [True, False, True]
    for session in (one, two):
        kept.claim(session, "file:a")
    assert kept.owns(one, "file:a")
    assert kept.owns(two, "file:a")
    assert kept.owns(one, "page:a")
    assert not kept.owns(two, "page:a")


def test_what_a_forgotten_session_held_is_free_and_what_it_owned_is_not_inherited() -> None:
    kept = Ownership()
    gone, next_one = kept.open(), kept.open()
    kept.hold(gone, "page:a")
    kept.claim(gone, "file:a")
    kept.forget(gone)
    assert not kept.knows(gone)
    assert not kept.owns(gone, "file:a")
    assert not kept.hold(gone, "page:b")
    assert kept.hold(next_one, "page:a")
    assert not kept.owns(next_one, "file:a")


@given(st.lists(st.tuples(st.sampled_from("och"), st.integers(0, 9), st.integers(0, 5))))
def test_it_never_grows_and_no_key_is_held_twice(steps: list[tuple[str, int, int]]) -> None:
    kept, sessions = Ownership(sessions=3, keys=2), ["unknown"]
    for step, place, key in steps:
        session = sessions[place % len(sessions)]
        if step == "o":
            sessions.append(kept.open())
        elif step == "c":
            kept.claim(session, f"file:{key}")
        else:
            kept.hold(session, f"page:{key}")
        assert len(kept) <= 3
        assert all(len(owned) <= 2 for owned in kept._owned.values())
        for one in range(6):
            assert sum(kept.owns(session, f"page:{one}") for session in sessions) <= 1


def test_a_flood_of_first_visits_does_not_turn_out_who_works_here() -> None:
    kept = Ownership(sessions=3)
    worker = kept.open()
    kept.hold(worker, "page:a")
    for _ in range(20):
        kept.open()
    assert kept.knows(worker)


# Files in JSON -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["talk.wav", "我的 talk.wav", "a%20b.wav", 'it\'s & "x".wav'])
def test_a_file_is_found_however_it_is_written(tmp_path: Path, name: str) -> None:
    root = tmp_path / "my home" / "tmp"
    path, files = f"{root}/page-1/ab/{name}", PrivateFiles(root)
    written = [{"path": path}, [[f'<audio src="gradio_api/file={quote(path)}">']], f"http://x/file={quote(path)}"]
    for value in written:
        assert file_key(path) in set(files.named(value))
    assert list(files.named(["nothing", {"a": 1.5, "b": None}, "/elsewhere/a.wav"])) == []


def test_an_address_that_says_the_path_again_is_not_looked_at_twice() -> None:
    again = {"data": [{"path": "/t/a b.wav", "url": "http://x/gradio_api/file=/t/a%20b.wav"}, {"url": "/t/c"}]}
    assert without_addresses(again) == {"data": [{"path": "/t/a b.wav"}, {"url": "/t/c"}]}
    foreign = {"path": "/t/a.wav", "url": "http://x/gradio_api/file=/t/b.wav"}
    assert without_addresses(foreign) == foreign


# Cookies -------------------------------------------------------------------------------------------------------------


async def page(request: Request) -> Response:
    return HTMLResponse(request.scope[SESSION] or "nobody")


async def program(request: Request) -> Response:
    return PlainTextResponse(request.scope[SESSION] or "nobody")


def visit(tokens: Tokens | None, work: Callable[[httpx.AsyncClient], Coroutine[Any, Any, None]]) -> None:
    app = Sessions(
        Starlette(routes=[Route("/v1/x", program), Route("/{path:path}", page)]), ownership=Ownership(), tokens=tokens
    )

    async def run() -> None:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:7860") as client:
            await work(client)

    anyio.run(run)


def test_a_page_brings_a_cookie_that_no_script_and_no_other_site_can_use() -> None:
    async def work(client: httpx.AsyncClient) -> None:
        assert "set-cookie" not in (await client.get("/v1/x")).headers
        cookie = (await client.get("/")).headers["set-cookie"]
        name, *attributes = cookie.split("; ")
        assert name.startswith("workbench-session-7860=")
        assert len(name) > 60
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} == set(attributes)
        again = await client.get("/")
        assert "set-cookie" not in again.headers
        assert again.text == name.partition("=")[2] == (await client.get("/v1/x")).text

    visit(None, work)


def test_a_made_up_cookie_is_nobody_and_two_known_ones_are_nobody() -> None:
    async def work(client: httpx.AsyncClient) -> None:
        made_up = await client.get("/v1/x", headers={"cookie": "workbench-session-7860=i-chose-it"})
        assert made_up.text == "nobody"
        both: list[str] = []
        for _ in range(2):
            both.append((await client.get("/")).headers["set-cookie"].split(";")[0])
            client.cookies.clear()
        assert (await client.get("/v1/x", headers={"cookie": both[0]})).text != "nobody"
        assert (await client.get("/v1/x", headers={"cookie": "; ".join(both)})).text == "nobody"

    visit(None, work)


def test_a_visit_by_another_site_s_link_comes_again_before_it_counts_as_a_first_one() -> None:
    async def work(client: httpx.AsyncClient) -> None:
        link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
        first = await client.get("/", headers=link)
        assert 'http-equiv="refresh"' in first.text
        assert "set-cookie" not in first.headers
        assert "set-cookie" in (await client.get("/", headers=link | {"sec-fetch-site": "same-origin"})).headers

    visit(None, work)


# The token -----------------------------------------------------------------------------------------------------------


def test_a_link_opens_once_and_leaves_the_address_bar() -> None:
    tokens = Tokens("t")
    secret = tokens.new_link()

    async def work(client: httpx.AsyncClient) -> None:
        refused = await client.get("/", headers={"accept": "text/html"})
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        assert "opens once" in refused.text
        assert "set-cookie" not in refused.headers
        assert (await client.head(f"/?token={secret}")).status_code == 401, "a look ahead uses nothing up"
        opened = await client.get(f"/zh-hans/?a=1&token={secret}")
        assert (opened.status_code, opened.headers["location"]) == (303, "/zh-hans/?a=1")
        assert (await client.get("/zh-hans/?a=1")).status_code == 200
        client.cookies.clear()
        assert (await client.get(f"/?token={secret}")).status_code == 401

    visit(tokens, work)


def test_a_link_leads_to_no_other_host() -> None:
    tokens = Tokens("t")

    async def work(client: httpx.AsyncClient) -> None:
        for path in ("//evil.example/", "/\\evil.example/", "///evil.example"):
            opened = await client.get(f"http://127.0.0.1:7860{path}?token={tokens.new_link()}")
            assert opened.headers["location"].startswith("/evil.example")

    visit(tokens, work)


@pytest.mark.parametrize(
    ("sent", "status"),
    [("Bearer t", 200), ("bearer t", 200), ("Bearer x", 401), ("Bearer ", 401), ("Basic t", 401), ("t", 401),
     ("Bearer té", 401)],
)  # fmt: skip
def test_programs_send_the_token(sent: str, status: int) -> None:
    async def work(client: httpx.AsyncClient) -> None:
        answer = await client.get("/v1/x", headers={"authorization": sent.encode()})
        assert answer.status_code == status
        if status == 401:
            assert answer.json()["error"]["message"].startswith("This server needs its token.")

    visit(Tokens("t"), work)


def test_the_token_is_no_link_and_old_links_go_out_of_use() -> None:
    tokens = Tokens()
    assert not tokens.redeem(tokens.token)
    first, *others = [tokens.new_link() for _ in range(MOST_LINKS + 1)]
    assert not tokens.redeem(first)
    assert all(tokens.redeem(link) for link in others)
    assert not any(tokens.redeem(link) for link in others)


def test_the_token_s_file_is_this_user_s_alone(tmp_path: Path) -> None:
    (tmp_path / "7860").write_text("of yesterday")
    (tmp_path / "7860").chmod(0o644)
    written = Tokens("secret").write(tmp_path / "7860")
    assert written.read_text() == "secret\n"
    assert stat.S_IMODE(written.stat().st_mode) == 0o600


# Crowd ---------------------------------------------------------------------------------------------------------------


def test_one_too_many_is_told_when_to_come_back_and_others_are_not_kept_waiting() -> None:
    async def run() -> None:
        working, done = anyio.Event(), anyio.Event()

        async def work(request: Request) -> Response:
            working.set()
            await done.wait()
            return PlainTextResponse("done")

        app = Crowd(Starlette(routes=[Route("/v1/work", work, methods=["POST"]), Route("/health", program)]), most=1)
        app_with_session = Sessions(app, ownership=Ownership())
        transport = httpx.ASGITransport(app=app_with_session)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            answers: list[httpx.Response] = []

            async def ask() -> None:
                answers.append(await client.post("/v1/work"))

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(ask)
                await working.wait()
                refused = await client.post("/v1/work")
                assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
                assert refused.json()["error"]["message"].startswith("The server has its hands full.")
                assert (await client.get("/health")).status_code == 200
                done.set()
            assert answers[0].text == "done"
            assert (await client.post("/v1/work")).status_code == 200, "the place is free again"

    anyio.run(run)
