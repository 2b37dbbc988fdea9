"""Commands as people run them: sealed from their first import on, and doing their work all the same."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

SPOKEN = Path(__file__).resolve().parents[2] / "eval_sets" / "english-demo" / "audio" / "e01.flac"
# An engine of another package that tries to leave, and says as its text what became of it. A subprocess is not held
# back by Python's guard, so under it none is started: these tests send nothing anywhere.
ENGINE = """
import json, os, socket
from workbench import sealed
from workbench.engines.scripted import ScriptedPlugin
from workbench.sealed import canary

def tries(clip):
    held = sealed.layers()
    ways = canary.WAYS if held.kernel else canary.WAYS[:3] if held.guard else ()
    try:
        socket.create_connection(("127.0.0.1", int(os.environ["TRY_PORT"])), 10).close()
        here = "sent"
    except OSError as error:
        here = error.strerror
    return json.dumps({"layers": held.as_json(), "here": here, **canary.outcomes(ways)})

PLUGIN = ScriptedPlugin(name="tries", script=tries)
"""
REFUSED = {"namespace": (), "filter": ("namespace",), None: ("namespace", "syscall_filter")}
NEEDS = {"namespace": "namespaces", "filter": "filters"}


def program(layer: str | None) -> str:
    """The command line on a machine whose kernel refuses what is stronger than the layer."""
    refusals = "".join(f"{name}.enter = refuse\n" for name in REFUSED[layer])
    return f"""
import sys
from workbench.cli import main
from workbench.sealed import namespace, syscall_filter
def refuse():
    raise PermissionError(1, "as in a container")
{refusals}sys.exit(main())
"""


@pytest.fixture
def visited() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@pytest.fixture
def environment(tmp_path: Path, visited: socket.socket) -> dict[str, str]:
    """With the engine `tries` installed."""
    package = tmp_path / "package"
    (package / "tries-1.dist-info").mkdir(parents=True)
    (package / "tries.py").write_text(ENGINE)
    (package / "tries-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: tries\nVersion: 1\n")
    (package / "tries-1.dist-info" / "entry_points.txt").write_text("[workbench.engines]\ntries = tries:PLUGIN\n")
    own = {"PYTHONPATH": str(package), "WORKBENCH_HOME": str(tmp_path / "home")}
    return os.environ | own | {"TRY_PORT": str(visited.getsockname()[1])}


def transcribed(environment: dict[str, str], layer: str | None, *words: str) -> tuple[dict[str, Any], str]:
    command = [sys.executable, "-c", program(layer), "transcribe", str(SPOKEN), "--engine", "tries", "--json", *words]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(json.loads(done.stdout)[0]["text"]), done.stderr


@pytest.mark.parametrize("layer", ["namespace", "filter"])
def test_a_transcription_is_sealed_by_the_kernel_and_done(
    layer: str, environment: dict[str, str], request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(NEEDS[layer])
    found, _ = transcribed(environment, layer)
    assert found["layers"]["kernel"] == layer
    assert found["here"] == "Network is unreachable"
    assert_nothing_got_out(found)


def assert_nothing_got_out(found: dict[str, Any]) -> None:
    assert (found["tcp"], found["udp"], found["dns"]) == ("ENETUNREACH", "ENETUNREACH", "gaierror")
    assert "Network is unreachable" in found["subprocess"]


def test_where_the_kernel_refuses_python_guards(environment: dict[str, str]) -> None:
    found, _ = transcribed(environment, None)
    assert (found["layers"]["kernel"], found["layers"]["guard"]) == (None, True)
    assert "Operation not permitted" in found["layers"]["why"]
    assert found["tcp"] == found["udp"] == found["dns"] == "ENETUNREACH"
    assert found["here"] == "sent"


@pytest.mark.parametrize(("words", "variable"), [(["--no-seal"], {}), ([], {"WORKBENCH_SEAL": "0"})])
def test_who_asks_for_it_is_left_the_network(
    words: list[str], variable: dict[str, str], environment: dict[str, str]
) -> None:
    found, _ = transcribed(environment | variable, "namespace", *words)
    assert found["layers"]["sentence"] == f"Not sealed: {words[0] if words else 'WORKBENCH_SEAL=0'} was given."
    assert found["here"] == "sent"


def test_an_engine_that_needs_a_network_says_so_and_python_keeps_it_here(
    environment: dict[str, str], tmp_path: Path
) -> None:
    entry_points = tmp_path / "package" / "tries-1.dist-info" / "entry_points.txt"
    entry_points.write_text(entry_points.read_text() + "[workbench.network]\ntries = tries:PLUGIN\n")
    found, told = transcribed(environment, "namespace")
    assert "Guarded by Python only, not sealed by the kernel: the engine tries needs the network.\n" in told
    assert (found["here"], found["tcp"]) == ("sent", "ENETUNREACH")


@contextmanager
def served(environment: dict[str, str], layer: str | None) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    command = [sys.executable, "-c", program(layer), "serve", "--port", "0", "--engine", "tries", "--json"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment | {"PYTHONUNBUFFERED": "1"}
    )
    assert process.stdout is not None
    lines: list[str] = []
    while not lines or lines[-1] != "}\n":
        lines.append(process.stdout.readline())
        assert lines[-1], process.stderr and process.stderr.read()
    try:
        yield process, json.loads("".join(lines))
    finally:
        process.kill()
        process.communicate()


@pytest.mark.slow
@pytest.mark.parametrize("layer", ["namespace", "filter"])
def test_the_page_and_the_api_are_served_out_of_a_sealed_process(
    layer: str, environment: dict[str, str], request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(NEEDS[layer])
    with served(environment, layer) as (process, told):
        url = told["url"]
        assert told["sealed"]["kernel"] == layer
        assert "gradio" in httpx.get(f"{url}/", timeout=30).text
        deadline = time.monotonic() + 30
        while [state["state"] for state in httpx.get(f"{url}/health").json()["engines"]] != ["ready"]:
            assert time.monotonic() < deadline
        answer = httpx.post(
            f"{url}/v1/audio/transcriptions", data={"model": "tries"}, files={"file": SPOKEN.read_bytes()}, timeout=60
        )
        found = json.loads(answer.json()["text"])
        assert found["here"] == "Network is unreachable"
        assert_nothing_got_out(found)
        if layer == "namespace":
            assert packets_sent(process.pid) == {"lo": 0}
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        told_at_end = process.stderr.read()
        assert process.wait(timeout=30) == 0
        assert told["sealed"]["sentence"] in told_at_end
        assert "Stopped." in told_at_end


def packets_sent(pid: int) -> dict[str, int]:
    """By interface of its network namespace; those that never sent are left out, except for loopback."""
    rows = Path(f"/proc/{pid}/net/dev").read_text().splitlines()[2:]
    sent = {row.partition(":")[0].strip(): int(row.partition(":")[2].split()[9]) for row in rows}
    return {name: count for name, count in sent.items() if name == "lo" or count}
