"""Throughput of a benchmark against a plain faster-whisper loop, in the same run, taking turns.

    python scripts/bench_throughput.py MANIFEST --where category=english --where category=english_telephone

Three ways over the same clips, each with its model loaded and one clip transcribed before: `loop` is what a user writes
(`WhisperModel.transcribe`, one clip after the other, on all cores), `single` is `--measure single`, `throughput` is
`--measure throughput`. For each: seconds, processor seconds (of all processes; other work on the machine changes them
less), clips whose text is the loop's, the overhead: which share of the workers' time the engines did not compute, each
worker's counted to its last text; and the idle end: how long the last worker worked on alone. The loop is given
samples that the workbench decoded before: nothing but the work is compared. The load before and after says how far to
believe the clock.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from workbench.audio.clip import AudioClip
from workbench.audio.io import read_clip
from workbench.audio.steps import parse_chain
from workbench.engines.base import DecodeOptions, Engine, Hypothesis
from workbench.engines.builtin import assembled_folder
from workbench.engines.device import available_cores
from workbench.engines.hosted import HostedEngine
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef
from workbench.evalsets.load import find_set
from workbench.evalsets.model import EvalSet
from workbench.runs.benchmark import run_benchmark
from workbench.runs.executors.choice import MEASURES, Measure
from workbench.runs.records import ItemResult, RunFinished
from workbench.runs.store import RunStore
from workbench.settings import Settings, quieten


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One way, once.

    Attributes:
        wall_seconds: From the first counted call of an engine to the last text.
        cpu_seconds: Of this process and all that it started, in that time.
        texts: By id.
        overhead: Share of the workers' time in which their engines did not compute.
        idle_seconds: That the other workers had nothing to do at the end, each.
        execution: What the run's record says of who transcribed.
    """

    wall_seconds: float
    cpu_seconds: float
    texts: Mapping[str, str]
    overhead: float = 0.0
    idle_seconds: float = 0.0
    execution: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of an engine: when it came and went, and how long the engine computed."""

    began: float
    cpu_began: float
    ended: float
    engine_seconds: float


class Watched:
    """An engine whose calls are noted; where it has a process of its own, its seconds are those in there."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.calls: list[Call] = []
        self.info = engine.info
        if isinstance(engine, HostedEngine):
            self.gauge = engine.gauge

    def transcribe(self, clips: Sequence[AudioClip], options: DecodeOptions) -> list[Hypothesis]:
        """As the engine does."""
        cpu, before, began = processor_seconds(), self._hosted_seconds(), time.perf_counter()
        heard = self._engine.transcribe(clips, options)
        ended, after = time.perf_counter(), self._hosted_seconds()
        seconds = ended - began if before is None or after is None else after - before
        self.calls.append(Call(began=began, cpu_began=cpu, ended=ended, engine_seconds=seconds))
        return heard

    def _hosted_seconds(self) -> float | None:
        return self._engine.engine_seconds if isinstance(self._engine, HostedEngine) else None

    def close(self) -> None:
        self._engine.close()


