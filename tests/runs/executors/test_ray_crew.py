"""Workers that do not come, cannot load, or end again and again: of a Ray that is made up, and the real class."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from workbench.audio.steps import parse_chain
from workbench.engines.host_messages import error_from
from workbench.engines.registry import EngineRef
from workbench.engines.scripted import ScriptedPlugin
from workbench.errors import EngineUnavailable, ModelMissing
from workbench.evalsets.model import EvalSet
from workbench.runs.executors import ray_crew
from workbench.runs.executors.base import Batch, BatchDone
from workbench.runs.executors.ray_crew import DEATHS, STARTS, Workers
from workbench.runs.executors.ray_place import Crew, RayPlace
from workbench.runs.executors.ray_site import RayExecutor
from workbench.runs.executors.ray_worker import BLAS_THREADS, Assignment, Loaded, RayWorker, Refused
from workbench.runs.records import ItemFailure, ItemResult
from workbench.runs.workload import Workload
from workbench.settings import Settings

exceptions = pytest.importorskip("ray.exceptions", reason="needs Ray: pip install 'asr-workbench[cluster]'")
REF = EngineRef("scripted")
Script = Callable[[int, str], Any]
"""What the so-maniest worker answers to a method; an exception ends it, `...` leaves it to a real worker's class."""


class MadeUpRay:
    """Actors in this process: each method is called at once, unless the script answers instead."""

    def __init__(self, script: Script) -> None:
        self.script, self.begun, self.killed = script, 0, 0

    def remote(self, kind: type[RayWorker]) -> Any:
        return self

    def options(self, **demand: Any) -> Any:
        return _Maker(self)

    def kill(self, actor: Any, *, no_restart: bool) -> None:
        self.killed += 1


class _Maker:
    def __init__(self, ray: MadeUpRay) -> None:
        self._ray = ray

    def remote(self) -> Any:
        self._ray.begun += 1
        return _Actor(self._ray, self._ray.begun - 1)


class _Actor:
    def __init__(self, ray: MadeUpRay, number: int) -> None:
        self._ray, self._number, self._worker = ray, number, RayWorker()

    def __getattr__(self, method: str) -> Any:
        return _Method(lambda *given: self._answer(method, given))

    def _answer(self, method: str, given: Any) -> Any:
        found = self._ray.script(self._number, method)
        return getattr(self._worker, method)(*given) if found is ... else found


class _Method:
    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call

    def remote(self, *given: Any) -> _Method:
        self._future = Future[Any]()
        found = self._call(*given)
        if isinstance(found, BaseException):
            self._future.set_exception(found)
        else:
            self._future.set_result(found)
        return self

    def future(self) -> Future[Any]:
        return self._future


@pytest.fixture
def assignment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Assignment:
    monkeypatch.setenv(BLAS_THREADS, "2")  # set again by a worker, which here is this process
    settings.home.mkdir()
    return Assignment(ref=REF, settings=settings, threads=1, blas_threads="2")


def crew_of(count: int, script: Script, assignment: Assignment) -> tuple[Workers, MadeUpRay]:
    ray = MadeUpRay(script)
    workers = Workers(ray, Crew(workers=count, threads=1), assignment)
    workers.hire(count)
    return workers, ray


def died() -> Exception:
    return exceptions.ActorDiedError()


def transcribed(workers: Workers, tones: EvalSet, loaded: Loaded) -> list[BatchDone]:
    work = Workload(
        eval_set=tones, ref=REF, info=loaded.info, chain=parse_chain(""), language="set", context="", options={},
        batch_size=1, seed=0,
    )  # fmt: skip
    twice = [*tones.items, *(replace(item, id=f"again-{item.id}") for item in tones.items)]
    batches = [Batch(number=place, items=(item,)) for place, item in enumerate(twice)]
    return list(RayExecutor(work, workers, RayPlace(), {}).outcomes(batches))


