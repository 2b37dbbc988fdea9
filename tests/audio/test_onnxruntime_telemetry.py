"""onnxruntime 1.31 kept a journal for its maker in the home folder, and asked for mobile.events.data.microsoft.com."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

USE = "from workbench.audio.vad import warm_up; warm_up()"


def test_looking_for_speech_leaves_nothing_in_the_home_folder(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ORT_", "XDG_"))}
    environment |= {"HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", USE], env=environment, check=True, timeout=120)
    assert [path for path in tmp_path.rglob("*") if "onnxruntime" in str(path)] == []
