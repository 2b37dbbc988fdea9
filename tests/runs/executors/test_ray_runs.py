"""Workers on Ray: the same texts as here, each once, whoever ends in the middle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from workbench.audio.steps import parse_chain
from workbench.engines import registry
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef
from workbench.errors import ModelMissing, UsageError
from workbench.evalsets.model import EvalItem, EvalSet
from workbench.runs.benchmark import run_benchmark
from workbench.runs.executors.ray_place import RayPlace
from workbench.runs.journal import read_journal
from workbench.runs.records import ItemFailure, ItemResult, RunEvent, RunFinished
from workbench.runs.store import RunStore, StoredRun
from workbench.settings import Settings

pytest.importorskip("ray", reason="needs Ray: pip install 'asr-workbench[cluster]'")
pytestmark = pytest.mark.slow

PACKAGE = Path(__file__).parent / "ray_engine"
DRIVER = Path(__file__).with_name("ray_driver.py")
Run = Callable[..., Iterator[RunEvent]]


@pytest.fixture(scope="module", autouse=True)
def deadly_package() -> Iterator[None]:
    """A package that really offers the engine, to this process, to Ray's workers and to their children."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(PACKAGE))
        patch.syspath_prepend(str(PACKAGE))
        registry._entries.cache_clear()
        yield
    registry._entries.cache_clear()


@pytest.fixture
def run(settings: Settings) -> Run:
    def start(eval_set: EvalSet, *, chain: str = "", engine: str = "deadly", **arguments: Any) -> Iterator[RunEvent]:
        given = {"executor": "ray", "measure": None} | arguments
        pool = EnginePool(settings)
        return run_benchmark(eval_set, pool=pool, engine=EngineRef.parse(engine), chain=parse_chain(chain), **given)

    return start


def many(tones: EvalSet, count: int, **named: str) -> EvalSet:
    """Items over the six tones; the fourth is gone, and those named `i05="deadly"` have a recording of that name."""
    items: list[EvalItem] = []
    for number in range(count):
        tone = tones.items[(number * 5) % 6]
        items.append(replace(tone, id=f"i{number:02d}", reference=f"r{number}"))
    items[3] = replace(items[3], audio=Path("/nowhere/gone.wav"))
    for place, item in enumerate(items):
        if name := named.get(item.id):
            path = item.audio.with_name(f"{name}.wav")
            path.write_bytes(item.audio.read_bytes())
            items[place] = replace(item, audio=path)
    return replace(tones, items=tuple(items))


def last_run(settings: Settings) -> StoredRun:
    store = RunStore(settings)
    return store.load_run(store.list_runs()[0].run_id)


def said(outcomes: Any) -> list[tuple[str, str, str, str]]:
    return [
        (one.id, one.reference, one.audio, one.text if isinstance(one, ItemResult) else one.error)
        for one in outcomes
        if isinstance(one, ItemResult | ItemFailure)
    ]


def kept(settings: Settings) -> list[str]:
    """Ids of the results in the journal, which must be one each."""
    entries, _ = read_journal(RunStore(settings).folder / last_run(settings).record.run_id / "items.jsonl")
    return [entry.outcome.id for entry in entries if isinstance(entry.outcome, ItemResult)]


@pytest.mark.parametrize(("audio", "batch_size", "chain"), [("path", 1, ""), ("send", 4, "highpass")])
def test_two_workers_say_what_this_machine_says(
    run: Run, tones: EvalSet, settings: Settings, audio: Any, batch_size: int, chain: str
) -> None:
    whole = many(tones, 20)
    alike = {"batch_size": batch_size, "chain": chain, "options": {"seconds": 0.01}}
    expected = said(run(whole, executor="local", measure="single", **alike))
    assert len(expected) == 20
    before = last_run(settings).record
    events = list(run(whole, workers=2, ray=RayPlace(audio=audio), on_existing="again", **alike))
    assert sorted(said(events)) == sorted(expected)
    stored = last_run(settings)
    assert stored.record.run_id != before.run_id
    assert stored.record.spec == before.spec  # who did it is no part of it
    assert said(stored.outcomes) == sorted(expected)
    assert sorted(kept(settings)) == [one[0] for one in sorted(expected) if one[0] != "i03"]
    execution = stored.record.environment["execution"]
    assert {name: execution[name] for name in ("executor", "workers", "threads", "audio", "cluster", "token")} == {
        "executor": "ray", "workers": 2, "threads": 1, "audio": audio, "cluster": "own", "token": True,
    }  # fmt: skip
    costs = [one.measurement for one in events if isinstance(one, ItemResult) and one.measurement]
    assert {cost.kind for cost in costs} == {"concurrent"}
    assert 0 < sum(cost.wall_seconds for cost in costs) <= 1.5 * (stored.record.wall_seconds or 0)
    assert all((cost.peak_rss_bytes or 0) > 1e7 for cost in costs)
    calls = [line.split() for line in (settings.home / "calls.txt").read_text().splitlines()]
    workers = {pid for pid, *_, threads in calls if pid != str(os.getppid())}
    assert len(workers) == 2
    assert not list(settings.temporary.glob("wb-ray-*"))


