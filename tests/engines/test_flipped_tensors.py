"""The model is the one named: what happens where one tensor is flipped, zeroed, dropped or added, engine by engine.

With a hash list (a fetched folder, the Hugging Face cache, the built-in weights: tests/engines/test_builtin.py) any
change is refused before a byte of it is used. Without one, as in a folder of one's own, nobody can say what the numbers
should be: a missing tensor is refused, and any other change makes another revision, which every run records.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from workbench.engines.builtin import FOLDER
from workbench.engines.ctranslate2_weights import missing_variables
from workbench.engines.faster_whisper import FasterWhisperEngine
from workbench.engines.registry import plugin
from workbench.engines.weights import RECORD, file_sha256, folder_revision, verify_folder
from workbench.errors import EngineError, EngineUnavailable, ModelDiffers, WorkbenchError
from workbench.settings import Settings

FIXTURES = Path(__file__).parents[1] / "fixtures"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
Damage = Callable[[Path], None]


def qwen3(folder: Path) -> Path:
    shutil.copytree(FIXTURES / "tiny-qwen3-asr", folder, ignore=shutil.ignore_patterns("clips"))
    return folder / "model.safetensors"


def whisper(folder: Path) -> Path:
    """Its configuration and a few tensors: enough to be refused, or to be found incomplete."""
    return _stub(folder, {"model_type": "whisper"})


def transformers(folder: Path) -> Path:
    return _stub(folder, {"model_type": "wav2vec2", "architectures": ["Wav2Vec2ForCTC"]})


def _stub(folder: Path, config: dict[str, object]) -> Path:
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    tensors = {f"layer.{number}.weight": torch.full((4, 4), float(number)) for number in range(3)}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return folder / "model.safetensors"


def sherpa(folder: Path) -> Path:
    """Three files that are told by their names."""
    folder.mkdir()
    (folder / "tokens.txt").write_text("<blk> 0\na 1\n")
    for seed, name in enumerate(("encoder.onnx", "decoder.onnx", "joiner.onnx")):
        (folder / name).write_bytes(np.random.default_rng(seed).bytes(5000))
    return folder / "joiner.onnx"


def faster_whisper(folder: Path) -> Path:
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "tokenizer.json").write_text('{"added_tokens": []}')
    (folder / "model.bin").write_bytes(struct.pack("<I", 6) + np.random.default_rng(0).bytes(5000))
    return folder / "model.bin"


ENGINES = {
    "qwen3-asr": qwen3,
    "whisper": whisper,
    "transformers": transformers,
    "faster-whisper": faster_whisper,
    "sherpa-onnx": sherpa,
}


def flip_first(path: Path) -> None:
    _flip(path, 9)


def flip_last(path: Path) -> None:
    _flip(path, -1)


def _flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def zero_the_end(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-64] + bytes(64))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def remove(path: Path) -> None:
    path.unlink()
    path.with_name(f"other-{path.name}").write_bytes(b"other weights")  # so that the folder still holds a model


def add_beside(path: Path) -> None:
    path.with_name(f"added{path.suffix}").write_bytes(path.read_bytes())


def zero_tensor(path: Path) -> None:
    _with_tensors(path, lambda tensors: tensors | {max(tensors): torch.zeros_like(tensors[max(tensors)])})


def drop_tensor(path: Path) -> None:
    _with_tensors(path, lambda tensors: {name: tensors[name] for name in sorted(tensors)[1:]})


def add_tensor(path: Path) -> None:
    _with_tensors(path, lambda tensors: tensors | {"added": torch.ones(3)})


def swap_tensors(path: Path) -> None:
    """Two of one shape change places: nothing but their bytes tells."""

    def swapped(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        first = min(tensors)
        second = next(
            name
            for name in sorted(tensors)[1:]
            if tensors[name].shape == tensors[first].shape and not torch.equal(tensors[name], tensors[first])
        )
        return tensors | {first: tensors[second], second: tensors[first]}

    _with_tensors(path, swapped)


def _with_tensors(path: Path, change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]) -> None:
    save_file(change(load_file(path)), path, metadata={"format": "pt"})


BYTES = [flip_first, flip_last, zero_the_end, cut, lengthen, remove, add_beside]
TENSORS = [zero_tensor, drop_tensor, add_tensor, swap_tensors]


def record(folder: Path) -> None:
    files = {path.name: file_sha256(path) for path in folder.iterdir()}
    (folder / RECORD).write_text(json.dumps({"hub_id": "org/m", "commit": COMMIT, "files": files}))


@pytest.mark.parametrize(
    ("engine", "damage"),
    [
        (engine, damage)
        for engine in ENGINES
        for damage in (*BYTES, *(TENSORS if engine in ("qwen3-asr", "whisper", "transformers") else []))
        if (engine, damage) != ("faster-whisper", remove)  # model.bin has one name: without it there is no model
    ],
)
def test_with_a_hash_list_every_change_is_refused(tmp_path: Path, settings: Settings, engine: str, damage: Damage):
    folder = tmp_path / "model"
    weights = ENGINES[engine](folder)
    record(folder)
    verify_folder(folder)
    damage(weights)
    with pytest.raises(ModelDiffers) as caught:
        plugin(engine).load(str(folder), settings)
    assert caught.value.hint
    assert str(folder) in caught.value.message


@pytest.mark.parametrize("engine", ENGINES)
def test_the_list_refuses_nothing_that_is_whole(tmp_path: Path, settings: Settings, engine: str) -> None:
    """But for the tiny Qwen3-ASR these are no models: they get past the list and fail for what they are."""
    folder = tmp_path / "model"
    ENGINES[engine](folder)
    record(folder)
    if engine == "qwen3-asr":
        plugin(engine).load(str(folder), settings).close()
        return
    with pytest.raises(WorkbenchError) as caught:
        plugin(engine).load(str(folder), settings)
    assert not isinstance(caught.value, ModelDiffers)


def test_a_list_that_cannot_be_read_is_no_excuse(tmp_path: Path) -> None:
    qwen3(tmp_path / "model")
    for torn in ('{"files": {', "[]", '{"commit": "0"}', ""):
        (tmp_path / "model" / RECORD).write_text(torn)
        with pytest.raises(ModelDiffers, match=RECORD):
            verify_folder(tmp_path / "model")


@pytest.mark.parametrize("damage", [flip_last, cut, zero_tensor, drop_tensor])
def test_the_hugging_face_cache_is_its_own_list(tmp_path: Path, settings: Settings, damage: Damage) -> None:
    snapshot = tmp_path / "models--org--m" / "snapshots" / COMMIT
    weights = qwen3(snapshot)
    blob = tmp_path / "models--org--m" / "blobs" / hashlib.sha256(weights.read_bytes()).hexdigest()
    blob.parent.mkdir()
    weights.rename(blob)
    weights.symlink_to(blob)
    plugin("qwen3-asr").load(str(snapshot), settings).close()
    damage(blob)
    with pytest.raises(ModelDiffers, match=r"model\.safetensors"):
        plugin("qwen3-asr").load(str(snapshot), settings)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("damage", [flip_last, zero_the_end])
def test_without_a_list_it_is_another_revision(tmp_path: Path, engine: str, damage: Damage) -> None:
    weights = ENGINES[engine](tmp_path / "model")
    before = folder_revision(tmp_path / "model")
    damage(weights)
    assert folder_revision(tmp_path / "model") != before


@pytest.mark.parametrize("name", ["model.language_model.norm.weight", "model.audio_tower.layers.0.fc1.weight"])
def test_without_a_list_a_missing_tensor_is_refused(tmp_path: Path, settings: Settings, name: str) -> None:
    weights = qwen3(tmp_path / "model")
    names = sorted(load_file(weights))
    chosen = name if name in names else next(one for one in names if "audio" in one and one.endswith("weight"))
    _with_tensors(weights, lambda tensors: {key: value for key, value in tensors.items() if key != chosen})
    with pytest.raises(EngineUnavailable, match="lacks 1 of the model's tensors"):
        plugin("qwen3-asr").load(str(tmp_path / "model"), settings)


@pytest.mark.weights
@pytest.mark.parametrize(
    "variable",
    [
        "decoder/layer_0/ffn/linear_0/bias",  # CTranslate2 takes zeros for it
        "encoder/layer_5/self_attention/layer_norm/beta",
        "encoder/conv1/weight",
    ],
)
def test_without_a_list_a_missing_variable_of_ctranslate2_is_refused(
    tmp_path: Path, builtin_settings: Settings, builtin_engine: FasterWhisperEngine, variable: str
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(builtin_settings.models / FOLDER, folder)
    assert missing_variables(folder / "model.bin") == ()
    whole = (folder / "model.bin").read_bytes()
    (folder / "model.bin").write_bytes(without_variable(whole, variable))
    with pytest.raises(EngineError) as caught:
        plugin("faster-whisper").load(str(folder), builtin_settings)
    assert "faster-whisper cannot run here" in caught.value.message


def without_variable(model: bytes, variable: str) -> bytes:
    """A CTranslate2 model (binary version 6) that lacks one of its variables."""
    at = 4
    (length,) = struct.unpack_from("<H", model, at)
    at += 2 + length + 4
    (count,) = struct.unpack_from("<I", model, at)
    counted_at, at = at, at + 4
    for _ in range(count):
        first = at
        (length,) = struct.unpack_from("<H", model, at)
        name = model[at + 2 : at + 1 + length].decode()
        at += 2 + length
        at += 1 + 4 * model[at]
        (size,) = struct.unpack_from("<I", model, at + 1)
        at += 5 + size
        if name == variable:
            return model[:counted_at] + struct.pack("<I", count - 1) + model[counted_at + 4 : first] + model[at:]
    raise AssertionError(f"there is no {variable}")
