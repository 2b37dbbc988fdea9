"""What long work will take, by earlier runs on this machine; no engine is probed for a page."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from workbench import services
from workbench.engines.pool import EnginePool
from workbench.errors import WorkbenchError
from workbench.runs.engine_options import options_of
from workbench.runs.estimate import Estimate
from workbench.ui import format as written
from workbench.ui.language import say

LONG_SECONDS = 60.0
"""From here on it is said beforehand what work will take."""


def expect(pool: EnginePool, asked: Mapping[str, Any]) -> str:
    """What one run or one recording will take; empty where nothing like it was run here, or it is short.

    Args:
        pool: Whose runs count.
        asked: Arguments of a verb; those that `services.estimate` has, too, are passed on.
    """
    found = _estimate(pool, asked)
    if found is None or found.wall_seconds < LONG_SECONDS:
        return ""
    return _sentence([found])


def expect_recording(pool: EnginePool, asked: Mapping[str, Any], seconds: float | None) -> str:
    """What a long recording will take, by benchmarks with the same engine; empty as of `expect`.

    Args:
        pool: Whose runs count.
        asked: Arguments of `services.transcribe_events`.
        seconds: Its length; None where that is not known.
    """
    if seconds is None or seconds < LONG_SECONDS:
        return ""
    # What language is told hardly changes the time, and benchmarks mostly tell each clip its own.
    for language in (asked.get("language") or "auto", "set"):
        found = _estimate(pool, {**asked, "seconds": seconds, "language": language})
        if found is not None:
            return _sentence([found])
    return ""


def expect_sweep(pool: EnginePool, asked: Mapping[str, Any]) -> str:
    """What a sweep will take, every run of it; says of how many of its settings that is known.

    Args:
        pool: Whose runs count.
        asked: Arguments of `services.sweep_events`.
    """
    settings = [(engine, chain) for engine in asked["engines"] for chain in asked["chains"]]
    common = {name: value for name, value in asked.items() if name not in ("engines", "chains", "options")}
    each = [
        _estimate(
            pool,
            common | {"engine": engine, "chain": chain, "options": options_of(engine, asked.get("options") or {})},
        )
        for engine, chain in settings
    ]
    found = [one for one in each if one is not None]
    if sum(one.wall_seconds for one in found) < LONG_SECONDS:
        return ""
    if len(found) == len(settings):
        return _sentence(found)
    known = say("Known of {part} of {total} settings.", part=len(found), total=len(settings))
    return f"{_sentence(found)} {known}"


def _sentence(found: Iterable[Estimate]) -> str:
    estimates = list(found)
    low, high = (sum(one.wall_range[bound] for one in estimates) for bound in (0, 1))
    return say(
        "Expected by earlier runs: about {time} ({low} … {high}), memory up to about {memory}.",
        time=written.clock(sum(one.wall_seconds for one in estimates)),
        low=written.clock(low),
        high=written.clock(high),
        memory=written.memory(max(one.peak_gpu_bytes or one.peak_rss_bytes or 0 for one in estimates) or None),
    )


def _estimate(pool: EnginePool, asked: Mapping[str, Any]) -> Estimate | None:
    known = {name: asked[name] for name in inspect.signature(services.estimate).parameters if name in asked}
    try:
        return services.estimate(**known, probe=False, pool=pool)
    except WorkbenchError:  # nothing like it was run here, or the work itself will say what is wrong
        return None
