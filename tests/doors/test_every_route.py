"""Every route there is, Gradio's too, as the route table has them: who is let in, and who reaches what is another's."""

from __future__ import annotations

import json
import os
import re
import uuid
from collections.abc import Callable, Coroutine, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import anyio
import httpx
import pytest
from starlette.routing import BaseRoute, Mount

from workbench import http
from workbench.audio.held import HeldPath, new_file, offer
from workbench.engines.pool import EnginePool
from workbench.http.access import Access, Tokens
from workbench.settings import Settings

from .conftest import served

TOKEN = "a token that nobody guesses"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
HERE = "http://127.0.0.1:7860"
FEWEST = 250
"""Methods on paths; there were 459 when this was written."""


@dataclass(frozen=True)
class Served:
    """The whole application, with a small page of the test's own at `/small`."""

    app: Any
    access: Access
    results: list[Any]


@pytest.fixture(scope="module")
def served_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    from workbench.ui import app as page

    before = dict(os.environ)
    access = Access(tokens=Tokens(TOKEN))
    pool = EnginePool(Settings(home=tmp_path_factory.mktemp("routes-home")))
    app = http.create_app(pool, access)
    results: list[Any] = []
    os.environ["GRADIO_TEMP_DIR"] = str(pool.settings.temporary / f"page-{os.getpid()}")
    mount_small_page(app, results)
    page.mount(app, pool)
    yield Served(app, access, results)
    os.environ.clear()
    os.environ.update(before)


def mount_small_page(app: Any, results: list[Any]) -> None:
    """An event that answers with what the test put into `results`, and one that takes a file."""
    import gradio as gr

    def make(text: str) -> tuple[str, str | None]:
        markup, path = results[-1]
        return markup or text, path

    with gr.Blocks(analytics_enabled=False) as small:
        text, file = gr.Textbox(), gr.File(type="filepath")
        told, made = gr.HTML(), gr.File()
        text.submit(make, text, [told, made])
        file.upload(lambda path: Path(path).read_text(), file, text)
    gr.mount_gradio_app(app, small.queue(), path="/small", run_history=False, footer_links=[], ssr_mode=False)


def walk(routes: list[BaseRoute], before: str = "") -> Generator[tuple[str, str]]:
    """Every method and path that the table has, with something in the place of each parameter."""
    for route in routes:
        path = before + re.sub(r"\{[^}]*\}", "x", getattr(route, "path", ""))
        if isinstance(route, Mount):
            yield from walk(list(route.routes), path)
        elif hasattr(route, "original_router"):  # FastAPI's own kind of route for one that includes others
            yield from walk(list(route.original_router.routes), before)
        else:
            yield from ((method, path or "/") for method in sorted(getattr(route, "methods", None) or {"GET"}))


def asked(served_app: Served, under: str = "", **headers: str) -> list[tuple[str, str, httpx.Response]]:
    """What every route answers."""
    found = sorted(set(walk(list(served_app.app.routes))))
    assert len(found) > FEWEST
    found = [(method, path) for method, path in found if under in path]

    async def ask(client: httpx.AsyncClient) -> list[tuple[str, str, httpx.Response]]:
        return [(method, path, await client.request(method, path, headers=headers)) for method, path in found]

    return with_client(served_app, ask)


def with_client(served_app: Served, work: Callable[[httpx.AsyncClient], Coroutine[Any, Any, Any]]) -> Any:
    async def run() -> Any:
        transport = httpx.ASGITransport(app=served_app.app)
        async with httpx.AsyncClient(transport=transport, base_url=HERE) as client:
            return await work(client)

    return anyio.run(run)


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example:7860"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://127.0.0.1:7861"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "empty"},
    ],
    ids=["host", "origin", "another port", "cross-site"],
)
def test_no_route_answers_another_page(served_app: Served, headers: dict[str, str]) -> None:
    let_in = [(method, path) for method, path, answer in asked(served_app, **BEARER, **headers) if not refused(answer)]
    assert let_in == []


def refused(answer: httpx.Response, status: int = 403) -> bool:
    if answer.request.method == "HEAD":
        return answer.status_code == status
    return answer.status_code == status and answer.json()["error"]["message"].endswith(".")


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}])
def test_no_route_answers_without_the_token(served_app: Served, headers: dict[str, str]) -> None:
    found = asked(served_app, **headers)
    let_in = [(method, path) for method, path, answer in found if not refused(answer, 403 if "proxy=" in path else 401)]
    assert let_in == []


