"""One recording several ways: decoded once, each way by itself, differences against the first that worked."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from workbench.audio.clip import AudioClip
from workbench.audio.effects import Gain
from workbench.audio.io import read_clip
from workbench.audio.steps import parse_chain
from workbench.engines.base import DecodeOptions
from workbench.engines.pool import EnginePool
from workbench.engines.scripted import ScriptedPlugin, offered
from workbench.errors import EngineError, UnknownName, UsageError
from workbench.pipeline import variants as module
from workbench.pipeline.variants import Variant, VariantDone, transcribe_variants
from workbench.settings import Settings

SPOKEN = Path(__file__).parents[2] / "eval_sets" / "english-demo" / "audio" / "e01.flac"


def run(settings: Settings, *ways: Variant) -> list[VariantDone]:
    return list(transcribe_variants(SPOKEN, ways, options=DecodeOptions(), pool=EnginePool(settings)))


def by_loudness(clip: AudioClip) -> str:
    return "red fox jumps" if abs(clip.samples).max() > 0.5 else "red box jumps high"


def test_each_way_has_what_its_chain_made_and_its_differences_from_the_first(settings: Settings) -> None:
    with offered(ScriptedPlugin(script=by_loudness)):
        first, quiet = run(settings, Variant(engine="scripted"), Variant(engine="scripted", chain="gain:peak_db=-20"))
    assert first.transcript is not None
    assert quiet.transcript is not None
    assert first.edits == ()
    assert [(edit.op, edit.reference, edit.hypothesis) for edit in quiet.edits if edit.op != "hit"] == [
        ("substitution", "fox", "box"),
        ("insertion", "", "high"),
    ]
    assert quiet.clip is not None
    assert abs(quiet.clip.samples).max() == pytest.approx(0.1, rel=1e-3)
    assert quiet.transcript.chain == "gain@1:peak_db=-20"


def test_the_file_is_decoded_once_for_each_rate(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    rates: list[int | None] = []
    read = module.read_clip

    def counted(path: Path, *, sample_rate: int | None) -> AudioClip:
        rates.append(sample_rate)
        return read(path, sample_rate=sample_rate)

    monkeypatch.setattr(module, "read_clip", counted)
    chains = ["", "gain", "resample+gain", "resample"]
    with offered(ScriptedPlugin()):
        run(settings, *(Variant(engine="scripted", chain=chain) for chain in chains))
    assert rates == [16_000, None]


def test_every_step_that_chains_begin_with_alike_is_done_once_and_costs_each_of_them(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    apply = Gain.apply

    def counted(step: Gain, clip: AudioClip) -> AudioClip:
        done.append(str(step))
        time.sleep(0.05)
        return apply(step, clip)

    monkeypatch.setattr(Gain, "apply", counted)
    quiet, loud, full = (str(Gain(peak_db=level)) for level in (-20, -10, 0))
    chains = ["", quiet, f"{quiet}+{loud}", f"{quiet}+{loud}+{full}", f"{loud}+{quiet}", f"{quiet}+{full}"]
    with offered(ScriptedPlugin()):
        ways = run(settings, *(Variant(engine="scripted", chain=chain) for chain in chains))
    # in the order of need: nothing; the first; one more; one more; another beginning; the first again, and one more
    assert done == [quiet, loud, full, loud, quiet, full]
    for way, chain in zip(ways, chains, strict=True):
        assert way.transcript is not None
        assert way.clip is not None
        assert way.transcript.chain == chain
        assert way.clip.digest == parse_chain(chain).apply(read_clip(SPOKEN)).digest
        assert way.transcript.measurement.wall_seconds > 0.05 * chain.count("gain")


def test_what_no_later_chain_begins_with_is_forgotten() -> None:
    shared = module.SharedSteps(read_clip(SPOKEN))
    one, two = parse_chain("gain+loudness"), parse_chain("gain+trim")
    shared.make(one, [two])
    assert set(shared._made) == {(), one.steps[:1]}
    shared.make(two)
    assert set(shared._made) == {()}


def test_a_way_that_fails_does_not_stop_the_others_and_is_not_what_they_are_held_against(settings: Settings) -> None:
    answers = iter([EngineError("It broke."), "one two", "one three", "one two"])
    with offered(ScriptedPlugin(script=lambda clip: next(answers))):
        failed, second, third, fourth = run(settings, *[Variant(engine="scripted")] * 4)
    assert failed.error is not None
    assert failed.error.message == "It broke."
    assert failed.transcript is None
    assert second.edits == ()
    assert [edit.op for edit in third.edits] == ["hit", "substitution"]
    assert [edit.op for edit in fourth.edits] == ["hit", "hit"]


@pytest.mark.parametrize(
    ("ways", "error", "said"),
    [
        ([Variant(engine="scripted")], UsageError, "at least two"),
        ([Variant(engine="scripted"), Variant(engine="nobody")], UnknownName, "no engine named 'nobody'"),
        (
            [Variant(engine="scripted"), Variant(engine="scripted", chain="louder")],
            UnknownName,
            "no step named 'louder'",
        ),
    ],
)
def test_what_cannot_be_compared_is_said_before_any_work(
    settings: Settings, ways: list[Variant], error: type[Exception], said: str
) -> None:
    with offered(ScriptedPlugin()) as plugin, pytest.raises(error, match=said):
        run(settings, *ways)
    assert plugin.journal.calls == []
