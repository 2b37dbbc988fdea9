"""A transcript is corrected on the page, in a real Chromium, against the real server."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.audio.io import read_clip, write_clip
from workbench.pipeline.transcript_file import read_transcript
from workbench.ui.labels import ENGLISH

pytestmark = pytest.mark.browser

SAMPLES = Path(__file__).resolve().parents[2] / "eval_sets" / "english-demo" / "audio"
AUDIO = "document.querySelector('audio')"
EVIL = "<img src=x onerror=window.hacked=1> & ${window.hacked=1}"


@pytest.fixture
def transcribed(
    open_page: Callable[..., Any], choose_engine: Callable[..., None], tmp_path: Path
) -> Callable[..., Any]:
    """A page with the transcript of eight seconds; the name decides what the scripted engine says."""

    def make(name: str = "notes", **settings: Any) -> Any:
        path = tmp_path / f"{name}.wav"
        clip = read_clip(sorted(SAMPLES.glob("*.flac"))[-1])
        write_clip(clip.with_samples(np.resize(clip.samples, 8 * 16_000)), path)
        page = open_page(**settings)
        choose_engine(page, "scripted")
        page.locator(".wb-drop input[type=file]").first.set_input_files(str(path))
        page.wait_for_selector(".wb-player")
        page.get_by_role("button", name="Transcribe", exact=True).first.click()
        page.wait_for_selector(".wb-editor")
        return page

    return make


def row(page: Any, place: int) -> Any:
    return page.locator(".wb-segments [data-row]").nth(place)


def lines(page: Any) -> list[str]:
    return page.locator(".wb-segments .wb-line").all_text_contents()


def download(page: Any, name: str) -> Path:
    with page.expect_download() as waiting:
        page.locator(".wb-files").get_by_role("button", name=name, exact=True).click()
    return Path(waiting.value.path())


def test_text_is_edited_in_place_undone_and_downloaded(transcribed: Callable[..., Any]) -> None:
    page = transcribed()
    page.evaluate("document.querySelector('.wb-segments').dataset.mine = 'yes'")
    row(page, 0).locator(".wb-line").dblclick()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(EVIL)
    page.keyboard.press("Control+Enter")  # saves, and the next one is written in
    page.locator(".wb-edited").wait_for()
    assert page.locator(".wb-writing").get_attribute("data-row") == "1"
    page.keyboard.type(" never")
    page.keyboard.press("Escape")
    assert lines(page) == [EVIL, "這是 the second half."]
    assert page.evaluate("window.hacked") is None
    assert page.evaluate("document.activeElement.dataset.row") == "1"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.keyboard.press("End")
    page.keyboard.type(" n e l")
    page.locator(".wb-player-name").click()  # to leave it is to save it
    page.locator(".wb-saving").wait_for(state="detached")
    assert lines(page)[0] == f"{EVIL} n e l"
    assert page.evaluate(f"{AUDIO}.paused"), "keys that are typed are no commands"
    page.locator("[data-heard]").click()
    assert "你好 world, this is the first half." in page.locator(".wb-heard").inner_text()
    assert page.evaluate("document.querySelector('.wb-segments').dataset.mine") == "yes", "the list was sent anew"
    assert download(page, "TXT").read_text() == f"{EVIL} n e l\n這是 the second half.\n"
    page.keyboard.press("Control+z")
    page.wait_for_function("() => document.querySelector('.wb-line').textContent.endsWith('}')")
    page.keyboard.press("Control+z")
    page.wait_for_function("() => document.querySelector('.wb-line').textContent.startsWith('你好')")
    assert page.locator("[data-act=undo]").is_disabled()
    assert "text at 0:00.0" in page.locator("[data-act=redo]").inner_text()
    page.keyboard.press("Control+Shift+z")
    page.wait_for_function("() => document.querySelector('.wb-line').textContent.startsWith('<img')")
    saved = read_transcript(download(page, ENGLISH.download_transcript))
    assert saved.view().segments[0].text == EVIL
    assert saved.raw.segments[0].text == "你好 world, this is the first half."


def test_a_character_that_is_being_composed_is_not_saved_by_enter(transcribed: Callable[..., Any]) -> None:
    page = transcribed()
    row(page, 0).locator(".wb-line").click()
    page.keyboard.press("e")
    line = page.locator(".wb-line[contenteditable]")
    line.dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True})
    assert line.count() == 1
    page.keyboard.press("Enter")
    assert line.count() == 0
    row(page, 0).locator(".wb-line").dblclick()
    page.keyboard.press("Home")
    for _ in range("你好 world,".__len__()):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+Enter")
    page.wait_for_function("() => document.querySelectorAll('.wb-segments [data-row]').length === 3")
    assert lines(page) == ["你好 world,", "this is the first half.", "這是 the second half."]


def test_names_corrections_and_an_own_list(transcribed: Callable[..., Any]) -> None:
    page = transcribed()
    for place in (0, 1):
        row(page, place).hover()
        row(page, place).locator("[data-assign]").select_option(label="New speaker" if not place else "Speaker 1")
        page.wait_for_function(f"() => document.querySelectorAll('[data-row][data-speaker]').length === {place + 1}")
    page.locator("[data-name='1']").fill("Zhang")
    page.keyboard.press("Enter")
    page.locator(".wb-speaker", has_text="Zhang").wait_for()
    page.get_by_text(ENGLISH.corrections).first.click()
    page.get_by_label("traditional characters as in Hong Kong").check()
    page.get_by_label("simplified characters").check()
    assert not page.get_by_label("traditional characters as in Hong Kong").is_checked(), "they exclude each other"
    page.locator("[data-replacements]").fill("world => WORLD\n half => part")
    page.locator(".wb-player-name").click()
    page.locator(".wb-changes li", has_text="WORLD").wait_for()
    assert lines(page) == ["你好 WORLD, this is the first part.", "这是 the second part."]
    page.locator(".wb-changes li", has_text="WORLD").get_by_role("button", name=ENGLISH.refuse).click()
    page.locator(".wb-refused", has_text="WORLD").wait_for()
    assert (
        download(page, "TXT").read_text()
        == "Zhang: 你好 world, this is the first part.\nZhang: 这是 the second part.\n"
    )
    assert "--correct simplified" in page.locator(".wb-command code").inner_text()
    row(page, 1).locator(".wb-line").dblclick()
    assert page.locator(".wb-line[contenteditable]").inner_text() == "這是 the second half.", (
        "edited without corrections"
    )
    page.keyboard.press("Escape")
    page.get_by_role("button", name=ENGLISH.take_back).click()
    page.wait_for_function("() => document.querySelector('.wb-line').textContent.includes('WORLD')")


def test_a_place_is_looped_heard_again_taken_and_checked(transcribed: Callable[..., Any]) -> None:
    page = transcribed("doubtful", viewport={"width": 390, "height": 844})
    row(page, 0).locator("[data-word]", has_text="morning").click()
    page.keyboard.press("l")
    page.wait_for_function(f"() => !{AUDIO}.paused && {AUDIO}.currentTime < 1")
    page.evaluate(f"{AUDIO}.currentTime = 3.9")
    page.wait_for_function(f"() => !{AUDIO}.paused && {AUDIO}.currentTime < 1.5")
    page.keyboard.press("l")
    page.wait_for_function(f"() => {AUDIO}.paused")
    page.locator(".wb-review [data-act=again]").click()
    panel = page.locator(".wb-again")
    panel.get_by_text("thanks thanks").wait_for()
    panel.get_by_role("button", name=ENGLISH.run_again, exact=True).click()
    panel.get_by_role("button", name=ENGLISH.run_again_take).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert len(lines(page)) == 2, "a proposal changes nothing"
    panel.get_by_role("button", name=ENGLISH.run_again_take).click()
    page.get_by_text(ENGLISH.again_mark).first.wait_for()
    assert panel.is_hidden()
    assert "new text from 0:04.0" in page.locator("[data-act=undo]").inner_text()
    page.locator("[data-act=undo]").click()
    page.wait_for_function("() => document.querySelectorAll('.wb-segments [data-row]').length === 2")
    page.locator(".wb-review [data-act=check]").click()
    page.locator(".wb-facts .wb-complete").wait_for()
    assert page.locator(".wb-checked").count() == 1
    with zipfile.ZipFile(download(page, ENGLISH.download_set)) as archive:
        assert sum(name.endswith(".flac") for name in archive.namelist()) == 2
    page.locator("[data-view=reading]").click()
    assert page.locator(".wb-from").first.is_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_part_that_is_heard_again_is_stopped_and_another_does_not_wait_to_be_chosen(
    page_server: Any, transcribed: Callable[..., Any]
) -> None:
    page = transcribed("doubtful")
    panel = page.locator(".wb-again")
    run, stop = (panel.get_by_role("button", name=name, exact=True) for name in (ENGLISH.run_again, ENGLISH.cancel))
    take = panel.get_by_role("button", name=ENGLISH.run_again_take)
    page.locator(".wb-review [data-act=again]").click()
    page_server.scripted.delay_seconds = 3.0  # Stop comes in the middle of a call
    try:
        run.click()
        panel.get_by_text(ENGLISH.starting).wait_for()
        stop.click()
        panel.get_by_text("Stopping after this chunk…").wait_for()
        assert stop.is_disabled()
        run.wait_for()  # what was heard of it is not shown
        stop.wait_for(state="hidden")
        assert (take.count(), panel.locator(".wb-progress").count()) == (0, 0)
        run.click()
        panel.get_by_text(ENGLISH.starting).wait_for()
        panel.locator("[data-act=close]").click()
        row(page, 0).hover()
        row(page, 0).locator("[data-act=again]").click()
        panel.get_by_text("Good morning").wait_for()
        run.click()  # waits for the device behind the part that nobody wants any more
        page_server.scripted.delay_seconds = 0.0
        take.wait_for()
    finally:
        page_server.scripted.delay_seconds = 0.0
    take.click()
    page.get_by_text(ENGLISH.again_mark).first.wait_for()
    assert "new text from 0:00.0" in page.locator("[data-act=undo]").inner_text()


def test_an_edit_is_not_lost_when_the_server_is_away(transcribed: Callable[..., Any]) -> None:
    page = transcribed()
    page.route("**/component_server**", lambda route: route.abort())
    row(page, 1).locator(".wb-line").dblclick()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("Kept.")
    page.keyboard.press("Enter")
    page.get_by_text(ENGLISH.saving_failed).wait_for()
    assert lines(page)[1] == "Kept."
    page.unroute("**/component_server**")
    page.locator(".wb-edited").wait_for()
    assert page.get_by_text(ENGLISH.saving_failed).count() == 0
    assert download(page, "TXT").read_text().endswith("\nKept.\n")
