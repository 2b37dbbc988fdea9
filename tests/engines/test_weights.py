"""Finding weights on this disk, and knowing which they are."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from workbench.engines.weights import (
    CTRANSLATE2,
    RECORD,
    fetched_folder,
    file_sha256,
    find_weights,
    folder_bytes,
    folder_revision,
    verify_folder,
)
from workbench.errors import ModelDiffers, ModelMissing, UsageError
from workbench.settings import Settings

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(autouse=True)
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty Hugging Face cache."""
    cache = tmp_path / "hub"
    monkeypatch.setenv("HF_HUB_CACHE", str(cache))
    return cache


def make_model(folder: Path, weights: str = "model.safetensors", content: bytes = b"weights") -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / weights).write_bytes(content)
    return folder


def record(folder: Path) -> None:
    files = {path.name: file_sha256(path) for path in folder.iterdir()}
    (folder / RECORD).write_text(json.dumps({"hub_id": "org/m", "commit": COMMIT, "files": files}))


def test_a_folder_is_taken_as_it_is(tmp_path: Path, settings: Settings) -> None:
    folder = make_model(tmp_path / "mine")
    assert find_weights("whisper", str(folder), settings) == folder


def test_a_relative_folder_is_found(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_model(tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    assert find_weights("whisper", "./mine", settings) == folder
    assert find_weights("whisper", "mine", settings) == folder


def test_a_folder_without_weights_is_refused(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(UsageError, match="holds no model of whisper") as caught:
        find_weights("whisper", str(tmp_path / "mine"), settings)
    assert "config.json and *.safetensors" in caught.value.hint


def test_a_path_that_is_not_there_is_no_hub_id(tmp_path: Path, settings: Settings) -> None:
    for model in (str(tmp_path / "gone"), "./gone", "~/gone"):
        with pytest.raises(UsageError, match="holds no model"):
            find_weights("whisper", model, settings)


def test_a_fetched_model_is_found_by_its_hub_id(settings: Settings) -> None:
    folder = make_model(settings.models / "whisper--openai--whisper-base")
    assert fetched_folder("whisper", "openai/whisper-base", settings) == folder
    assert find_weights("whisper", "openai/whisper-base", settings) == folder


def test_weights_of_another_engine_are_not_taken(settings: Settings) -> None:
    make_model(settings.models / "whisper--openai--whisper-base")
    with pytest.raises(ModelMissing):
        find_weights("faster-whisper", "openai/whisper-base", settings, needs=CTRANSLATE2)


def test_the_hugging_face_cache_is_read(hub_cache: Path, settings: Settings) -> None:
    repository = hub_cache / "models--openai--whisper-base"
    folder = make_model(repository / "snapshots" / COMMIT)
    with pytest.raises(ModelMissing):
        find_weights("whisper", "openai/whisper-base", settings)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)
    assert find_weights("whisper", "openai/whisper-base", settings) == folder
    assert folder_revision(folder) == COMMIT[:12]


def test_the_cache_is_where_huggingface_hub_keeps_it(hub_cache: Path, settings: Settings) -> None:
    hub = pytest.importorskip("huggingface_hub")
    repository = hub_cache / "models--openai--whisper-base"
    folder = make_model(repository / "snapshots" / COMMIT)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)
    theirs = hub.try_to_load_from_cache("openai/whisper-base", "config.json", cache_dir=hub_cache)
    assert Path(theirs).parent == find_weights("whisper", "openai/whisper-base", settings) == folder


def test_half_a_download_is_no_model(settings: Settings) -> None:
    folder = make_model(settings.models / "whisper--openai--whisper-base")
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelMissing):
        find_weights("whisper", "openai/whisper-base", settings)


def test_what_is_missing_names_its_command(settings: Settings) -> None:
    with pytest.raises(ModelMissing) as caught:
        find_weights("whisper", "openai/whisper-base", settings)
    assert caught.value.command == "workbench models fetch whisper:openai/whisper-base"


def test_a_folders_revision_follows_its_content(tmp_path: Path) -> None:
    first = make_model(tmp_path / "a")
    same = make_model(tmp_path / "b")
    other = make_model(tmp_path / "c", content=b"weighty")
    assert folder_revision(first) == folder_revision(same) != folder_revision(other)
    assert len(folder_revision(first)) == 12


def test_a_changed_file_is_another_revision(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "a")
    before = folder_revision(folder)
    weights = folder / "model.safetensors"
    weights.write_bytes(b"Weights")  # of the same length
    os.utime(weights, ns=(1, 1))
    assert folder_revision(folder) != before


def test_a_fetched_folder_has_its_commit(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "a")
    record(folder)
    assert folder_revision(folder) == COMMIT[:12]


def test_an_unchanged_fetched_folder_passes(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "a")
    record(folder)
    verify_folder(folder)


@pytest.mark.parametrize("damage", ["flip", "truncate", "zero", "drop"])
def test_a_damaged_fetched_folder_is_refused(tmp_path: Path, damage: str) -> None:
    folder = make_model(tmp_path / "a", content=bytes(range(256)))
    record(folder)
    weights = folder / "model.safetensors"
    content = bytearray(weights.read_bytes())
    if damage == "flip":
        content[100] ^= 1
    if damage == "zero":
        content = bytearray(len(content))
    weights.write_bytes(content[:-1] if damage == "truncate" else content)
    if damage == "drop":
        weights.unlink()
    with pytest.raises(ModelDiffers, match="is not the file it should be"):
        verify_folder(folder)


def test_a_folder_of_ones_own_has_nothing_to_be_held_against(tmp_path: Path) -> None:
    verify_folder(make_model(tmp_path / "a"))


def test_sizes_and_hashes_are_of_the_files(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "a", content=b"12345")
    assert folder_bytes(folder) == 5
    assert file_sha256(folder / "model.safetensors") == hashlib.sha256(b"12345").hexdigest()
