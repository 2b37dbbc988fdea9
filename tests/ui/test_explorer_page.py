"""The explorer in a real Chromium: a stored run of 130 clips, searched, narrowed, opened, heard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from workbench import services
from workbench.engines.base import Segment
from workbench.pipeline.measurement import Measurement
from workbench.runs.clip_query import ClipQuery
from workbench.runs.journal import Entry, encode
from workbench.runs.records import ItemFailure, ItemResult, RunSpec
from workbench.runs.store import RunStore

pytestmark = pytest.mark.browser

AUDIO = Path(__file__).resolve().parents[2] / "eval_sets" / "cantonese-demo" / "audio" / "c01.flac"
CLIPS = 130


@pytest.fixture(scope="session")
def stored_run(page_server: Any) -> str:
    """A run as an engine with times would have left it; every tenth clip writes 是 where 系 was said."""
    store = RunStore(page_server.pool.settings)
    spec = RunSpec(
        eval_set="explored", set_digest="d", set_language="yue", items=CLIPS, engine="scripted", model_id="m",
        revision="", language="set", context="", chain="", device="cpu", dtype="float32", batch_size=1,
    )  # fmt: skip
    record = store.create_run(spec, {"sets": ["explored"]})
    cost = Measurement(wall_seconds=0.4, cpu_seconds=0.5, audio_seconds=1.96)
    with (store.folder / record.run_id / "items.jsonl").open("wb") as file:
        for number in range(CLIPS):
            text = ("佢是我", "聽日見") if number % 10 == 0 else ("佢系我", "聽日" if number % 7 == 0 else "聽日見")
            outcome: Any = ItemResult(
                id=f"u{number:03d}", reference="佢系我聽日見", text="".join(text), raw="".join(text), language="yue",
                finish="eos", measurement=cost, audio=str(AUDIO), tags={"noise": "babble" if number % 2 else "none"},
                segments=(Segment(start=0, end=1, text=text[0]), Segment(start=1, end=1.96, text=text[1])),
            )  # fmt: skip
            if number == 77:
                outcome = ItemFailure(
                    id="u077", reference="佢系我", error="AudioUnreadable", message="It is not audio."
                )
            file.write(encode(Entry(outcome=outcome, wall_seconds=number)))
    store.save_record(replace(record, status="success"))
    return record.run_id


@pytest.fixture
def explorer(page_server: Any, stored_run: str, open_page: Callable[..., Any]) -> Any:
    """The page with the run open."""
    page = open_page()
    page.get_by_role("tab", name="Benchmark", exact=True).click()
    page.locator(".wb-runs input:visible").click()
    page.locator("[role=option]:visible", has_text="explored").first.click()
    page.wait_for_selector(".wb-matches:has-text('1–50 of 130 clips')")
    return page


def shown(page: Any) -> list[str]:
    return [row.get_attribute("data-clip") for row in page.locator("tr[data-clip]").all()]


def expected(page_server: Any, run_id: str, **query: Any) -> list[str]:
    found = services.clips(run_id, ClipQuery(**query), pool=page_server.pool)
    return [clip.outcome.id for clip in found.rows]


def test_filters_and_pages_show_what_the_service_finds(page_server: Any, stored_run: str, explorer: Any) -> None:
    worst = {"sort": "rate", "descending": True}
    assert shown(explorer) == expected(page_server, stored_run, **worst)
    explorer.get_by_label("Next page").locator("visible=true").click()
    explorer.wait_for_selector(".wb-matches:has-text('51–100 of 130')")
    assert shown(explorer) == expected(page_server, stored_run, page=2, **worst)
    explorer.get_by_label("Search").locator("visible=true").fill("U01")
    explorer.wait_for_selector(".wb-matches:has-text('10 of 130 clips')")
    assert sorted(shown(explorer)) == [f"u01{digit}" for digit in range(10)]
    explorer.locator("[data-column=id] button").click()
    explorer.wait_for_selector("[data-column=id][aria-sort=ascending]")
    assert shown(explorer) == [f"u01{digit}" for digit in range(10)]
    explorer.get_by_label("Search").locator("visible=true").fill("nowhere")
    explorer.get_by_role("button", name="Show all clips").click()
    explorer.wait_for_selector(".wb-matches:has-text('1–50 of 130 clips')")
    assert explorer.get_by_label("Search").locator("visible=true").input_value() == ""


def test_a_confusion_leads_to_its_clips_and_back(page_server: Any, stored_run: str, explorer: Any) -> None:
    explorer.get_by_role("tab", name="Errors").click()
    explorer.locator(".wb-confusions button", has_text="是").first.click()
    explorer.wait_for_selector(".wb-picked:has-text('Confusion 系 → 是 · 13 times')")
    assert "13 of 130 clips" in explorer.locator(".wb-matches").inner_text()
    assert sorted(shown(explorer)) == [f"u{number:03d}" for number in range(0, CLIPS, 10)]
    explorer.get_by_label("Show all errors again").click()
    explorer.wait_for_selector(".wb-matches:has-text('1–50 of 130 clips')")


def test_a_clip_is_opened_aligned_and_its_error_played(explorer: Any) -> None:
    explorer.get_by_label("Search").locator("visible=true").fill("u007")
    explorer.locator(".wb-matches", has_text="1 of 130").wait_for()
    explorer.locator("tr[data-clip='u007']").click()
    explorer.wait_for_selector("#benchmark-player")
    assert explorer.locator(".wb-detail .wb-cell.wb-del").inner_text().strip() == "见"
    assert "clip 1 of 1" in explorer.locator(".wb-detail > header").inner_text()
    explorer.locator("[data-step-error='1']").click()
    explorer.wait_for_function("document.querySelector('#benchmark-player audio').currentTime >= 1")
    assert "1 of 1" in explorer.locator("[data-error-number]").inner_text()
    assert explorer.locator(".wb-cell[data-here]").count() == 1
    assert explorer.locator(".wb-marks button").count() == 1


def test_the_next_clip_may_be_on_the_next_page(page_server: Any, stored_run: str, explorer: Any) -> None:
    order = [
        name
        for number in (1, 2)
        for name in expected(page_server, stored_run, sort="rate", descending=True, page=number)
    ]
    explorer.locator(f"tr[data-clip='{order[49]}']").click()
    explorer.locator(".wb-detail", has_text="clip 50 of 130").wait_for()
    explorer.get_by_label("Next clip").click()
    explorer.locator(".wb-detail", has_text="clip 51 of 130").wait_for()
    explorer.wait_for_selector(f"tr[data-clip='{order[50]}'][aria-current]")
    assert shown(explorer) == order[50:]


def test_a_label_is_corrected_beside_the_set(page_server: Any, stored_run: str, explorer: Any) -> None:
    before = services.clips(stored_run, pool=page_server.pool).matches.counts.errors
    explorer.get_by_label("Search").locator("visible=true").fill("u007")
    explorer.locator(".wb-matches", has_text="1 of 130").wait_for()
    explorer.locator("tr[data-clip='u007']").click()
    explorer.get_by_role("button", name="Is the label wrong?").click()
    field = explorer.get_by_label("What is really said")
    assert field.input_value() == "佢系我聽日見"
    field.fill("佢系我聽日")
    save = explorer.get_by_role("button", name="Save this text")
    save.click()
    explorer.wait_for_selector(".wb-notice:has-text('This label is corrected.')")
    try:
        explorer.get_by_role("button", name="Take it back").click()
        explorer.wait_for_selector(".wb-notice:has-text('The published label holds again.')")
        assert field.is_visible()
        assert field.input_value() == "佢系我聽日見"
        field.fill("佢系我聽日")
        save.click()
        explorer.wait_for_selector(".wb-notice:has-text('This label is corrected.')")
        explorer.get_by_label("Score with corrected labels").check()
        explorer.wait_for_selector(".wb-totals:has-text('1 reference replaced')")
        found = services.clips(stored_run, corrected=True, pool=page_server.pool)
        assert found.matches.counts.errors == before - 1
        assert services.load_run(stored_run, pool=page_server.pool).outcomes[7].reference == "佢系我聽日見"
    finally:
        services.correct("explored", "u007", undo=True, pool=page_server.pool)
