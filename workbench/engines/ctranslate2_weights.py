"""The weights of a CTranslate2 Whisper, read with numpy and named as transformers names them."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from workbench.errors import EngineError

Array = NDArray[np.generic]

_VERSION = 6
_TYPES = (np.float32, np.int8, np.int16, np.int32, np.float16)
"""By the number that CTranslate2 writes for them (its model_spec.py); 5, bfloat16, has no numpy type."""

_NORM = {"gamma": "weight", "beta": "bias"}
_LINEAR = {
    "self_attention/linear_0": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "self_attention/linear_1": ("self_attn.out_proj",),
    "attention/linear_0": ("encoder_attn.q_proj",),
    "attention/linear_1": ("encoder_attn.k_proj", "encoder_attn.v_proj"),
    "attention/linear_2": ("encoder_attn.out_proj",),
    "ffn/linear_0": ("fc1",),
    "ffn/linear_1": ("fc2",),
}
"""CTranslate2 stacks the projections that read the same input; here they are, in the order of the rows."""
_LAYER_NORM = {
    "self_attention/layer_norm": "self_attn_layer_norm",
    "attention/layer_norm": "encoder_attn_layer_norm",
    "ffn/layer_norm": "final_layer_norm",
}
_WHOLE = {
    "embeddings/weight": "embed_tokens.weight",
    "position_encodings/encodings": "embed_positions.weight",
    "conv1/weight": "conv1.weight",
    "conv1/bias": "conv1.bias",
    "conv2/weight": "conv2.weight",
    "conv2/bias": "conv2.bias",
    "layer_norm/gamma": "layer_norm.weight",
    "layer_norm/beta": "layer_norm.bias",
}


def read_variables(path: Path) -> dict[str, Array]:
    """Every variable of a CTranslate2 `model.bin`, scalars as arrays of rank 0; aliases are left out.

    The layout is that of CTranslate2's `ModelSpec.save`: version, spec name, revision, number of variables; then for
    each its name, rank, shape, type, number of bytes, and the bytes. Little-endian; names end with a zero byte.

    Raises:
        EngineError: Another version, a type numpy does not have, or a file that ends early.
    """
    with path.open("rb") as file:
        version = _number(file, "I")
        if version != _VERSION:
            raise EngineError(
                f"{path.name} is of CTranslate2's binary version {version}, not {_VERSION}.",
                hint="Convert the model with CTranslate2 4.",
            )
        _name(file)
        _number(file, "I")
        return dict(_variable(file, path) for _ in range(_number(file, "I")))


def missing_variables(path: Path) -> tuple[str, ...]:
    """Names of variables that a Whisper of this shape has and the file lacks; empty where it is another format.

    CTranslate2 takes a bias that is not there for one of zeros, and says nothing. Which layers there are is told by the
    file itself: what one layer of an encoder or decoder has, the others must have too, and what has weights must have a
    bias. Only names and sizes are read.
    """
    try:
        names = _variable_names(path)
    except (EngineError, OSError, UnicodeDecodeError, struct.error):
        return ()  # whoever loads it says what is wrong with it
    layers: dict[str, dict[str, set[str]]] = {}
    for name in names:
        side, _, rest = name.partition("/")
        layer, _, part = rest.partition("/")
        if layer.startswith("layer_") and layer[6:].isdecimal():
            layers.setdefault(side, {}).setdefault(layer, set()).add(part)
    needed = {
        f"{side}/{layer}/{part}"
        for side, held in layers.items()
        for layer in (f"layer_{number}" for number in range(1 + max(int(one[6:]) for one in held)))
        for part in set[str]().union(*held.values())
    }
    needed |= {name.replace("/weight", "/bias") for name in names if name.endswith("/weight") and "linear_" in name}
    needed |= {name.replace("/gamma", "/beta") for name in names if name.endswith("/gamma")}
    return tuple(sorted(needed - names))


def _variable_names(path: Path) -> set[str]:
    with path.open("rb") as file:
        if _number(file, "I") != _VERSION:
            return set()
        _name(file)
        _number(file, "I")
        names = {_skipped(file) for _ in range(_number(file, "I"))}
        aliases = {_name(file): _name(file) for _ in range(_number(file, "I"))}
        return names | set(aliases)


def _skipped(file: BinaryIO) -> str:
    """The name of the variable that the file stands at; it stands behind it afterwards."""
    name = _name(file)
    file.seek(4 * _number(file, "B") + 1, os.SEEK_CUR)
    file.seek(_number(file, "I"), os.SEEK_CUR)
    return name


def _number(file: BinaryIO, form: str) -> int:
    return struct.unpack("<" + form, _bytes(file, struct.calcsize("<" + form)))[0]


def _name(file: BinaryIO) -> str:
    return _bytes(file, _number(file, "H")).rstrip(b"\0").decode()


def _bytes(file: BinaryIO, count: int) -> bytes:
    data = file.read(count)
    if len(data) < count:
        raise EngineError("The CTranslate2 weights end too early.", hint="Fetch or assemble them again.")
    return data


def _variable(file: BinaryIO, path: Path) -> tuple[str, Array]:
    name = _name(file)
    shape = [_number(file, "I") for _ in range(_number(file, "B"))]
    kind = _number(file, "B")
    data = _bytes(file, _number(file, "I"))
    if kind >= len(_TYPES):
        raise EngineError(
            f"{path.name} holds {name} in a type that numpy does not have.", hint="Convert it to float16."
        )
    return name, np.frombuffer(data, dtype=np.dtype(_TYPES[kind]).newbyteorder("<")).reshape(shape)


def to_transformers(variables: dict[str, Array]) -> dict[str, Array]:
    """The same weights by the names of `WhisperForConditionalGeneration`'s state dict; settings are left out.

    Args:
        variables: From `read_variables`.

    Raises:
        EngineError: A weight that Whisper does not have.
    """
    renamed: dict[str, Array] = {}
    for name, array in variables.items():
        if array.ndim:
            renamed |= _renamed(name, array)
    renamed["proj_out.weight"] = renamed["model.decoder.embed_tokens.weight"]
    return renamed


def _renamed(name: str, array: Array) -> dict[str, Array]:
    side, _, rest = name.partition("/")
    if rest in _WHOLE:
        return {f"model.{side}.{_WHOLE[rest]}": array}
    layer, _, rest = rest.partition("/")
    module, _, kind = rest.rpartition("/")
    prefix = f"model.{side}.layers.{layer.removeprefix('layer_')}"
    if module in _LAYER_NORM:
        return {f"{prefix}.{_LAYER_NORM[module]}.{_NORM[kind]}": array}
    if module not in _LINEAR:
        raise EngineError(f"{name} is no weight of a Whisper.", hint="Give the folder of a CTranslate2 Whisper.")
    targets = _LINEAR[module]
    parts = zip(targets, np.split(array, len(targets)), strict=True)
    # Whisper's keys have no bias; CTranslate2 stacks zeros for it.
    return {f"{prefix}.{to}.{kind}": part for to, part in parts if not (kind == "bias" and to.endswith("k_proj"))}
