"""Choosing a system on recordings without labels, in a real Chromium against the real server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench import services
from workbench.audio.clip import AudioClip
from workbench.audio.io import read_clip, write_clip

pytestmark = pytest.mark.browser

SAMPLES = sorted((Path(__file__).resolve().parents[2] / "eval_sets" / "english-demo" / "audio").glob("*.flac"))
HOSTILE = '<img src=x onerror="window.hacked=1">'
SAID = f"turn the {HOSTILE} light on"


@pytest.fixture
def recordings(tmp_path: Path) -> list[str]:
    """Two recordings of two sentences each, with two seconds of silence after each."""
    found: list[str] = []
    for name, pair in (("morning", SAMPLES[:2]), ("evening", SAMPLES[2:4])):
        pieces = [piece for one in pair for piece in (_samples(one), np.zeros(32_000, np.float32))]
        write_clip(AudioClip(samples=np.concatenate(pieces), sample_rate=16_000), tmp_path / f"{name}.wav")
        found.append(str(tmp_path / f"{name}.wav"))
    return found


def _samples(path: Path) -> Any:
    samples = read_clip(path, sample_rate=16_000).samples
    return 0.5 * samples / np.abs(samples).max()


@pytest.fixture
def mishearing(page_server: Any) -> Any:
    """The scripted engine loses words where a chain changed the level; afterwards it says what it said before."""
    before = page_server.scripted.script, page_server.scripted.delay_seconds
    page_server.scripted.script = lambda clip: SAID if np.abs(clip.samples).max() < 0.6 else "turn light"
    yield page_server.scripted
    page_server.scripted.script, page_server.scripted.delay_seconds = before


def open_trials(page: Any) -> None:
    page.get_by_role("tab", name="Compare", exact=True).click()
    page.get_by_role("tab", name="Without labels", exact=True).click()
    page.locator(".wb-drop:visible").first.wait_for()


def choose(page: Any, dropdown: int, *names: str) -> None:
    """Those alone, in a dropdown of several."""
    box = page.locator(".wb-engine:visible").nth(dropdown)
    for _ in range(box.locator(".token").count()):
        box.locator(".token-remove").first.click()
    for name in names:
        box.locator("input").click()
        page.get_by_role("option", name=name, exact=True).first.click()
    page.keyboard.press("Escape")


def start(page: Any, recordings: list[str], name: str) -> None:
    page.locator(".wb-drop:visible input[type=file]").set_input_files(recordings)
    page.locator(".wb-drop:visible .file-preview").wait_for()
    choose(page, 0, "scripted")
    choose(page, 1, "None", "Peak at −3 dB")
    page.get_by_label("Name", exact=True).locator("visible=true").first.fill(name)
    page.get_by_role("button", name="Transcribe with all").click()


def shown_clip(page: Any) -> str:
    return page.locator(".wb-trial-clip > header h3").inner_text()


def wait_for_another(page: Any, clip: str) -> None:
    page.wait_for_function("clip => document.querySelector('.wb-trial-clip > header h3')?.innerText != clip", arg=clip)


def box(page: Any) -> Any:
    return page.locator(".wb-trial-text textarea")


def test_three_labels_give_estimates_and_a_private_set(
    page_server: Any, open_page: Callable[..., Any], mishearing: Any, recordings: list[str], tmp_path: Path
) -> None:
    pool, name = page_server.pool, f"calls-{tmp_path.name}"
    page = open_page()
    open_trials(page)
    start(page, recordings, name)
    page.locator(".wb-trial-clip").wait_for()
    assert page.locator(".wb-estimates .wb-progress").inner_text() == "0 of 4 labelled"
    assert box(page).input_value() == ""
    queue = services.trial(name, pool=pool).queue

    # Blind: letters, and no system's name.
    first = shown_clip(page)
    assert first == queue[0]
    heard = page.locator(".wb-heard-by")
    assert "scripted" not in heard.inner_text()
    assert sorted(heard.locator("mark").all_inner_texts()) == sorted(["the", *HOSTILE.split(), "on"])

    # One click takes a text as a start; Ctrl+Enter saves.
    heard.locator("li", has_text="turn the").locator("button").click()
    page.wait_for_function("said => document.querySelector('.wb-trial-text textarea').value == said", arg=SAID)
    box(page).press("Control+Enter")
    wait_for_another(page, first)
    assert services.trial(name, pool=pool).labelled == 1
    said = page.locator(".wb-trial-work .wb-notice").inner_text()
    assert first in said
    assert "scripted · no preprocessing (0 errors)" in said
    assert box(page).input_value() == ""

    # Back shows it with the names; saving goes on with the next.
    second = shown_clip(page)
    page.get_by_role("button", name="Back", exact=True).click()
    wait_for_another(page, second)
    assert shown_clip(page) == first
    assert "scripted · gain:peak_db=-3" in page.locator(".wb-heard-by").inner_text()
    assert box(page).input_value() == SAID
    page.get_by_role("button", name="Save and next").click()
    wait_for_another(page, first)

    # What cannot be understood counts, and that nobody speaks is asked.
    page.get_by_role("button", name="Cannot be understood").click()
    wait_for_another(page, second)
    third = shown_clip(page)
    page.get_by_role("button", name="Save and next").click()
    page.locator(".wb-notice:visible", has_text="Nothing is written").wait_for()
    assert services.trial(name, pool=pool).labelled == 2
    box(page).fill(SAID)
    page.get_by_role("button", name="Save and next").click()
    wait_for_another(page, third)
    found = services.trial(name, pool=pool)
    assert [clip.label is not None for clip in found.clips].count(True) == 3
    shown = page.locator(".wb-estimates").inner_text()
    assert "3 of 4 labelled" in shown
    for system in found.systems:
        assert f"{100 * system.rate.value:.1f} %" in shown

    # The list of clips opens one; the labelled ones become a set.
    page.locator(f".wb-trial-clips tr[data-clip='{first}']").click()
    page.locator(".wb-trial-clip .wb-named").first.wait_for()
    page.get_by_label("Keep as a private set").fill(f"kept-{tmp_path.name}")
    page.get_by_role("button", name="Keep the labelled clips").click()
    page.locator(".wb-notice:visible", has_text="Made the set").wait_for()
    (kept,) = [one for one in services.list_sets(pool=pool) if one.name == f"kept-{tmp_path.name}"]
    assert (kept.items, kept.fault) == (2, "")

    page.get_by_role("button", name="Delete trial").click()
    page.get_by_role("button", name="Do not delete").click()
    page.get_by_role("button", name="Delete trial").click()
    page.get_by_role("button", name="Delete it").click()
    page.locator(".wb-notice:visible", has_text=f"Deleted {name}").wait_for()
    assert name not in [one.name for one in services.list_trials(pool=pool)]
    assert page.locator(".wb-trial:visible").count() == 0
    assert page.evaluate("window.hacked") is None


def test_a_stopped_trial_is_opened_and_gone_on_with_on_a_phone(
    page_server: Any, open_page: Callable[..., Any], mishearing: Any, recordings: list[str], tmp_path: Path
) -> None:
    name = f"stopped-{tmp_path.name}"
    mishearing.delay_seconds = 0.7
    page = open_page(viewport={"width": 1000, "height": 900})
    open_trials(page)
    start(page, recordings, name)
    page.locator(".wb-progress:visible", has_text="2 of 2").wait_for()
    page.get_by_role("button", name="Stop", exact=True).click()
    page.locator(".wb-notice:visible", has_text="Stopped.").wait_for()
    page.set_viewport_size({"width": 390, "height": 844})
    mishearing.delay_seconds = 0.0
    page.locator(".wb-runs input:visible").click()
    page.locator("[role=option]:visible", has_text=name).click()
    page.locator(".wb-notice:visible", has_text="1 of 2 systems").wait_for()
    page.get_by_role("button", name="Go on with this trial").click()
    page.locator(".wb-trial-clip").wait_for()
    assert page.locator(".wb-estimates li").count() == 2
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("#trial-player [data-toggle]").click()
    page.wait_for_function("document.querySelector('#trial-player audio').currentTime > 0")
    box(page).focus()
    page.keyboard.press("Alt+Enter")
    page.wait_for_function("document.querySelector('#trial-player audio').paused")
    assert services.trial(name, pool=page_server.pool).labelled == 0


def test_what_is_missing_is_said_before_anything_runs(page_server: Any, open_page: Callable[..., Any]) -> None:
    page = open_page()
    open_trials(page)
    page.get_by_role("button", name="Transcribe with all").click()
    page.locator(".wb-error:visible", has_text="No recording is chosen.").wait_for()
