"""The short form of `scripts/find_traces.py`: the API and the command line, without a browser."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "find_traces.py"


def test_nothing_that_was_said_labelled_or_named_is_left_anywhere() -> None:
    done = subprocess.run(
        [sys.executable, SCRIPT, "--no-page", "--json"], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.stdout, done.stderr
    told = json.loads(done.stdout)
    assert told["blind"] == [], "the search finds what is planted for it"
    assert told["found"] == []
    assert told["places"]["output of the server"] == 1
    assert done.returncode == 0
