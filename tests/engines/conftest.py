"""The built-in engine, loaded once, and a few clips that are shipped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.audio.clip import AudioClip
from workbench.audio.io import read_clip
from workbench.engines.builtin import PLUGIN
from workbench.engines.faster_whisper import FasterWhisperEngine
from workbench.settings import Settings

AUDIO = Path(__file__).parents[2] / "eval_sets" / "english-demo" / "audio"


@pytest.fixture(scope="session")
def builtin_settings(builtin_home: Path) -> Settings:
    return Settings(home=builtin_home, device="cpu")


@pytest.fixture(scope="session")
def builtin_engine(builtin_settings: Settings) -> Iterator[FasterWhisperEngine]:
    engine = PLUGIN.load(None, builtin_settings)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def english_files() -> list[Path]:
    """Three recordings of English that are shipped."""
    found = sorted(AUDIO.glob("*.flac"))[:3]
    if len(found) < 3:
        pytest.skip("needs the shipped set english-demo")
    return found


@pytest.fixture(scope="session")
def english_clips(english_files: list[Path]) -> list[AudioClip]:
    return [read_clip(path) for path in english_files]
