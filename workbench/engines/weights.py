"""Where the weights of an engine are on this disk, and which they are."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from workbench.errors import ModelDiffers, ModelMissing, UsageError
from workbench.settings import Settings

RECORD = "fetched.json"
"""Written beside fetched weights: the repository, its commit, and the sha256 of every file."""

SAFETENSORS = ("config.json", "*.safetensors")
CTRANSLATE2 = ("config.json", "model.bin")

_SHA256 = re.compile(r"[0-9a-f]{64}")
_HASHED = ("*.safetensors", "*.bin", "*.onnx", "*.json", "*.txt")


def find_weights(engine: str, model: str, settings: Settings, *, needs: Sequence[str] = SAFETENSORS) -> Path:
    """The folder on this disk that holds a model; nothing is ever fetched.

    Looked for as a folder, then as what `workbench models fetch` left under the home, then in the Hugging Face cache.

    Args:
        engine: The engine's name in the registry.
        model: A folder, or a hub id such as "openai/whisper-base".
        settings: Where the home is.
        needs: File patterns of which each must match a file, so that half a download is not taken for a model.

    Raises:
        UsageError: `model` is written as a folder, and there is none or it holds no such weights.
        ModelMissing: The hub id is not on this disk; its command gets it.
    """
    folder = Path(model).expanduser()
    if folder.is_dir() or _written_as_path(model):
        if not _holds(folder, needs):
            raise UsageError(
                f"The folder {folder} holds no model of {engine}.",
                hint=f"It must hold {' and '.join(needs)}.",
            )
        return folder.resolve()
    candidates = (fetched_folder(engine, model, settings), _cached_snapshot(model))
    for candidate in candidates:
        if candidate is not None and _holds(candidate, needs):
            return candidate
    raise ModelMissing(engine, model, command=f"workbench models fetch {engine}:{model}")


def fetched_folder(engine: str, model: str, settings: Settings) -> Path:
    """Where `workbench models fetch` puts a hub id: `HOME/models/whisper--openai--whisper-base`."""
    return settings.models / f"{engine}--{model.replace('/', '--')}"


def _written_as_path(model: str) -> bool:
    return model.startswith((".", "~")) or Path(model).is_absolute()


def _holds(folder: Path, needs: Sequence[str]) -> bool:
    return all(any(folder.glob(pattern)) for pattern in needs)


def _cached_snapshot(model: str) -> Path | None:
    """The snapshot that `main` names in the Hugging Face cache.

    The layout is huggingface_hub's documented one (docs, "Understand caching"); read here without importing the
    package, which takes 0.3 s.
    """
    if model.count("/") != 1:
        return None
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")) / "huggingface"
    cache_folder = Path(os.environ.get("HF_HUB_CACHE") or Path(home) / "hub").expanduser()
    repository = cache_folder / f"models--{model.replace('/', '--')}"
    try:
        commit = (repository / "refs" / "main").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return repository / "snapshots" / commit


def folder_revision(folder: Path) -> str:
    """Which version of the weights a folder holds, as 12 hexadecimal digits.

    The commit where the folder was fetched or is a snapshot of the Hugging Face cache, else a hash over its files
    (read once a process, as long as sizes and times stay).
    """
    record = _record(folder)
    if record is not None:
        return str(record["commit"])[:12]
    if folder.parent.name == "snapshots":
        return folder.name[:12]
    sha = hashlib.sha256()
    for path in _model_files(folder):
        sha.update(f"{path.name} {_known_sha256(path)}\n".encode())
    return sha.hexdigest()[:12]


def folder_bytes(folder: Path, patterns: Sequence[str] = ("*.safetensors", "*.bin")) -> int:
    """Size of the weight files of a folder, in bytes."""
    return sum(path.stat().st_size for pattern in patterns for path in folder.glob(pattern))


def verify_folder(folder: Path) -> None:
    """Hold every file against the hash it was fetched with; a folder of one's own has none to hold against.

    Where `workbench models fetch` brought it, the list beside it has the hashes, and a file of a model that is not on
    the list is refused too: an engine might take it instead of the one that is. In the Hugging Face cache each file is
    a link to one that is named after its hash.

    Raises:
        ModelDiffers: A file changed, is gone, or was added; or the list cannot be read.
    """
    record = _record(folder)
    if record is None:
        if (folder / RECORD).exists():
            raise ModelDiffers(str(folder / RECORD), expected="hashes", found="unreadable")
        _verify_snapshot(folder)
        return
    verify_files(folder, record["files"])
    for path in _model_files(folder):
        if path.name != RECORD and path.name not in record["files"]:
            raise ModelDiffers(str(path), expected="no file", found=file_sha256(path))


def _verify_snapshot(folder: Path) -> None:
    """Large files of the cache are named by their sha256; small ones by git's sha1, and are left to the reader."""
    for path in _model_files(folder):
        named = path.resolve()
        if named.parent.name == "blobs" and _SHA256.fullmatch(named.name):
            verify_files(folder, {path.name: named.name})


def _model_files(folder: Path) -> list[Path]:
    return sorted({path for pattern in _HASHED for path in folder.glob(pattern)})


def verify_files(folder: Path, hashes: Mapping[str, str]) -> None:
    """Read every file named in `hashes` and hold it against its sha256 (1.7 GB/s with the processor's SHA extension).

    Raises:
        ModelDiffers: A file is not the one it should be, or is gone.
    """
    for name, expected in hashes.items():
        path = folder / name
        found = file_sha256(path) if path.is_file() else "missing"
        if found != expected:
            raise ModelDiffers(str(path), expected=expected, found=found)


def file_sha256(path: Path) -> str:
    """sha256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _known_sha256(path: Path) -> str:
    status = path.stat()
    return _sha256_of_version(path, status.st_size, status.st_mtime_ns)


@cache
def _sha256_of_version(path: Path, size: int, mtime_ns: int) -> str:  # noqa: ARG001  the key of the cache
    return file_sha256(path)


def _record(folder: Path) -> dict[str, Any] | None:
    try:
        found = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("files"), dict) else None
