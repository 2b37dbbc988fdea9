"""The command line as a process of its own: signals, pipes, and a server from start to end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

RUN = """
import sys
from workbench.cli import main
from workbench.engines.scripted import ScriptedPlugin, offered
with offered(ScriptedPlugin(delay_seconds=0.5)):
    sys.exit(main(sys.argv[1:]))
"""


def start(home: Path, *words: object) -> subprocess.Popen[str]:
    environment = os.environ | {"WORKBENCH_HOME": str(home), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-c", RUN, *map(str, words)]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        preexec_fn=heed_ctrl_c,
    )


def heed_ctrl_c() -> None:
    """A shell that starts tests in the background has Ctrl-C ignored, and what it starts would ignore it too."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.slow
def test_ctrl_c_ends_a_benchmark_with_130_and_keeps_what_is_done(workbench_home: Path, demo_set: Path) -> None:
    process = start(workbench_home, "bench", demo_set, "--engine", "scripted", "--json")
    assert process.stderr is not None
    lines: list[str] = []
    while not any(line.startswith("[1/3]") for line in lines):
        lines.append(process.stderr.readline())
        assert lines[-1], "".join(lines)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert json.loads(out)["error"]["code"] == "Cancelled"
    assert "Traceback" not in err
    (record,) = (json.loads(path.read_text()) for path in (workbench_home / "runs").glob("*/run.json"))
    assert record["status"] == "cancelled"
    resumed = start(workbench_home, "bench", demo_set, "--engine", "scripted", "--json")
    document = json.loads(resumed.communicate(timeout=60)[0])
    assert (document["run_id"], document["scored"]) == (record["run_id"], 3)


def test_a_reader_that_stops_early_is_no_accident(workbench_home: Path) -> None:
    script = f"{sys.executable} -c 'from workbench.cli import main; main()' sets --json | head -c 10"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert len(done.stdout) == 10
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


@pytest.fixture
def serving(workbench_home: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = start(workbench_home, "serve", "--port", 0, "--engine", "scripted", "--json")
    assert process.stdout is not None
    lines: list[str] = []
    while not lines or lines[-1] != "}\n":
        lines.append(process.stdout.readline())
        assert lines[-1], process.stderr and process.stderr.read()
    yield process, json.loads("".join(lines))["url"]
    if process.poll() is None:
        process.kill()
    process.communicate()


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, -signal.SIGTERM)])
def test_the_server_says_where_it_is_serves_and_leaves_nothing(
    serving: tuple[subprocess.Popen[str], str], workbench_home: Path, spoken: Path, number: signal.Signals, code: int
) -> None:
    process, url = serving
    assert url.startswith("http://127.0.0.1:")
    assert "gradio" in httpx.get(f"{url}/", timeout=30).text
    deadline = time.monotonic() + 30
    while [state["state"] for state in httpx.get(f"{url}/health").json()["engines"]] != ["ready"]:
        assert time.monotonic() < deadline
    answer = httpx.post(
        f"{url}/v1/audio/transcriptions", data={"model": "scripted"}, files={"file": spoken.read_bytes()}, timeout=60
    )
    assert answer.json()["text"] == "3.40 seconds"
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == code, err
    assert f"Workbench on {url} (model loading…)" in err
    assert "scripted is ready after" in err
    assert "Traceback" not in err
    assert [path for path in (workbench_home / "tmp").rglob("*") if path.is_file()] == []
