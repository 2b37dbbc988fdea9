"""A sweep that is killed again and again against one that is not: the same table, and nothing computed twice.

python scripts/measure_sweep.py --engine builtin --engine whisper:FOLDER --limit 6 \\
    --option builtin/temperature_fallback=false

Without that option Whisper's sampled windows may differ from run to run, whether it is killed or not.

Two engines, six chains, the four spoken demo sets. One sweep runs undisturbed in a home of its own; the other is killed
(SIGKILL) after every so many seconds and started again until it ends. A second engine comes out of the built-in one's
weights with scripts/convert_builtin_to_transformers.py.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

CHAINS = ("", "highpass", "gain:peak_db=-3", "loudness", "highpass+gain", "compressor")
SETS = ("english-demo", "mandarin-demo", "cantonese-demo", "code-mixed-demo")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", action="append", required=True)
    parser.add_argument("--limit", type=int, default=6)
    parser.add_argument("--option", action="append", default=[], metavar="ENGINE/KEY=VALUE")
    parser.add_argument("--kill-after", type=float, default=60.0, help="seconds")
    arguments = parser.parse_args()
    command = [sys.executable, "-m", "workbench.cli", "sweep", *SETS, "--limit", str(arguments.limit), "--json"]
    command += [word for chain in CHAINS for word in ("--chain", chain)]
    command += [word for engine in arguments.engine for word in ("--engine", engine)]
    command += [word for option in arguments.option for word in ("--option", option)]
    with tempfile.TemporaryDirectory() as folder:
        whole, began = run(command, Path(folder, "whole")), time.monotonic()
        killed, kills = run_killed(command, Path(folder, "killed"), arguments.kill_after)
        seconds = time.monotonic() - began
        journals = list(Path(folder, "killed").glob("runs/*/items.jsonl"))
        lines = [json.loads(line) for path in journals for line in path.read_text(encoding="utf-8").splitlines()]
    cells = len(CHAINS) * len(arguments.engine) * len(SETS)
    print(f"{cells} cells, killed {kills} times; with the interruptions {seconds:.0f} s.")
    print(f"Runs: {len(journals)}; clips in their journals: {len(lines)} of {cells * arguments.limit}.")
    print(f"The tables are {'the same' if table(whole) == table(killed) else 'NOT the same'}.")
    for row in whole:
        figure = row["metrics"][row["headline"]]["rate"]
        said = "baseline" if row["against"] is None else row["against"]["metrics"][row["headline"]]["sentence"]
        print(
            f"  {row['place']:>5}  {row['engine'].partition(':')[0]} · {row['chain'] or 'none'}: {figure:.3f}  {said}"
        )
    return 0 if table(whole) == table(killed) else 1


def run(command: list[str], home: Path) -> list[dict[str, Any]]:
    done = subprocess.run(command, env=os.environ | {"WORKBENCH_HOME": str(home)}, stdout=subprocess.PIPE, check=False)
    return json.loads(done.stdout)


def run_killed(command: list[str], home: Path, seconds: float) -> tuple[list[dict[str, Any]], int]:
    """The table of a sweep that was killed as often as it did not end in time; each try has a little longer."""
    kills = 0
    while True:
        process = subprocess.Popen(
            command,
            env=os.environ | {"WORKBENCH_HOME": str(home)},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            output, _ = process.communicate(timeout=seconds * (1 + kills / 10))
            return json.loads(output), kills
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            kills += 1


def table(rows: list[dict[str, Any]]) -> list[Any]:
    """What a table says of errors: times differ from run to run."""
    return [
        (
            row["place"],
            row["engine"],
            row["chain"],
            row["metrics"],
            None if row["against"] is None else row["against"]["metrics"],
            [(one["set"], one["rate"], one["ci95"]) for one in row["sets"]],
        )
        for row in sorted(rows, key=lambda one: (one["engine"], one["chain"]))
    ]


if __name__ == "__main__":
    sys.exit(main())
