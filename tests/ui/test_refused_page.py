"""What a visitor reads where there is no room, in a real Chromium, and that nothing is lost by it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from workbench.http import recordings
from workbench.ui.labels import ENGLISH
from workbench.ui.language import SIMPLIFIED, say, speaking, tell

pytestmark = pytest.mark.browser

SPOKEN = Path(__file__).resolve().parents[2] / "eval_sets" / "english-demo" / "audio" / "e01.flac"
FULL = "Too much waits here already, so this was not begun. Nothing is lost: try again in a few seconds."
TOAST = "[data-testid='toast-body'], .toast-body"


@pytest.fixture
def crowd(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """`crowd(True)` fills the page's queue, as far as who joins it can see."""
    from gradio.queueing import Queue

    there = [False]
    join = Queue.push

    async def push(queue: Any, *given: Any, **named: Any) -> Any:
        before = queue.max_size
        queue.max_size = 0 if there[0] else before
        try:
            return await join(queue, *given, **named)
        finally:
            queue.max_size = before

    monkeypatch.setattr(Queue, "push", push)
    return lambda full: there.__setitem__(0, full)


def toast(page: Any, text: str) -> None:
    page.locator(TOAST, has_text=text).first.wait_for()
    for _ in range(page.locator(".toast-close").count()):
        page.locator(".toast-close").first.click()


def drop(page: Any, path: Path = SPOKEN) -> None:
    page.locator(".wb-drop input[type=file]").set_input_files(str(path))


def press(page: Any, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_a_recording_that_is_not_begun_for_want_of_room_waits_for_another_try(
    page_server: Any, chromium_page: Any, choose_engine: Callable[..., None], crowd: Callable[[bool], None]
) -> None:
    page = chromium_page
    choose_engine(page, "scripted")
    drop(page)
    page.wait_for_selector(".wb-player")
    crowd(True)
    press(page, ENGLISH.transcribe)
    toast(page, FULL)
    crowd(False)
    press(page, ENGLISH.transcribe)
    page.get_by_text("this is the first half").first.wait_for()


def test_a_benchmark_that_is_not_begun_for_want_of_room_is_run_by_the_next_click(
    page_server: Any,
    chromium_page: Any,
    choose_engine: Callable[..., None],
    crowd: Callable[[bool], None],
    tmp_path: Path,
) -> None:
    page = chromium_page
    line = {"id": "one", "audio_filepath": str(SPOKEN), "text": f"one {tmp_path.name}", "language": "en"}
    (tmp_path / "manifest.jsonl").write_text(json.dumps(line) + "\n")
    page.get_by_role("tab", name="Benchmark", exact=True).click()
    page.get_by_label("Mandarin demo").locator("visible=true").uncheck()
    page.get_by_label("Or a set of your own").fill(str(tmp_path))
    choose_engine(page, "scripted", tab="benchmark")
    crowd(True)
    press(page, "Run benchmark")
    toast(page, FULL)
    crowd(False)
    press(page, "Run benchmark")
    page.locator(".wb-totals", has_text="Scored 1 of 1").wait_for()
    press(page, "Run benchmark")
    page.locator(".wb-totals", has_text="Scored 1 of 1").wait_for()


def test_an_upload_that_is_too_large_is_a_sentence_in_the_page_s_language(
    page_server: Any, open_page: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recordings, "MAX_PAGE_UPLOAD_BYTES", 1024**2)
    page = open_page()
    page.goto(f"{page_server.url}{SIMPLIFIED.path.lstrip('/')}")
    page.wait_for_selector(".wb-brand")
    with speaking(SIMPLIFIED):
        said = tell("The upload is larger than 0.000977 GiB. Split the recording.")
        assert not said.isascii()
        assert not say(FULL).isascii()
    large = page_server.pool.settings.home / "large.wav"
    large.write_bytes(b"\0" * 3 * 1024**2)
    drop(page, large)
    toast(page, said)
    drop(page, SPOKEN)
    page.wait_for_selector(".wb-player")
