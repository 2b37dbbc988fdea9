"""Two workers on a local Ray against one, over the same clips, taking turns.

    python scripts/bench_ray.py MANIFEST [--where KEY=VALUE] [--limit 60] [--rounds 3]

Each worker is a process of its own that computes with one thread. For each turn: `work`, the seconds with at least one
engine at work; `whole`, with starting Ray, loading the models, warming up, and ending Ray; processor seconds of all
processes; and whether the texts are those of one worker. The load before and after says how far to believe the clock.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from unittest.mock import patch

import psutil

from workbench.audio.steps import parse_chain
from workbench.engines.device import available_cores
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef
from workbench.evalsets.load import find_set, where
from workbench.evalsets.model import EvalSet
from workbench.runs.benchmark import run_benchmark
from workbench.runs.records import ItemResult, RunFinished
from workbench.settings import Settings, quieten

BAR = 0.65
"""What two workers may take of the time of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One run.

    Attributes:
        workers: How many.
        work_seconds: With at least one engine at work.
        whole_seconds: From nothing to nothing: Ray started and ended, models loaded.
        audio_seconds: Sound that was transcribed.
        cpu_seconds: Of the engines.
        texts: By id.
    """

    workers: int
    work_seconds: float
    whole_seconds: float
    audio_seconds: float
    cpu_seconds: float
    texts: Mapping[str, str]


def take_turn(eval_set: EvalSet, settings: Settings, engine: str, workers: int) -> Turn:
    """Run the set once.

    Args:
        eval_set: What.
        settings: Where home is.
        engine: Which engine.
        workers: How many, with a thread each.
    """
    began, work = time.perf_counter(), 0.0
    done: list[ItemResult] = []
    # A worker's threads are its share of the processors: one each, however many the machine has.
    with patch("workbench.runs.executors.ray_site.available_cores", return_value=workers):
        for event in run_benchmark(
            eval_set,
            pool=EnginePool(settings),
            engine=EngineRef.parse(engine),
            chain=parse_chain(""),
            on_existing="again",
            executor="ray",
            measure=None,
            workers=workers,
        ):
            if isinstance(event, ItemResult):
                done.append(event)
            elif isinstance(event, RunFinished):
                work = event.wall_seconds
    costs = [one.measurement for one in done if one.measurement is not None]
    return Turn(
        workers=workers,
        work_seconds=work,
        whole_seconds=time.perf_counter() - began,
        audio_seconds=sum(cost.audio_seconds for cost in costs),
        cpu_seconds=sum(cost.cpu_seconds for cost in costs),
        texts={one.id: one.text for one in done},
    )


def show(turns: Sequence[Turn]) -> None:
    """The table, and the ratios of the medians."""
    print("| workers | work s | whole s | sound s | engines' processor s | texts as of one worker |")
    print("|---|---|---|---|---|---|")
    one = next(turn for turn in turns if turn.workers == 1)
    for turn in turns:
        same = sum(turn.texts.get(key) == text for key, text in one.texts.items())
        figures = (turn.work_seconds, turn.whole_seconds, turn.audio_seconds, turn.cpu_seconds)
        print(f"| {turn.workers} | {' | '.join(f'{one:.1f}' for one in figures)} | {same} of {len(one.texts)} |")
    for name in ("work_seconds", "whole_seconds"):
        times = {count: median(getattr(turn, name) for turn in turns if turn.workers == count) for count in (1, 2)}
        ratio = times[2] / times[1]
        print(f"{name}: two take {ratio:.2f} of the time of one (bar: {BAR}): {'met' if ratio <= BAR else 'NOT met'}.")


def main() -> None:
    """Take turns, and show them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", help="Name, folder or manifest.")
    parser.add_argument("--where", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--engine", default="builtin")
    parser.add_argument("--rounds", type=int, default=1)
    given = parser.parse_args()
    quieten()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", f"{available_cores()}")  # the texts depend on it
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.from_env(os.environ | {"WORKBENCH_HOME": folder})
        chosen = dict(pair.split("=", 1) for pair in given.where)
        eval_set = where(find_set(given.set, settings), chosen, limit=given.limit)
        EnginePool(settings).get(EngineRef.parse(given.engine)).close()  # weights are assembled and read once before
        before = psutil.getloadavg()[0]
        turns = [
            take_turn(eval_set, settings, given.engine, workers) for _ in range(given.rounds) for workers in (1, 2)
        ]
        show(turns)
        load = {"before": round(before, 1), "after": round(psutil.getloadavg()[0], 1)}
        print(json.dumps({"set": eval_set.name, "clips": len(eval_set.items), "engine": given.engine, "load": load}))


if __name__ == "__main__":
    main()
