"""A request cannot have the server connect to a Ray elsewhere, whose answers it would unpickle."""

from __future__ import annotations

from typing import Any

import pydantic
import pytest

from workbench.http.curves import CurveRequest
from workbench.http.sweeps import SweepRequest
from workbench.http.verbs import BenchRequest


@pytest.mark.parametrize("kind", [BenchRequest, SweepRequest, CurveRequest])
def test_only_a_ray_of_this_machine_is_taken(kind: Any) -> None:
    for address in (None, "local", "auto"):
        assert kind(sets=["demo"], executor="ray", ray_address=address).ray_address == address
    for address in ("10.0.0.5:6379", "127.0.0.1:6379", "ray://head:10001", ""):
        with pytest.raises(pydantic.ValidationError, match="ray_address"):
            kind(sets=["demo"], executor="ray", ray_address=address)
