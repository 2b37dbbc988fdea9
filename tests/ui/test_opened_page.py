"""A saved transcript is opened again, alone and with its recording, in a real Chromium against a real server."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.audio.io import read_clip, write_clip
from workbench.ui.labels import ENGLISH

pytestmark = pytest.mark.browser

SAMPLES = Path(__file__).resolve().parents[2] / "eval_sets" / "english-demo" / "audio"
EDITED = "<b>你好</b>, as I wrote it."


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "notes.wav"
    clip = read_clip(sorted(SAMPLES.glob("*.flac"))[-1])
    write_clip(clip.with_samples(np.resize(clip.samples, 8 * 16_000)), path)
    return path


def choose(page: Any, button: str, *paths: Path) -> None:
    """Files by a button's own dialogue."""
    with page.expect_file_chooser() as chosen:
        page.get_by_role("button", name=button, exact=True).click()
    chosen.value.set_files([str(path) for path in paths])


def drop(page: Any, *paths: Path) -> None:
    page.locator(".wb-drop input[type=file]").first.set_input_files([str(path) for path in paths])


def lines(page: Any) -> list[str]:
    return page.locator(".wb-segments .wb-line").all_text_contents()


def download(page: Any, name: str) -> Path:
    with page.expect_download() as waiting:
        page.locator(".wb-files").get_by_role("button", name=name, exact=True).click()
    return Path(waiting.value.path())


@pytest.fixture
def saved(open_page: Callable[..., Any], choose_engine: Callable[..., None], recording: Path, tmp_path: Path) -> Path:
    """A transcript with an edit, as the page saves it."""
    page = open_page()
    choose_engine(page, "scripted")
    drop(page, recording)
    page.wait_for_selector(".wb-player")
    page.get_by_role("button", name="Transcribe", exact=True).first.click()
    page.wait_for_selector(".wb-editor")
    page.locator(".wb-line").first.dblclick()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(EDITED)
    page.keyboard.press("Enter")
    page.locator(".wb-edited").wait_for()
    path = tmp_path / "notes.transcript.json"
    path.write_bytes(download(page, ENGLISH.download_transcript).read_bytes())
    return path


def test_a_transcript_is_opened_given_its_recording_and_gone_on_with(
    open_page: Callable[..., Any], choose_engine: Callable[..., None], saved: Path, recording: Path, tmp_path: Path
) -> None:
    page = open_page()
    choose(page, ENGLISH.open_transcript, saved)
    page.get_by_text("The recording of this transcript, notes.wav, is not here.").wait_for()
    page.locator(".wb-editor").wait_for()
    assert lines(page)[0] == EDITED
    assert page.locator(".wb-player").count() == 0
    assert "text at 0:00.0" in page.locator("[data-act=undo]").inner_text(), "its history came along"
    assert EDITED in download(page, "TXT").read_text()
    page.get_by_role("button", name="Transcribe", exact=True).click()
    page.get_by_text(ENGLISH.no_recording).wait_for()

    drop(page, recording)
    page.wait_for_selector(".wb-player")
    assert page.locator(".wb-queue li").count() == 1, "the recording is that of the transcript"
    assert page.get_by_text("is not here").count() == 0
    choose_engine(page, "scripted")
    page.locator(".wb-segments [data-row]").nth(1).hover()
    page.locator(".wb-segments [data-act=again]").click()
    panel = page.locator(".wb-again")
    panel.get_by_role("button", name=ENGLISH.run_again, exact=True).click()
    panel.get_by_role("button", name=ENGLISH.run_again_take).wait_for()
    panel.get_by_role("button", name=ENGLISH.run_again_leave).click()
    page.locator(".wb-segments [data-row]").first.locator("[data-word], .wb-from").first.click()
    page.wait_for_function("document.querySelector('audio').currentTime > 0")
    page.locator("[data-act=undo]").click()
    page.wait_for_function("() => document.querySelector('.wb-line').textContent.startsWith('你好 world')")


def test_both_are_dropped_at_once_and_wrong_files_are_told(
    open_page: Callable[..., Any], saved: Path, recording: Path, tmp_path: Path
) -> None:
    page = open_page()
    drop(page, saved, recording)
    page.wait_for_selector(".wb-player")
    page.locator(".wb-editor").wait_for()
    assert page.locator(".wb-queue li").count() == 1
    assert lines(page)[0] == EDITED
    other, torn = tmp_path / "other.json", tmp_path / "torn.json"
    other.write_text(json.dumps({"list": [1, 2]}))
    torn.write_bytes(saved.read_bytes()[:500])
    drop(page, torn)
    page.locator(".wb-error", has_text="torn.json is damaged or no transcript: it is not JSON").wait_for()
    assert lines(page)[0] == EDITED, "what was there stays"
    chinese = open_page()
    chinese.goto(page.url.rstrip("/") + "/zh-hans/")
    chinese.wait_for_selector(".wb-brand")
    choose(chinese, "打开转写结果", other)
    chinese.locator(".wb-error", has_text="other.json 已损坏或不是转写结果：缺少").wait_for()
    choose(chinese, "打开转写结果", saved)
    chinese.get_by_text("这份转写结果的录音 notes.wav 不在这里。").wait_for()
