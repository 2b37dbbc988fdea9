"""What a process of its own costs an engine: the same clips in this process and in another, in turn.

    python scripts/measure_hosting.py [CLIPS]

CLIPS is a folder of short recordings; without it, those of the shipped English set. Each clip is transcribed in both
ways, one directly after the other and in changing order, so that whatever else the machine does slows both. Also says
what an empty answer takes there and back, with 1, 10 and 30 seconds of sound, and how much memory both processes hold.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import psutil

from workbench import __version__
from workbench.audio.clip import AudioClip
from workbench.audio.io import read_clip
from workbench.engines.base import DecodeOptions, Engine, Hypothesis
from workbench.engines.hosted import HostedEngine
from workbench.engines.registry import EngineRef, plugin
from workbench.settings import Settings

SHIPPED = Path(__file__).resolve().parents[1] / "eval_sets" / "english-demo" / "audio"
REF = EngineRef("builtin")
ROUNDS = 30
MIB = 1024**2
T = TypeVar("T")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", nargs="?", type=Path, default=SHIPPED)
    parser.add_argument("--limit", type=int, default=30)
    given = parser.parse_args()
    paths = sorted(path for path in given.clips.iterdir() if path.suffix in (".flac", ".wav"))
    clips = [read_clip(path) for path in paths[: given.limit]]
    with tempfile.TemporaryDirectory() as home:
        compare(clips, Settings(home=Path(home), device="cpu"))


def compare(clips: list[AudioClip], settings: Settings) -> None:
    plugin(REF.name).load(REF.model, settings).close()  # weights assembled, and in the page cache
    seconds, hosted = timed(lambda: HostedEngine.start(REF, settings))
    print(f"workbench {__version__}, {len(clips)} clips, {sum(clip.duration for clip in clips):.0f} s of sound")
    print(f"loading in another process: {seconds:.2f} s; its memory: {memory(hosted.pid):.0f} MiB,", end=" ")
    print(f"this one's before it loads an engine itself: {memory(None):.0f} MiB")
    for length in (1, 10, 30):
        print(f"there and back with {length} s of sound: {round_trip(hosted, length) * 1000:.2f} ms (median)")
    here = plugin(REF.name).load(REF.model, settings)
    pairs = [pair(here, hosted, clip, first=index % 2) for index, clip in enumerate([clips[0], *clips])][1:]
    inside, outside = (sum(times) for times in zip(*(times for times, _ in pairs), strict=True))
    ratios = sorted(there / local for (local, there), _ in pairs)
    print(f"in this process {inside:.2f} s, in another {outside:.2f} s: {outside / inside:.3f} of it in all,")
    print(f"{statistics.median(ratios):.3f} for the median clip; same answers: {all(same for _, same in pairs)}")
    hosted.close()


def pair(here: Engine, there: Engine, clip: AudioClip, *, first: int) -> tuple[tuple[float, float], bool]:
    """Seconds in this process and in the other, and whether both said the same."""
    options = DecodeOptions(language="en", extra={"temperature_fallback": False})
    heard: dict[int, tuple[float, list[Hypothesis]]] = {}
    for number in (first, 1 - first):
        engine = (here, there)[number]
        heard[number] = timed(lambda engine=engine: engine.transcribe([clip], options))
    return (heard[0][0], heard[1][0]), heard[0][1] == heard[1][1]


def round_trip(engine: HostedEngine, seconds: float) -> float:
    """Median seconds of a question that is refused as soon as it was read: the pipe and the JSON alone."""
    clip = AudioClip(samples=np.zeros(round(16_000 * seconds), dtype=np.float32), sample_rate=16_000)
    times: list[float] = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        try:
            engine.transcribe([clip], DecodeOptions(max_new_tokens=0))
        except ValueError:  # UsageError, raised by the engine before it computes
            times.append(time.perf_counter() - began)
    return statistics.median(times)


def memory(pid: int | None) -> float:
    return psutil.Process(pid).memory_info().rss / MIB


def timed(work: Callable[[], T]) -> tuple[float, T]:
    began = time.perf_counter()
    done = work()
    return time.perf_counter() - began, done


if __name__ == "__main__":
    main()
