"""kill -9 costs at most the item in flight."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from workbench.evalsets.model import EvalSet
from workbench.runs.records import ItemFailure, ItemResult
from workbench.runs.store import RunStore, StoredRun
from workbench.settings import Settings

PROGRAM = Path(__file__).with_name("killed_benchmark.py")


@pytest.fixture
def manifest(tones: EvalSet, tmp_path: Path) -> Path:
    """Twenty items over six recordings; the fifth cannot be read."""
    (tmp_path / "words.wav").write_text("these are words")
    audio = [tones.items[number % 6].audio.name if number != 4 else "words.wav" for number in range(20)]
    lines = [json.dumps({"id": f"i{n:02d}", "audio": name, "text": f"r{n}"}) for n, name in enumerate(audio)]
    path = tmp_path / "manifest.jsonl"
    path.write_text("\n".join(lines))
    return path


def benchmark(manifest: Path, home: Path, *, kill_after: int | None = None) -> Sequence[str]:
    command = [sys.executable, str(PROGRAM), str(manifest), str(home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said: list[str] = []
        while len(said) != kill_after and (line := process.stdout.readline()):
            said.append(line.strip())
        if kill_after is not None:
            time.sleep(0.003)  # somewhere within the next item
            process.kill()
    assert (process.returncode == 0) == (kill_after is None)
    return said


def only_run(home: Path) -> StoredRun:
    store = RunStore(Settings(home=home))
    [record] = store.list_runs()
    return store.load_run(record.run_id)


def texts(run: StoredRun) -> list[tuple[str, str, str]]:
    return [(one.id, one.reference, one.text if isinstance(one, ItemResult) else one.error) for one in run.outcomes]


def test_killed_and_resumed_is_as_if_never_killed(manifest: Path, tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    benchmark(manifest, whole)
    for kill_after in (1, 5, 7, 19):
        said = benchmark(manifest, killed, kill_after=kill_after)
        stored = only_run(killed)
        assert stored.record.status == "started"
        assert set(said) <= {outcome.id for outcome in stored.outcomes}
        assert {one.id for one in stored.outcomes if isinstance(one, ItemResult)} <= {f"i{n:02d}" for n in range(20)}
    said = benchmark(manifest, killed)
    assert sorted(said) == [f"i{number:02d}" for number in range(20)]
    resumed, expected = only_run(killed), only_run(whole)
    assert texts(resumed) == texts(expected)
    assert [one.id for one in resumed.outcomes if isinstance(one, ItemFailure)] == ["i04"]
    assert resumed.record.status == expected.record.status == "success"
    assert resumed.record.wall_seconds is not None
    assert resumed.record.wall_seconds >= 19 * 0.005
    lines = (tmp_path / "killed" / "runs" / resumed.record.run_id / "items.jsonl").read_bytes().splitlines()
    results = [json.loads(line)["entry"]["item"]["id"] for line in lines if b'"kind":"result"' in line]
    assert sorted(results) == sorted(set(results))  # no item was transcribed and kept twice
