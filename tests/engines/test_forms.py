"""Models compiled or with weights of 8 bits, on the tiny Qwen3-ASR: what changes, what comes back, what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import soundfile
import torch

from workbench.audio.clip import AudioClip
from workbench.engines import forms
from workbench.engines.base import DecodeOptions
from workbench.engines.forms import FormOptions, Forms, with_int8
from workbench.engines.qwen3 import PLUGIN, Qwen3Engine
from workbench.engines.qwen3_checkpoint import open_checkpoint
from workbench.errors import UsageError
from workbench.settings import Settings

TINY = Path(__file__).parents[1] / "fixtures" / "tiny-qwen3-asr"
LESSONS: list[dict[str, Any]] = json.loads((TINY / "clips" / "clips.json").read_text(encoding="utf-8"))
INT8 = DecodeOptions(extra={"weights": "int8"})
COMPILED = DecodeOptions(extra={"compile": True})


def clips(count: int) -> list[AudioClip]:
    found: list[AudioClip] = []
    for lesson in LESSONS[:count]:
        samples, rate = soundfile.read(TINY / "clips" / lesson["file"], dtype="float32")
        found.append(AudioClip(samples=samples, sample_rate=rate, source=lesson["file"]))
    return found


@pytest.fixture
def engine(tmp_path: Path) -> Qwen3Engine:
    return PLUGIN.load(str(TINY), Settings(home=tmp_path, device="cpu"))


def open_tiny(dtype: str = "float32") -> Any:
    return open_checkpoint(TINY, "ForConditionalGeneration", device="cpu", dtype=dtype, smaller="")[0]


def texts(engine: Qwen3Engine, count: int, options: DecodeOptions) -> list[str]:
    return [one.raw for one in engine.transcribe(clips(count), options)]


def test_both_are_off_unless_asked_for_and_stand_among_the_options(engine: Qwen3Engine) -> None:
    own = engine.info.validated({})
    assert (own.compile, own.weights) == (False, "as stored")
    with pytest.raises(UsageError, match="cannot use option 'weights'"):
        engine.info.validated({"weights": "int4"})


def test_every_linear_layer_is_rounded_by_at_most_half_a_step_of_its_row() -> None:
    stored = {name: one.weight.detach() for name, one in open_tiny().named_modules() if type(one) is torch.nn.Linear}
    rounded = {name: one for name, one in with_int8(open_tiny()).named_modules() if name in stored}
    assert len(stored) > 20
    for name, weight in stored.items():
        found = rounded[name].weight()
        assert found.dtype is torch.qint8
        step = found.q_per_channel_scales().to(torch.float32)[:, None]
        assert torch.all((found.dequantize() - weight).abs() <= 0.501 * step)
        assert torch.any(found.dequantize() != weight)


def test_int8_hears_nearly_the_same_and_leaving_it_gives_the_stored_model_back(engine: Qwen3Engine) -> None:
    before = texts(engine, 3, DecodeOptions())
    rounded = texts(engine, 3, INT8)
    assert len(rounded) == 3
    assert sum(a == b for a, b in zip(before, rounded, strict=True)) >= 1
    linear = [one for one in engine._model.modules() if type(one) is torch.nn.Linear]  # pyright: ignore[reportPrivateUsage]
    assert linear == []
    assert texts(engine, 3, DecodeOptions()) == before


def test_compiling_compiles_the_steps_after_the_first_and_changes_no_text(
    engine: Qwen3Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[dict[str, Any]] = []
    calls: list[int] = []

    def noted(function: Any, **how: Any) -> Any:  # not the compiler itself, which takes a minute
        compiled.append(how)

        def step(**arguments: Any) -> Any:
            calls.append(arguments["input_ids"].shape[-1])
            return function(**arguments)

        return step

    before = texts(engine, 2, DecodeOptions())
    monkeypatch.setattr(torch, "compile", noted)
    monkeypatch.delenv("TORCHINDUCTOR_CACHE_DIR", raising=False)
    assert texts(engine, 2, COMPILED) == before
    assert [how["mode"] for how in compiled] == ["default"]
    assert calls
    assert set(calls) == {1}
    asked = len(calls)
    assert texts(engine, 2, DecodeOptions()) == before
    assert len(calls) == asked


def test_the_form_before_is_let_go_before_the_next_is_opened() -> None:
    opened: list[bool] = []
    held = Forms(open_tiny(), lambda: opened.append(held._model is None) or open_tiny(), Path("none"))  # pyright: ignore[reportPrivateUsage]
    held.take(FormOptions(weights="int8"))
    held.take(FormOptions(weights="int8"))
    assert opened == []
    held.take(FormOptions())
    assert opened == [True]


class TestRefused:
    def test_both_at_once(self) -> None:
        with pytest.raises(UsageError, match="cannot be compiled"):
            Forms(None, open_tiny, Path("none")).take(FormOptions(compile=True, weights="int8"))

    def test_int8_in_another_precision(self) -> None:
        with pytest.raises(UsageError, match="for a CPU in float32; this model is on cpu in bfloat16"):
            with_int8(open_tiny("bfloat16"))

    def test_compiling_without_a_compiler(self, engine: Qwen3Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CXX", "no-such-compiler")
        with pytest.raises(UsageError, match="there is no no-such-compiler"):
            engine.transcribe(clips(1), COMPILED)
        assert engine.transcribe(clips(1), DecodeOptions())[0].text

    def test_compiling_for_a_gpu_without_triton(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CXX", "true")
        monkeypatch.setattr(forms, "find_spec", lambda _: None)
        with pytest.raises(UsageError, match="for cuda:0 needs Triton"):
            forms._check_compiler("cuda:0")  # pyright: ignore[reportPrivateUsage]
