"""Loaded once, used by one at a time, and given back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from workbench.audio.clip import AudioClip
from workbench.engines.base import DecodeOptions
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef
from workbench.engines.scripted import ScriptedPlugin, offered
from workbench.errors import EngineUnavailable, UnknownName
from workbench.settings import Settings

REF = EngineRef("scripted")
TIRED = EngineUnavailable("scripted", "it is tired", hint="Let it sleep.")
CLIP = AudioClip(samples=np.full(1600, 0.1, dtype=np.float32), sample_rate=16_000)


@pytest.fixture
def scripted() -> Iterator[ScriptedPlugin]:
    with offered(ScriptedPlugin()) as plugin:
        yield plugin


@pytest.fixture
def pool(settings: Settings, scripted: ScriptedPlugin) -> EnginePool:
    return EnginePool(settings)


def transcribe(pool: EnginePool, ref: EngineRef = REF) -> str:
    with pool.use(ref) as engine:
        return engine.transcribe([CLIP], DecodeOptions())[0].text


def at_once(count: int, work: Callable[[], object]) -> list[object]:
    """Results, or exceptions, of the same work in so many threads that begin together."""
    barrier = threading.Barrier(count)

    def begin() -> object:
        barrier.wait(5)
        try:
            return work()
        except Exception as error:
            return error

    with ThreadPoolExecutor(count) as threads:
        return [future.result(10) for future in [threads.submit(begin) for _ in range(count)]]


def test_many_callers_load_once(pool: EnginePool, scripted: ScriptedPlugin) -> None:
    scripted.load_seconds = 0.05
    engines = at_once(8, lambda: pool.get(REF))
    assert len(set(map(id, engines))) == 1
    assert scripted.journal.loads == 1


def test_one_caller_at_a_time_uses_the_device(pool: EnginePool, scripted: ScriptedPlugin) -> None:
    scripted.delay_seconds = 0.01
    assert at_once(6, lambda: transcribe(pool)) == ["0.10 seconds"] * 6
    assert len(scripted.journal.calls) == 6
    assert scripted.journal.most_at_once == 1


def test_two_engines_share_the_one_device(pool: EnginePool, scripted: ScriptedPlugin) -> None:
    inside: list[str] = []

    def answer(clip: AudioClip) -> str:
        inside.append("in")
        time.sleep(0.02)
        inside.append("out")
        return "done"

    with offered(ScriptedPlugin(name="other", script=answer)):
        scripted.script = answer
        refs = iter([REF, EngineRef("other")] * 3)
        at_once(6, lambda: transcribe(pool, next(refs)))
    assert inside == ["in", "out"] * 6


def test_models_of_one_engine_are_kept_apart(pool: EnginePool) -> None:
    first, second = pool.get(EngineRef("scripted", "a")), pool.get(EngineRef("scripted", "b"))
    assert (first.info.model_id, second.info.model_id) == ("a", "b")
    assert [state.ref for state in pool.states()] == ["scripted:a", "scripted:b"]


def test_unloading_closes_and_forgets(pool: EnginePool, scripted: ScriptedPlugin) -> None:
    before = pool.get(REF)
    assert pool.unload(REF) == [REF]
    assert scripted.journal.closes == 1
    assert pool.states() == []
    assert pool.get(REF) is not before


def test_unloading_one_leaves_the_others(pool: EnginePool) -> None:
    keep = pool.get(EngineRef("scripted", "keep"))
    pool.get(EngineRef("scripted", "drop"))
    assert pool.unload(EngineRef("scripted", "drop")) == [EngineRef("scripted", "drop")]
    assert pool.get(EngineRef("scripted", "keep")) is keep
    assert pool.unload(EngineRef("scripted", "never loaded")) == []


def test_unloading_waits_for_the_one_in_use(pool: EnginePool, scripted: ScriptedPlugin) -> None:
    with pool.use(REF):
        thread = threading.Thread(target=pool.unload)
        thread.start()
        thread.join(0.05)
        assert thread.is_alive()
        assert scripted.journal.closes == 0
    thread.join(5)
    assert scripted.journal.closes == 1


def test_who_waited_for_the_device_never_gets_a_closed_engine(pool: EnginePool, scripted: ScriptedPlugin) -> None:
    texts: list[str] = []
    with pool.device_lock:
        pool.get(REF)
        waiting = threading.Thread(target=lambda: texts.append(transcribe(pool)))
        waiting.start()
        time.sleep(0.05)  # it has its engine now, and waits for the device
        pool.unload()
    waiting.join(5)
    assert texts == ["0.10 seconds"]
    assert scripted.journal.loads == 2


def test_a_failed_load_is_shown_and_tried_again(pool: EnginePool, scripted: ScriptedPlugin) -> None:
    scripted.load_errors.append(TIRED)
    with pytest.raises(EngineUnavailable, match="it is tired"):
        pool.get(REF)
    (failed,) = pool.states()
    assert (failed.state, failed.error) == ("failed", "The engine scripted cannot run here: it is tired. Let it sleep.")
    assert transcribe(pool) == "0.10 seconds"
    assert pool.states()[0].state == "ready"


def test_who_waited_for_a_load_that_failed_tries_itself(pool: EnginePool, scripted: ScriptedPlugin) -> None:
    scripted.load_seconds = 0.05
    scripted.load_errors.append(TIRED)
    outcomes = at_once(3, lambda: pool.get(REF))
    engines = [outcome for outcome in outcomes if outcome is not TIRED]
    assert len(engines) == 2
    assert engines[0] is engines[1] is pool.get(REF)
    assert pool.states()[0].state == "ready"


def test_a_bug_in_an_engine_leaves_no_slot(pool: EnginePool, scripted: ScriptedPlugin) -> None:
    scripted.load_errors.append(ZeroDivisionError())  # type: ignore[arg-type]
    with pytest.raises(ZeroDivisionError):
        pool.get(REF)
    assert pool.states() == []


def test_an_unknown_engine_is_a_sentence(pool: EnginePool) -> None:
    with pytest.raises(UnknownName, match="no engine named 'scripte'"):
        pool.get(EngineRef("scripte"))


def test_warming_loads_in_the_background(pool: EnginePool, scripted: ScriptedPlugin) -> None:
    scripted.load_seconds = 0.1
    pool.warm(REF)
    deadline = time.perf_counter() + 5
    while not pool.states() and time.perf_counter() < deadline:
        time.sleep(0.005)
    (state,) = pool.states()
    assert state.state == "loading"
    pool.get(REF)
    (state,) = pool.states()
    assert (state.state, state.device, state.dtype) == ("ready", "cpu", "none")
    assert state.load_seconds >= 0.1
    assert scripted.journal.loads == 1


def test_warming_keeps_a_failure_for_the_page(pool: EnginePool, scripted: ScriptedPlugin) -> None:
    scripted.load_errors.append(TIRED)
    pool.warm(REF)
    deadline = time.perf_counter() + 5
    while [state.state for state in pool.states()] != ["failed"] and time.perf_counter() < deadline:
        time.sleep(0.005)
    assert pool.states()[0].error.endswith("Let it sleep.")
