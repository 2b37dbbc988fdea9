"""What every verb starts from: the engines of this process."""

from __future__ import annotations

from functools import cache

from workbench.engines.pool import EnginePool
from workbench.settings import Settings

DEFAULT_ENGINE = "builtin"


@cache
def default_pool() -> EnginePool:
    """The engines of this process, with settings from the environment."""
    return EnginePool(Settings.from_env())
