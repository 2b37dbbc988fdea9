"""A crowd at the server: no wrong answer, a bounded queue, and /health in time.

    python scripts/load_server.py [--clients 100] [--json]

Starts `workbench serve` with the scripted engine, which answers how long each recording is, and sends that many clients
at once. Each opens the page, asks how the server is, and sends a recording of a length of its own three times; where it
is refused for want of room it waits as it is told and tries again. A process of its own asks /health every 50 ms.
Exit code 1 where a bar of issue "Private and dependable" is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import httpx
import numpy as np
import psutil
import soundfile

SERVE = """
import sys
from workbench.cli import main
from workbench.engines.scripted import ScriptedPlugin, describe, offered
def answer(clip):
    plugin.journal.calls.clear()  # they hold all the sound there was
    return describe(clip)
plugin = ScriptedPlugin(script=answer, delay_seconds=0.05)
with offered(plugin):
    sys.exit(main(sys.argv[1:]))
"""
CONTROL = """
import asyncio
async def answer(reader, writer):
    while await reader.readuntil(b"\\r\\n\\r\\n"):
        writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\n{}")
        await writer.drain()
async def main():
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""
"""What any server answers in, on a machine that is as busy as this one."""
PROBE = """
import http.client, json, sys, time
host, port = sys.argv[1:]
connection = http.client.HTTPConnection(host, int(port), timeout=60)
while True:
    began = time.perf_counter()
    connection.request("GET", "/health")
    answer = connection.getresponse()
    answer.read()
    print(json.dumps([answer.status, time.perf_counter() - began]), flush=True)
    time.sleep(0.05)
"""
MOST_P99_SECONDS = 0.2
MOST_GROWTH_BYTES = 50 * 1024**2
SPOKEN = Path(__file__).resolve().parent.parent / "eval_sets" / "english-demo" / "audio" / "e01.flac"
SENT_EACH = 3
TRIES = 200


@dataclass
class Found:
    """What came of it.

    Attributes:
        clients: How many there were at once.
        seconds: From the first request to the last answer.
        transcribed: Right answers.
        wrong: Answers that are of another recording, or none.
        given_up: Recordings that were refused every time.
        statuses: How often each request was answered with which status.
        errors: Connections that broke, by kind.
        health_p50_seconds: Median of /health while the crowd was there.
        health_p99_seconds: Its 99th percentile.
        health_refused: /health answers that were not 200.
        control_p99_seconds: What the 99th percentile of a server was that does nothing else, beside it.
        growth_bytes: Resident memory of the server and its children after, less before.
    """

    clients: int
    seconds: float = 0.0
    transcribed: int = 0
    wrong: int = 0
    given_up: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)
    health_p50_seconds: float | None = None
    health_p99_seconds: float | None = None
    health_refused: int = 0
    control_p99_seconds: float | None = None
    growth_bytes: int = 0

    @property
    def as_promised(self) -> bool:
        in_time = self.health_p99_seconds is not None and self.health_p99_seconds <= MOST_P99_SECONDS
        return not self.wrong and not self.errors and in_time and self.growth_bytes <= MOST_GROWTH_BYTES


@contextmanager
def served() -> Generator[tuple[str, psutil.Process]]:
    """A server of its own, in an empty home."""
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-c", SERVE, "serve", "--port", "0", "--engine", "scripted", "--json"]
        environment = os.environ | {"WORKBENCH_HOME": home}
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
        )
        try:
            assert process.stdout is not None
            lines: list[str] = []
            while not lines or lines[-1] != "}\n":
                lines.append(process.stdout.readline())
                if not lines[-1]:
                    raise SystemExit("The server did not start.")
            yield json.loads("".join(lines))["url"], psutil.Process(process.pid)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def recording(hundredths: int) -> tuple[bytes, str]:
    """So many hundredths of a second of speech as a WAV, and what the engine says of it."""
    samples, rate = soundfile.read(SPOKEN, dtype="float32")
    wanted = hundredths * rate // 100
    file = io.BytesIO()
    soundfile.write(file, np.resize(samples, wanted), rate, format="WAV")
    return file.getvalue(), f"{hundredths / 100:.2f} seconds"


