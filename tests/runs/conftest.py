"""A small set of tones, a pool with a scripted engine, and a way to run the one through the other."""

from __future__ import annotations

import math
import struct
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from workbench.audio.steps import parse_chain
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef
from workbench.engines.scripted import ScriptedPlugin, offered
from workbench.evalsets.model import EvalItem, EvalSet
from workbench.runs.benchmark import run_benchmark
from workbench.runs.records import RunEvent
from workbench.runs.store import RunStore
from workbench.settings import Settings

Run = Callable[..., Iterator[RunEvent]]


def write_tone(path: Path, seconds: float) -> None:
    """A tone of that length; clips of different lengths get different answers from the scripted engine."""
    samples = [int(8000 * math.sin(n / 5)) for n in range(round(seconds * 16_000))]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))


@pytest.fixture
def tones(tmp_path: Path) -> EvalSet:
    """Six items t0 … t5 of 0.10 … 0.15 s."""
    items: list[EvalItem] = []
    for number in range(6):
        path = tmp_path / f"t{number}.wav"
        write_tone(path, 0.1 + number / 100)
        tags = {"parity": "odd" if number % 2 else "even", "number": number}
        items.append(EvalItem(id=f"t{number}", audio=path, reference=f"tone {number}", language="en", tags=tags))
    return EvalSet(name="tones", items=tuple(items), language="en")


@pytest.fixture
def scripted() -> Iterator[ScriptedPlugin]:
    """The scripted engine, known to the registry."""
    with offered(ScriptedPlugin()) as plugin:
        yield plugin


@pytest.fixture
def pool(scripted: ScriptedPlugin, settings: Settings) -> EnginePool:
    """A pool with nothing loaded."""
    return EnginePool(settings)


@pytest.fixture
def store(settings: Settings) -> RunStore:
    return RunStore(settings)


@pytest.fixture
def run(pool: EnginePool) -> Run:
    """Benchmarks a set with the scripted engine."""

    def start(eval_set: EvalSet, *, chain: str = "", engine: str = "scripted", **arguments: Any) -> Iterator[RunEvent]:
        return run_benchmark(eval_set, pool=pool, engine=EngineRef.parse(engine), chain=parse_chain(chain), **arguments)

    return start
