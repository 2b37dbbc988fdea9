"""Loaded engines, and the one lock on the device they share."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

from workbench.engines.base import Engine
from workbench.engines.hosted import HostedEngine, is_hosted
from workbench.engines.registry import EngineRef, plugin
from workbench.engines.turns import turn
from workbench.errors import WorkbenchError
from workbench.settings import Settings

State = Literal["loading", "ready", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineState:
    """How far an engine is.

    Attributes:
        ref: Which engine and model.
        state: Loading (also again, after its process ended), ready or failed.
        load_seconds: How long loading took, or has taken so far.
        error: Why it failed, or its process ended.
        device: Where it is, once ready.
        dtype: In what precision, once ready.
    """

    ref: str
    state: State
    load_seconds: float
    error: str = ""
    device: str = ""
    dtype: str = ""


@dataclass(slots=True)
class _Slot:
    started: float
    engine: Engine | None = None
    load_seconds: float | None = None
    error: WorkbenchError | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class EnginePool:
    """Loads engines once, hands them out one at a time, and unloads them.

    `device_lock` is held around every call into an engine: weights are used by one caller at a time.

    Args:
        settings: What engines are loaded with.
        hosted: Whether each engine that computes here gets a process of its own (`HostedEngine`); may be changed, for
            engines that are loaded later.
    """

    def __init__(self, settings: Settings, *, hosted: bool = False) -> None:
        self.settings = settings
        self.hosted = hosted
        self.device_lock = threading.RLock()
        self._slots: dict[EngineRef, _Slot] = {}
        self._slots_lock = threading.Lock()
        self._lanes: set[Engine] = set()
        self._loader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="load-engine")

    def get(self, ref: EngineRef) -> Engine:
        """The loaded engine; loads it when that has not been done.

        Raises:
            EngineUnavailable, ModelMissing, ModelDiffers: see `EnginePlugin.load`.
        """
        with self._slots_lock:
            slot = self._slots.get(ref)
            if slot is None or slot.error is not None:
                slot = self._slots[ref] = _Slot(started=time.perf_counter())
        with slot.lock:
            if slot.engine is None:
                self._load(ref, slot)
            assert slot.engine is not None
            return slot.engine

    def _load(self, ref: EngineRef, slot: _Slot) -> None:
        slot.error = None  # of another thread's attempt, for which this one waited
        try:
            slot.engine = _loaded(ref, self.settings, hosted=self.hosted)
        except WorkbenchError as error:
            slot.error = error
            raise
        except BaseException:
            with self._slots_lock:
                self._slots.pop(ref, None)
            raise
        finally:
            slot.load_seconds = time.perf_counter() - slot.started

    @contextmanager
    def use(self, ref: EngineRef) -> Generator[Engine]:
        """The loaded engine, with the device for oneself; see `turns.given_up_by` for who may stop waiting."""
        while True:
            engine = self.get(ref)
            with turn(self.device_lock):
                slot = self._slots.get(ref)
                if slot is not None and slot.engine is engine:  # not unloaded while we waited for the device
                    yield engine
                    return

    @contextmanager
    def lanes(self, ref: EngineRef, count: int, *, threads: int = 1) -> Generator[list[Engine]]:
        """Several engines of one kind, each with weights and a process of its own, for work side by side.

        They are loaded together, are none of the pool's others, know nothing of its lock, and are closed at the end.
        An engine that does not compute here is loaded as often in this process.

        Args:
            ref: Which engine and model.
            count: How many.
            threads: That each computes with.

        Raises:
            EngineUnavailable, ModelMissing, ModelDiffers: see `EnginePlugin.load`.
        """
        with ExitStack() as stack, ThreadPoolExecutor(count, thread_name_prefix="load-lane") as loaders:
            begun = [loaders.submit(_loaded, ref, self.settings, hosted=True, threads=threads) for _ in range(count)]
            loaders.shutdown()  # those that could be loaded are closed, even where another could not
            for one in begun:
                if one.exception() is None:
                    stack.callback(one.result().close)
            engines = [one.result() for one in begun]
            self._lanes.update(engines)
            stack.callback(self._lanes.difference_update, engines)
            yield engines

    def stop(self) -> None:
        """End the processes of engines at once, whatever they are doing; those in this process go on."""
        with self._slots_lock:
            engines = [*(slot.engine for slot in self._slots.values()), *self._lanes]
        for engine in engines:
            if isinstance(engine, HostedEngine):
                engine.interrupt()

    def warm(self, ref: EngineRef) -> None:
        """Begin to load in the background; `states` tells how it goes."""
        self._loader.submit(self._warm, ref)

    def _warm(self, ref: EngineRef) -> None:
        with suppress(WorkbenchError):  # kept in the slot, and shown by `states`
            self.get(ref)

    def unload(self, ref: EngineRef | None = None) -> list[EngineRef]:
        """Close one engine, or all; waits until the one in use is done. Returns what was unloaded."""
        with self.device_lock, self._slots_lock:
            refs = [key for key in self._slots if ref in (None, key)]
            slots = [self._slots.pop(key) for key in refs]
        for slot in slots:
            with slot.lock:
                if slot.engine is not None:
                    slot.engine.close()
        slots.clear()
        gc.collect()
        return refs

    def states(self) -> list[EngineState]:
        """Every engine asked for since the start, in that order."""
        with self._slots_lock:
            slots = list(self._slots.items())
        return [_state(ref, slot) for ref, slot in slots]


def _loaded(ref: EngineRef, settings: Settings, *, hosted: bool, threads: int | None = None) -> Engine:
    found = plugin(ref.name)
    if hosted and is_hosted(found):
        return HostedEngine.start(ref, settings, threads)
    return found.load(ref.model, settings)


def _state(ref: EngineRef, slot: _Slot) -> EngineState:
    seconds = slot.load_seconds if slot.load_seconds is not None else time.perf_counter() - slot.started
    if slot.error is not None:
        return EngineState(ref=str(ref), state="failed", load_seconds=seconds, error=slot.error.sentence)
    if slot.engine is None:
        return EngineState(ref=str(ref), state="loading", load_seconds=seconds)
    if isinstance(slot.engine, HostedEngine):
        if (again := slot.engine.reloading_seconds) is not None:
            return EngineState(ref=str(ref), state="loading", load_seconds=again)
        if (fault := slot.engine.fault) is not None:
            return EngineState(ref=str(ref), state="failed", load_seconds=seconds, error=fault.sentence)
    info = slot.engine.info
    return EngineState(ref=str(ref), state="ready", load_seconds=seconds, device=info.device, dtype=info.dtype)
