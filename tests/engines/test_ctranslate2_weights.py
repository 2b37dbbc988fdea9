"""CTranslate2's binary, read with numpy."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from workbench.engines.ctranslate2_weights import read_variables, to_transformers
from workbench.errors import EngineError

KINDS = {np.dtype(np.float32): 0, np.dtype(np.int8): 1, np.dtype(np.int16): 2, np.dtype(np.int32): 3}


def name(text: str) -> bytes:
    return struct.pack("<H", len(text) + 1) + text.encode() + b"\0"


def write(path: Path, variables: dict[str, np.ndarray], version: int = 6, kind: int | None = None) -> Path:
    """As `ModelSpec.save` does."""
    data = struct.pack("<I", version) + name("WhisperSpec") + struct.pack("<II", 3, len(variables))
    for key, array in variables.items():
        data += name(key) + struct.pack("<B", array.ndim) + struct.pack(f"<{array.ndim}I", *array.shape)
        data += struct.pack("<BI", KINDS[array.dtype] if kind is None else kind, array.nbytes) + array.tobytes()
    path.write_bytes(data + struct.pack("<I", 0))
    return path


def test_what_is_written_is_read(tmp_path: Path) -> None:
    written = {
        "encoder/conv1/weight": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
        "encoder/num_heads": np.array(8, dtype=np.int16),
        "decoder/alignment": np.array([[-3, 4]], dtype=np.int32),
    }
    read = read_variables(write(tmp_path / "model.bin", written))
    assert list(read) == list(written)
    for key, array in written.items():
        assert read[key].shape == array.shape
        np.testing.assert_array_equal(read[key], array)


@pytest.mark.parametrize("cut", [1, 5, 12, 20, 30])
def test_a_file_that_ends_early_is_refused(tmp_path: Path, cut: int) -> None:
    path = write(tmp_path / "model.bin", {"encoder/num_heads": np.array(8, dtype=np.int16)})
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(EngineError, match="end too early"):
        read_variables(path)


def test_values_that_end_early_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "model.bin", {"encoder/conv1/bias": np.zeros(100, dtype=np.float32)})
    path.write_bytes(path.read_bytes()[:-104])
    with pytest.raises(EngineError, match="end too early"):
        read_variables(path)


def test_other_versions_and_types_are_refused(tmp_path: Path) -> None:
    heads = {"encoder/num_heads": np.array(8, dtype=np.int16)}
    with pytest.raises(EngineError, match="binary version 5"):
        read_variables(write(tmp_path / "old.bin", heads, version=5))
    with pytest.raises(EngineError, match="encoder/num_heads in a type"):
        read_variables(write(tmp_path / "bf16.bin", heads, kind=5))


def test_stacked_projections_come_apart_in_order() -> None:
    rows = np.arange(6, dtype=np.float32)[:, None]
    both = {
        "decoder/embeddings/weight": rows,
        "decoder/layer_1/self_attention/linear_0/weight": rows,
        "decoder/layer_1/self_attention/linear_0/bias": np.arange(6, dtype=np.float32),
        "decoder/layer_1/attention/linear_1/weight": rows,
        "decoder/num_heads": np.array(2, dtype=np.int16),
    }
    renamed = to_transformers(both).items()
    assert {key.removeprefix("model.decoder."): value.ravel().tolist() for key, value in renamed} == {
        "embed_tokens.weight": [0, 1, 2, 3, 4, 5],
        "proj_out.weight": [0, 1, 2, 3, 4, 5],
        "layers.1.self_attn.q_proj.weight": [0, 1],
        "layers.1.self_attn.k_proj.weight": [2, 3],
        "layers.1.self_attn.v_proj.weight": [4, 5],
        "layers.1.self_attn.q_proj.bias": [0, 1],
        "layers.1.self_attn.v_proj.bias": [4, 5],
        "layers.1.encoder_attn.k_proj.weight": [0, 1, 2],
        "layers.1.encoder_attn.v_proj.weight": [3, 4, 5],
    }


def test_weights_of_something_else_are_refused() -> None:
    with pytest.raises(EngineError, match="decoder/layer_0/mixer/weight is no weight of a Whisper"):
        to_transformers({"decoder/layer_0/mixer/weight": np.zeros(3, dtype=np.float32)})
