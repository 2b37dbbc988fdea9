"""What this machine computes on, and how much of it is free."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import version
from itertools import chain
from pathlib import Path

import psutil

from workbench.errors import EngineUnavailable, UsageError
from workbench.settings import Settings

_KNOWN = ("cpu", "cuda", "mps", "xpu")
_HINT = "Set WORKBENCH_DEVICE to auto or cpu, or install the PyTorch and driver that belong to the device."
_NODES = ("nvidia*", "kfd", "dxg", "dri/render*", "accel/accel*")
"""Device files of what PyTorch computes on under Linux: NVIDIA, ROCm, WSL, Intel."""
GIB = 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpu:
    """One NVIDIA GPU as the driver tells it."""

    name: str
    total_bytes: int
    free_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineFacts:
    """What there is to compute with, now.

    Attributes:
        cpu_cores: Cores this process may use.
        ram_total_bytes: Memory in all.
        ram_free_bytes: Memory that can be had without swapping.
        disk_free_bytes: Free space where the home is, or will be.
        driver: Version of the NVIDIA driver; None where there is none.
        gpus: NVIDIA GPUs; empty where there is none, also on machines with another accelerator.
    """

    cpu_cores: int
    ram_total_bytes: int
    ram_free_bytes: int
    disk_free_bytes: int
    driver: str | None = None
    gpus: tuple[Gpu, ...] = ()


def choose_device(settings: Settings, *, engine: str = "asked for") -> str:
    """The torch device to load weights on: "cuda:0" (ROCm too), "mps", "xpu:0" or "cpu".

    Args:
        settings: Its `device` is honoured; "auto" takes the accelerator where there is one.
        engine: Who asks, for the sentence.

    Raises:
        UsageError: `settings.device` is no device.
        EngineUnavailable: It is one that this machine does not have.
    """
    kind, index = (settings.device, 0) if settings.device == "auto" else _parse(settings.device)
    if kind == "cpu" or (kind == "auto" and not may_have_accelerator()):
        return "cpu"
    import torch

    accelerator = torch.accelerator.current_accelerator(check_available=True)
    if kind == "auto":
        return "cpu" if accelerator is None else _numbered(accelerator.type, 0)
    if accelerator is None or accelerator.type != kind:
        there = "none" if accelerator is None else accelerator.type
        raise EngineUnavailable(engine, f"PyTorch finds no {kind} device here (it finds {there})", hint=_HINT)
    if index >= torch.accelerator.device_count():
        raise EngineUnavailable(
            engine,
            f"there is no device {settings.device}, PyTorch finds {torch.accelerator.device_count()}",
            hint=_HINT,
        )
    return _numbered(kind, index)


def may_have_accelerator(devices: Path = Path("/dev")) -> bool:
    """Whether PyTorch, which takes two seconds to load, has to be asked.

    It has not where it was built for CPUs alone, or where Linux has no device of a kind that it knows.
    """
    if not sys.platform.startswith("linux"):
        return True
    return not version("torch").endswith("+cpu") and any(chain.from_iterable(map(devices.glob, _NODES)))


def _parse(device: str) -> tuple[str, int]:
    kind, _, index = device.partition(":")
    if kind not in _KNOWN or not (index.isdecimal() or (index == "" and ":" not in device)):
        raise UsageError(f"WORKBENCH_DEVICE is {device!r}, not a device.", hint="Use auto, cpu, cuda, cuda:1 or mps.")
    return kind, int(index or 0)


def _numbered(kind: str, index: int) -> str:
    return kind if kind == "mps" else f"{kind}:{index}"


def choose_dtype(device: str, asked: str = "auto") -> str:
    """The torch dtype that weights are loaded in, by name: the fastest the device computes without loss of range.

    bfloat16 on GPUs that have it in hardware (NVIDIA from Ampere on), float16 on older ones and on Apple's, float32
    on a CPU: many emulate half precision, and on those that have bfloat16 it is for the user to say.

    Args:
        device: As `choose_device` gives it.
        asked: `Settings.dtype`; what is not "auto" is taken.
    """
    if asked != "auto":
        return asked
    if device.startswith("cuda"):
        import torch

        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float16"
    if device.startswith("xpu"):
        return "bfloat16"
    return "float16" if device == "mps" else "float32"


def choose_ctranslate2(settings: Settings, *, engine: str = "asked for") -> tuple[str, int, str]:
    """Device, index and compute type for CTranslate2: ("cuda", 0, "float16") or ("cpu", 0, "int8").

    CTranslate2 knows NVIDIA GPUs and CPUs; with "auto" every other machine computes on its CPU.

    Raises:
        UsageError: `settings.device` is no device.
        EngineUnavailable: It is one that CTranslate2 cannot use here.
    """
    import ctranslate2

    count = ctranslate2.get_cuda_device_count()
    if settings.device == "auto":
        return ("cuda", 0, _cuda_type(0)) if count else ("cpu", 0, "int8")
    kind, index = _parse(settings.device)
    if kind == "cpu":
        return "cpu", 0, "int8"
    if kind != "cuda":
        raise EngineUnavailable(engine, f"CTranslate2 does not compute on {kind}", hint=_HINT)
    if index >= count:
        raise EngineUnavailable(
            engine, f"there is no device {settings.device}, CTranslate2 finds {count} NVIDIA GPUs", hint=_HINT
        )
    return "cuda", index, _cuda_type(index)


def _cuda_type(index: int) -> str:
    import ctranslate2

    return "float16" if "float16" in ctranslate2.get_supported_compute_types("cuda", index) else "float32"


def machine_facts(settings: Settings) -> MachineFacts:
    """What there is to compute with, now; takes a few milliseconds and imports no torch."""
    driver, gpus = _nvidia()
    memory = psutil.virtual_memory()
    return MachineFacts(
        cpu_cores=available_cores(),
        ram_total_bytes=memory.total,
        ram_free_bytes=memory.available,
        disk_free_bytes=shutil.disk_usage(_existing(settings.home)).free,
        driver=driver,
        gpus=gpus,
    )


def available_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def _nvidia() -> tuple[str | None, tuple[Gpu, ...]]:
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return None, ()
    try:
        return str(pynvml.nvmlSystemGetDriverVersion()), tuple(map(_gpu, range(pynvml.nvmlDeviceGetCount())))
    except pynvml.NVMLError:
        return None, ()
    finally:
        pynvml.nvmlShutdown()


def _gpu(index: int) -> Gpu:
    import pynvml

    handle = pynvml.nvmlDeviceGetHandleByIndex(index)
    memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
    name = pynvml.nvmlDeviceGetName(handle)
    return Gpu(name=str(name), total_bytes=int(memory.total), free_bytes=int(memory.free))


def fits(needs_bytes: int | None, *, device: str, facts: MachineFacts) -> bool | None:
    """Whether that much memory is free on a device; None where either side is not known."""
    free = _free_bytes(device, facts)
    return None if needs_bytes is None or free is None else needs_bytes <= free


def fit_sentence(needs_bytes: int | None, *, device: str, facts: MachineFacts, fetch_bytes: int = 0) -> str:
    """Free memory, and free disk where something must be fetched, held against what an engine needs.

    Args:
        needs_bytes: `Availability.needs_bytes`.
        device: Where it would run: "cpu", "cuda:0".
        facts: What there is.
        fetch_bytes: What would be downloaded first; 0 where the weights are here.
    """
    parts = [_memory_sentence(needs_bytes, _free_bytes(device, facts), _memory_name(device))]
    if fetch_bytes:
        verdict = "are free" if fetch_bytes <= facts.disk_free_bytes else "are free, too little"
        free = f"{facts.disk_free_bytes / GIB:.1f} GiB {verdict}"
        parts.append(f"The download takes {fetch_bytes / GIB:.1f} GiB of disk; {free}.")
    return " ".join(parts)


def _memory_sentence(needs_bytes: int | None, free: int | None, memory: str) -> str:
    if needs_bytes is None:
        return "How much memory it needs is not known."
    needs = f"It needs about {needs_bytes / GIB:.1f} GiB of {memory}"
    if free is None:
        return f"{needs}; how much is free cannot be read here."
    return f"{needs}; {free / GIB:.1f} GiB are free{'' if needs_bytes <= free else ', too little'}."


def _memory_name(device: str) -> str:
    return "memory" if device in ("cpu", "mps") else "GPU memory"


def _free_bytes(device: str, facts: MachineFacts) -> int | None:
    if device in ("cpu", "mps"):  # Apple's GPU shares the machine's memory
        return facts.ram_free_bytes
    index = int(device.partition(":")[2] or 0)
    return facts.gpus[index].free_bytes if device.startswith("cuda") and index < len(facts.gpus) else None
