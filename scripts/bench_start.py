"""How long `workbench` takes to start, against importing gradio alone, in the same run, taking turns.

    python scripts/bench_start.py [--turns 3]

`--help` and `import gradio` are whole processes. `serve` is begun on a free port in a new home, with the built-in
weights already there; the page is asked for over and over until it answers, then until the model is ready. Told are
the medians of elapsed and of processor seconds (other work on the machine changes the latter less), and the resident
memory of the server and of the engine's process once the model is ready.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import psutil

from workbench.engines.builtin import assembled_folder
from workbench.settings import Settings

MAIN = "import sys; from workbench.cli import main; sys.exit(main())"
LOOK_SECONDS = 0.02
MOST_SECONDS = 120.0

Figures = dict[str, float]


def run_once(code: str, words: Sequence[str], home: Path) -> Figures:
    """A process from its start to its end."""
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-c", code, *words], stdout=subprocess.DEVNULL, env=os.environ | {"WORKBENCH_HOME": str(home)}
    ) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, code
    return {"wall_seconds": time.perf_counter() - began, "cpu_seconds": used.ru_utime + used.ru_stime}


@contextmanager
def server(home: Path) -> Generator[tuple[psutil.Process, str, float]]:
    """`workbench serve` just begun: its process, its address, and when it was begun."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-c", MAIN, "serve", "--port", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | {"WORKBENCH_HOME": str(home)},
    ) as process:  # fmt: skip
        try:
            yield psutil.Process(process.pid), f"http://127.0.0.1:{port}", began
        finally:
            process.send_signal(signal.SIGINT)


def asked_until(url: str, is_there: Any) -> float:
    """When an address first gave such an answer."""
    last = time.perf_counter() + MOST_SECONDS
    with httpx.Client(trust_env=False, timeout=MOST_SECONDS) as client:
        while time.perf_counter() < last:
            try:
                if is_there(client.get(url)):
                    return time.perf_counter()
            except httpx.TransportError:
                pass
            time.sleep(LOOK_SECONDS)
    raise TimeoutError(f"{url} gave no such answer in {MOST_SECONDS:.0f} s.")


def start_server(home: Path) -> dict[str, Figures]:
    """A server until its page answers, and until its model is ready."""
    with server(home) as (process, url, began):
        page = asked_until(url, lambda answer: answer.status_code == 200 and b"gradio" in answer.content)
        spent = process.cpu_times()
        ready = asked_until(f"{url}/health", _is_ready)
        memory = [one.memory_info().rss / 2**20 for one in (process, *process.children())]
        return {
            "serve, page": {"wall_seconds": page - began, "cpu_seconds": spent.user + spent.system},
            "serve, model": {"wall_seconds": ready - began, "server_mib": memory[0], "children_mib": sum(memory[1:])},
        }


def _is_ready(answer: httpx.Response) -> bool:
    return any(one["state"] == "ready" for one in answer.json()["engines"])


def main() -> None:
    """Take turns, then say the medians."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--turns", type=int, default=3)
    turns = parser.parse_args().turns
    found: dict[str, list[Figures]] = {}
    with tempfile.TemporaryDirectory(prefix="bench-start-") as folder:
        home = Path(folder)
        assembled_folder(Settings(home=home))
        start_server(home)  # reads everything from the disk once
        print(f"load {psutil.getloadavg()[0]:.1f}")
        for _ in range(turns):
            found.setdefault("--help", []).append(run_once(MAIN, ["--help"], home))
            found.setdefault("import gradio", []).append(run_once("import gradio", [], home))
            for name, figures in start_server(home).items():
                found.setdefault(name, []).append(figures)
    medians = {
        name: {key: round(median(one[key] for one in several), 2) for key in several[0]}
        for name, several in found.items()
    }
    for name, figures in medians.items():
        print(f"{name:14} {json.dumps(figures)}")
    page, gradio = medians["serve, page"], medians["import gradio"]
    for key in ("wall_seconds", "cpu_seconds"):
        print(f"page / import gradio, {key}: {page[key] / gradio[key]:.2f}")
    print(f"load {psutil.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
