"""A link on another site leads to the page, in a real browser, and to the session that was there before."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from workbench.http.access.hosts import Guard
from workbench.http.access.ownership import Ownership
from workbench.http.access.sessions import SESSION, Sessions
from workbench.http.access.tokens import Tokens

from .conftest import served

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"


async def page(request: Request) -> Response:
    return HTMLResponse(f"<p>{request.scope[SESSION] or 'nobody yet'}</p>")


@pytest.mark.browser
def test_a_link_elsewhere_leads_to_the_session_there_was() -> None:
    if not Path(CHROMIUM).exists():
        pytest.skip("needs Chromium (Debian package chromium)")
    playwright = pytest.importorskip("playwright.sync_api")
    tokens = Tokens()
    app: Any = Starlette(routes=[Route("/{path:path}", page)])
    app = Guard(Sessions(app, ownership=Ownership(), tokens=tokens))
    with served(app) as url:

        async def elsewhere(request: Request) -> Response:
            return HTMLResponse(f'<a href="{url}/?{request.url.query}">there</a>')

        with served(Starlette(routes=[Route("/", elsewhere)])) as foreign, playwright.sync_playwright() as started:
            browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
            tab = browser.new_page()
            tab.goto(foreign.replace("127.0.0.1", "localhost") + f"/?token={tokens.new_link()}")
            tab.click("a")
            tab.wait_for_selector("p")
            session = tab.text_content("p")
            assert session
            assert " " not in session
            assert tab.url == f"{url}/"
            tab.goto(foreign.replace("127.0.0.1", "localhost"))
            tab.click("a")
            tab.wait_for_selector("p")
            assert tab.text_content("p") == session
            browser.close()
