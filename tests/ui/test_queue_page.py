"""Several recordings, stopping and the microphone on the Transcribe tab, in a real Chromium against a real server."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.audio.clip import AudioClip
from workbench.audio.io import read_clip, write_clip
from workbench.errors import EngineError
from workbench.ui.labels import ENGLISH

pytestmark = pytest.mark.browser

SAMPLES = Path(__file__).resolve().parents[2] / "eval_sets" / "english-demo" / "audio"
ROWS = ".wb-queue li"
SAID = "this is the first half"


@pytest.fixture(scope="module")
def voice() -> AudioClip:
    """Eight seconds of speech."""
    clip = read_clip(sorted(SAMPLES.glob("*.flac"))[-1])
    return clip.with_samples(np.resize(clip.samples, 8 * 16_000))


@pytest.fixture
def speak(tmp_path: Path, voice: AudioClip) -> Callable[..., Path]:
    """Write speech of so many seconds under a name."""

    def write(name: str, *, seconds: float = 8.0) -> Path:
        path = tmp_path / name
        write_clip(voice.with_samples(np.resize(voice.samples, round(seconds * 16_000))), path)
        return path

    return write


@contextmanager
def slowly(page_server: Any, seconds: float = 0.7) -> Generator[None]:
    """Every call of the scripted engine takes so long."""
    page_server.scripted.delay_seconds = seconds
    try:
        yield
    finally:
        page_server.scripted.delay_seconds = 0.0


def drop(page: Any, *paths: Path) -> None:
    before = page.locator(ROWS).count()
    page.locator(".wb-drop input[type=file]").set_input_files([str(path) for path in paths])
    page.wait_for_function(f"() => document.querySelectorAll('{ROWS}').length === {before + len(paths)}")
    page.wait_for_selector(".wb-player, .wb-error")


def press(page: Any, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def rows(page: Any) -> list[str]:
    """What the list says of each, one line each."""
    return [" | ".join(row.inner_text().split("\n")) for row in page.locator(f"{ROWS} .wb-queue-name").all()]


def open_row(page: Any, name: str) -> None:
    page.locator(f"{ROWS} .wb-queue-name", has_text=name).first.click()
    page.locator(f"{ROWS}:has([aria-current])", has_text=name).wait_for()
    page.locator(".wb-player-name", has_text=name).wait_for()


def in_chunks_of(page: Any, seconds: int) -> None:
    page.get_by_text("Advanced").click()
    page.get_by_label("Chunk length (s)").fill(str(seconds))


def test_bad_files_do_not_stop_the_others(
    page_server: Any,
    chromium_page: Any,
    choose_engine: Callable[..., None],
    speak: Callable[..., Path],
    tmp_path: Path,
) -> None:
    page = chromium_page
    choose_engine(page, "scripted")
    bad = tmp_path / "notes.wav"
    bad.write_bytes(b"These are notes, not sound.")
    drop(page, speak("会议 one.wav"), bad, speak("broken.wav"), speak("doubtful.wav", seconds=6.0))
    assert rows(page)[0] == "会议 one.wav | 0:08 | not transcribed yet"
    assert "notes.wav" in rows(page)[1]
    loads = page_server.scripted.journal.loads
    press(page, "Transcribe 3 files")
    page.get_by_text("1 done, 1 to check, 2 failed").wait_for()
    assert page_server.scripted.journal.loads <= loads + 1
    states = [row.get_attribute("data-state") for row in page.locator(ROWS).all()]
    assert states == ["done", "failed", "failed", "check"]
    assert rows(page)[2] == "broken.wav | 0:08 | The engine lost its way."
    assert rows(page)[3] == "doubtful.wav | 0:06 | 1 place to check"
    assert page.locator(".wb-player-name").inner_text().startswith("会议 one.wav")
    open_row(page, "doubtful.wav")
    page.locator(".wb-review").wait_for()
    assert "doubtful.wav" in page.locator(".wb-command").inner_text()
    page.locator(ROWS, has_text="notes.wav").locator(".wb-queue-name").click()
    page.locator(".wb-error", has_text="notes.wav").wait_for()
    assert page.locator(".wb-facts:visible").count() == 0
    for name in ("notes.wav", "broken.wav"):
        page.locator(ROWS, has_text=name).locator(".wb-queue-end").click()
        page.locator(ROWS, has_text=name).wait_for(state="detached")
    page.get_by_role("button", name=ENGLISH.transcribe_again).wait_for()


def test_all_texts_as_one_zip_under_names_that_differ(
    chromium_page: Any, choose_engine: Callable[..., None], speak: Callable[..., Path], tmp_path: Path
) -> None:
    page = chromium_page
    choose_engine(page, "scripted")
    (tmp_path / "again").mkdir()
    drop(page, speak("会议.wav"), speak("again/会议.wav", seconds=5.0), speak("hostile <img src=x onerror=x>.wav"))
    press(page, "Transcribe 3 files")
    page.get_by_text("3 done").wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name=ENGLISH.download_all).click()
    assert download.value.suggested_filename == "transcripts.zip"
    packed = zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes()))
    names = set(packed.namelist())
    folders = {name.partition("/")[0] for name in names}
    assert {"会议", "会议 (2)"} < folders
    assert len(folders) == 3
    assert {f"会议/会议.{kind}" for kind in ("txt", "srt", "vtt", "md", "json", "docx")} <= names
    assert SAID in packed.read("会议 (2)/会议 (2).txt").decode()
    assert json.loads(packed.read("会议 (2)/会议 (2).json"))["duration_seconds"] == pytest.approx(5.0)


def test_more_files_join_while_it_works_and_each_can_be_stopped(
    page_server: Any, chromium_page: Any, choose_engine: Callable[..., None], speak: Callable[..., Path]
) -> None:
    page = chromium_page
    choose_engine(page, "scripted")
    in_chunks_of(page, 10)
    drop(page, speak("first.wav", seconds=40), speak("second.wav"))
    with slowly(page_server):
        press(page, "Transcribe 2 files")
        page.locator(ROWS, has_text="first.wav").locator("em", has_text="working, ").wait_for()
        drop(page, speak("third.wav"), speak("fourth.wav"))
        page.locator(ROWS, has_text="fourth.wav").get_by_text("waiting").wait_for()
        page.get_by_role("button", name="Stop this one: fourth.wav").click()
        page.locator(ROWS, has_text="fourth.wav").get_by_text("cancelled").wait_for()
        page.get_by_role("button", name="Stop this one: first.wav").click()
        page.locator(ROWS, has_text="first.wav").locator("em", has_text="stopped at 0:").wait_for(timeout=2000)
        page.get_by_text("2 done, 2 stopped").wait_for()
    assert page_server.scripted.journal.calls[-1].clips[0].source == "third.wav"
    assert page_server.scripted.journal.most_at_once == 1
    assert SAID in page.locator(".wb-result").inner_text()


def test_a_look_at_one_text_is_not_disturbed_by_the_work_on_another(
    page_server: Any, chromium_page: Any, choose_engine: Callable[..., None], speak: Callable[..., Path]
) -> None:
    page = chromium_page
    choose_engine(page, "scripted")
    in_chunks_of(page, 10)
    drop(page, speak("short.wav"), speak("long.wav", seconds=50))
    with slowly(page_server):
        press(page, "Transcribe 2 files")
        page.locator(ROWS, has_text="long.wav").locator("em", has_text="working, ").wait_for()
        assert page.locator(".wb-player-name").inner_text().startswith("short.wav")
        assert page.locator(".wb-progress:visible").count() == 0
        open_row(page, "long.wav")
        page.locator(".wb-progress", has_text="Chunk ").wait_for()
        open_row(page, "short.wav")
        page.locator(".wb-facts").wait_for()
        page.get_by_text("2 done").wait_for()
    assert page.locator(".wb-player-name").inner_text().startswith("short.wav")
    assert "short.wav" in page.locator(".wb-command").inner_text()


def test_stop_shows_a_partial_answer_at_once_and_transcribe_goes_on(
    page_server: Any, chromium_page: Any, choose_engine: Callable[..., None], speak: Callable[..., Path]
) -> None:
    page, journal = chromium_page, page_server.scripted.journal
    choose_engine(page, "scripted")
    in_chunks_of(page, 10)
    drop(page, speak("long.wav", seconds=60))
    first = len(journal.calls)
    with slowly(page_server, 0.5):
        press(page, "Transcribe")
        page.get_by_text("Chunk 1 of").wait_for()
        page_server.scripted.delay_seconds = 4.0
        page.get_by_text("Chunk 2 of").wait_for()
        total = int(page.get_by_text("Chunk 2 of").inner_text().rpartition(" ")[2])
        began, heard = time.monotonic(), len(journal.calls)
        press(page, "Cancel")
        page.get_by_text("Stopped at 0:").wait_for()
        page.locator(".wb-facts").wait_for()
        assert time.monotonic() - began < 3.0, "it waited for the engine"
        page_server.scripted.delay_seconds = 0.0
    assert page.locator(".wb-review [data-flag]", has_text="The work was stopped before this part.").count() == 1
    assert page.locator(".wb-strip .wb-flagged").count() >= 1
    assert "Complete" not in page.locator(".wb-facts").inner_text()
    assert heard - first in (2, 3)
    press(page, "Transcribe")
    page.locator(".wb-facts", has_text="Complete").wait_for()
    assert len(journal.calls) - first == total, "what was finished before was transcribed again"
    assert page.locator(".wb-notice").count() == 0


def test_where_it_goes_on_is_said_also_after_the_page_was_loaded_again(
    page_server: Any, chromium_page: Any, choose_engine: Callable[..., None], speak: Callable[..., Path]
) -> None:
    page = chromium_page
    path = speak("closed.wav", seconds=61)
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    with slowly(page_server):
        choose_engine(page, "scripted")
        in_chunks_of(page, 10)
        drop(page, path)
        press(page, "Transcribe")
        page.get_by_text("Chunk 2 of").wait_for()
        page.reload()
        page.wait_for_selector(".wb-brand")
        assert asked == ["beforeunload"], "nobody was warned"
        choose_engine(page, "scripted")
        in_chunks_of(page, 10)
        drop(page, path)
        press(page, "Transcribe")
        page.get_by_text("Goes on from 0:").wait_for()
        page.locator(".wb-facts").wait_for()


def test_a_failure_half_way_keeps_what_was_heard(
    page_server: Any,
    chromium_page: Any,
    choose_engine: Callable[..., None],
    speak: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page, script = chromium_page, page_server.scripted.script
    calls: list[int] = []

    def fail_third(clip: AudioClip) -> Any:
        calls.append(1)
        return EngineError("The memory is full.", hint="Close something.") if len(calls) > 2 else script(clip)

    monkeypatch.setattr(page_server.scripted, "script", fail_third)
    choose_engine(page, "scripted")
    in_chunks_of(page, 10)
    drop(page, speak("fails later.wav", seconds=41))  # no other test leaves a journal of that sound
    press(page, "Transcribe")
    page.locator(".wb-error", has_text="The memory is full.").wait_for()
    page.locator(".wb-facts").wait_for()
    assert page.locator(".wb-review", has_text="The work was stopped before this part.").count() == 1
    assert SAID in page.locator(".wb-result").inner_text()


def test_hostile_names_in_the_list_stay_text(
    chromium_page: Any, choose_engine: Callable[..., None], speak: Callable[..., Path]
) -> None:
    page = chromium_page
    choose_engine(page, "scripted")
    name = "x" * 120 + " <img src=x onerror=window.hacked=1> & 'quoted'.wav"
    drop(page, speak(name), speak("二.wav"))
    press(page, "Transcribe 2 files")
    page.get_by_text("2 done").wait_for()
    assert page.evaluate("window.hacked") is None
    assert page.locator(".wb-queue img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


@pytest.mark.parametrize(("error", "sentence"), [
    ("NotAllowedError", ENGLISH.microphone_refused),
    ("NotFoundError", ENGLISH.microphone_missing),
    ("NotReadableError", ENGLISH.microphone_busy),
])  # fmt: skip
def test_a_microphone_that_cannot_be_had_is_a_sentence(chromium_page: Any, error: str, sentence: str) -> None:
    page = chromium_page
    page.evaluate(
        "(name) => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', name)); }", error
    )
    press(page, "Record")
    page.get_by_text(sentence).wait_for()
    assert page.get_by_role("button", name="Record").is_enabled()


def test_pause_leaves_a_gap_out_and_a_failed_upload_loses_nothing(
    launch_chromium: Callable[..., Any], open_page: Callable[..., Any], speak: Callable[..., Path]
) -> None:
    page = open_page(launch_chromium(f"--use-file-for-fake-audio-capture={speak('microphone.wav')}"))
    page.route("**/upload*", lambda route: route.abort())
    press(page, "Record")
    at = "() => document.querySelector('[data-clock]').textContent >= '0:0{}'"
    page.wait_for_function(at.format(2))
    assert float(page.evaluate("parseFloat(document.querySelector('.wb-level u').style.left.slice(5))")) > 10
    page.get_by_role("button", name="Pause").last.click()
    page.locator("[data-recorder][data-state=paused]").wait_for()
    time.sleep(2.5)
    assert page.locator("[data-clock]").inner_text() in ("0:02", "0:03")
    press(page, "Resume")
    page.wait_for_function(at.format(4))
    press(page, "Stop")
    page.get_by_text(ENGLISH.recording_kept).wait_for()
    with page.expect_download() as download:
        page.get_by_text(ENGLISH.recording_save, exact=True).click()
    assert download.value.suggested_filename.startswith("Recording")
    kept = read_clip(Path(download.value.path()).rename(Path(download.value.path()).with_suffix(".webm")))
    assert 3.5 < kept.duration < 6.0, "the pause is in it, or something is missing"
    page.unroute("**/upload*")
    press(page, "Send it again")
    page.wait_for_selector(".wb-player")
    assert page.locator("[data-recorder][data-state=off]").count() == 1


def test_near_silence_and_clipping_are_told_while_recording(
    launch_chromium: Callable[..., Any], open_page: Callable[..., Any], tmp_path: Path
) -> None:
    rate = 16_000
    loud = np.clip(3.0 * np.sin(np.arange(rate * 5) * 0.2), -1, 1).astype(np.float32)
    for name, samples, sentence in (
        ("silent.wav", np.full(rate * 5, 1e-4, np.float32), ENGLISH.microphone_silent),
        ("loud.wav", loud, ENGLISH.microphone_loud),
    ):
        path = tmp_path / name
        write_clip(AudioClip(samples=samples, sample_rate=rate, source=name), path)
        browser = launch_chromium(f"--use-file-for-fake-audio-capture={path}")
        page = open_page(browser)
        press(page, "Record")
        page.get_by_text(sentence).wait_for()
        page.context.close()
