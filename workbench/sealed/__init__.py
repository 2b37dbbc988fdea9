"""Keeping this process from the network, and showing that it holds (docs/privacy.md).

Imports nothing heavy: what is to be sealed has no threads yet, so nothing that starts some can have been imported.
"""

from __future__ import annotations

from workbench.sealed.layers import Layers
from workbench.sealed.seal import guard_only, layers, leave_open, seal

__all__ = ["Layers", "guard_only", "layers", "leave_open", "seal"]
