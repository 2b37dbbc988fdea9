"""The Sweep tab in a real Chromium, against the real server."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench import services
from workbench.audio.io import read_clip, write_clip

pytestmark = pytest.mark.browser

SAMPLES = sorted((Path(__file__).resolve().parents[2] / "eval_sets" / "english-demo" / "audio").glob("*.flac"))


@pytest.fixture
def own_set(tmp_path: Path) -> Path:
    """Four clips with a text of the test's own, so that no run of another test is taken for it."""
    folder = tmp_path / "swept"
    folder.mkdir()
    lines = []
    for place, path in enumerate(SAMPLES[:4]):
        clip = read_clip(path)
        write_clip(clip, folder / f"clip{place}.wav")
        text = f"turn the light on {tmp_path.name}"
        lines.append({"id": f"clip{place}", "audio_filepath": f"clip{place}.wav", "text": text, "language": "en"})
    (folder / "manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return folder


@pytest.fixture
def mishearing(page_server: Any, tmp_path: Path) -> Any:
    """Words are lost where the chain made the clip quiet."""
    before = page_server.scripted.script, page_server.scripted.delay_seconds
    page_server.scripted.script = lambda clip: (
        f"turn the light on {tmp_path.name}" if np.abs(clip.samples).max() > 0.12 else "turn light"
    )
    yield page_server.scripted
    page_server.scripted.script, page_server.scripted.delay_seconds = before


def ask(page: Any, folder: Path) -> None:
    """A sweep of two chains with the scripted engine."""
    page.get_by_role("tab", name="Compare", exact=True).click()
    page.get_by_role("tab", name="Sweep", exact=True).click()
    page.get_by_label("Or a set of your own").locator("visible=true").fill(str(folder))
    engines, chains = (page.locator(".wb-engine:visible").nth(place) for place in (0, 1))
    for box in (engines, chains):
        for _ in range(box.locator(".token").count()):
            box.locator(".token-remove").first.click()
    engines.locator("input").click()
    page.get_by_role("option", name="scripted", exact=True).first.click()
    page.keyboard.press("Escape")
    chains.locator("input").click()
    page.get_by_role("option", name="None", exact=True).first.click()
    chains.locator("input").fill("gain:peak_db=-20")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")


def test_two_settings_are_swept_stopped_gone_on_with_and_opened_again(
    page_server: Any, open_page: Callable[..., Any], own_set: Path, mishearing: Any
) -> None:
    pool = page_server.pool
    mishearing.delay_seconds = 0.7
    page = open_page()
    ask(page, own_set)
    page.get_by_role("button", name="Run sweep").click()
    page.locator(".wb-progress:visible", has_text="2 of 2").wait_for()
    page.get_by_role("button", name="Stop", exact=True).click()
    page.locator(".wb-notice:visible", has_text="Stopped.").wait_for()
    assert page.locator(".wb-leaderboard:visible").count() == 0
    (record,) = [one for one in services.list_sweeps(pool=pool) if one.sets == (str(own_set),)]
    assert (record.finished, len(record.runs)) == (False, 1)

    mishearing.delay_seconds = 0.0
    page.get_by_role("button", name="Run sweep").click()
    page.locator(".wb-leaderboard:visible").wait_for()
    page.locator(".wb-downloads:visible a").nth(2).wait_for()
    found = services.sweep_table(record.sweep_id, pool=pool)
    rows = page.locator(".wb-leaderboard:visible tbody tr").all_inner_texts()
    assert len(rows) == len(found.rows) == 2
    for row, told in zip(found.rows, rows, strict=True):
        assert f"{100 * row.rank.metrics[found.metric].rate:.1f} %" in told
        assert (row.setting.chain or "no preprocessing") in told
    assert "baseline" in rows[0]
    assert page.locator(".wb-trade-offs:visible svg").count() == 2
    assert page.locator("#sweep-command").inner_text() == (
        f"workbench sweep {own_set} --chain '' --chain gain:peak_db=-20 --engine scripted"
    )
    report = next(one for one in page.locator(".wb-downloads:visible a").all() if one.inner_text() == "CSV")
    text = page.request.get(page.url + report.get_attribute("href")).text()
    assert text.removeprefix("\ufeff") == services.sweep_report(record.sweep_id, format="csv", pool=pool)

    other = open_page(viewport={"width": 390, "height": 844})
    other.get_by_role("tab", name="Compare", exact=True).click()
    menu = other.locator(".wb-subtabs .overflow-menu > button:visible")
    menu.click()
    other.locator(".wb-subtabs .overflow-dropdown button", has_text="Sweep").click()
    other.locator(".wb-runs input:visible").click()
    other.locator("[role=option]:visible", has_text=str(own_set)).first.click()
    other.locator(".wb-leaderboard:visible").wait_for()
    assert other.evaluate("document.documentElement.scrollWidth") <= 390


def test_what_is_missing_is_said_before_anything_runs(page_server: Any, open_page: Callable[..., Any]) -> None:
    page = open_page()
    page.get_by_role("tab", name="Compare", exact=True).click()
    page.get_by_role("tab", name="Sweep", exact=True).click()
    page.get_by_role("button", name="Run sweep").click()
    page.locator(".wb-error:visible", has_text="No eval set is chosen.").wait_for()
