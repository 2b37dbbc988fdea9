"""A set through an engine: what is done, kept, told again and gone on with."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from workbench.audio.clip import AudioClip
from workbench.engines.base import Hypothesis, Segment
from workbench.engines.pool import EnginePool
from workbench.engines.scripted import ScriptedPlugin
from workbench.errors import EngineError, EngineUnavailable, RunError, UnknownName, UsageError
from workbench.evalsets.model import EvalSet
from workbench.runs.records import ItemFailure, ItemResult, RunEvent, RunFinished, RunStarted
from workbench.runs.store import RunStore

Run = Callable[..., Iterator[RunEvent]]


def outcomes(events: list[RunEvent]) -> list[ItemResult | ItemFailure]:
    return [event for event in events if isinstance(event, ItemResult | ItemFailure)]


def texts(events: list[RunEvent]) -> dict[str, str]:
    return {one.id: one.text if isinstance(one, ItemResult) else one.error for one in outcomes(events)}


def ends(events: list[RunEvent]) -> tuple[RunStarted, RunFinished]:
    started, finished = events[0], events[-1]
    assert isinstance(started, RunStarted)
    assert isinstance(finished, RunFinished)
    return started, finished


WHOLE = {f"t{number}": f"{0.1 + number / 100:.2f} seconds" for number in range(6)}


def test_every_item_is_transcribed_in_order_and_kept(run: Run, tones: EvalSet, store: RunStore) -> None:
    events = list(run(tones, passed={"sets": ["tones"]}))
    started, finished = ends(events)
    assert (started.total, started.done) == (6, 0)
    assert list(texts(events).items()) == list(WHOLE.items())
    assert (finished.status, finished.transcribed, finished.failed) == ("success", 6, 0)
    stored = store.load_run(started.run_id)
    assert list(stored.outcomes) == outcomes(events)
    assert stored.record.status == "success"
    assert stored.record.passed == {"sets": ["tones"]}
    assert stored.record.finished is not None
    first = stored.outcomes[0]
    assert isinstance(first, ItemResult)
    assert (first.reference, first.finish, first.language) == ("tone 0", "eos", "en")
    assert first.tags == {"parity": "even", "number": 0, "language": "en"}
    assert (first.measurement.kind, first.measurement.audio_seconds) == ("single", pytest.approx(0.1))
    assert first.audio == str(tones.items[0].audio)


def test_the_first_clip_warms_up_and_counts_once(run: Run, tones: EvalSet, scripted: ScriptedPlugin) -> None:
    list(run(tones))
    lengths = [round(clip.duration, 2) for call in scripted.journal.calls for clip in call.clips]
    assert lengths == [0.10, 0.10, 0.11, 0.12, 0.13, 0.14, 0.15]


def test_an_unreadable_clip_fails_and_the_rest_goes_on(run: Run, tones: EvalSet, tmp_path: Path) -> None:
    tones.items[0].audio.write_text("these are words")
    tones.items[3].audio.unlink()
    events = list(run(tones))
    assert texts(events) == {**WHOLE, "t0": "AudioUnreadable", "t3": "AudioNotFound"}
    _, finished = ends(events)
    assert (finished.status, finished.transcribed, finished.failed) == ("success", 4, 2)
    failed = outcomes(events)[0]
    assert isinstance(failed, ItemFailure)
    assert failed.reference == "tone 0"
    assert failed.message.startswith("t0.wav cannot be read")


def answer(clip: AudioClip, *, length: float, error: Exception) -> str | Exception:
    return error if round(clip.duration, 2) == length else "heard"


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (EngineError("It broke.", hint="Mend it."), "EngineError", "It broke. Mend it."),
        (
            ZeroDivisionError("division by zero\nmore"),
            "ZeroDivisionError",
            "It stopped with ZeroDivisionError: division by zero.",
        ),
        (MemoryError(), "MemoryError", "It stopped with MemoryError."),
        (ValueError("\ud800"), "ValueError", "It stopped with ValueError: ?."),
    ],
)
@pytest.mark.parametrize("batch_size", [1, 4])
def test_an_engine_that_fails_on_one_clip_fails_on_that_alone(
    run: Run, tones: EvalSet, scripted: ScriptedPlugin, error: Exception, code: str, message: str, batch_size: int
) -> None:
    scripted.script = lambda clip: answer(clip, length=0.12, error=error)
    events = list(run(tones, batch_size=batch_size))
    assert [one.id for one in outcomes(events)] == list(WHOLE)
    failed = [one for one in outcomes(events) if isinstance(one, ItemFailure)]
    assert [(one.id, one.error, one.message) for one in failed] == [("t2", code, message)]


@pytest.mark.parametrize("batch_size", [1, 3])
def test_an_engine_that_fails_on_everything_ends(
    run: Run, tones: EvalSet, scripted: ScriptedPlugin, store: RunStore, batch_size: int
) -> None:
    scripted.script = {"*": RuntimeError("CUDA error")}
    started, finished = ends(list(run(tones, batch_size=batch_size)))
    assert (finished.status, finished.transcribed, finished.failed) == ("error", 0, 6)
    assert store.load_run(started.run_id).record.error == (
        "Every item failed, the first with: It stopped with RuntimeError: CUDA error."
    )


def test_an_engine_that_cannot_be_loaded_leaves_no_run(
    run: Run, tones: EvalSet, scripted: ScriptedPlugin, store: RunStore
) -> None:
    scripted.load_errors.append(EngineUnavailable("scripted", "it is tired", hint="Let it sleep."))
    with pytest.raises(EngineUnavailable):
        list(run(tones))
    with pytest.raises(UnknownName):
        list(run(tones, engine="scriptd"))
    assert store.list_runs() == []


def test_an_engine_that_is_unloaded_and_gone_ends_the_run(
    run: Run, tones: EvalSet, scripted: ScriptedPlugin, pool: EnginePool, store: RunStore
) -> None:
    events = run(tones)
    kept = [next(events) for _ in range(3)]
    pool.unload()
    scripted.load_errors.append(EngineUnavailable("scripted", "the GPU fell out", hint="Put it back."))
    kept += list(events)
    _, finished = ends(kept)
    assert (finished.status, finished.transcribed, finished.failed) == ("error", 2, 0)
    assert "the GPU fell out" in store.list_runs()[0].error
    assert texts(list(run(tones))) == WHOLE


def test_an_engine_that_is_unloaded_is_loaded_again(run: Run, tones: EvalSet, pool: EnginePool) -> None:
    events = run(tones)
    kept = [next(events) for _ in range(3)]
    pool.unload()
    assert texts(kept + list(events)) == WHOLE


@pytest.mark.parametrize("done", range(7))
def test_closing_cancels_and_keeps_what_is_done(run: Run, tones: EvalSet, store: RunStore, done: int) -> None:
    events = run(tones)
    for _ in range(1 + done):
        next(events)
    events.close()  # pyright: ignore[reportAttributeAccessIssue]
    stored = store.load_run(store.list_runs()[0].run_id)
    assert (stored.record.status, len(stored.outcomes), stored.missing) == ("cancelled", done, 6 - done)
    again = list(run(tones))
    assert ends(again)[0] == RunStarted(run_id=stored.record.run_id, total=6, done=done)
    assert texts(again) == WHOLE
    assert ends(again)[1].status == "success"
    assert len(store.list_runs()) == 1


def test_ctrl_c_in_the_engine_cancels(run: Run, tones: EvalSet, scripted: ScriptedPlugin, store: RunStore) -> None:
    def interrupt(clip: AudioClip) -> str:
        if round(clip.duration, 2) == 0.12:
            raise KeyboardInterrupt
        return "heard"

    scripted.script = interrupt
    with pytest.raises(KeyboardInterrupt):
        list(run(tones))
    stored = store.load_run(store.list_runs()[0].run_id)
    assert (stored.record.status, len(stored.outcomes)) == ("cancelled", 2)


@pytest.mark.parametrize("on_existing", ["reuse", "resume"])
def test_a_finished_run_is_told_again_without_the_engine(
    run: Run, tones: EvalSet, scripted: ScriptedPlugin, store: RunStore, on_existing: str
) -> None:
    first = list(run(tones))
    calls = len(scripted.journal.calls)
    again = list(run(tones, on_existing=on_existing))
    assert again == [replace(ends(first)[0], done=6), *first[1:]]
    assert len(scripted.journal.calls) == calls
    assert len(store.list_runs()) == 1


def test_again_makes_a_new_run(run: Run, tones: EvalSet, store: RunStore) -> None:
    first, second = list(run(tones)), list(run(tones, on_existing="again"))
    assert ends(first)[0].run_id != ends(second)[0].run_id
    assert ends(second)[0].done == 0
    assert texts(first) == texts(second)
    assert len(store.list_runs()) == 2


def test_failures_are_told_again_by_reuse_and_tried_again_by_resume(
    run: Run, tones: EvalSet, scripted: ScriptedPlugin, store: RunStore
) -> None:
    scripted.script = lambda clip: answer(clip, length=0.12, error=EngineError("It broke."))
    list(run(tones))
    scripted.script = {"*": "mended"}
    assert texts(list(run(tones, on_existing="reuse")))["t2"] == "EngineError"
    resumed = list(run(tones, on_existing="resume"))
    assert ends(resumed)[0].done == 5
    assert texts(resumed) == {**dict.fromkeys(WHOLE, "heard"), "t2": "mended"}
    assert (ends(resumed)[1].transcribed, ends(resumed)[1].failed) == (6, 0)
    assert [one.id for one in store.load_run(ends(resumed)[0].run_id).outcomes] == list(WHOLE)


def test_a_run_that_somebody_writes_is_refused(run: Run, tones: EvalSet) -> None:
    events = run(tones)
    next(events)
    with pytest.raises(RunError, match="is being written by another"):
        list(run(tones, on_existing="resume"))
    assert texts(list(run(tones, on_existing="again"))) == WHOLE
    assert texts(list(events)) == WHOLE


@pytest.mark.parametrize(
    "change",
    [
        {"language": "auto"},
        {"context": "Kubernetes"},
        {"chain": "gain"},
        {"batch_size": 2},
        {"seed": 1},
    ],
)
def test_whatever_decides_the_texts_makes_another_run(
    run: Run, tones: EvalSet, store: RunStore, change: dict[str, Any]
) -> None:
    list(run(tones))
    list(run(tones, **change))
    assert len(store.list_runs()) == 2


def test_another_text_or_recording_makes_another_run(run: Run, tones: EvalSet, store: RunStore) -> None:
    list(run(tones))
    list(run(replace(tones, items=(replace(tones.items[0], reference="other"), *tones.items[1:]))))
    tones.items[0].audio.write_bytes(tones.items[1].audio.read_bytes())
    list(run(tones))
    assert len(store.list_runs()) == 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Beam:
    """Options of an engine in these tests."""

    beam: int = 5


def test_options_are_kept_with_their_defaults(
    run: Run, tones: EvalSet, scripted: ScriptedPlugin, store: RunStore
) -> None:
    scripted.options = Beam
    list(run(tones))
    list(run(tones, options={"beam": "5"}))
    assert [record.spec.options for record in store.list_runs()] == [{"beam": 5}]
    assert scripted.journal.calls[0].options.extra == {"beam": 5}
    with pytest.raises(UsageError, match="beem"):
        list(run(tones, options={"beem": 1}))


def test_what_cannot_be_used_is_said_before_a_run_is_made(run: Run, tones: EvalSet, store: RunStore) -> None:
    for arguments, said in (({"language": "xx"}, "'xx'"), ({"language": "fr"}, "French"), ({"batch_size": 0}, "batch")):
        with pytest.raises(UsageError, match=said):
            list(run(tones, **arguments))
    assert store.list_runs() == []


@pytest.mark.parametrize(
    ("label", "language", "told", "warning"),
    [
        ("zh", "set", "zh", ""),
        ("cmn", "set", "zh", ""),
        ("fr", "set", None, "does not know French"),
        ("zh-en", "set", None, ""),
        ("mixed", "set", None, ""),
        ("", "set", None, ""),
        ("zh", "auto", None, ""),
        ("zh", "yue", "yue", ""),
        ("mixed", "English", "en", ""),
    ],
)
def test_each_item_is_told_its_language(
    run: Run, tones: EvalSet, scripted: ScriptedPlugin, label: str, language: str, told: str | None, warning: str
) -> None:
    [outcome] = outcomes(list(run(replace(tones, items=(replace(tones.items[0], language=label),)), language=language)))
    assert isinstance(outcome, ItemResult)
    assert scripted.journal.calls[-1].options.language == told
    assert (warning in " ".join(outcome.warnings)) if warning else not outcome.warnings


def test_two_languages_go_in_batches_of_their_own_and_are_kept_in_order(
    run: Run, tones: EvalSet, scripted: ScriptedPlugin, store: RunStore
) -> None:
    items = tuple(replace(item, language="zh" if n % 2 else "en") for n, item in enumerate(tones.items))
    events = list(run(replace(tones, items=items), batch_size=4))
    stored = store.load_run(ends(events)[0].run_id).outcomes
    assert [(one.id, one.text) for one in stored if isinstance(one, ItemResult)] == list(WHOLE.items())
    calls = [(call.options.language, len(call.clips)) for call in scripted.journal.calls[1:]]
    assert calls == [("en", 3), ("zh", 3)]
    kinds = {
        (one.measurement.kind, one.measurement.batch_size) for one in outcomes(events) if isinstance(one, ItemResult)
    }
    assert kinds == {("amortised", 3)}


def test_the_consumers_time_and_the_models_loading_are_not_counted(
    run: Run, tones: EvalSet, scripted: ScriptedPlugin, store: RunStore
) -> None:
    scripted.delay_seconds, scripted.load_seconds = 0.02, 0.3
    events: list[RunEvent] = []
    for event in run(tones):
        time.sleep(0.1)
        events.append(event)
    wall = ends(events)[1].wall_seconds
    parts = sum(one.measurement.wall_seconds for one in outcomes(events) if isinstance(one, ItemResult))
    assert 6 * 0.02 <= parts <= wall < 0.35
    record = store.list_runs()[0]
    assert record.wall_seconds == wall
    assert record.load_seconds == pytest.approx(0.3, abs=0.1)


def test_the_time_of_a_resumed_run_is_the_sum(run: Run, tones: EvalSet, scripted: ScriptedPlugin) -> None:
    scripted.delay_seconds = 0.02
    events = run(tones)
    for _ in range(4):
        next(events)
    events.close()  # pyright: ignore[reportAttributeAccessIssue]
    wall = ends(list(run(tones)))[1].wall_seconds
    assert 6 * 0.02 <= wall < 0.35


def test_what_the_engine_says_beyond_text_is_kept(
    run: Run, tones: EvalSet, scripted: ScriptedPlugin, store: RunStore
) -> None:
    heard = Hypothesis(
        text="half \udc80", raw="<en>half \udc80", language="en", finish="length",
        segments=(Segment(start=0.0, end=0.05, text="half \udc80"),), warnings=("Listen again.",),
    )  # fmt: skip
    scripted.script = {"*": heard}
    list(run(tones))
    first = store.load_run(store.list_runs()[0].run_id).outcomes[0]
    assert isinstance(first, ItemResult)
    assert (first.text, first.raw, first.finish) == ("half ?", "<en>half ?", "length")
    assert first.segments == (Segment(start=0.0, end=0.05, text="half ?"),)
    assert "Listen again." in first.warnings
    assert any("ran out of tokens" in warning for warning in first.warnings)


def test_an_empty_set_ends(run: Run) -> None:
    _, finished = ends(list(run(EvalSet(name="none", items=()))))
    assert (finished.status, finished.transcribed, finished.failed) == ("success", 0, 0)
