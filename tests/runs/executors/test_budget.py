"""Batches kept within memory: what is predicted from batches seen, and that a device of a known law is never asked
for more than it has."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from workbench.audio.clip import AudioClip
from workbench.audio.steps import parse_chain
from workbench.engines.base import DecodeOptions, EngineInfo, Hypothesis
from workbench.engines.gauges import memory_gauge
from workbench.engines.memory import MemoryState, free_memory, memory_state
from workbench.engines.pool import EnginePool
from workbench.engines.qwen3 import PLUGIN
from workbench.engines.registry import EngineRef
from workbench.engines.scripted import ScriptedEngine, ScriptedPlugin, offered
from workbench.evalsets.model import EvalSet
from workbench.runs.benchmark import run_benchmark
from workbench.runs.executors import lane
from workbench.runs.executors.budget import MARGIN, MemoryBudget, Seen, predict_excess
from workbench.runs.records import ItemResult
from workbench.runs.store import RunStore
from workbench.settings import Settings

TINY = Path(__file__).parents[2] / "fixtures" / "tiny-qwen3-asr"
MIB = 1024**2
SHAPES = st.lists(st.tuples(st.integers(1, 32), st.floats(0.5, 30.0)), min_size=1, max_size=8)
LAWS = st.tuples(st.floats(0, 500), st.floats(0, 50), st.floats(0, 20)).filter(lambda law: sum(law) > 0.1)


def took(law: tuple[float, float, float], clips: int, seconds: float) -> Seen:
    """A batch by a law in MiB: fixed, for each clip, for each padded second."""
    excess = law[0] + law[1] * clips + law[2] * clips * seconds
    return Seen(clips=clips, seconds=clips * seconds, excess_bytes=round(excess * MIB))


@hypothesis_settings(deadline=None)
@given(law=LAWS, seen=SHAPES, wanted=st.tuples(st.integers(1, 32), st.floats(0.5, 30.0)))
def test_no_device_of_such_a_law_takes_more_than_predicted(
    law: tuple[float, float, float], seen: list[tuple[int, float]], wanted: tuple[int, float]
) -> None:
    batches = [took(law, *one) for one in seen]
    predicted = predict_excess(batches, wanted[0], wanted[0] * wanted[1])
    assert predicted is not None
    assert predicted >= took(law, *wanted).excess_bytes * 0.999 - 64
    first = predict_excess(batches[:1], wanted[0], wanted[0] * wanted[1])
    assert first is not None
    assert predicted <= first


def test_one_batch_tells_of_a_larger_one_in_proportion() -> None:
    seen = [Seen(clips=4, seconds=40.0, excess_bytes=100 * MIB)]
    assert predict_excess(seen, 4, 80.0) == pytest.approx(200 * MIB)  # twice the seconds
    assert predict_excess(seen, 12, 40.0) == pytest.approx(300 * MIB)  # three times the clips
    assert predict_excess(seen, 2, 10.0) == pytest.approx(100 * MIB)  # it may all be fixed
    nearer = Seen(clips=4, seconds=70.0, excess_bytes=140 * MIB)
    assert predict_excess([*seen, nearer], 4, 80.0) == pytest.approx(160 * MIB)
    assert predict_excess([], 4, 80.0) is None


def budget(held: int, free: int, workers: int = 1) -> tuple[MemoryBudget, list[MemoryState]]:
    now = [MemoryState(held_bytes=held * MIB, free_bytes=free * MIB)]
    made = MemoryBudget("cpu", workers, read=lambda *_: now[0])
    made.begin(object())  # type: ignore[arg-type]
    return made, now


def test_as_many_as_the_share_of_free_memory_holds() -> None:
    found, now = budget(held=1000, free=1000)
    lengths = [10.0] * 20
    assert found.most(lengths) == 20  # nothing is known yet
    found.learn(lengths[:2], (1000 + 200) * MIB)  # 100 MiB a clip, as far as is known
    assert found.most(lengths) == 8  # 80 % of 1000
    assert found.most(lengths[:8]) == 8
    assert found.most([10.0, 200.0]) == 1
    now[0] = MemoryState(held_bytes=1500 * MIB, free_bytes=500 * MIB)  # it kept 500: those are its own
    assert found.most(lengths) == 9
    shared, _ = budget(held=1000, free=1000, workers=4)
    shared.learn(lengths[:2], 1200 * MIB)
    assert shared.most(lengths) == 2


def test_what_cannot_be_told_limits_nothing() -> None:
    unknown = MemoryBudget("mps", read=memory_state)
    unknown.begin(object())  # type: ignore[arg-type]
    unknown.learn([1.0], 10**12)
    assert unknown.most([1.0] * 9) == 9


class SmallGpu(ScriptedPlugin):
    """An engine on a device of 1000 MiB, 300 of them weights, whose memory follows a law; it keeps what it was given.

    A test device: padded samples count, since the tones are short.
    """

    total, weights = 1000 * MIB, 300 * MIB
    fixed, a_clip, a_second = 20 * MIB, 10 * MIB, 500 * MIB

    def __init__(self) -> None:
        super().__init__(name="small-gpu")
        self.kept, self.sizes = self.weights, list[int]()

    def info(self, model: str | None, settings: Settings) -> EngineInfo:
        return replace(super().info(model, settings), device="cuda:0")

    def read(self, device: str, pid: int | None) -> MemoryState:
        assert device == "cuda:0"
        return MemoryState(held_bytes=self.kept, free_bytes=self.total - self.kept)

    def load(self, model: str | None, settings: Settings) -> ScriptedEngine:
        plugin = self

        class Engine(ScriptedEngine):
            def transcribe(self, clips: Sequence[AudioClip], options: DecodeOptions) -> list[Hypothesis]:
                padded = len(clips) * max(clip.duration for clip in clips)
                needs = plugin.weights + plugin.fixed + plugin.a_clip * len(clips) + plugin.a_second * padded
                plugin.sizes.append(len(clips))
                if needs > plugin.total:
                    raise MemoryError
                plugin.kept = max(plugin.kept, round(needs))
                return super().transcribe(clips, options)

        return Engine(self, self.info(model, settings))


def test_a_device_of_a_known_law_never_runs_out(
    tones: EvalSet, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpu = SmallGpu()
    many = replace(
        tones, items=tuple(replace(item, id=f"{item.id}-{n}") for n in range(6) for item in tones.items)
    )  # 36 clips of 0.10 … 0.15 s: 12 of the longest need 1320 MiB
    monkeypatch.setattr(lane, "MemoryBudget", partial(MemoryBudget, read=gpu.read))
    with offered(gpu):
        arguments: dict[str, Any] = {"engine": EngineRef.parse("small-gpu"), "chain": parse_chain(""), "batch_size": 8}
        events = list(run_benchmark(many, pool=EnginePool(settings), **arguments))
    assert sum(isinstance(one, ItemResult) for one in events) == 36
    record = RunStore(settings).list_runs()[0]
    assert not any("ran out" in note for note in record.notes)
    assert max(gpu.sizes) > 1
    needs = gpu.weights + gpu.fixed + gpu.a_clip * 8 + gpu.a_second * 8 * 0.15
    assert needs > MARGIN * gpu.total  # so that it had to be cut
    assert any(note.startswith("Memory was predicted not to hold 8 clips together") for note in record.notes)
    assert gpu.kept <= gpu.total


def excesses_of_tiny_qwen3(home: Path) -> list[tuple[int, int]]:
    """Of batches of 20 s clips, how many clips and what they took; to be called in a new process."""
    engine = PLUGIN.load(str(TINY), Settings(home=home, device="cpu"))
    noise = np.random.default_rng(0).normal(0, 0.1, 20 * 16_000).astype(np.float32)
    clip, options = AudioClip(samples=noise, sample_rate=16_000), DecodeOptions(max_new_tokens=2)
    rest = psutil.Process().memory_info().rss
    found: list[tuple[int, int]] = []
    for count in (2, 6, 12):
        gauge = memory_gauge()
        gauge.start()
        engine.transcribe([clip] * count, options)
        found.append((count, gauge.stop()["peak_rss_bytes"] - rest))
    return found


def test_the_tiny_qwen3_takes_no_more_than_predicted_from_smaller_batches(tmp_path: Path) -> None:
    # A process of its own: what other tests left in this one's allocator would not show as taken.
    code = f"import json, runpy; from pathlib import Path; told = runpy.run_path({str(Path(__file__))!r}); "
    code += f"print(json.dumps(told['excesses_of_tiny_qwen3'](Path({str(tmp_path)!r}))))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seen: list[Seen] = []
    for count, excess in json.loads(done.stdout.splitlines()[-1]):
        predicted = predict_excess(seen, count, count * 20.0)
        assert predicted is None or 0 < excess <= 1.1 * predicted
        seen.append(Seen(clips=count, seconds=count * 20.0, excess_bytes=excess))
    assert seen[-1].excess_bytes > seen[0].excess_bytes > 0


class TestMemoryNow:
    def test_of_a_process(self) -> None:
        found = memory_state("cpu", os.getpid())
        assert found is not None
        assert found.held_bytes > 10 * MIB
        assert 0 < found.free_bytes <= psutil.virtual_memory().total
        assert memory_state("cpu", 2**22 + 1) is None
        assert memory_state("remote") is None

    def test_a_containers_limit_counts_and_what_it_holds_of_files_is_free(self, tmp_path: Path) -> None:
        (tmp_path / "memory.max").write_text(f"{64 * MIB}\n")
        (tmp_path / "memory.current").write_text(f"{40 * MIB}\n")
        (tmp_path / "memory.stat").write_text(f"anon 1\ninactive_file {10 * MIB}\n")
        assert free_memory(tmp_path) == 34 * MIB
        (tmp_path / "memory.max").write_text("max\n")
        assert free_memory(tmp_path) > 34 * MIB
        assert free_memory(tmp_path / "none") > 34 * MIB
