"""What it costs to look at a large run: processor time of each step, on texts made here.

nice python scripts/bench_explorer.py
nice python scripts/bench_explorer.py --clips 100000
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from typing import TypeVar

from workbench.runs.compare import compare_runs
from workbench.runs.ranking import rank_runs
from workbench.runs.records import ItemResult, RunRecord, RunSpec
from workbench.runs.reporting.html import write_html
from workbench.runs.reporting.places import where_errors_are
from workbench.runs.reporting.run_report import report_run
from workbench.runs.scored import ScoredRun
from workbench.runs.store import StoredRun
from workbench.text.rulers import find_ruler

UNITS = 25  # characters of a clip
CHARACTERS = [chr(0x4E00 + number) for number in range(3000)]
ERRORS = {"A": 0.15, "B": 0.14, "C": 0.17}  # of a character
T = TypeVar("T")


def hear(said: str, errors: float, draw: random.Random) -> str:
    """Each character is replaced, left out or followed by another, at rates of 3 : 1 : 1."""
    heard: list[str] = []
    for character in said:
        chance = draw.random() / errors
        if chance < 0.6:
            heard.append(draw.choice(CHARACTERS))
        elif chance < 0.8:
            heard += [character, draw.choice(CHARACTERS)]
        elif chance >= 1.0:
            heard.append(character)
    return "".join(heard)


def make_run(name: str, clips: int) -> StoredRun:
    """A finished run by a system that does not exist, over the same references as the others."""
    saying, hearing = random.Random(0), random.Random(name)
    outcomes: list[ItemResult] = []
    for number in range(clips):
        said = "".join(saying.choices(CHARACTERS, k=UNITS))
        heard = hear(said, ERRORS[name], hearing)
        outcomes.append(
            ItemResult(
                id=f"u{number}", reference=said, text=heard, raw=heard, language="zh", finish="eos",
                duration=2.0 + number % 30, tags={"noise": ("none", "babble", "street")[number % 3]},
            )
        )  # fmt: skip
    spec = RunSpec(
        eval_set="made", set_digest="0", set_language="zh", items=clips, engine=f"imported:{name}", model_id=name,
        revision="", language="unknown", context="", chain="", device="", dtype="", batch_size=1,
    )  # fmt: skip
    record = RunRecord(run_id=name, passed={}, spec=spec, environment={}, status="success", created="")
    return StoredRun(record=record, outcomes=tuple(outcomes))


def timed(name: str, make: Callable[[], T]) -> T:
    """Print the processor time of a step."""
    began = time.process_time()
    made = make()
    print(f"{name:10} {time.process_time() - began:6.1f} s")
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=10_000)
    clips = parser.parse_args().clips
    ruler = find_ruler("zh")
    ruler.apply("一")  # its tables are read once
    runs = [make_run(name, clips) for name in ERRORS]
    scored = ScoredRun(runs[0], ruler=ruler)
    print(f"processor time, {clips:,} clips of {UNITS} Chinese characters, ruler {ruler.id}")
    timed("summary", lambda: scored.summary)
    timed("analysis", lambda: scored.analysis)
    timed("causes", lambda: scored.causes)
    timed("charts", lambda: list(where_errors_are(scored.summary, ruler)))
    timed("compare", lambda: compare_runs(runs[0], runs[1], ruler=ruler))
    timed("rank 3", lambda: rank_runs(runs, ruler=ruler))
    timed("report", lambda: write_html(report_run(runs[0], scored.summary, scored.causes, ruler=ruler)))


if __name__ == "__main__":
    main()
