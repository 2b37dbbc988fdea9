"""Small runs in memory, to report on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from workbench.pipeline.measurement import Measurement
from workbench.runs.records import ItemFailure, ItemOutcome, ItemResult, RunRecord, RunSpec
from workbench.runs.store import StoredRun

PAIRS = {
    "one": ("我们用 API 打开文件。", "我們用 api 打開檔案"),
    "two": ("turn the light off", "turn the lights of"),
    "three": ("会议在下午3点", "会议在下午三点"),
    "four": ("谢谢大家", "谢谢 谢谢大家"),
    "five": ("谢谢", ""),
}

SPEC: dict[str, Any] = {
    "eval_set": "demo", "set_digest": "0" * 64, "set_language": "zh-en", "engine": "scripted", "model_id": "none",
    "revision": "1", "language": "set", "context": "", "chain": "", "device": "cpu", "dtype": "float32",
    "batch_size": 1, "options": {"beam_size": 5, "vad": False},
}  # fmt: skip
MACHINE: dict[str, Any] = {
    "cpu": "A processor", "cpus_usable": 2, "memory_bytes": 8e9, "gpus": [], "python": "3.11.7", "platform": "Linux",
    "git": {"commit": "c0ffee", "dirty": False}, "packages": {"jiwer": "4.0.0"},
}  # fmt: skip


def heard(name: str, said: str, text: str, **given: Any) -> ItemResult:
    """One clip of two seconds."""
    cost = Measurement(wall_seconds=0.5, cpu_seconds=0.4, audio_seconds=2.0, peak_rss_bytes=300_000_000)
    known: dict[str, Any] = {"language": "zh", "finish": "eos", "measurement": cost} | given
    return ItemResult(id=name, reference=said, text=text, raw=text, **known)


def outcomes_of(pairs: Mapping[str, tuple[str, str]]) -> tuple[ItemOutcome, ...]:
    """Each pair as a clip, in two rooms, and one that failed."""
    results = [
        heard(name, said, text, tags={"room": "hall" if place % 2 else "office"})
        for place, (name, (said, text)) in enumerate(pairs.items())
    ]
    lost = ItemFailure(id="six", reference="再见", error="AudioUnreadable", message="six.wav cannot be read.", tags={})
    return (*results, lost)


@pytest.fixture(scope="session")
def make_run() -> Callable[..., StoredRun]:
    """`make_run(outcomes=…, run_id=…, **fields of the spec)`."""

    def make(
        outcomes: tuple[ItemOutcome, ...] = outcomes_of(PAIRS),
        *,
        run_id: str = "20260102-030405-demo-scripted-abcdef",
        passed: Mapping[str, Any] | None = None,
        environment: Mapping[str, Any] | None = None,
        **spec: Any,
    ) -> StoredRun:
        record = RunRecord(
            run_id=run_id,
            passed={"sets": ["demo"], "engine": "scripted", "limit": 6} if passed is None else passed,
            spec=RunSpec(**SPEC | {"items": len(outcomes)} | spec),
            environment=MACHINE if environment is None else environment,
            status="success",
            created="2026-01-02T03:04:05+00:00",
            finished="2026-01-02T03:04:15+00:00",
            wall_seconds=3.0,
        )
        return StoredRun(record=record, outcomes=outcomes)

    return make