def count(counts: dict[str, int], name: str) -> None:
    counts[name] = counts.get(name, 0) + 1


async def visit(client: httpx.AsyncClient, number: int, found: Found) -> None:
    """What one client does."""
    for path in ("/", "/health", "/v1/models"):
        count(found.statuses, f"{path} {(await client.get(path)).status_code}")
    content, expected = recording(200 + number)
    for _ in range(SENT_EACH):
        await transcribe(client, content, expected, found)


async def transcribe(client: httpx.AsyncClient, content: bytes, expected: str, found: Found) -> None:
    for _ in range(TRIES):
        answer = await client.post(
            "/v1/audio/transcriptions", data={"model": "scripted"}, files={"file": ("talk.wav", content)}
        )
        count(found.statuses, f"transcription {answer.status_code}")
        if answer.status_code != 503:
            right = answer.status_code == 200 and answer.json()["text"] == expected
            found.transcribed += right
            found.wrong += not right
            if not right:
                print(f"Sent {expected}, was told {answer.text[:200]}", file=sys.stderr)
            return
        polite = answer.json()["error"]["message"].endswith(".") and float(answer.headers["retry-after"]) > 0
        found.wrong += not polite
        await asyncio.sleep(float(answer.headers["retry-after"]) * (0.5 + np.random.default_rng().random()))
    found.given_up += 1


async def crowd(url: str, clients: int, found: Found) -> None:
    """All at once."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=url, timeout=300, trust_env=False, limits=limits) as client:

        async def one(number: int) -> None:
            try:
                await visit(client, number, found)
            except httpx.HTTPError as error:
                count(found.errors, type(error).__name__)

        await asyncio.gather(*(one(number) for number in range(clients)))


def resident(process: psutil.Process) -> int:
    """Bytes of the process and its children."""
    return sum(one.memory_info().rss for one in (process, *process.children(recursive=True)))


@contextmanager
def probed(host: str, port: int) -> Generator[list[tuple[int, float]]]:
    """Ask /health all the time, from a process that does nothing else: status and seconds, there after the block."""
    probe = subprocess.Popen([sys.executable, "-c", PROBE, host, str(port)], stdout=subprocess.PIPE, text=True)
    answers: list[tuple[int, float]] = []
    try:
        yield answers
    finally:
        probe.terminate()
        lines, _ = probe.communicate()
        answers += [json.loads(line) for line in lines.splitlines() if line.endswith("]")]


@contextmanager
def control() -> Generator[int]:
    """A server that does nothing else, and its port."""
    process = subprocess.Popen([sys.executable, "-c", CONTROL], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


def quantile(answers: list[tuple[int, float]], at: float) -> float | None:
    return float(np.quantile([seconds for _, seconds in answers], at)) if answers else None


def measure(clients: int) -> Found:
    """One crowd at a server that has been used before."""
    found = Found(clients)
    with served() as (url, process):
        asyncio.run(crowd(url, 5, Found(5)))
        before = resident(process)
        address = httpx.URL(url)
        assert address.port is not None
        with control() as port, probed("127.0.0.1", port) as beside, probed(address.host, address.port) as health:
            began = time.perf_counter()
            asyncio.run(crowd(url, clients, found))
            found.seconds = time.perf_counter() - began
        found.health_refused = sum(status != 200 for status, _ in health)
        found.health_p50_seconds, found.health_p99_seconds = quantile(health, 0.5), quantile(health, 0.99)
        found.control_p99_seconds = quantile(beside, 0.99)
        found.growth_bytes = resident(process) - before
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--json", action="store_true", help="One JSON document.")
    given = parser.parse_args()
    found = measure(given.clients)
    if given.json:
        print(json.dumps(asdict(found) | {"as promised": found.as_promised}, indent=2))
    else:
        for name, value in asdict(found).items():
            print(f"{name.replace('_', ' ')}: {value}")
    return 0 if found.as_promised else 1


if __name__ == "__main__":
    sys.exit(main())
