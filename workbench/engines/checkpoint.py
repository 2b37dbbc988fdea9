"""A checkpoint in transformers' format, opened from a folder: no network, no code of its own, no tensor made up."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.errors import EngineUnavailable

_MAY_NAME_CODE = ("config.json", "processor_config.json", "preprocessor_config.json", "tokenizer_config.json")
_NAMED = 3
"""How many of the tensors that are not there a message names."""


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object; empty where there is no such file, or something else in it."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def refuse_code(engine: str, folder: Path) -> None:
    """Refuse a checkpoint that names Python code of its own (`auto_map`) in any of its configurations.

    Raises:
        EngineUnavailable: It does.
    """
    for name in _MAY_NAME_CODE:
        if "auto_map" in read_json(folder / name):
            reason = f"{folder} wants code of its own to be run ({name} has auto_map)"
            raise EngineUnavailable(engine, reason, hint="Use a checkpoint that transformers reads without it.")


def open_model(
    engine: str,
    folder: Path,
    model_class: Any,
    open_processor: Callable[..., Any],
    *,
    device: str,
    dtype: str,
    smaller: str,
    again: str = "Fetch it again.",
) -> tuple[Any, Any]:
    """The model, ready to work, and its processor.

    Args:
        engine: Who asks, for the sentence.
        folder: The checkpoint.
        model_class: Its class of transformers, or an auto class.
        open_processor: Called with the folder and the arguments that keep transformers on this disk.
        device: Where to, as "cpu" or "cuda:0".
        dtype: In what precision, as "bfloat16".
        smaller: What to do where memory is short.
        again: What to do where the files are at fault.

    Raises:
        EngineUnavailable: It wants code of its own, does not load, lacks tensors, or does not fit.
    """
    import torch
    from safetensors import SafetensorError
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()  # standard error is for the progress of ours
    refuse_code(engine, folder)
    here: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    try:
        processor = open_processor(folder, **here)
        # with output_loading_info a pair, which its annotation does not say
        model, report = model_class.from_pretrained(
            folder,
            dtype=getattr(torch, dtype),
            device_map=device,
            use_safetensors=True,
            output_loading_info=True,
            **here,
        )
    except torch.OutOfMemoryError as error:
        raise EngineUnavailable(engine, f"{device} has too little free memory", hint=smaller) from error
    except (OSError, ValueError, KeyError, TypeError, ImportError, RuntimeError, SafetensorError) as error:
        raise EngineUnavailable(engine, f"{folder} does not load ({error})", hint=again) from error
    if missing := sorted(report["missing_keys"]):  # transformers fills them with random numbers, and warns at most
        named = ", ".join(missing[:_NAMED]) + (", …" if len(missing) > _NAMED else "")
        lacking = f"{folder} lacks {len(missing)} of the model's tensors ({named})"
        raise EngineUnavailable(engine, lacking, hint=again)
    return model.eval(), processor


def attention_of(model: Any) -> str:
    """How a model computes attention, as transformers chose it for model and device: "sdpa", "eager"; else empty."""
    return str(getattr(model.config, "_attn_implementation", None) or "")
