"""Stored runs held against each other, in a real Chromium against the real server."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from workbench import services
from workbench.audio.io import read_clip, write_clip
from workbench.ui import format as written

pytestmark = pytest.mark.browser

SAMPLES = Path(__file__).resolve().parents[2] / "eval_sets" / "english-demo" / "audio"
HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'
TRUE = [
    "我们下周一开 kickoff meeting", "请把 agenda 发到我的 email", "老板说 sales report 要重新做", "今天天气很好",
    f"say {HOSTILE} now", "这是很长的一句话 " * 20, "再见", "谢谢大家",
]  # fmt: skip


@pytest.fixture
def runs(page_server: Any, tmp_path: Path) -> Callable[..., list[str]]:
    """Systems' texts over one set whose fourth label is wrong, each a stored run; the set is the test's own."""
    folder = tmp_path / f"set-{tmp_path.name}"
    folder.mkdir()
    write_clip(read_clip(min(SAMPLES.glob("*.flac"))), folder / "clip.wav")
    labels = [*TRUE]
    labels[3] = "一二三四五六"
    lines = [
        {"id": f"clip{place}", "audio_filepath": "clip.wav", "text": text, "language": "zh-en"}
        for place, text in enumerate(labels)
    ]
    (folder / "manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")

    def add(**systems: Callable[[str], str]) -> list[str]:
        made: list[str] = []
        for name, change in systems.items():
            texts = "".join(
                json.dumps({"id": f"clip{place}", "text": change(text)}) + "\n" for place, text in enumerate(TRUE)
            )
            made.append(
                services.import_texts(
                    texts, name=f"{name}.jsonl", set=str(folder), system=f"{name} {tmp_path.name}",
                    pool=page_server.pool,
                ).record.run_id
            )  # fmt: skip
        return made

    return add


def open_runs(page: Any) -> None:
    page.get_by_role("tab", name="Compare", exact=True).click()
    page.get_by_role("tab", name="Runs", exact=True).click()
    page.locator("#compare-runs input").wait_for()
    time.sleep(1)  # the list of runs is brought up to date when the tab is looked at


def choose(page: Any, pool: Any, run_ids: list[str]) -> None:
    for run_id in run_ids:
        name = next(one.spec.engine for one in services.list_runs(pool=pool) if one.run_id == run_id)
        page.locator("#compare-runs input").click()
        page.locator("[role=option]:visible", has_text=name).first.click()
    page.keyboard.press("Escape")


def compare(page: Any) -> None:
    page.get_by_role("button", name="Compare runs").click()
    page.wait_for_selector(".wb-shared")


def open_clip(page: Any, name: str) -> None:
    page.locator(".wb-shared tr[data-clip]", has_text=name).first.click()
    page.wait_for_function(
        f"document.querySelector('#compare-player')?.closest('.wb-detail').innerText.includes('{name}')"
    )


def test_two_runs_are_compared_and_their_clips_aligned_on_a_phone(
    page_server: Any, open_page: Callable[..., Any], runs: Callable[..., list[str]]
) -> None:
    first, second = runs(Plain=lambda text: text, Rough=lambda text: text[:-3])
    page = open_page(viewport={"width": 400, "height": 900})
    open_runs(page)
    choose(page, page_server.pool, [first, second])
    compare(page)
    found = services.compare(first, second, pool=page_server.pool)
    leading = found.metrics[found.headline]
    said = page.locator(".wb-outcome").inner_text()
    assert leading.verdict in said
    assert leading.sentence.removeprefix(leading.verdict) in said
    assert page.locator(".wb-shared tr[data-clip]").count() == 8
    open_clip(page, "clip5")
    letters = page.locator(".wb-gutter > span").evaluate_all(
        "spans => { const end = spans[0].closest('.wb-stack').getBoundingClientRect().bottom;"
        " return spans.filter(one => one.getBoundingClientRect().bottom <= end + 1)"
        ".map(one => one.getBoundingClientRect().top) }"
    )
    lines = page.locator(".wb-stack .wb-cell").evaluate_all(
        "cells => [...new Set(cells.map(one => Math.round(one.getBoundingClientRect().top)))]"
    )
    assert len(lines) > 4
    assert [round(top) for top in letters] == lines, "the names do not stand beside their lines"
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    page.get_by_role("button", name="Make a report").click()
    links = page.locator(".wb-downloads a:visible")
    links.nth(2).wait_for()
    files = {link.inner_text(): link.get_attribute("href") for link in links.all()}
    assert set(files) == {"HTML", "MD", "CSV"}
    assert found.ruler_hash in page.request.get(page.url + files["MD"]).text()


def test_three_runs_are_ranked_and_a_wrong_label_is_found_corrected_and_taken_back(
    page_server: Any, open_page: Callable[..., Any], runs: Callable[..., list[str]]
) -> None:
    made = runs(One=lambda text: text, Two=lambda text: f"{text}了", Three=lambda text: text.replace("我", "吾"))
    page = open_page()
    open_runs(page)
    choose(page, page_server.pool, made)
    compare(page)
    ranking = services.rank(made, pool=page_server.pool)
    assert page.locator(".wb-leaderboard .wb-place").all_inner_texts() == [row.place for row in ranking.rows]
    open_clip(page, "clip4")
    assert HOSTILE in page.locator(".wb-heard-texts").inner_text()
    page.get_by_role("tab", name="Doubtful labels").click()
    page.locator(".wb-suspects [data-pick]").first.click()
    page.wait_for_function("document.querySelector('.wb-detail header h3')?.innerText == 'clip3'")
    page.locator(".wb-label-text textarea:visible").fill(TRUE[3])
    page.get_by_role("button", name="Save this text").locator("visible=true").click()
    page.locator(".wb-notice:visible", has_text="This label is corrected").wait_for()
    page.get_by_label("Score with corrected labels").locator("visible=true").check()
    page.wait_for_selector(".wb-leaderboard .wb-corrected-mark")
    corrected = services.rank(made, corrected=True, pool=page_server.pool)
    rates = page.locator(".wb-rated").all_inner_texts()
    expected = [written.rate(row.metrics[ranking.metric].rate) for row in corrected.rows]
    assert [shown.partition(" (")[0] for shown in rates] == expected
    assert corrected.rows[0].metrics[ranking.metric].rate == 0
    open_clip(page, "clip3")
    page.get_by_role("button", name="Take it back").locator("visible=true").click()
    page.locator(".wb-notice:visible", has_text="published label holds again").wait_for()
    assert page.evaluate("window.hacked") is None


def test_texts_of_another_system_are_added_or_refused_with_a_reason(
    page_server: Any, open_page: Callable[..., Any], runs: Callable[..., list[str]], tmp_path: Path
) -> None:
    (first,) = runs(Plain=lambda text: text)
    folder = next(tmp_path.glob("set-*"))
    given = tmp_path / "theirs.jsonl"
    given.write_text("".join(json.dumps({"id": f"clip{place}", "text": "你好"}) + "\n" for place in range(7)))
    page = open_page()
    open_runs(page)
    choose(page, page_server.pool, [first])
    page.get_by_role("button", name="Add another system's texts").click()
    page.get_by_role("button", name="Add these texts").click()
    page.locator(".wb-error:visible", has_text="No file is chosen").wait_for()
    page.locator(".wb-import input[type=file]").set_input_files(str(given))
    page.locator(".wb-import .file-preview").wait_for()
    page.get_by_label("Set they are of").locator("visible=true").fill(str(folder))
    page.keyboard.press("Enter")
    page.get_by_label("System").locator("visible=true").fill(f"Theirs {tmp_path.name}")
    page.get_by_role("button", name="Add these texts").click()
    page.locator(".wb-error:visible", has_text="no text for 'clip7'").wait_for()
    page.get_by_label("A clip without a text").locator("visible=true").click()
    page.get_by_role("option", name="Take it as an empty text").click()
    page.get_by_role("button", name="Add these texts").click()
    page.locator(".wb-notice:visible", has_text="Without a text: clip7.").wait_for()
    compare(page)
    assert f"Theirs {tmp_path.name}" in page.locator(".wb-systems").inner_text()
