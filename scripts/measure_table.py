"""Whether the table of a large run freezes the page: a stored run of many clips, opened in Chromium.

    nice python scripts/measure_table.py [--clips 10000] [--json]

Starts `workbench serve` over a run that is made here, opens it in the Benchmark tab, and scrolls, turns pages, sorts,
filters and opens clips. Of each it prints how long until the table had changed, the longest time between two frames,
and the browser's long tasks; at the end, what the browser holds. Exit code 1 where a frame was longer than 100 ms while
scrolling, or the page's own work for one answer was.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from bench_explorer import make_run
from playwright.sync_api import sync_playwright

from workbench.runs.journal import Entry, encode
from workbench.runs.store import RunStore
from workbench.settings import Settings

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FREEZE_SECONDS = 0.1
SERVE = "import sys; from workbench.cli import main; sys.exit(main(sys.argv[1:]))"
WATCH = """
window.watch = { frames: [], tasks: [], changed: null, began: 0 };
new PerformanceObserver((list) => { for (const one of list.getEntries()) watch.tasks.push(one.duration); })
  .observe({ entryTypes: ["longtask"] });
(() => {
  let last = performance.now();
  const frame = () => {
    const now = performance.now();
    watch.frames.push(now - last);
    last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
})();
watch.begin = (block) => {
  const found = [...document.querySelectorAll(block)].find((one) => one.offsetParent !== null) ?? document.body;
  watch.frames = []; watch.tasks = []; watch.changed = null; watch.began = performance.now();
  const seen = new MutationObserver(() => {
    seen.disconnect();
    requestAnimationFrame(() => setTimeout(() => { watch.changed = performance.now() - watch.began; }));
  });
  seen.observe(found, { childList: true, subtree: true, characterData: true });
};
watch.end = () => ({ changed: watch.changed, frames: watch.frames, tasks: watch.tasks });
"""
"""Frames, long tasks, and when a part of the page had first changed and was painted, in milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one kind of use cost.

    Attributes:
        what: Which.
        times: How often it was done.
        answer_seconds: Until the table had changed, the median and the longest; None where nothing is asked.
        longest_answer_seconds: The same.
        longest_frame_seconds: Between two frames.
        frames_over: How many frames were longer than 100 ms.
        longest_task_seconds: Of the page's own work without a pause; 0 where none took 50 ms.
    """

    what: str
    times: int
    answer_seconds: float | None
    longest_answer_seconds: float | None
    longest_frame_seconds: float
    frames_over: int
    longest_task_seconds: float

    @property
    def line(self) -> str:
        if self.answer_seconds is None:
            answer = f"{'':15}"
        else:
            answer = f"{self.answer_seconds:6.2f}  {self.longest_answer_seconds:6.2f} "
        return (
            f"{self.what:34} {self.times:4}  {answer} {1000 * self.longest_frame_seconds:6.0f} {self.frames_over:5} "
            f"{1000 * self.longest_task_seconds:6.0f}"
        )


def store_run(home: Path, clips: int) -> None:
    """The run of `bench_explorer.py`, as a benchmark would have left it."""
    made, store = make_run("A", clips), RunStore(Settings(home=home))
    record = store.create_run(made.record.spec, {"sets": ["made"]})
    with (store.folder / record.run_id / "items.jsonl").open("wb") as file:
        for number, outcome in enumerate(made.outcomes):
            file.write(encode(Entry(outcome=outcome, wall_seconds=float(number), place=number)))
    store.save_record(replace(record, status="success"))


@contextmanager
def served(home: Path) -> Generator[str]:
    """The address of a server over that home."""
    command = [sys.executable, "-c", SERVE, "serve", "--port", "0", "--json"]
    environment = os.environ | {"WORKBENCH_HOME": str(home)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
    try:
        assert process.stdout is not None
        lines: list[str] = []
        while not lines or lines[-1] != "}\n":
            lines.append(process.stdout.readline())
            if not lines[-1]:
                raise SystemExit("The server did not start.")
        yield json.loads("".join(lines))["url"]
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)


class Table:
    """The explorer in a browser.

    Args:
        page: Playwright's, at the server.
        clips: How many clips the run has.
    """

    block = ".wb-clips-block"

    def __init__(self, page: Any, clips: int) -> None:
        self.page = page
        self.clips = clips
        self.found: list[Figures] = []

    def watched(self, what: str, acts: list[Callable[[], object]], *, block: str | None = "") -> None:
        """Do each, wait for what it changes, and keep the figures; with None nothing is asked of the server."""
        answers: list[float] = []
        frames: list[float] = []
        tasks: list[float] = []
        for act in acts:
            self.page.evaluate("(block) => watch.begin(block)", block or self.block)
            act()
            if block is not None:
                self.page.wait_for_function("() => watch.changed !== null")
                self.page.wait_for_timeout(300)  # what comes with the answer
            told = self.page.evaluate("() => watch.end()")
            answers += [told["changed"]] if block is not None else []
            frames += told["frames"]
            tasks += told["tasks"]
        self.found.append(
            Figures(
                what=what,
                times=len(acts),
                answer_seconds=sorted(answers)[len(answers) // 2] / 1000 if answers else None,
                longest_answer_seconds=max(answers) / 1000 if answers else None,
                longest_frame_seconds=max(frames, default=0.0) / 1000,
                frames_over=sum(one > 1000 * FREEZE_SECONDS for one in frames),
                longest_task_seconds=max(tasks, default=0.0) / 1000,
            )
        )
        print(self.found[-1].line, flush=True)

    def label(self, name: str) -> Any:
        return self.page.get_by_label(name, exact=True).locator("visible=true")

    def open(self) -> None:
        """The run, with all its rows scored and every error looked at."""
        self.page.get_by_role("tab", name="Benchmark", exact=True).click()
        self.page.locator(".wb-runs input:visible").click()
        option = self.page.locator("[role=option]:visible", has_text="made").first
        option.wait_for()
        self.watched("open", [option.click], block=".wb-clips-block")
        self.page.wait_for_selector(f".wb-matches:has-text('of {self.clips:,} clips')", timeout=180_000)
        self.page.wait_for_selector(".wb-clips-block tr[data-clip]")

    def wait_for_errors(self) -> None:
        """Every error is looked at behind the table; questions about kinds wait for it."""
        self.page.get_by_role("tab", name="Errors", exact=True).click()
        self.page.locator(".wb-confusions:visible").first.wait_for(timeout=180_000)
        self.page.get_by_role("tab", name="Clips", exact=True).click()
        self.page.locator("tr[data-clip]:visible").first.wait_for()

    def scroll(self) -> None:
        """Down a page of the table and up again, by the wheel."""
        self.page.locator("tr[data-clip]:visible").first.hover()
        for way in (1, -1):
            for _ in range(40):
                self.page.mouse.wheel(0, 90 * way)
                self.page.wait_for_timeout(16)

    def turn(self, name: str) -> Callable[[], object]:
        return lambda: self.page.get_by_label(name, exact=True).locator("visible=true").first.click()

    def sort(self, column: str) -> Callable[[], object]:
        return lambda: (
            self.page.locator(f".wb-clips-block [data-column={column}] button").locator("visible=true").click()
        )

    def type(self, text: str) -> Callable[[], object]:
        def act() -> None:
            self.label("Search").press_sequentially(text, delay=90)

        return act

    def clear(self) -> Callable[[], object]:
        return lambda: self.label("Search").fill("")

    def choose(self, box: str, option: str) -> Callable[[], object]:
        def act() -> None:
            self.label(box).click()
            self.page.locator("[role=option]:visible", has_text=option).first.click()

        return act

    def use(self) -> None:
        """Everything a reader does with the table."""
        print(f"{'':34} {'':4}  {'answer s':15} {'frame':>6} {'>100':>5} {'task':>6} ms")
        self.open()
        self.wait_for_errors()
        self.watched("nothing, for comparison", [lambda: self.page.wait_for_timeout(3000)], block=None)
        self.watched("scroll", [self.scroll] * 3, block=None)
        self.watched("next page", [self.turn("Next page")] * min(10, (self.clips - 1) // 50))
        self.watched("last page, first page", [self.turn("Last page"), self.turn("First page")])
        columns = ("reference", "rate", "duration", "substitutions", "id", "hypothesis")
        self.watched("sort", [self.sort(column) for column in columns])
        self.watched("search, letter by letter", [self.type("u12"), self.clear(), self.type("u777"), self.clear()])
        self.watched("search, scrolled meanwhile", [lambda: (self.type("u4")(), self.scroll()), self.clear()])
        kinds = ("Substituted units", "Missing units", "Any")
        self.watched("by kind", [self.choose("What is wrong", kind) for kind in kinds])
        rates = (("Error from %", "20"), ("to %", "40"))
        self.watched("by rate", [lambda name=name, rate=rate: self.label(name).fill(rate) for name, rate in rates])
        rows = self.page.locator("tr[data-clip]:visible")
        opened = [lambda place=place: rows.nth(place).locator("th").click() for place in (3, 7, 11)]
        self.watched("open a clip", opened, block=".wb-detail-block")

    def held(self) -> dict[str, float]:
        """What the browser holds of the run."""
        session = self.page.context.new_cdp_session(self.page)
        session.send("Performance.enable")
        session.send("HeapProfiler.collectGarbage")
        metrics = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
        rows = self.page.locator("tr[data-clip]").count()
        return {"rows": rows, "nodes": metrics["Nodes"], "script_mb": round(metrics["JSHeapUsedSize"] / 1e6, 1)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=10_000)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as home, sync_playwright() as started:
        store_run(Path(home), given.clips)
        with served(Path(home)) as url:
            browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(60_000)
            page.add_init_script(WATCH)
            page.goto(url)
            page.wait_for_selector(".wb-brand")
            time.sleep(2.0)
            table = Table(page, given.clips)
            table.use()
            held = table.held()
            browser.close()
    load = os.getloadavg()[0]
    print(f"{given.clips:,} clips; the browser holds {held}; load {load:.1f}")
    if given.json:
        print(json.dumps({"clips": given.clips, "held": held, "uses": [asdict(one) for one in table.found]}))
    froze = [one.what for one in table.found if one.longest_task_seconds > FREEZE_SECONDS]
    return 1 if froze or next(one for one in table.found if one.what == "scroll").frames_over else 0


if __name__ == "__main__":
    sys.exit(main())
