"""Clients that go away: what they asked for is not begun, or ends with the engine's call under way."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from workbench.audio.io import read_clip, write_clip
from workbench.engines.scripted import ScriptedPlugin

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="recordings without a name need /proc")


def recordings() -> int:
    """How many the server holds; it is this process."""
    links = []
    for link in Path("/proc/self/fd").iterdir():
        try:
            links.append(str(link.readlink()))
        except OSError:  # that of the listing itself
            continue
    return sum("held-" in link for link in links)


def soon(there: Callable[[], bool], seconds: float = 10.0) -> float:
    """Wait for it, and say how many seconds that took."""
    began = time.monotonic()
    while not there():
        assert time.monotonic() - began < seconds, "it did not come"
        time.sleep(0.02)
    return time.monotonic() - began


def go_away(url: str, path: Path, *, after: float, **fields: str) -> None:
    """Send a recording, and close the connection while the answer is waited for."""
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(
            f"{url}/v1/audio/transcriptions",
            data={"model": "scripted", **fields},
            files={"file": path.read_bytes()},
            timeout=httpx.Timeout(60, read=after),
        )


@pytest.mark.parametrize("stream", ["false", "true"])
def test_who_leaves_while_the_device_is_another_s_is_out_of_the_line_at_once(
    server: Any, scripted: ScriptedPlugin, spoken: Path, stream: str
) -> None:
    before = recordings()
    with server.pool.device_lock:
        go_away(server.url, spoken, after=1.0, stream=stream)
        assert soon(lambda: recordings() == before) < 1.0
    assert scripted.journal.calls == []


def test_who_leaves_during_a_call_costs_no_further_one(
    server: Any, scripted: ScriptedPlugin, spoken: Path, tmp_path: Path
) -> None:
    clip = read_clip(spoken)
    write_clip(clip.with_samples(np.resize(clip.samples, 200 * clip.sample_rate)), tmp_path / "long.wav")
    before, scripted.delay_seconds = recordings(), 1.0
    go_away(server.url, tmp_path / "long.wav", after=1.5)
    soon(lambda: recordings() == before)
    calls = len(scripted.journal.calls)
    time.sleep(1.2)
    assert len(scripted.journal.calls) == calls < 4
