"""How soon Stop is seen on the page while a call into the engine takes four seconds.

    python scripts/measure_stopping.py

Starts `workbench serve` with the scripted engine, opens the page in Chromium, stops work on three tabs in the middle of
a call, and prints the seconds from the click until the page says so and until it can be asked for the next thing.
"""

from __future__ import annotations

import json
import re
import runpy
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import sync_playwright

from workbench.audio.io import read_clip, write_clip

ROOT = Path(__file__).resolve().parent.parent
SPOKEN = sorted((ROOT / "eval_sets" / "english-demo" / "audio").glob("*.flac"))
CALL_SECONDS = 4.0
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"


def button(page: Any, name: str) -> Any:
    return page.get_by_role("button", name=name, exact=True).locator("visible=true")


def choose_engine(page: Any) -> None:
    box = page.locator(".wb-engine:visible").first
    for _ in range(box.locator(".token").count()):
        box.locator(".token-remove").first.click()
    box.locator("input").click()
    page.get_by_role("option", name="scripted", exact=True).first.click()
    page.keyboard.press("Escape")


def timed(click: Callable[[], None], *seen: Any) -> list[float]:
    """Seconds from a click until each of these is to be seen."""
    began = time.perf_counter()
    click()
    found: list[float] = []
    for one in seen:
        one.wait_for()
        found.append(time.perf_counter() - began)
    return found


def make_set(folder: Path) -> None:
    """Five clips."""
    lines = [{"id": f"clip{at}", "audio_filepath": str(path), "text": "a"} for at, path in enumerate(SPOKEN[:5])]
    (folder / "manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def transcribe(page: Any, folder: Path) -> list[float]:
    """In the second of several chunks."""
    clip = read_clip(SPOKEN[0])
    write_clip(clip.with_samples(np.resize(clip.samples, 200 * clip.sample_rate)), folder / "long.wav")
    choose_engine(page)
    page.locator(".wb-drop input[type=file]").first.set_input_files(str(folder / "long.wav"))
    page.wait_for_selector(".wb-player")
    button(page, "Transcribe").click()
    page.get_by_text("Chunk 1 of").wait_for()
    time.sleep(1.0)
    stopped = page.get_by_text("Stopped at").first
    return timed(button(page, "Cancel").click, stopped, button(page, "Transcribe"))


def benchmark(page: Any, folder: Path) -> list[float]:
    """In the second clip."""
    page.get_by_role("tab", name="Benchmark", exact=True).click()
    page.get_by_label("Mandarin demo").locator("visible=true").uncheck()
    page.get_by_label("Or a set of your own").locator("visible=true").fill(str(folder))
    choose_engine(page)
    button(page, "Run benchmark").click()
    page.locator("tr[data-clip]").first.wait_for()
    time.sleep(1.0)
    return timed(
        button(page, "Stop").click, page.get_by_text("Stopping after this clip"), button(page, "Run benchmark")
    )


def sweep(page: Any, folder: Path) -> list[float]:
    """In the first setting."""
    page.get_by_role("tab", name="Compare", exact=True).click()
    page.get_by_role("tab", name="Sweep", exact=True).click()
    page.get_by_label("Or a set of your own").locator("visible=true").fill(str(folder))
    choose_engine(page)
    button(page, "Run sweep").click()
    page.locator(".wb-progress:visible", has_text=re.compile(r"\d of \d")).first.wait_for()
    time.sleep(1.0)
    return timed(button(page, "Stop").click, page.get_by_text("Stopping after this clip"), button(page, "Run sweep"))


def main() -> int:
    load = runpy.run_path(str(ROOT / "scripts" / "load_server.py"))
    load["served"].__wrapped__.__globals__["SERVE"] = load["SERVE"].replace("0.05", str(CALL_SECONDS))
    worst = 0.0
    with load["served"]() as (url, _), sync_playwright() as started, tempfile.TemporaryDirectory() as folder:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        make_set(Path(folder))
        for work in (transcribe, benchmark, sweep):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(60_000)
            page.goto(url)
            page.wait_for_selector(".wb-brand")
            said, free = work(page, Path(folder))
            print(f"{work.__name__}: said after {said:.2f} s, free after {free:.2f} s", flush=True)
            worst = max(worst, said)
            page.close()
        browser.close()
    return 0 if worst <= 1.0 else 1


if __name__ == "__main__":
    sys.exit(main())
