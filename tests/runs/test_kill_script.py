"""The short form of scripts/kill_benchmark.py: killed at random moments, nothing acknowledged is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "kill_benchmark.py"


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
def test_a_benchmark_and_a_transcription_killed_at_random_moments() -> None:
    counts = ("--kills", "5", "--transcription-kills", "3", "--clips", "12")
    command = [sys.executable, str(SCRIPT), *counts, "--json"]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    found = json.loads(made.stdout)
    assert [found[name]["kills"] >= least for name, least in (("benchmark", 5), ("transcription", 3))] == [True, True]
    assert found["benchmark"]["faults"] == found["transcription"]["faults"] == []
    assert found["benchmark"]["acknowledged"] > 5
    assert found["transcription"]["acknowledged"] > 20
