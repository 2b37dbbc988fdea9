"""What there is: engines, sets, runs, models, the machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from workbench.engines.catalogue import EngineRow, engine_rows
from workbench.engines.device import MachineFacts, machine_facts
from workbench.engines.fetch import fetch_model as _fetch
from workbench.engines.pool import EnginePool
from workbench.evalsets.load import SetInfo
from workbench.evalsets.load import list_sets as _list_sets
from workbench.runs.records import RunRecord
from workbench.runs.store import RunStore, StoredRun
from workbench.services.process import default_pool


def list_engines(*, pool: EnginePool | None = None) -> list[EngineRow]:
    """Every installed engine, and whether it can run here; none is loaded."""
    return engine_rows((pool or default_pool()).settings)


def list_sets(*, pool: EnginePool | None = None) -> list[SetInfo]:
    """The shipped and the private eval sets."""
    return _list_sets((pool or default_pool()).settings)


def list_runs(*, pool: EnginePool | None = None) -> list[RunRecord]:
    """Every stored run, the newest first."""
    return RunStore((pool or default_pool()).settings).list_runs()


def load_run(run: str | Path, *, pool: EnginePool | None = None) -> StoredRun:
    """A stored run by id, by the beginning of one, or by folder.

    Raises:
        UnknownName: No such run.
        RunError: It cannot be read.
    """
    return RunStore((pool or default_pool()).settings).load_run(run)


def delete_run(run: str, *, pool: EnginePool | None = None) -> None:
    """Delete a stored run.

    Raises:
        UnknownName: No such run.
        RunError: It is being written.
    """
    RunStore((pool or default_pool()).settings).delete_run(run)


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineReport:
    """What this machine has, held against what the engines need."""

    facts: MachineFacts
    engines: tuple[EngineRow, ...]


def check_machine(*, pool: EnginePool | None = None) -> MachineReport:
    """Hold driver, free memory and disk against what each engine needs."""
    pool = pool or default_pool()
    return MachineReport(facts=machine_facts(pool.settings), engines=tuple(list_engines(pool=pool)))


def fetch_model(name: str, *, pool: EnginePool | None = None) -> Path:
    """Download a model into HOME/models: the only verb that goes out.

    Args:
        name: `engine:model`, as `qwen3-asr:0.6B`.
        pool: Whose settings say where models are.
    """
    return _fetch(name, (pool or default_pool()).settings)
