"""A short form of `scripts/load_server.py`: a crowd of twenty."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "load_server.py"


@pytest.mark.slow
def test_twenty_clients_at_once_get_their_own_answers() -> None:
    found = runpy.run_path(str(SCRIPT))["measure"](20)
    assert (found.transcribed, found.wrong, found.given_up, found.errors) == (60, 0, 0, {})
    assert found.health_refused == 0
    assert found.growth_bytes <= 50 * 1024**2
