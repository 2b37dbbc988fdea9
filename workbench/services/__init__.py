"""The verbs. Every door says these and nothing else: Python, the command line, HTTP and the page.

A verb that takes long comes twice: `…_events` is a generator of typed events that is cancelled by closing it; the plain
name drains it and returns the result.
"""

from workbench.runs.sweep import ranked
from workbench.services.benchmarks import bench, bench_events, load_sets, sweep, sweep_events
from workbench.services.comparison import compare, compare_recording_events
from workbench.services.lists import (
    MachineReport,
    check_machine,
    delete_run,
    fetch_model,
    list_engines,
    list_runs,
    list_sets,
    load_run,
)
from workbench.services.process import DEFAULT_ENGINE, default_pool
from workbench.services.scoring import causes, diff, score, summary
from workbench.services.transcription import transcribe, transcribe_events

__all__ = [
    "DEFAULT_ENGINE",
    "MachineReport",
    "bench",
    "bench_events",
    "causes",
    "check_machine",
    "compare",
    "compare_recording_events",
    "default_pool",
    "delete_run",
    "diff",
    "fetch_model",
    "list_engines",
    "list_runs",
    "list_sets",
    "load_run",
    "load_sets",
    "ranked",
    "score",
    "summary",
    "sweep",
    "sweep_events",
    "transcribe",
    "transcribe_events",
]
