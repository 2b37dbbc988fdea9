"""The command line as a process of its own: signals, pipes, and a server from start to end."""

from __future__ import annotations

import ipaddress
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

RUN = """
import sys
from workbench.cli import main
from workbench.engines.scripted import ScriptedPlugin, offered
with offered(ScriptedPlugin(delay_seconds=0.5)):
    sys.exit(main(sys.argv[1:]))
"""


def start(home: Path, *words: object, as_installed: bool = False) -> subprocess.Popen[str]:
    """A command with the scripted engine; or, as it is installed, without, and with what is done before it begins."""
    environment = os.environ | {"WORKBENCH_HOME": str(home), "PYTHONUNBUFFERED": "1"}
    program = ["-m", "workbench.cli"] if as_installed else ["-c", RUN]
    command = [sys.executable, *program, *map(str, words)]
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


@pytest.mark.slow
def test_a_server_with_a_token_opens_to_its_link_once_and_to_the_token(workbench_home: Path) -> None:
    process = start(workbench_home, "serve", "--port", 0, "--engine", "scripted", "--token", "--json")
    assert process.stdout is not None
    lines: list[str] = []
    while not lines or lines[-1] != "}\n":
        lines.append(process.stdout.readline())
        assert lines[-1], process.stderr and process.stderr.read()
    said = json.loads("".join(lines))
    token_file = Path(said["token_file"])
    try:
        assert httpx.get(f"{said['url']}/health").status_code == 401
        with httpx.Client(follow_redirects=True, timeout=30) as visitor:
            assert visitor.get(said["link"]).status_code == 200
            assert visitor.get(f"{said['url']}/health").status_code == 200
        assert httpx.get(said["link"]).status_code == 401
        bearer = {"Authorization": f"Bearer {token_file.read_text().strip()}"}
        made = httpx.post(f"{said['url']}/access/links", headers=bearer)
        assert made.status_code == 201
        assert httpx.get(made.json()["link"]).status_code == 303
    finally:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert f"This link opens once: {said['link']}" in err
    assert not token_file.exists()


def own_address() -> str | None:
    """One of this machine's that others may reach; None where it has none."""
    up = {name for name, one in psutil.net_if_stats().items() if one.isup}
    found = [
        one.address
        for name, addresses in psutil.net_if_addrs().items()
        for one in addresses
        if name in up and one.family == socket.AF_INET and not ipaddress.ip_address(one.address).is_loopback
    ]
    return found[0] if found else None


@pytest.mark.slow
def test_a_server_for_other_machines_goes_by_its_address_and_asks_for_the_token(workbench_home: Path) -> None:
    address = own_address()
    if address is None:
        pytest.skip("this machine has no address but loopback's")
    words = ("serve", "--host", address, "--allow-remote", "--port", 0, "--json")
    process = start(workbench_home, *words, as_installed=True)
    assert process.stdout is not None
    lines: list[str] = []
    while not lines or lines[-1] != "}\n":
        lines.append(process.stdout.readline())
        assert lines[-1], process.stderr and process.stderr.read()
    said = json.loads("".join(lines))
    url, port = said["url"], int(said["url"].rpartition(":")[2])
    try:
        assert url == f"http://{address}:{port}"
        assert said["sealed"]["kernel"] or said["sealed"]["guard"], said["sealed"]
        assert httpx.get(f"{url}/health", trust_env=False).status_code == 401
        bearer = {"Authorization": f"Bearer {Path(said['token_file']).read_text().strip()}"}
        by_name = {
            host: httpx.get(f"{url}/health", headers=bearer | {"Host": host}, trust_env=False).status_code
            for host in (f"{address}:{port}", f"localhost:{port}", f"evil.example:{port}", f"198.51.100.9:{port}")
        }
        assert list(by_name.values()) == [200, 200, 403, 403]
        with httpx.Client(follow_redirects=True, timeout=30, trust_env=False) as visitor:
            assert "gradio" in visitor.get(said["link"]).text
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False)
    finally:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert "The connection is not encrypted" in err
    assert "ssh -L" in err
