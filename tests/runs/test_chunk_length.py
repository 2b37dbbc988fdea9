"""Clips that are cut before the engine hears them: where, that nothing else changes, and what is refused."""

from __future__ import annotations

import json
import math
import pickle
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from workbench import services
from workbench.audio.clip import AudioClip
from workbench.audio.io import read_clip, write_clip
from workbench.audio.steps import parse_chain
from workbench.engines.base import DecodeOptions
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef
from workbench.engines.scripted import ScriptedPlugin
from workbench.errors import UsageError
from workbench.evalsets.model import EvalItem, EvalSet
from workbench.pipeline.chunk_length import checked_chunk_seconds
from workbench.pipeline.meter import Meter
from workbench.pipeline.transcribe import transcribe_clips
from workbench.runs.executors.base import Batch, BatchDone
from workbench.runs.executors.ray_worker import BLAS_THREADS, Assignment, RayWorker, Refused
from workbench.runs.made import compare_making
from workbench.runs.records import ItemResult, RunEvent, RunStarted
from workbench.runs.reporting.origin import bench_command
from workbench.runs.store import RunStore
from workbench.runs.workload import Workload
from workbench.services.curves import CurvesMeasured
from workbench.settings import Settings

Run = Callable[..., Iterator[RunEvent]]
RATE = 16_000
SPOKEN = sorted((Path(__file__).resolve().parents[2] / "eval_sets" / "english-demo" / "audio").glob("*.flac"))
WITHOUT_SENSE = [0.0, -1.0, 0.99, math.nan, math.inf, -math.inf]


@pytest.fixture(scope="module")
def spoken() -> list[np.ndarray]:
    return [read_clip(path, sample_rate=RATE).samples for path in SPOKEN[:8]]


def strung(clips: list[np.ndarray], pauses: list[float]) -> AudioClip:
    """Clips one after another, each after its pause."""
    parts = [part for pause, clip in zip(pauses, clips, strict=False) for part in (np.zeros(int(pause * RATE)), clip)]
    return AudioClip(samples=np.concatenate(parts).astype(np.float32), sample_rate=RATE, source="strung.wav")