class WatchedPool(EnginePool):
    """A pool that keeps account of the calls of the engines it hands out."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.watched: list[Watched] = []

    @contextmanager
    def use(self, ref: EngineRef) -> Generator[Engine]:
        """See `EnginePool.use`."""
        with super().use(ref) as engine:
            if not self.watched:
                self.watched.append(Watched(engine))
            yield self.watched[0]

    @contextmanager
    def lanes(self, ref: EngineRef, count: int, *, threads: int = 1) -> Generator[list[Engine]]:
        """See `EnginePool.lanes`."""
        with super().lanes(ref, count, threads=threads) as engines:
            self.watched = [Watched(engine) for engine in engines]
            yield list(self.watched)


def processor_seconds() -> float:
    """Of this process and all that it started, those that ended included."""
    total = 0.0
    me = psutil.Process()
    for process in (me, *me.children(recursive=True)):
        with suppress(psutil.Error):
            spent = process.cpu_times()
            total += spent.user + spent.system + spent.children_user + spent.children_system
    return total


class Loop:
    """faster-whisper as its own documentation uses it, with the weights and the precision of `builtin`.

    Args:
        eval_set: What to transcribe.
        settings: Where the packaged weights are.
        language: Told for every clip.
    """

    def __init__(self, eval_set: EvalSet, settings: Settings, language: str) -> None:
        from faster_whisper import WhisperModel

        self._clips = {item.id: read_clip(item.audio).samples for item in eval_set.items}
        self._model = WhisperModel(
            str(assembled_folder(settings)), device="cpu", compute_type="int8", cpu_threads=available_cores()
        )
        self._language = language
        self._text(next(iter(self._clips.values())))

    def _text(self, samples: Any) -> str:
        segments, _ = self._model.transcribe(samples, language=self._language)
        return "".join(segment.text for segment in segments).strip()

    def __call__(self) -> Turn:
        began, cpu = time.perf_counter(), processor_seconds()
        texts = {name: self._text(samples) for name, samples in self._clips.items()}
        return Turn(wall_seconds=time.perf_counter() - began, cpu_seconds=processor_seconds() - cpu, texts=texts)


def run_workbench(eval_set: EvalSet, pool: WatchedPool, language: str, measure: Measure, workers: int | None) -> Turn:
    """A benchmark; loading, probing and warming up are left out."""
    pool.watched = []
    events = run_benchmark(
        eval_set, pool=pool, engine=EngineRef.parse("builtin"), chain=parse_chain(""), language=language,
        on_existing="again", measure=measure, workers=workers,
    )  # fmt: skip
    texts: dict[str, str] = {}
    ended = cpu_ended = 0.0
    with closing(events):
        for event in events:
            if isinstance(event, ItemResult):
                texts[event.id] = event.text
                if len(texts) == len(eval_set.items):
                    ended, cpu_ended = time.perf_counter(), processor_seconds()
            assert not isinstance(event, RunFinished) or event.failed == 0
    execution = RunStore(pool.settings).list_runs()[0].environment["execution"]
    return _turn([one.calls[1:] for one in pool.watched], ended, cpu_ended, texts, execution)  # the first warms up


def _turn(
    lanes: Sequence[Sequence[Call]], ended: float, cpu_ended: float, texts: Mapping[str, str], execution: Any
) -> Turn:
    calls = [call for lane in lanes for call in lane]
    first = min(calls, key=lambda call: call.began)
    last = [lane[-1].ended for lane in lanes if lane]
    last[last.index(max(last))] = ended  # the last text is handed on
    at_work = sum(moment - first.began for moment in last)
    return Turn(
        wall_seconds=ended - first.began,
        cpu_seconds=cpu_ended - first.cpu_began,
        texts=texts,
        overhead=1 - sum(call.engine_seconds for call in calls) / at_work,
        idle_seconds=(max(last) - min(last)),
        execution=execution,
    )


def main() -> None:
    """Take turns, then say the medians."""
    arguments = _parsed()
    quieten()
    settings = replace(Settings.from_env(), home=Path(tempfile.mkdtemp(prefix="bench-throughput-")))
    eval_set = _chosen(find_set(arguments.manifest, settings), dict(arguments.where), arguments.limit)
    pool = WatchedPool(settings)
    ways: dict[str, Callable[[], Turn]] = {"loop": Loop(eval_set, settings, arguments.language)}
    for measure in MEASURES:
        workers = arguments.workers if measure == "throughput" else None
        ways[measure] = lambda measure=measure, workers=workers: run_workbench(
            eval_set, pool, arguments.language, measure, workers
        )
    turns: dict[str, list[Turn]] = {name: [] for name in ways}
    print(f"{len(eval_set.items)} clips, load {psutil.getloadavg()[0]:.1f}")
    for number in range(arguments.turns):
        for name in list(ways)[number % 3 :] + list(ways)[: number % 3]:
            turns[name].append(ways[name]())
            about = {"wall_seconds": turns[name][-1].wall_seconds, "cpu_seconds": turns[name][-1].cpu_seconds}
            about |= {"turn": number + 1, "load": psutil.getloadavg()[0]}
            print(name, json.dumps({key: round(value, 2) for key, value in about.items()}), flush=True)
    pool.unload()
    _tell(turns, sum(item.duration or 0.0 for item in eval_set.items))


def _tell(turns: Mapping[str, list[Turn]], audio_seconds: float) -> None:
    texts = turns["loop"][0].texts
    baseline = median(one.wall_seconds for one in turns["loop"])
    for name, several in turns.items():
        wall = median(one.wall_seconds for one in several)
        same = min(sum(one.texts[key] == text for key, text in texts.items()) for one in several)
        print(
            f"{name:10}  {wall:7.2f} s  {audio_seconds / wall:6.2f} x real time  {baseline / wall:5.2f} x the loop  "
            f"{median(one.cpu_seconds for one in several):7.2f} processor s  {same} of {len(texts)} texts  "
            f"overhead {median(one.overhead for one in several):.1%}  "
            f"idle end {median(one.idle_seconds for one in several):.1f} s  "
            f"workers {several[-1].execution.get('workers', 1)}"
        )


def _chosen(found: EvalSet, where: Mapping[str, set[str]], limit: int | None) -> EvalSet:
    items = [one for one in found.items if all(str(one.tags.get(key)) in values for key, values in where.items())]
    return replace(found, items=tuple(items[:limit]))


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("manifest")
    parser.add_argument("--where", action="append", default=[], metavar="KEY=VALUE", help="any of several values")
    parser.add_argument("--language", default="en")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--workers", type=int)
    found = parser.parse_args()
    where: dict[str, set[str]] = {}
    for one in found.where:
        key, _, value = one.partition("=")
        where.setdefault(key, set()).add(value)
    found.where = where
    return found


if __name__ == "__main__":
    main()
