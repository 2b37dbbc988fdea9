"""What keeps this process from the network: which layers there are, and which of them hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Kernel = Literal["namespace", "filter"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """What holds in one process; nothing is claimed that was not tried.

    Attributes:
        kernel: How the kernel enforces it: in a network namespace with nothing in it, or by a filter that refuses to
            make a socket. Both hold for libraries in any language and for subprocesses. None where neither was put up.
        guard: Whether Python itself refuses every address but this machine's. Code in C and subprocesses are not bound.
        why: Why nothing stronger holds, a sentence; empty where the kernel enforces it.
    """

    kernel: Kernel | None = None
    guard: bool = False
    why: str = ""

    @property
    def sentence(self) -> str:
        """What may be claimed, and no more."""
        if self.kernel == "namespace":
            return "Sealed by the kernel: this process has no network."
        if self.kernel == "filter":
            return "Sealed by the kernel: this process cannot open a network socket."
        claim = "Guarded by Python only, not sealed by the kernel" if self.guard else "Not sealed"
        return f"{claim}: {self.why}" if self.why else f"{claim}."

    def as_json(self) -> dict[str, Any]:
        """All of it, for a document."""
        return {**asdict(self), "sentence": self.sentence}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Layers:
        """What `as_json` wrote."""
        return cls(kernel=document["kernel"], guard=document["guard"], why=document["why"])
