"""A benchmark in a process of its own, for tests that kill it: says each finished item, one a line."""

from __future__ import annotations

import sys
from pathlib import Path

from workbench.audio.steps import parse_chain
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef
from workbench.engines.scripted import ScriptedPlugin, offered
from workbench.evalsets.load import load_manifest
from workbench.runs.benchmark import run_benchmark
from workbench.runs.records import ItemFailure, ItemResult
from workbench.settings import Settings

manifest, home = Path(sys.argv[1]), Path(sys.argv[2])
with offered(ScriptedPlugin(delay_seconds=0.005)):
    pool = EnginePool(Settings(home=home))
    ref = EngineRef.parse("scripted")
    for event in run_benchmark(
        load_manifest(manifest), pool=pool, engine=ref, chain=parse_chain(""), on_existing="resume"
    ):
        if isinstance(event, ItemResult | ItemFailure):
            print(event.id, flush=True)