def test_what_gradio_has_for_a_visitor_needs_a_session(served_app: Served) -> None:
    """A route of Gradio's that nobody has looked at is refused; those listed here say nothing of anybody."""
    found = asked(served_app, under="/gradio_api/", **BEARER)
    reached = {path.partition("/gradio_api/")[2].rstrip("/") for _, path, answer in found if not refused(answer)}
    assert reached - {""} == {
        *("app_id", "custom_component/x/x/x/x", "info", "login_check", "openapi.json", "queue/status"),
        *("startup-events", "theme.css", "token", "user"),
    }


# Two visitors --------------------------------------------------------------------------------------------------------


@dataclass
class Visitor:
    """Somebody who opened the small page by a link of their own."""

    client: httpx.Client
    page: str

    def upload(self, content: bytes, name: str = "my talk.txt", **query: str) -> str:
        answer = self.client.post("small/gradio_api/upload", files={"files": (name, content)}, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()[0]

    def join(self, index: int, data: list[Any], **more: Any) -> httpx.Response:
        body = {"data": data, "fn_index": index, "session_hash": self.page, **more}
        return self.client.post("small/gradio_api/queue/join", json=body)

    def result(self, index: int, data: list[Any]) -> dict[str, Any]:
        """What an event answers."""
        joined = self.join(index, data)
        assert joined.status_code == 200, joined.text
        with self.client.stream("GET", "small/gradio_api/queue/data", params={"session_hash": self.page}) as stream:
            said = [json.loads(line[5:]) for line in stream.iter_lines() if line.startswith("data:")]
        (done,) = (one for one in said if one["msg"] == "process_completed")
        return done

    def status(self, path: str) -> int:
        with self.client.stream("GET", path) as answer:
            return answer.status_code


@pytest.fixture(scope="module")
def address(served_app: Served) -> Iterator[str]:
    with served(served_app.app) as url:
        yield url


@pytest.fixture
def two(served_app: Served, address: str) -> Iterator[tuple[Visitor, Visitor]]:
    clients = [httpx.Client(base_url=address, timeout=30, follow_redirects=True) for _ in range(2)]
    for client in clients:
        assert served_app.access.tokens is not None
        opened = client.get(f"/small/?token={served_app.access.tokens.new_link()}")
        assert opened.status_code == 200
        assert "token=" not in str(opened.url)
    yield tuple(Visitor(client, uuid.uuid4().hex[:11]) for client in clients)  # pyright: ignore[reportReturnType]
    for client in clients:
        client.close()


Two = tuple[Visitor, Visitor]


def chosen(path: str) -> dict[str, Any]:
    return {"path": path, "meta": {"_type": "gradio.FileData"}}


MAKE, TAKE = 0, 1
"""The small page's events."""


def test_an_upload_is_played_by_its_visitor_alone(two: Two) -> None:
    mine, other = two
    path = quote(mine.upload(b"what I said"))
    for form in (f"small/gradio_api/file={path}", f"small/gradio_api/file/{path}"):
        assert mine.status(form) == 200
        assert other.status(form) == 403
    assert mine.status(f"small/gradio_api/file={path.rpartition('/')[0]}/../{path.split('/')[-2]}/") == 403


def test_an_upload_is_worked_on_for_its_visitor_alone(two: Two) -> None:
    mine, other = two
    path = mine.upload(b"")
    assert mine.join(TAKE, [chosen(path)]).status_code == 200
    assert refused(other.join(TAKE, [chosen(path)]))
    assert refused(other.join(MAKE, [f"look at <a href='file={quote(path)}'>this</a>"]))


@pytest.mark.parametrize("path", ["/etc/hostname", "https://evil.example/a.wav", "\0", "../../etc/hostname"])
def test_a_file_that_nobody_uploaded_is_not_worked_on(two: Two, path: str) -> None:
    assert refused(two[0].join(TAKE, [chosen(path)]))
    assert refused(two[0].join(TAKE, [{"path": path}]))


def test_a_result_is_fetched_by_its_visitor_alone(two: Two, served_app: Served, tmp_path: Path) -> None:
    mine, other = two
    made = Path(os.environ["GRADIO_TEMP_DIR"]) / "made for me"
    made.mkdir(exist_ok=True)
    (made / "drawn ü.svg").write_text("<svg/>")
    (made / "written.txt").write_text("text")
    served_app.results.append(
        (f'<img src="gradio_api/file={quote(str(made / "drawn ü.svg"))}">', str(made / "written.txt"))
    )
    file = mine.result(MAKE, ["go"])["output"]["data"][1]
    for path in (quote(str(made / "drawn ü.svg")), quote(file["path"])):
        assert mine.status(f"small/gradio_api/file={path}") == 200
        assert other.status(f"small/gradio_api/file={path}") == 403


def test_a_held_recording_is_heard_by_its_visitor_alone(two: Two, served_app: Served, tmp_path: Path) -> None:
    mine, other = two
    held: HeldPath = offer(new_file(tmp_path, "talk.wav", b"RIFF"))
    assert mine.status(f"files/{held.key}") == 403
    served_app.results.append((f'<audio src="files/{held.key}">', None))
    mine.result(MAKE, ["go"])
    assert mine.status(f"files/{held.key}") == 200
    assert mine.status(f"zh-Hans/files/{held.key}") == 200
    assert other.status(f"files/{held.key}") == 403
    assert other.status(f"zh-Hans/files/{held.key}") == 403


def test_a_text_that_comes_back_makes_nothing_one_s_own(two: Two, served_app: Served, tmp_path: Path) -> None:
    """Whoever knows an address must not get at what is there by having it said back."""
    mine, other = two
    path, held = mine.upload(b"mine"), offer(new_file(tmp_path, "talk.wav", b"RIFF"))
    served_app.results.append(("", None))
    for text in (path, f"file={quote(path)}", f"files/{held.key}", f"see {path} there"):
        assert refused(other.join(MAKE, [text]))
    assert other.result(MAKE, ["files/ are many"])["success"]


def test_nobody_listens_to_stops_or_ends_another_s_events(two: Two, served_app: Served) -> None:
    mine, other = two
    served_app.results.append(("", None))
    event = mine.join(MAKE, ["go"]).json()["event_id"]
    api = "small/gradio_api"
    for path in (
        f"{api}/queue/data?session_hash={mine.page}",
        f"{api}/heartbeat/{mine.page}",
        f"{api}/call/make/{event}",
    ):
        assert other.status(path) == 403
    assert other.status(f"{api}/queue/data?session_hash={other.page}&session_hash={mine.page}") == 403
    assert refused(other.join(MAKE, ["go"], session_hash=mine.page))
    assert refused(other.join(MAKE, ["go"], event_id=event))
    for page in (mine.page, other.page):
        stop = {"session_hash": page, "fn_index": MAKE, "event_id": event}
        assert refused(other.client.post(f"{api}/cancel", json=stop))
    assert refused(other.client.post(f"{api}/reset", json={"event_id": event}))
    assert refused(other.client.post(f"{api}/stream/{event}", json={"data": []}))
    assert refused(other.client.post(f"{api}/stream/{event}/close"))
    asked_server = {"session_hash": mine.page, "component_id": 1, "fn_name": "x", "data": None}
    assert refused(other.client.post(f"{api}/component_server", json=asked_server))
    assert refused(other.client.post(f"{api}/run/make", json={"data": ["go"], "session_hash": mine.page}))
    assert mine.client.post(f"{api}/cancel", json={**stop, "session_hash": mine.page}).json() == {"success": True}


def test_an_upload_s_progress_is_its_visitor_s(two: Two) -> None:
    mine, other = two
    upload = uuid.uuid4().hex
    mine.upload(b"some", upload_id=upload)
    assert other.status(f"small/gradio_api/upload_progress?upload_id={upload}") == 403
    assert other.status(f"small/gradio_api/upload_progress?upload_id={uuid.uuid4().hex}&upload_id={upload}") == 403
    sent = other.client.post(f"small/gradio_api/upload?upload_id={upload}", files={"files": ("a", b"b")})
    assert refused(sent)


def test_a_body_that_is_no_body_is_a_sentence(two: Two) -> None:
    post = two[0].client.post
    join = "small/gradio_api/queue/join"
    assert post(join, content=b"[1]").status_code == 400
    assert post(join, content=b"{").status_code == 400
    assert post(join, content=b'{"data": ' + b"[" * 5000 + b"]" * 5000 + b"}").status_code in (400, 403)
    too_long = post(join, content=b" " * (33 * 1024**2))
    assert too_long.status_code == 413
    assert too_long.json()["detail"] == "The request is too long."


def test_a_cookie_of_before_a_restart_is_told_to_reload(address: str) -> None:
    port = httpx.URL(address).port
    with httpx.Client(
        base_url=address, headers=BEARER, cookies={f"workbench-session-{port}": "of yesterday"}
    ) as client:
        answer = client.get("/gradio_api/heartbeat/x")
    assert answer.json()["detail"] == "This page is not known here any more. Reload it."