@pytest.fixture
def long_set(tmp_path: Path, spoken: list[np.ndarray]) -> EvalSet:
    """Two recordings of four shipped clips each, over 9 s, and a short one."""
    texts = {
        row["audio_filepath"]: row["text"]
        for row in map(json.loads, (SPOKEN[0].parents[1] / "manifest.jsonl").read_text(encoding="utf-8").splitlines())
    }
    said = [texts[f"audio/{path.name}"] for path in SPOKEN[:8]]
    items: list[EvalItem] = []
    for name, chosen in {"one": slice(0, 4), "two": slice(4, 8), "short": slice(0, 1)}.items():
        clip = strung(spoken[chosen], [0.5] * 4)
        write_clip(clip, tmp_path / f"{name}.wav")
        text = " ".join(said[chosen])
        items.append(EvalItem(id=name, audio=tmp_path / f"{name}.wav", reference=text, language="en"))
    lines = [{"id": one.id, "audio_filepath": one.audio.name, "text": one.reference, "language": "en"} for one in items]
    (tmp_path / "manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return EvalSet(name="strung", items=tuple(items), language="en")


def results(events: list[RunEvent]) -> list[ItemResult]:
    return [event for event in events if isinstance(event, ItemResult)]


def without_cost(events: list[RunEvent]) -> list[ItemResult]:
    return [replace(one, measurement=None) for one in results(events)]


# Lengths that make sense ---------------------------------------------------------------------------------------------


@given(st.one_of(st.integers(1, 10_000), st.floats(1, 1e6)))
def test_a_length_that_can_be_is_a_float_and_stays_what_it_is(seconds: float) -> None:
    found = checked_chunk_seconds(seconds)
    assert isinstance(found, float)
    assert found == seconds
    assert checked_chunk_seconds(None) is None


@pytest.mark.parametrize("seconds", WITHOUT_SENSE)
def test_a_length_without_sense_is_refused_before_anything_is_run(
    seconds: float, run: Run, tones: EvalSet, pool: EnginePool, store: RunStore, scripted: ScriptedPlugin
) -> None:
    folder = str(tones.items[0].audio.parent)
    asked: dict[str, Any] = {"chunk_seconds": seconds, "pool": pool}
    refusals: list[Callable[[], Any]] = [
        lambda: list(run(tones, chunk_seconds=seconds)),
        lambda: list(services.bench_events(folder, engine="scripted", **asked)),
        lambda: list(services.sweep_events(folder, engines=["scripted"], chains=["", "gain"], **asked)),
        lambda: list(services.curve_events(folder, engines=["scripted"], axis="beam_size", values=[1, 2], **asked)),
        lambda: list(
            services.curve_events(folder, engines=["scripted"], axis="chunk_seconds", values=[5, seconds], pool=pool)
        ),
        lambda: services.estimate("scripted", seconds=60, **asked),
        lambda: list(services.try_out_events("t", [folder], engines=["scripted"], chains=["", "gain"], **asked)),
        lambda: list(services.transcribe_events(tones.items[0].audio, engine="scripted", **asked)),
        lambda: list(services.transcribe_range_events(tones.items[0].audio, 0.0, 0.1, engine="scripted", **asked)),
    ]
    for refuse in refusals:
        with pytest.raises(UsageError) as caught:
            refuse()
        assert caught.value.hint
    assert not store.folder.exists()
    assert not services.list_sweeps(pool=pool)
    assert not services.list_trials(pool=pool)
    assert not scripted.journal.calls


# Where it cuts -------------------------------------------------------------------------------------------------------


@examples(max_examples=25, deadline=None)
@given(
    order=st.permutations(range(8)),
    pauses=st.lists(st.floats(0, 4), min_size=1, max_size=4),
    longest=st.floats(1, 12),
)
def test_no_stretch_is_longer_and_their_texts_are_joined_in_order(
    order: list[int], pauses: list[float], longest: float, spoken: list[np.ndarray]
) -> None:
    clip = strung([spoken[place] for place in order], pauses)
    plugin = ScriptedPlugin(script=lambda part: f"{part.offset_seconds:.3f}")
    engine = plugin.load(None, Settings(home=Path()))
    (found,) = transcribe_clips(
        engine, [clip], chain=parse_chain(""), options=DecodeOptions(), max_seconds=longest, meter=Meter("cpu", "none")
    )
    heard = [part for call in plugin.journal.calls for part in call.clips]
    assert all(part.duration <= longest + 1e-6 for part in heard)
    begins = [part.offset_seconds for part in heard]
    assert begins == sorted(begins)
    assert found.text.split() == [f"{begin:.3f}" for begin in begins]
    ends = [begin + part.duration for begin, part in zip(begins, heard, strict=True)]
    assert all(end <= begin + 1e-6 for end, begin in zip(ends, begins[1:], strict=False))
    assert found.measurement.audio_seconds == pytest.approx(clip.duration)


@pytest.mark.parametrize("seconds", [1, 1.0, 30, 1e6])
def test_longer_than_every_clip_it_changes_nothing_but_the_name_of_the_run(
    run: Run, tones: EvalSet, seconds: float, store: RunStore
) -> None:
    whole, cut = list(run(tones, batch_size=2)), list(run(tones, batch_size=2, chunk_seconds=seconds))
    assert without_cost(cut) == without_cost(whole)
    first, second = (events[0] for events in (whole, cut))
    assert isinstance(first, RunStarted)
    assert isinstance(second, RunStarted)
    assert first.run_id != second.run_id
    assert second.done == 0
    a, b = (store.load_run(one.run_id).record for one in (first, second))
    assert replace(b.spec, chunk_seconds=None) == a.spec
    (only,) = compare_making(a.spec, a.environment, b.spec, b.environment).differences
    assert (only.name, only.a, only.b, only.effect) == ("chunk length", None, float(seconds), "text")


def test_each_stretch_is_heard_by_itself_and_the_clip_bears_their_cost(
    run: Run, long_set: EvalSet, scripted: ScriptedPlugin
) -> None:
    scripted.script = lambda clip: f"{clip.source}@{clip.offset_seconds:.1f}"
    whole = results(list(run(long_set)))
    assert [len(one.text.split()) for one in whole] == [1, 1, 1]
    scripted.journal.calls.clear()
    scripted.delay_seconds = 0.01
    cut = results(list(run(long_set, chunk_seconds=4.0)))
    lengths = [clip.duration for call in scripted.journal.calls for clip in call.clips]
    assert max(lengths) <= 4.0
    counts = [len(one.text.split()) for one in cut]
    assert counts[2] == 1
    assert min(counts[:2]) >= 3
    for one, count in zip(cut, counts, strict=True):
        assert one.measurement is not None
        assert (one.measurement.kind, one.measurement.wall_seconds >= 0.01 * count) == ("single", True)
    assert [one.audio_seconds for one in cut] == [one.audio_seconds for one in whole]


def test_the_engine_s_own_limit_holds_where_it_is_shorter(
    run: Run, long_set: EvalSet, scripted: ScriptedPlugin
) -> None:
    scripted.max_seconds = 2.0
    list(run(long_set, chunk_seconds=20.0))
    assert max(clip.duration for call in scripted.journal.calls for clip in call.clips) <= 2.0


def test_batches_and_several_engines_say_the_same(run: Run, long_set: EvalSet, scripted: ScriptedPlugin) -> None:
    """The scripted engine has no copies in other processes; two lanes in this one are what a machine has."""
    scripted.script = lambda clip: f"{clip.offset_seconds:.1f}"
    alone = without_cost(list(run(long_set, chunk_seconds=3.0)))
    together = without_cost(list(run(long_set, chunk_seconds=3.0, batch_size=3)))
    at_once = without_cost(list(run(long_set, chunk_seconds=3.0, workers=2, measure=None, on_existing="again")))
    texts = [{one.id: one.text for one in heard} for heard in (alone, together, at_once)]
    assert texts[0] == texts[1] == texts[2]


def test_a_worker_elsewhere_cuts_as_it_is_told(
    long_set: EvalSet, run: Run, pool: EnginePool, scripted: ScriptedPlugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a worker of Ray does, without Ray: the work comes to it pickled."""
    monkeypatch.setenv(BLAS_THREADS, "1")
    scripted.script = lambda clip: f"{clip.offset_seconds:.1f}"
    ref = EngineRef.parse("scripted")
    work = Workload(
        eval_set=replace(long_set, items=()), ref=ref, info=pool.get(ref).info, chain=parse_chain(""), language="set",
        context="", options={}, batch_size=2, seed=0, chunk_seconds=4.0,
    )  # fmt: skip
    worker, batch = RayWorker(), Batch(number=0, items=tuple(long_set.items))
    loaded = worker.load(Assignment(ref=ref, settings=pool.settings, threads=None, blas_threads="1"))
    assert not isinstance(loaded, Refused)
    assert worker.warm_up(pickle.loads(pickle.dumps(work)), [batch], [None]) is None
    done = worker.transcribe(batch, None, 1, False)
    assert isinstance(done, BatchDone)
    here = {one.id: one.text for one in without_cost(list(run(long_set, chunk_seconds=4.0)))}
    assert {one.id: one.text for one in done.outcomes if isinstance(one, ItemResult)} == here
    assert max(len(text.split()) for text in here.values()) > 2


# Through the services ------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(long_set: EvalSet) -> str:
    return str(long_set.items[0].audio.parent)


def test_a_run_keeps_the_length_and_its_command_says_it(folder: str, pool: EnginePool, store: RunStore) -> None:
    found = services.bench(folder, engine="scripted", chunk_seconds=3, pool=pool)
    record = store.load_run(found.run_id).record
    assert record.spec.chunk_seconds == 3.0
    assert "--chunk-seconds 3.0" in bench_command(record)
    again = services.bench(folder, engine="scripted", chunk_seconds=3.0, pool=pool)
    assert again.run_id == found.run_id
    assert services.bench(folder, engine="scripted", pool=pool).run_id != found.run_id
    *_, verdict = services.reproduce_events(found.run_id, pool=pool)
    assert verdict.reproduced  # type: ignore[union-attr]


def test_a_sweep_without_a_length_is_the_sweep_of_before(folder: str, pool: EnginePool, store: RunStore) -> None:
    asked: dict[str, Any] = {"engines": ["scripted"], "chains": ["", "gain"], "pool": pool}
    extras: list[dict[str, Any]] = [{}, {"chunk_seconds": None}, {"chunk_seconds": 3}, {"chunk_seconds": 3.0}]
    for extra in extras:
        list(services.sweep_events(folder, **asked, **extra))
    cut, whole = services.list_sweeps(pool=pool)
    assert sorted((one.passed for one in (cut, whole)), key=len) == [{}, {"chunk_seconds": 3.0}]
    lengths = {store.load_run(run.run_id).record.spec.chunk_seconds for run in cut.runs + whole.runs}
    assert lengths == {None, 3.0}


def test_a_curve_along_the_length(folder: str, pool: EnginePool, store: RunStore) -> None:
    asked: dict[str, Any] = {"axis": "chunk_seconds", "engines": ["scripted"], "pool": pool}
    *_, measured = services.curve_events(folder, values=[3, 6], **asked, chunk_seconds=None)
    assert isinstance(measured, CurvesMeasured)
    assert [store.load_run(run).record.spec.chunk_seconds for run in measured.run_ids] == [3.0, 6.0]
    (curve,) = services.curve(measured.run_ids, axis="chunk_seconds", pool=pool).curves
    assert [(point.at, point.clips) for point in curve.points] == [(3.0, 3), (6.0, 3)]
    with pytest.raises(UsageError, match="is the axis, and given besides"):
        list(services.curve_events(folder, values=[3, 6], chunk_seconds=4.0, **asked))


def test_what_shorter_chunks_take_is_foretold_by_runs_that_had_them(folder: str, pool: EnginePool) -> None:
    asked: dict[str, Any] = {"sets": folder, "pool": pool, "probe": False}
    services.bench(folder, engine="scripted", chunk_seconds=3.0, pool=pool)
    services.bench(folder, engine="scripted", chunk_seconds=4.0, pool=pool)
    with pytest.raises(UsageError, match="Nothing like it"):
        services.estimate("scripted", **asked)
    services.bench(folder, engine="scripted", pool=pool)
    found = services.estimate("scripted", chunk_seconds=3.0, **asked)
    assert (found.samples, found.amount.longest) == (6, 3.0)
    assert found.amount.pieces == sum(math.ceil(seconds / 3) for seconds in _lengths(Path(folder)))


def _lengths(folder: Path) -> list[float]:
    return [read_clip(path).duration for path in folder.glob("*.wav")]


@pytest.mark.weights
def test_whisper_hears_shorter_stretches_of_a_real_recording(long_set: EvalSet, builtin_home: Path) -> None:
    pool = EnginePool(Settings(home=builtin_home))
    folder = str(long_set.items[0].audio.parent)
    asked: dict[str, Any] = {"engine": "builtin", "options": {"beam_size": 1}, "limit": 1, "measure": "single"}
    whole = services.bench(folder, pool=pool, **asked)
    cut = services.bench(folder, pool=pool, chunk_seconds=4, **asked)
    store = RunStore(pool.settings)
    for found in (whole, cut):
        assert found.metrics["wer"].rate is not None
        assert found.metrics["wer"].rate < 0.3
    for one in store.load_run(cut.run_id).outcomes:
        assert isinstance(one, ItemResult)
        assert one.audio_seconds is not None
        assert one.audio_seconds > 8
        assert one.measurement is not None
        assert one.measurement.peak_rss_bytes is not None
        assert len(one.segments) >= 3
        assert all(segment.end - segment.start <= 4.001 for segment in one.segments)
