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


def hosted_pool() -> EnginePool:
    """The same engines; those not loaded yet get a process each, unless `WORKBENCH_HOSTED` is 0.

    An engine that hangs or dies is then loaded again, and neither a server nor a long benchmark is lost with it.
    """
    pool = default_pool()
    pool.hosted = pool.settings.hosted
    return pool
