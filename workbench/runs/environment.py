"""What a run was made with: packages, code, machine. Nothing in it names a person or a host."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

from workbench.text.rulers import list_rulers

PACKAGES = (
    "asr-workbench", "torch", "transformers", "tokenizers", "accelerate", "ctranslate2", "faster-whisper",
    "onnxruntime", "jiwer", "numpy", "scipy", "av", "soxr", "silero-vad", "opencc", "wetext", "whisper-normalizer",
    "pandas", "gradio",
)  # fmt: skip
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
"""What says how many threads compute; not set, each library takes as many as there are cores."""
_CPUINFO = Path("/proc/cpuinfo")
_CHECKOUT = Path(__file__).resolve().parents[2]


@cache
def environment() -> Mapping[str, Any]:
    """Versions, commit and machine as JSON values; what cannot be told is None. Imports nothing of what it names.

    Looked up once: a process keeps running the code it began with.
    """
    return {
        "packages": package_versions(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu": cpu_model(),
        "cpus": os.cpu_count(),
        "cpus_usable": _usable_cpus(),
        "memory_bytes": psutil.virtual_memory().total,
        "threads": {name: os.environ.get(name) for name in THREADS},
        "git": git_state(_CHECKOUT),
        "gpus": gpus(),
        "rulers": {ruler.id: ruler.hash for ruler in list_rulers()},
    }


def package_versions() -> dict[str, str | None]:
    """Installed version by distribution name; None where it is not installed."""
    return {name: _version(name) for name in PACKAGES}


def cpu_model() -> str | None:
    """The processor as the kernel names it."""
    try:
        lines = _CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or None
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor() or None)


def git_state(checkout: Path) -> dict[str, Any] | None:
    """Commit, and whether files differ from it; None where the folder is no checkout or git is not there."""
    if not (checkout / ".git").exists():
        return None
    commit = _git(checkout, "rev-parse", "HEAD")
    if commit is None:
        return None
    changes = _git(checkout, "status", "--porcelain")
    return {"commit": commit, "dirty": None if changes is None else bool(changes)}


def gpus() -> list[Mapping[str, Any]]:
    """Name, memory and driver of each NVIDIA GPU; empty where there is none."""
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return []
    try:
        return [_gpu(pynvml, index) for index in range(pynvml.nvmlDeviceGetCount())]
    except pynvml.NVMLError:
        return []
    finally:
        pynvml.nvmlShutdown()


def _gpu(nvml: Any, index: int) -> Mapping[str, Any]:
    handle = nvml.nvmlDeviceGetHandleByIndex(index)
    return {
        "name": nvml.nvmlDeviceGetName(handle),
        "memory_bytes": nvml.nvmlDeviceGetMemoryInfo(handle).total,
        "driver": nvml.nvmlSystemGetDriverVersion(),
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _usable_cpus() -> int | None:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def _git(checkout: Path, *arguments: str) -> str | None:
    command = ["git", "-C", str(checkout), "--no-optional-locks", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
