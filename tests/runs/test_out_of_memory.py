"""Memory that runs out in a batch: half as many together from there on, nothing lost, and the record says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch

from workbench.audio.clip import AudioClip
from workbench.audio.steps import parse_chain
from workbench.engines.base import DecodeOptions, Hypothesis
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef
from workbench.engines.scripted import ScriptedEngine, ScriptedPlugin, offered
from workbench.errors import EngineError
from workbench.evalsets.model import EvalSet
from workbench.runs.benchmark import run_benchmark
from workbench.runs.records import ItemFailure, ItemResult, RunFinished
from workbench.runs.store import RunStore
from workbench.settings import Settings


class SmallDevice(ScriptedPlugin):
    """An engine on a device that holds so many samples of a padded batch and then raises, as real ones do."""

    holds: float
    error: Exception

    def load(self, model: str | None, settings: Settings) -> ScriptedEngine:
        plugin = self

        class Engine(ScriptedEngine):
            def transcribe(self, clips: Sequence[AudioClip], options: DecodeOptions) -> list[Hypothesis]:
                heard = super().transcribe(clips, options)
                if len(clips) * max(clip.duration for clip in clips) > plugin.holds:
                    raise plugin.error
                return heard

        return Engine(self, self.info(model, settings))


ERRORS: list[Exception] = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    RuntimeError("CUDA failed with error out of memory"),
    MemoryError(),
]


def transcribe(tones: EvalSet, settings: Settings, *, holds: float, error: Exception, **arguments: Any) -> Any:
    plugin = SmallDevice(name="small")
    plugin.holds, plugin.error = holds, error
    with offered(plugin):
        pool = EnginePool(settings)
        engine, chain = EngineRef.parse("small"), parse_chain("")
        events = list(run_benchmark(tones, pool=pool, engine=engine, chain=chain, **arguments))
    return events, [len(call.clips) for call in plugin.journal.calls]


def texts(events: Sequence[Any]) -> Iterator[tuple[str, str]]:
    yield from ((one.id, one.text) for one in events if isinstance(one, ItemResult))


@pytest.mark.parametrize("error", ERRORS, ids=lambda one: type(one).__name__)
def test_the_batch_is_halved_until_it_fits_and_nothing_is_lost(
    error: Exception, tones: EvalSet, settings: Settings
) -> None:
    # Clips last 0.10 … 0.15 s: four together are 0.52 s or more, two at most 0.30 s.
    events, calls = transcribe(tones, settings, holds=0.35, error=error, batch_size=4)
    assert list(texts(events)) == [(f"t{n}", f"{0.1 + n / 100:.2f} seconds") for n in range(6)]
    assert calls == [2, 2, 4, 2, 2]  # the warm-up, the two shortest, and four of which two fit
    record = RunStore(settings).list_runs()[0]
    assert (record.status, record.spec.batch_size) == ("success", 4)
    assert record.notes == ("Memory ran out with 4 clips together, at t2: from there on 2 at a time.",)
    results = [one for one in events if isinstance(one, ItemResult)]
    assert {one.measurement.batch_size for one in results if one.measurement} == {2}
    lowered = ("Memory ran out: decoded 2 at a time, not 4.",)
    assert [one.warnings for one in results] == [(), (), *[lowered] * 4]


def test_it_may_run_out_late_and_more_than_once(tones: EvalSet, settings: Settings) -> None:
    longer = replace(tones, items=tuple(sorted(tones.items, key=lambda item: item.id)))
    events, calls = transcribe(longer, settings, holds=0.25, error=ERRORS[0], batch_size=4)
    # t0 and t1 fit together (0.22 s), t2 and t3 do not (0.26 s).
    assert calls == [2, 2, 4, 2, 1, 1, 1, 1]
    assert len(list(texts(events))) == 6
    notes = RunStore(settings).list_runs()[0].notes
    assert [note.partition(":")[0] for note in notes] == [
        "Memory ran out with 4 clips together, at t2",
        "Memory ran out with 2 clips together, at t2",
    ]


def test_a_clip_that_does_not_fit_alone_fails_alone(tones: EvalSet, settings: Settings) -> None:
    events, _ = transcribe(tones, settings, holds=0.145, error=ERRORS[1], batch_size=2)
    failed = [one for one in events if isinstance(one, ItemFailure)]
    assert [one.id for one in failed] == ["t5"]
    assert "out of memory" in failed[0].message
    finished = events[-1]
    assert isinstance(finished, RunFinished)
    assert (finished.status, finished.transcribed) == ("success", 5)


def test_what_an_engine_says_of_it_in_its_own_words_counts(tones: EvalSet, settings: Settings) -> None:
    told = EngineError("cuda:0 has too little memory for 1 s of sound at once.")
    told.__cause__ = ERRORS[0]
    events, calls = transcribe(tones, settings, holds=0.35, error=told, batch_size=4)
    assert len(list(texts(events))) == 6
    assert 1 not in calls


def test_another_error_in_a_batch_does_not_make_batches_smaller(tones: EvalSet, settings: Settings) -> None:
    events, calls = transcribe(tones, settings, holds=0.35, error=ValueError("no such shape"), batch_size=4)
    assert 2 in calls  # the last two of six
    assert 4 in calls[1:]
    assert len(list(texts(events))) == 6
    assert RunStore(settings).list_runs()[0].notes == ()
