"""A benchmark on Ray in a process of its own, for a test that kills it: says each finished item, one a line."""

from __future__ import annotations

import sys
from pathlib import Path

from workbench.audio.steps import parse_chain
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef
from workbench.evalsets.load import load_manifest
from workbench.runs.benchmark import run_benchmark
from workbench.runs.records import ItemFailure, ItemResult
from workbench.settings import Settings, quieten

if __name__ == "__main__":
    quieten()
    for event in run_benchmark(
        load_manifest(Path(sys.argv[1])),
        pool=EnginePool(Settings(home=Path(sys.argv[2]))),
        engine=EngineRef.parse("deadly"),
        chain=parse_chain(""),
        options={"seconds": 0.1},
        on_existing="resume",
        executor="ray",
        measure=None,
        workers=1,
    ):
        if isinstance(event, ItemResult | ItemFailure):
            print(event.id, flush=True)
