"""A benchmark outlives its engine: one that hangs or dies costs the clips that do it, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from workbench.audio.steps import parse_chain
from workbench.engines import registry
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef
from workbench.evalsets.model import EvalItem, EvalSet
from workbench.runs.benchmark import run_benchmark
from workbench.runs.records import ItemFailure, ItemResult, RunFinished
from workbench.runs.store import RunStore
from workbench.settings import Settings

FAULTY = Path(__file__).parents[1] / "engines" / "faulty_engine"
NAMES = ("a", "b", "crash-once", "c", "hang-once", "d", "crash", "e")


@pytest.fixture(autouse=True)
def faulty_package(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PYTHONPATH", str(FAULTY))
    monkeypatch.syspath_prepend(str(FAULTY))
    registry._entries.cache_clear()
    yield
    registry._entries.cache_clear()


def sounds(folder: Path, names: tuple[str, ...]) -> EvalSet:
    items: list[EvalItem] = []
    for number, name in enumerate(names):
        path = folder / f"{name}.wav"
        samples = np.random.default_rng(ord(name[0])).normal(0, 0.1, 8_000 + 100 * number)
        soundfile.write(path, samples, 16_000)
        items.append(EvalItem(id=name, audio=path, reference=name, language="en"))
    return EvalSet(name="faults", items=tuple(items), language="en")


@pytest.mark.parametrize("batch_size", [1, 3])
def test_a_wedged_engine_and_a_dead_one_cost_no_other_clip(tmp_path: Path, settings: Settings, batch_size: int) -> None:
    hasty = Settings(home=settings.home, engine_timeout=3.0)
    eval_set = sounds(tmp_path, NAMES)
    events = list(
        run_benchmark(
            eval_set,
            pool=EnginePool(hasty, hosted=True),
            engine=EngineRef("faulty"),
            chain=parse_chain(""),
            batch_size=batch_size,
            workers=1,
        )
    )
    (failure,) = [one for one in events if isinstance(one, ItemFailure)]
    assert (failure.id, failure.error) == ("crash", "EngineDied")
    assert "SIGSEGV" in failure.message
    texts = {one.id: one.text for one in events if isinstance(one, ItemResult)}
    assert texts == plain_texts(tmp_path / "again", settings)
    finished = events[-1]
    assert isinstance(finished, RunFinished)
    assert (finished.status, finished.transcribed, finished.failed) == ("success", len(NAMES) - 1, 1)
    notes = " ".join(RunStore(hasty).load_run(finished.run_id).record.notes)
    assert "hang-once" in notes
    assert "gave no answer in 3 s" in notes
    assert "SIGSEGV" in notes


def plain_texts(folder: Path, settings: Settings) -> dict[str, str]:
    """What the clips are heard as where nothing goes wrong: in this process, under names without a fault."""
    folder.mkdir()
    eval_set = sounds(folder, NAMES)
    harmless = [
        EvalItem(id=item.id, audio=item.audio.rename(folder / f"x{number}.wav"), reference="x", language="en")
        for number, item in enumerate(eval_set.items)
    ]
    events = run_benchmark(
        EvalSet(name="harmless", items=tuple(harmless), language="en"),
        pool=EnginePool(settings),
        engine=EngineRef("faulty"),
        chain=parse_chain(""),
    )
    return {one.id: one.text for one in events if isinstance(one, ItemResult) and one.id != "crash"}
