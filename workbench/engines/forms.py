"""A model in another form than it is stored in: compiled, or with weights of 8 bits. Off unless asked for.

What either costs and gains was measured on a CPU only (docs/measuring.md); texts may differ from those of the model as
it is stored.
"""

from __future__ import annotations

import os
import shutil
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from workbench.errors import UsageError
from workbench.settings import Settings

Weights = Literal["as stored", "int8"]
_OFF = "Leave the option out."


@dataclass(frozen=True, slots=True, kw_only=True)
class FormOptions:
    """How the model is held; an engine that has these options adds its own."""

    compile: bool = field(
        default=False,
        metadata={
            "help": "Compile the decoder with torch.compile, with a cache of fixed length: the first clips of each "
            "batch size take much longer. On the CPU it was measured on, it gained little."
        },
    )
    weights: Weights = field(
        default="as stored",
        metadata={
            "help": "int8 rounds the weights of linear layers, and what goes into them, to 8 bits, on a CPU only: "
            "quicker there, and some texts change."
        },
    )


class Forms:
    """One model, in the form that was asked for last.

    Args:
        model: As it was opened.
        reopen: Opens it again: rounding cannot be undone.
        compiled: Folder for compiled code; it holds nothing of what was heard.
    """

    def __init__(self, model: Any, reopen: Callable[[], Any], compiled: Path) -> None:
        self._model, self._reopen, self._compiled = model, reopen, compiled
        self._weights: Weights = "as stored"

    def take(self, options: FormOptions) -> Any:
        """The model in that form; the one before is not to be used any more.

        Raises:
            UsageError: It cannot be had here.
        """
        if options.compile and options.weights == "int8":
            raise UsageError("A model with weights of 8 bits cannot be compiled.", hint="Use one of the two options.")
        if self._weights not in ("as stored", options.weights):
            self._model = None  # never twice in memory
        if self._model is None:
            self._model, self._weights = self._reopen(), "as stored"
        if self._weights != options.weights:
            self._model, self._weights = with_int8(self._model), options.weights
        if options.compile:
            _check_compiler(str(self._model.device))
            os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(self._compiled))
            os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")  # no processes beside this one
        _set_compiled(self._model, wanted=options.compile)
        return self._model

    def close(self) -> None:
        """Let go of the model."""
        self._model = None


def open_forms(opened: Callable[[], tuple[Any, Any]], settings: Settings) -> tuple[Any, Any, Forms]:
    """A model, its processor, and its forms.

    Args:
        opened: Opens model and processor.
        settings: Compiled code is kept under its home.
    """
    model, processor = opened()
    return model, processor, Forms(model, lambda: opened()[0], settings.home / "compiled")


def with_int8(model: Any) -> Any:
    """Its linear layers with weights of 8 bits, a scale for each row; changed in place.

    By torch's dynamic quantisation: activations are rounded to 8 bits too, with one scale for all clips of a batch,
    so a text can depend on which clips are decoded together.

    Args:
        model: In float32 on a CPU.

    Raises:
        UsageError: It is elsewhere or in another precision, or this PyTorch cannot do it any more.
    """
    import torch

    if model.device.type != "cpu" or model.dtype is not torch.float32:
        where = f"{model.device.type} in {str(model.dtype).removeprefix('torch.')}"
        raise UsageError(f"Weights of 8 bits are for a CPU in float32; this model is on {where}.", hint=_OFF)
    try:
        from torch.ao.quantization.qconfig import per_channel_dynamic_qconfig
        from torch.ao.quantization.quantize import quantize_dynamic  # pyright: ignore[reportDeprecated]
    except ImportError as error:
        told = f"PyTorch {torch.__version__} has no dynamic quantisation any more."
        raise UsageError(told, hint=_OFF) from error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated for torchao
        rounded: Any = quantize_dynamic  # pyright: ignore[reportDeprecated]
        return rounded(model, {torch.nn.Linear: per_channel_dynamic_qconfig}, inplace=True)


def _check_compiler(device: str) -> None:
    """Refuse where torch.compile would fail in the middle: it needs a C++ compiler, and Triton on a GPU.

    Source of the names: torch._inductor.config.cpp.cxx.
    """
    compiler = os.environ.get("CXX", "clang++" if sys.platform == "darwin" else "g++")
    if shutil.which(compiler) is None:
        raise UsageError(f"Compiling needs a C++ compiler, and there is no {compiler}.", hint=_OFF)
    if device != "cpu" and find_spec("triton") is None:
        raise UsageError(f"Compiling for {device} needs Triton, which is not installed.", hint=_OFF)


def _set_compiled(model: Any, *, wanted: bool) -> None:
    """Have `generate` compile each step after the first, or not; it does so only with a cache of fixed length."""
    from transformers import CompileConfig

    asked = model.generation_config
    if (asked.cache_implementation == "static") == wanted:
        return
    asked.cache_implementation = asked.compile_config = None
    if wanted:
        config: Any = CompileConfig() if model.device.type == "cuda" else CompileConfig(mode="default")
        config._compile_all_devices = True  # else nothing is compiled on a CPU, without a word
        asked.cache_implementation, asked.compile_config = "static", config
