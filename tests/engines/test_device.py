"""Which device is chosen, and what is said where it does not fit."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ctranslate2
import pynvml
import pytest
import torch

from workbench.engines.device import (
    GIB,
    Gpu,
    MachineFacts,
    choose_ctranslate2,
    choose_device,
    choose_dtype,
    fit_sentence,
    fits,
    machine_facts,
    may_have_accelerator,
)
from workbench.errors import EngineUnavailable, UsageError
from workbench.settings import Settings

FACTS = MachineFacts(
    cpu_cores=4,
    ram_total_bytes=16 * GIB,
    ram_free_bytes=8 * GIB,
    disk_free_bytes=10 * GIB,
    driver="580.1",
    gpus=(Gpu(name="A", total_bytes=8 * GIB, free_bytes=6 * GIB),),
)


def asking(settings: Settings, device: str) -> Settings:
    return replace(settings, device=device)


@pytest.fixture
def accelerator(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Pretend that torch finds so many devices of a kind; None for none."""

    def pretend(kind: str | None, count: int = 1) -> None:
        found = None if kind is None else torch.device(kind)
        monkeypatch.setattr("workbench.engines.device.may_have_accelerator", lambda: True)
        monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda check_available=False: found)
        monkeypatch.setattr(torch.accelerator, "device_count", lambda: count if kind else 0)

    return pretend


@pytest.mark.parametrize(
    ("kind", "asked", "chosen"),
    [
        (None, "auto", "cpu"),
        (None, "cpu", "cpu"),
        ("cuda", "auto", "cuda:0"),
        ("cuda", "cuda", "cuda:0"),
        ("cuda", "cuda:1", "cuda:1"),
        ("cuda", "cpu", "cpu"),
        ("mps", "auto", "mps"),
        ("mps", "mps", "mps"),
        ("xpu", "auto", "xpu:0"),
    ],
)
def test_the_device_is_the_one_asked_for_or_the_accelerator(
    accelerator: Any, settings: Settings, kind: str | None, asked: str, chosen: str
) -> None:
    accelerator(kind, count=2)
    assert choose_device(asking(settings, asked)) == chosen


@pytest.mark.skipif(sys.platform != "linux", reason="device files are Linux's")
def test_pytorch_is_asked_only_where_there_may_be_an_accelerator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.engines.device.version", lambda _: "2.13.0")
    assert not may_have_accelerator(tmp_path)
    Path(tmp_path, "nvidia0").touch()
    assert may_have_accelerator(tmp_path)
    monkeypatch.setattr("workbench.engines.device.version", lambda _: "2.13.0+cpu")
    assert not may_have_accelerator(tmp_path)


@pytest.mark.parametrize(("kind", "asked"), [(None, "cuda"), (None, "mps"), ("mps", "cuda"), ("cuda", "cuda:2")])
def test_a_device_that_is_not_there_is_refused(
    accelerator: Any, settings: Settings, kind: str | None, asked: str
) -> None:
    accelerator(kind, count=2)
    with pytest.raises(EngineUnavailable, match="The engine whisper cannot run here") as caught:
        choose_device(asking(settings, asked), engine="whisper")
    assert "WORKBENCH_DEVICE" in caught.value.hint


@pytest.mark.parametrize("asked", ["gpu", "cuda:", "cuda:x", "cuda:-1", "", "cpu,cuda"])
def test_what_is_no_device_is_refused(accelerator: Any, settings: Settings, asked: str) -> None:
    accelerator("cuda")
    with pytest.raises(UsageError, match="not a device"):
        choose_device(asking(settings, asked))
    with pytest.raises(UsageError, match="not a device"):
        choose_ctranslate2(asking(settings, asked))


def test_this_machines_torch_is_asked(settings: Settings) -> None:
    expected = "cpu" if not torch.accelerator.is_available() else torch.accelerator.current_accelerator().type
    assert choose_device(settings).partition(":")[0] == expected


@pytest.mark.parametrize(
    ("device", "bf16", "dtype"),
    [
        ("cuda:0", True, "bfloat16"),
        ("cuda:0", False, "float16"),
        ("mps", True, "float16"),
        ("xpu:0", False, "bfloat16"),
        ("cpu", True, "float32"),
    ],
)
def test_the_dtype_follows_the_device(monkeypatch: pytest.MonkeyPatch, device: str, bf16: bool, dtype: str) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: bf16 or including_emulation)
    assert choose_dtype(device) == dtype
    assert choose_dtype(device, "float16") == "float16"
    assert isinstance(getattr(torch, dtype), torch.dtype)


