"""The header claims what holds in this process, and no more."""

from __future__ import annotations

import pytest

from workbench.sealed import Layers
from workbench.ui.status import brand_view


@pytest.mark.parametrize(
    ("held", "claim"),
    [
        (Layers(kernel="namespace"), "Sealed by the kernel."),
        (Layers(kernel="filter"), "Sealed by the kernel."),
        (Layers(guard=True, why="only Linux has a kernel layer."), "Guarded by Python, not sealed by the kernel."),
        (Layers(why="--no-seal was given."), "Not sealed."),
        (None, "Not sealed."),
    ],
)
def test_the_header_says_which_layer_holds(held: Layers | None, claim: str) -> None:
    assert f"<span data-seal>{claim}</span>" in brand_view(held=held)