def test_who_cannot_load_is_done_without_and_the_last_one_says_why(
    assignment: Assignment, scripted: ScriptedPlugin, tones: EvalSet
) -> None:
    missing = ModelMissing("scripted", "large", command="find it")
    refused = RayWorker().load(replace(assignment, ref=EngineRef("scripted"), version="0"))
    assert isinstance(refused, Refused)
    assert "has version" in error_from(refused.error).message
    workers, ray = crew_of(2, lambda number, method: refused if (number, method) == (0, "load") else ..., assignment)
    done = transcribed(workers, tones, workers.first_loaded())
    assert ray.begun == 2  # it would be refused again
    assert len(done) == 2 * len(tones.items)
    assert all(isinstance(one, ItemResult) for batch in done for one in batch.outcomes)
    assert "the others went on without it" in " ".join(note for batch in done for note in batch.notes)
    scripted.load_errors += [missing, missing]
    workers, _ = crew_of(2, lambda *_: ..., assignment)
    with pytest.raises(ModelMissing, match="large"):
        workers.first_loaded()


def test_workers_that_end_before_they_are_ready_are_not_begun_for_ever(
    assignment: Assignment, scripted: ScriptedPlugin
) -> None:
    workers, ray = crew_of(2, lambda _, method: died() if method == "load" else ..., assignment)
    with pytest.raises(EngineUnavailable, match="its process ended"):
        workers.first_loaded()
    assert ray.begun == 2 * STARTS


def test_clips_that_end_every_worker_fail_until_there_is_no_sense_in_it(
    assignment: Assignment, scripted: ScriptedPlugin, tones: EvalSet
) -> None:
    workers, ray = crew_of(1, lambda _, method: died() if method == "transcribe" else ..., assignment)
    with pytest.raises(EngineUnavailable, match=f"ended {DEATHS} times in a row"):
        transcribed(workers, tones, workers.first_loaded())
    assert ray.killed == ray.begun == DEATHS


def test_a_worker_that_ends_is_replaced_and_two_clips_that_end_workers_cost_two(
    assignment: Assignment, scripted: ScriptedPlugin, tones: EvalSet
) -> None:
    workers, ray = crew_of(
        1, lambda number, method: died() if number < 3 and method == "transcribe" else ..., assignment
    )
    done = transcribed(workers, tones, workers.first_loaded())
    failed = [one.id for batch in done for one in batch.outcomes if isinstance(one, ItemFailure)]
    assert failed == ["t0", "t1"]  # both were in hand at the first end, and each was alone at one of the next
    assert sorted(batch.batch.number for batch in done) == list(range(12))
    assert ray.begun == 4
    assert workers.hands == []


def test_a_cluster_without_room_is_not_waited_for_for_ever(
    assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Never(MadeUpRay):
        def options(self, **demand: Any) -> Any:
            return _Silent()

    class _Silent:
        def remote(self, *_: Any) -> Any:
            return self

        def future(self) -> Future[Any]:
            return Future[Any]()

        begin = property(lambda self: self)

    monkeypatch.setattr(ray_crew, "START_SECONDS", 0.1)
    workers = Workers(Never(lambda *_: ...), Crew(workers=1, threads=4, memory=7), assignment)
    workers.hire(1)
    with pytest.raises(EngineUnavailable, match="num_cpus 4, num_gpus 0, memory 7"):
        workers.first_loaded()


def test_a_worker_without_that_home_uses_its_own(
    assignment: Assignment, scripted: ScriptedPlugin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Settings] = []
    monkeypatch.setattr(
        ScriptedPlugin, "load", lambda plugin, model, settings: seen.append(settings) or plugin.info(model, settings)
    )
    elsewhere = replace(assignment.settings, home=tmp_path / "not-on-this-machine", device="cpu")
    RayWorker().load(replace(assignment, settings=elsewhere))
    RayWorker().load(assignment)
    assert [one.home for one in seen] == [assignment.settings.home] * 2
    assert [one.device for one in seen] == ["cpu", "auto"]