@pytest.mark.parametrize(
    ("gpus", "types", "asked", "chosen"),
    [
        (0, set(), "auto", ("cpu", 0, "int8")),
        (0, set(), "cpu", ("cpu", 0, "int8")),
        (2, {"float16", "float32"}, "auto", ("cuda", 0, "float16")),
        (2, {"float16", "float32"}, "cuda:1", ("cuda", 1, "float16")),
        (1, {"float32", "int8"}, "cuda", ("cuda", 0, "float32")),
        (1, {"float16"}, "cpu", ("cpu", 0, "int8")),
    ],
)
def test_ctranslate2_gets_a_device_and_a_type(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, gpus: int, types: set[str], asked: str, chosen: object
) -> None:
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: gpus)
    monkeypatch.setattr(ctranslate2, "get_supported_compute_types", lambda device, index=0: types)
    assert choose_ctranslate2(asking(settings, asked)) == chosen


@pytest.mark.parametrize("asked", ["mps", "xpu", "cuda", "cuda:3"])
def test_ctranslate2_refuses_what_it_cannot_use(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, asked: str
) -> None:
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 0)
    with pytest.raises(EngineUnavailable, match="CTranslate2"):
        choose_ctranslate2(asking(settings, asked), engine="builtin")


def test_the_cpu_types_are_ones_that_ctranslate2_has() -> None:
    assert "int8" in ctranslate2.get_supported_compute_types("cpu")


def test_facts_of_this_machine(settings: Settings) -> None:
    facts = machine_facts(settings)
    assert facts.cpu_cores >= 1
    assert 0 < facts.ram_free_bytes <= facts.ram_total_bytes
    assert facts.disk_free_bytes > 0, "of the folder above, as the home is not there yet"
    assert (facts.driver is None) <= (facts.gpus == ())


def test_a_gpu_is_read_from_the_driver(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    memory = SimpleNamespace(total=8 * GIB, free=5 * GIB)
    for name, value in {
        "nvmlInit": lambda: None,
        "nvmlShutdown": lambda: None,
        "nvmlSystemGetDriverVersion": lambda: "580.65",
        "nvmlDeviceGetCount": lambda: 1,
        "nvmlDeviceGetHandleByIndex": lambda index: index,
        "nvmlDeviceGetMemoryInfo": lambda handle: memory,
        "nvmlDeviceGetName": lambda handle: "RTX 3060",
    }.items():
        monkeypatch.setattr(pynvml, name, value)
    facts = machine_facts(settings)
    assert facts.driver == "580.65"
    assert facts.gpus == (Gpu(name="RTX 3060", total_bytes=8 * GIB, free_bytes=5 * GIB),)


def test_a_driver_that_breaks_is_no_gpu(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    def broken() -> str:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_UNKNOWN)

    monkeypatch.setattr(pynvml, "nvmlInit", lambda: None)
    monkeypatch.setattr(pynvml, "nvmlShutdown", lambda: None)
    monkeypatch.setattr(pynvml, "nvmlSystemGetDriverVersion", broken)
    assert machine_facts(settings).gpus == ()


@pytest.mark.parametrize(
    ("needs", "device", "answer"),
    [
        (4 * GIB, "cpu", True),
        (9 * GIB, "cpu", False),
        (9 * GIB, "mps", False),
        (6 * GIB, "cuda:0", True),
        (7 * GIB, "cuda:0", False),
        (1, "cuda:1", None),
        (1, "xpu:0", None),
        (None, "cpu", None),
    ],
)
def test_what_fits(needs: int | None, device: str, answer: bool | None) -> None:
    assert fits(needs, device=device, facts=FACTS) is answer


def test_the_sentence_says_what_is_needed_and_free() -> None:
    assert fit_sentence(4 * GIB, device="cpu", facts=FACTS) == "It needs about 4.0 GiB of memory; 8.0 GiB are free."
    assert (
        fit_sentence(7 * GIB, device="cuda:0", facts=FACTS)
        == "It needs about 7.0 GiB of GPU memory; 6.0 GiB are free, too little."
    )
    assert "cannot be read" in fit_sentence(GIB, device="xpu:0", facts=FACTS)
    assert fit_sentence(None, device="cpu", facts=FACTS) == "How much memory it needs is not known."


def test_the_sentence_says_whether_the_download_fits() -> None:
    little = fit_sentence(GIB, device="cpu", facts=FACTS, fetch_bytes=4 * GIB)
    assert little.endswith("The download takes 4.0 GiB of disk; 10.0 GiB are free.")
    assert fit_sentence(GIB, device="cpu", facts=FACTS, fetch_bytes=11 * GIB).endswith("are free, too little.")


def test_the_disk_is_the_one_of_the_home(tmp_path: Path) -> None:
    assert machine_facts(Settings(home=tmp_path / "a" / "b")).disk_free_bytes > 0