def test_a_worker_that_is_killed_costs_nothing_and_who_kills_twice_fails_alone(
    run: Run, tones: EvalSet, settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = many(tones, 20, i05="deadly-once", i11="deadly")
    events: list[RunEvent] = []
    killed = 0
    for event in run(whole, workers=2, options={"seconds": 0.05}):
        events.append(event)
        if len(events) == 4:
            *_, last = (settings.home / "calls.txt").read_text().splitlines()
            killed = int(last.split()[0])
            os.kill(killed, signal.SIGKILL)
    assert isinstance(events[-1], RunFinished)
    assert (events[-1].status, events[-1].failed) == ("success", 2)
    stored = last_run(settings)
    failures = {one.id: one.error for one in stored.outcomes if isinstance(one, ItemFailure)}
    assert failures == {"i03": "AudioNotFound", "i11": "EngineDied"}
    texts = {one.id: one.text for one in stored.outcomes if isinstance(one, ItemResult)}
    assert sorted(kept(settings)) == sorted(texts)
    same = many(tones, 20)
    for item, one in zip(same.items, stored.outcomes, strict=True):
        if item.id in texts:  # the fifth has the sound of the tone that it is a copy of
            alike = [texts[other.id] for other in same.items if other.audio == item.audio and other.id in texts]
            assert len(set(alike)) == 1, one.id
    assert any("another took its place" in note for note in stored.record.notes)
    assert not psutil.pid_exists(killed)
    assert "raylet" not in "".join(capfd.readouterr())  # what is written there is a document


def test_a_run_listens_on_this_machine_only_is_stopped_and_gone_on_with_here(
    run: Run, tones: EvalSet, settings: Settings
) -> None:
    whole, before = many(tones, 20), psutil.Process().children(recursive=True)
    events = run(whole, workers=2, options={"seconds": 0.3})
    for _ in range(5):
        next(events)
    below = [child for child in psutil.Process().children(recursive=True) if child not in before]
    own = [psutil.Process(), *below]
    listening = [one.laddr for process in own for one in connections(process) if one.status == psutil.CONN_LISTEN]
    assert listening
    assert {address.ip.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}
    assert [folder.stat().st_mode & 0o77 for folder in settings.temporary.glob("wb-ray-*")] in ([], [0])
    events.close()  # pyright: ignore[reportAttributeAccessIssue]
    time.sleep(0.5)
    calls = len((settings.home / "calls.txt").read_text().splitlines())
    assert last_run(settings).record.status == "cancelled"
    done = kept(settings)
    assert len(done) < 12
    assert not alive_among(below)
    list(run(whole, executor="local", measure="single", options={"seconds": 0.3}))
    assert len(RunStore(settings).list_runs()) == 1
    assert len((settings.home / "calls.txt").read_text().splitlines()) == calls + 1 + 19 - len(done)
    assert sorted(kept(settings)) == [item.id for item in whole.items if item.id != "i03"]


def test_a_driver_that_is_killed_leaves_nothing_behind_and_is_gone_on_with(
    run: Run, tones: EvalSet, settings: Settings, tmp_path: Path
) -> None:
    lines = [
        json.dumps({"id": f"i{n:02d}", "audio": tones.items[n % 6].audio.name, "text": f"r{n}"}) for n in range(20)
    ]
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text("\n".join(lines))
    command = [sys.executable, str(DRIVER), str(manifest), str(settings.home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [process.stdout.readline().strip() for _ in range(5)]
        below = psutil.Process(process.pid).children(recursive=True)
        process.kill()
    assert last_run(settings).record.status == "started"
    assert set(told) <= set(kept(settings))
    assert not alive_among(below)
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    assert sorted(done.stdout.split()) == [f"i{n:02d}" for n in range(20)]
    assert sorted(kept(settings)) == [f"i{n:02d}" for n in range(20)]
    assert last_run(settings).record.status == "success"
    assert not list(settings.temporary.glob("wb-ray-*"))  # also what was left by the one that was killed


def test_work_without_the_token_is_refused(run: Run, tones: EvalSet) -> None:
    events = run(many(tones, 20), workers=1)
    next(events)
    import ray

    port = ray.get_runtime_context().gcs_address.rpartition(":")[2]
    intruder = f"import ray; ray.init('127.0.0.1:{port}', logging_level='ERROR')"
    given = {"RAY_AUTH_MODE": "disabled", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_NUM_REDIS_GET_RETRIES": "1"}
    refused = subprocess.run([sys.executable, "-c", intruder], env=os.environ | given, capture_output=True, timeout=90)
    events.close()  # pyright: ignore[reportAttributeAccessIssue]
    assert refused.returncode != 0
    assert b"oken" in refused.stderr


def test_what_cannot_be_loaded_is_said_as_here(run: Run, tones: EvalSet) -> None:
    with pytest.raises(ModelMissing) as missing:
        list(run(tones, engine="deadly:not-here", workers=1))
    assert missing.value.hint == "Get it with: find it"
    with pytest.raises(UsageError, match="no clip has its time"):
        list(run(tones, measure="single"))


def alive_among(processes: list[psutil.Process], seconds: float = 10.0) -> list[str]:
    """Names of those that are still there after so long; Ray's two agents are, for a minute, to tell what happened."""
    _, left = psutil.wait_procs([one for one in processes if not _is_agent(one)], timeout=seconds)
    return [one.name() for one in left if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


def _is_agent(process: psutil.Process) -> bool:
    try:
        return "Agent" in " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return False


def connections(process: psutil.Process) -> list[Any]:
    try:
        return process.net_connections("inet")
    except psutil.NoSuchProcess:
        return []
