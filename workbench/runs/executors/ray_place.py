"""Where Ray's workers are, and how many of what size there is room for. Imports nothing of Ray."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from workbench.errors import UnknownName, UsageError
from workbench.sealed.guard import is_here

RayAudio = Literal["path", "send"]
RAY_AUDIO: tuple[RayAudio, ...] = ("path", "send")
MEMORY_SHARE = 0.8
"""Of a machine's memory that engines may take."""
_HERE = ("", "local", "auto")


@dataclass(frozen=True, slots=True, kw_only=True)
class RayPlace:
    """Which Ray does the work.

    Attributes:
        address: Of a cluster, "auto" for the one that runs on this machine; None or "local" starts one here, for this
            run alone.
        audio: How recordings get to workers. `path`: each opens the file itself, by the path that it has here;
            `send`: the file's bytes go there with the question.

    Raises:
        UnknownName: No such way of sending.
        UsageError: An address of Ray's client protocol.
    """

    address: str | None = None
    audio: RayAudio = "path"

    def __post_init__(self) -> None:
        if self.audio not in RAY_AUDIO:
            raise UnknownName("way of sending recordings", self.audio, RAY_AUDIO)
        if (self.address or "").startswith("ray://"):
            raise UsageError(
                f"{self.address} is an address for Ray's client, which does not survive a lost connection.",
                hint="Run this on a machine of the cluster with --ray-address auto, or give HOST:PORT.",
            )

    @property
    def starts(self) -> bool:
        """Whether a Ray of our own is started and ended."""
        return self.address in (None, "", "local")


def leaves_machine(address: str | None) -> bool:
    """Whether an address is that of another machine."""
    host = (address or "").strip().rpartition(":")[0].strip("[]") or (address or "").strip()
    return host not in _HERE and not is_here(host)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """How many workers there are to be, and what each is given.

    Attributes:
        workers: How many.
        threads: That each computes with; None on a GPU, where that is left to the libraries.
        gpus: For each; a part of one where several share it.
        memory: Bytes that Ray sets aside for each; 0 sets none aside.
    """

    workers: int
    threads: int | None
    gpus: float = 0.0
    memory: int = 0

    @property
    def demand(self) -> Mapping[str, Any]:
        """What Ray is asked for, as options of an actor."""
        found: dict[str, Any] = {"num_cpus": self.threads or 1, "num_gpus": self.gpus}
        return found | ({"memory": self.memory} if self.memory else {})


def plan_crew(nodes: Sequence[Mapping[str, float]], *, workers: int | None, gpu: bool, needs_bytes: int | None) -> Crew:
    """As many workers as fit: one a GPU where there are some, else one a core, as far as memory goes.

    Args:
        nodes: Resources of each machine, as Ray names them: "CPU", "GPU", "memory".
        workers: So many instead; they then share cores and GPUs.
        gpu: Whether the engine may use GPUs.
        needs_bytes: Memory that one engine takes; None where that is not known.

    Raises:
        UsageError: There is no room for one.
    """
    gpus = sum(node.get("GPU", 0.0) for node in nodes) if gpu else 0.0
    if gpus >= 1:
        count = workers or int(gpus)
        sharing = -(-count // int(gpus))
        return Crew(workers=count, threads=None, gpus=1.0 if sharing == 1 else (100 // sharing) / 100)
    cores = [int(node.get("CPU", 0.0)) for node in nodes]
    if workers is not None:
        return Crew(workers=workers, threads=max(1, min(max(cores, default=1), sum(cores) // workers)))
    needs = needs_bytes or 0
    count = sum(_room(node, needs) for node in nodes)
    if count < 1:
        raise UsageError(
            "Ray has no room for a worker: too few processors, or too little memory.",
            hint="Start Ray on more machines, use a smaller model, or say with --workers how many to try.",
        )
    return Crew(workers=count, threads=1, memory=needs)


def _room(node: Mapping[str, float], needs_bytes: int) -> int:
    cores = int(node.get("CPU", 0.0))
    return min(cores, int(node.get("memory", 0.0) * MEMORY_SHARE // needs_bytes)) if needs_bytes else cores
