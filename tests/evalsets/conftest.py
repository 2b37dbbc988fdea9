"""Recordings that are there, and manifests around them."""

from __future__ import annotations

import wave
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def recording(tmp_path: Path) -> str:
    """The name of a tenth of a second of silence, in the test's folder."""
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(3200))
    return "a.wav"


@pytest.fixture
def manifest(tmp_path: Path, recording: str) -> Callable[..., Path]:
    """Writes lines or bytes under a name, beside the recording."""

    def write(*lines: str, name: str = "manifest.jsonl", content: bytes | None = None) -> Path:
        path = tmp_path / name
        path.write_bytes("\n".join(lines).encode() if content is None else content)
        return path

    return write
