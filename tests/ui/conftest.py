"""A real server with a real page, and a real Chromium in front of it."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from workbench.audio.clip import AudioClip
from workbench.engines.base import Hypothesis, Segment, Word
from workbench.engines.pool import EnginePool
from workbench.engines.scripted import ScriptedPlugin, offered
from workbench.errors import EngineError
from workbench.settings import Settings

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
)
PATIENCE = 60_000
"""Milliseconds to wait for the page: the machine may be busy with other tests."""

HOSTILE = (
    '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script> ${window.hacked=1} {{constructor}} & \'"'
)


def answer(clip: AudioClip) -> Hypothesis | Exception:
    """What the scripted engine of these tests says; the file name decides."""
    if "hostile" in clip.source:
        return Hypothesis(text=HOSTILE, raw=HOSTILE, language="en", finish="eos")
    if "broken" in clip.source:
        return EngineError("The engine lost its way.", hint="Try another engine.")
    half = clip.duration / 2
    if "doubtful" in clip.source:
        return _doubtful(half)
    return Hypothesis(
        text="你好 world, this is the first half. 這是 the second half.",
        raw="你好 world, this is the first half. 這是 the second half.",
        language="zh",
        finish="eos",
        segments=(
            Segment(start=0.0, end=half, text="你好 world, this is the first half."),
            Segment(start=half, end=clip.duration, text="這是 the second half."),
        ),
    )


def _doubtful(half: float) -> Hypothesis:
    """Words with times, then a loop."""
    words = tuple(
        Word(start=0.5 * place, end=0.5 * place + 0.4, text=text, confidence=0.2 if text == "API" else 0.9)
        for place, text in enumerate(["Good", "morning,", "我们的", "API", "works", "well."])
    )
    said = Segment(start=0.0, end=half, text="Good morning, 我们的API works well.", words=words)
    loop = Segment(start=half, end=2 * half, text=" ".join(["thanks"] * 8))
    text = f"{said.text} {loop.text}"
    return Hypothesis(text=text, raw=text, language="en", finish="eos", segments=(said, loop))


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedOptions:
    """Options of the scripted engine, for the form."""

    beam_size: int = field(default=5, metadata={"help": "How wide it looks."})
    careful: bool = False


@dataclass(slots=True)
class PageServer:
    """A running page.

    Attributes:
        url: Where it is.
        pool: Its engines.
        scripted: The plug-in behind the engine `scripted`; tests may set its delay.
    """

    url: str
    pool: EnginePool
    scripted: ScriptedPlugin


@contextmanager
def _served(app: Any) -> Generator[str]:
    import uvicorn

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="warning", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="page-server", daemon=True)
        thread.start()
        deadline = time.monotonic() + 60
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            assert time.monotonic() < deadline, "the server did not start within 60 s"
            time.sleep(0.05)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            server.should_exit = True
            thread.join(timeout=10)


@pytest.fixture(scope="session")
def page_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[PageServer]:
    """The page with all installed engines and one called `scripted`. One a process: gradio has one temporary folder."""
    if not Path(CHROMIUM).exists():
        pytest.skip("needs Chromium (Debian package chromium)")
    from workbench.http import create_app
    from workbench.ui.app import mount

    before = dict(os.environ)
    settings = Settings(home=tmp_path_factory.mktemp("page-home"))
    os.environ["TMPDIR"] = str(tmp_path_factory.mktemp("temporary"))  # others' files make a search of /tmp long
    tempfile.tempdir = None
    with offered(ScriptedPlugin(script=answer, options=ScriptedOptions)) as scripted:
        pool = EnginePool(settings)
        try:
            with _served(mount(create_app(pool), pool)) as url:
                yield PageServer(url=url, pool=pool, scripted=scripted)
        finally:
            pool.unload()
            os.environ.clear()
            os.environ.update(before)
            tempfile.tempdir = None


@pytest.fixture(scope="session")
def launch_chromium() -> Generator[Callable[..., Any]]:
    """Start a Chromium with more flags than the usual ones."""
    if not Path(CHROMIUM).exists():
        pytest.skip("needs Chromium (Debian package chromium)")
    playwright = pytest.importorskip("playwright.sync_api").sync_playwright().start()
    browsers: list[Any] = []

    def launch(*flags: str) -> Any:
        browsers.append(playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags]))
        return browsers[-1]

    yield launch
    for browser in browsers:
        browser.close()
    playwright.stop()


@pytest.fixture(scope="session")
def chromium(launch_chromium: Callable[..., Any]) -> Any:
    """One browser for all tests."""
    return launch_chromium()


@dataclass(slots=True)
class Traffic:
    """What a page asked for, and what went wrong in it."""

    hosts: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)

    def watch(self, page: Any) -> None:
        page.on("request", lambda request: self._note(request.url))
        page.on("websocket", lambda websocket: self._note(websocket.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _note(self, url: str) -> None:
        if urlsplit(url).scheme not in ("data", "blob"):
            self.hosts.add(str(urlsplit(url).hostname))


@pytest.fixture
def open_page(page_server: PageServer, chromium: Any) -> Generator[Callable[..., Any]]:
    """Open the page in a fresh context; at the end no request may have left this machine and no script have failed."""
    traffic = Traffic()
    contexts: list[Any] = []

    def open_one(browser: Any = None, *, script: str = "", **settings: Any) -> Any:
        settings = {"viewport": {"width": 1280, "height": 900}, "permissions": ["microphone"]} | settings
        context = (browser or chromium).new_context(**settings)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        if script:
            context.add_init_script(script)
        page = context.new_page()
        traffic.watch(page)
        page.goto(page_server.url)
        page.wait_for_selector(".wb-brand")
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert traffic.hosts <= {"127.0.0.1"}, "the page asked another host"
    assert traffic.errors == []


@pytest.fixture
def chromium_page(open_page: Callable[..., Any]) -> Any:
    """The page at 1280 × 900."""
    return open_page()


@pytest.fixture
def choose_engine() -> Callable[..., None]:
    """Choose an engine in the dropdown of a tab."""

    def choose(page: Any, name: str, *, tab: str = "transcribe") -> None:
        dropdown = page.locator(".wb-engine input:visible").first
        dropdown.click()
        page.get_by_role("option", name=name, exact=True).first.click()

    return choose
