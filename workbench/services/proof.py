"""Showing that nothing leaves: a transcription where every attempt is seen, and a seal that is pulled at."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef, plugin
from workbench.errors import WorkbenchError
from workbench.sealed import Layers
from workbench.sealed.canary import WAYS
from workbench.sealed.packets import Attempt
from workbench.sealed.watch import run_in_sink
from workbench.services.benchmarks import load_sets
from workbench.services.process import DEFAULT_ENGINE, default_pool

_SET = "english-demo"
_WITHOUT_MODEL = "scripted"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflineProof:
    """What was seen.

    Attributes:
        engine: Which engine transcribed; "scripted" listens to nothing, where no model is installed.
        recording: What it was given.
        text: What it heard.
        wall_seconds: How long it took.
        seen_of_canary: What the detector saw when something tried to leave in every way there is.
        attempts: What the transcription tried, not sealed: nothing, or the promise is broken.
        layers: What the strongest seal on this machine is.
        passed_seal: Ways by which something sealed could still reach something.
        seen_of_sealed: What of that arrived at the detector.
        packets_lost: Packets that the detector could not read in time.
    """

    engine: str
    recording: str
    text: str
    wall_seconds: float
    seen_of_canary: tuple[Attempt, ...]
    attempts: tuple[Attempt, ...]
    layers: Layers
    passed_seal: tuple[str, ...]
    seen_of_sealed: tuple[Attempt, ...]
    packets_lost: int

    @property
    def detects(self) -> bool:
        """Whether the detector saw the canary in each of its ways, and missed no packet."""
        kinds = [attempt.kind for attempt in self.seen_of_canary]
        return {"dns", "tcp", "udp"} <= set(kinds) and len(kinds) >= len(WAYS) and self.packets_lost == 0

    @property
    def seals(self) -> bool:
        """Whether the kernel seals here, and nothing passed."""
        return self.layers.kernel is not None and not self.passed_seal and not self.seen_of_sealed

    @property
    def holds(self) -> bool:
        """Whether nothing tried to leave, shown by a detector that detects, and nothing could have."""
        return self.detects and not self.attempts and self.seals


def available_layers() -> Layers:
    """What the strongest seal on this machine is, tried in a process that ends at once."""
    done = subprocess.run([sys.executable, "-P", "-m", "workbench.sealed"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return Layers(why="the trial of it failed.")
    return Layers.from_json(json.loads(done.stdout))


def prove_offline(*, pool: EnginePool | None = None) -> OfflineProof:
    """Transcribe a shipped recording in a network namespace where every attempt to leave is seen, and pull at the seal.

    Raises:
        WorkbenchError: The kernel refuses namespaces, or the transcription failed.
    """
    pool = pool or default_pool()
    recording = load_sets(_SET, limit=1, settings=pool.settings).items[0].audio
    engine = _engine(pool)
    python = [sys.executable, "-P", "-m"]
    commands = (
        [*python, "workbench.sealed.canary"],
        [*python, "workbench.services.offline_work", str(recording), engine],
        [*python, "workbench.sealed.canary", "--sealed"],
    )
    canary, work, pulled = _watched(commands)
    heard, outcome = json.loads(work["out"]), json.loads(pulled["out"])
    return OfflineProof(
        engine=engine,
        recording=recording.name,
        text=heard["text"],
        wall_seconds=heard["seconds"],
        seen_of_canary=_attempts(canary),
        attempts=_attempts(work),
        layers=Layers.from_json(outcome["layers"]),
        passed_seal=tuple(way for way in WAYS if outcome[way] == "sent"),
        seen_of_sealed=_attempts(pulled),
        packets_lost=sum(one["lost"] for one in (canary, work, pulled)),
    )


def _engine(pool: EnginePool) -> str:
    ref = EngineRef.parse(DEFAULT_ENGINE)
    return str(ref) if plugin(ref.name).check(ref.model, pool.settings).ok else _WITHOUT_MODEL


def _watched(commands: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    try:
        done = run_in_sink(commands)
    except OSError as error:
        raise WorkbenchError(
            f"Nothing can be shown here: the kernel refuses a network namespace ({error}).",
            hint="Run it outside the container, or as a user who may have namespaces.",
        ) from error
    for one in done:
        if one["code"] != 0:
            said = (one["err"].strip().splitlines() or ["it said nothing"])[-1]
            raise WorkbenchError(f"What was to be watched failed: {said}", hint="Try `workbench transcribe` by itself.")
    return done


def _attempts(done: dict[str, Any]) -> tuple[Attempt, ...]:
    return tuple(Attempt(kind, target) for kind, target in done["attempts"])
