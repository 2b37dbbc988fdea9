"""How memory and time grow with the number of items: a benchmark of many, and its score.

python scripts/bench_large.py --items 1000 --items 100000

The engine says a fixed sentence at once, and all items share a few short recordings: what is left is the workbench's
own work, and what it keeps. Each size runs in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import wave
from pathlib import Path

import numpy as np
import psutil

FILES = 20


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, action="append")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(measure(arguments.one)))
        return 0
    print(
        f"{'items':>7}  {'read':>7}  {'run, ms an item':>15}  {'processor':>9}  {'resident: set read':>18}  "
        f"{'run':>5}  {'scored':>6} MiB"
    )
    for count in arguments.items or [2_000, 10_000]:
        with tempfile.TemporaryDirectory() as folder:
            manifest = write_manifest(Path(folder), count)
            command = [sys.executable, __file__, "--one", str(manifest)]
            environment = os.environ | {"WORKBENCH_HOME": str(Path(folder, "home"))}
            output = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout
        found = json.loads(output)
        mib = [f"{found[name] / 2**20:.0f}" for name in ("set", "run", "scored")]
        print(
            f"{count:>7}  {found['read_seconds']:>5.1f} s  {1000 * found['run_seconds'] / count:>15.2f}  "
            f"{1000 * found['run_processor_seconds'] / count:>9.2f}  {mib[0]:>18}  {mib[1]:>5}  {mib[2]:>6}"
        )
    return 0


def write_manifest(folder: Path, count: int) -> Path:
    """A set of so many items over a few noises of half a second."""
    draw = np.random.default_rng(0)
    for number in range(FILES):
        with wave.open(str(folder / f"{number}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(16_000)
            file.writeframes(draw.integers(-3000, 3000, 8000, dtype=np.int16).tobytes())
    manifest = folder / "manifest.jsonl"
    with manifest.open("w", encoding="utf-8") as file:
        for number in range(count):
            text = f"item {number} says a sentence of nine words or so"
            line = {"id": f"i{number:06d}", "audio": f"{number % FILES}.wav", "text": text, "language": "en"}
            file.write(json.dumps(line) + "\n")
    return manifest


def measure(manifest: Path) -> dict[str, float]:
    """Resident bytes once the set is read, at the end of the run, and once it is scored."""
    from workbench import services
    from workbench.engines.pool import EnginePool
    from workbench.engines.scripted import ScriptedPlugin, offered
    from workbench.runs.records import RunStarted
    from workbench.settings import Settings

    process = psutil.Process()
    found: dict[str, float] = {}
    with offered(ScriptedPlugin()) as plugin:
        plugin.script = {"*": "item says a sentence of ten words or so"}
        pool, began, used = EnginePool(Settings.from_env()), time.monotonic(), 0.0
        run_id = ""
        for event in services.bench_events([str(manifest)], engine="scripted", pool=pool, measure="single"):
            if isinstance(event, RunStarted):
                run_id = event.run_id
                found["set"], found["read_seconds"] = process.memory_info().rss, time.monotonic() - began
                began, used = time.monotonic(), time.process_time()
            plugin.journal.calls.clear()  # the clips that it was given
        found["run"], found["run_seconds"] = process.memory_info().rss, time.monotonic() - began
        found["run_processor_seconds"] = time.process_time() - used
        plugin.script = {}
        services.summary(run_id, pool=pool)
        found["scored"] = process.memory_info().rss
    return found


if __name__ == "__main__":
    sys.exit(main())
