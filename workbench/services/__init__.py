"""The verbs. Every door says these and nothing else: Python, the command line, HTTP and the page.

A verb that takes long comes twice: `…_events` is a generator of typed events that is cancelled by closing it; the plain
name drains it and returns the result.

They are loaded when first used: `workbench --help` needs none of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.services.benchmarks import bench, bench_events, load_sets, ranked, sweep, sweep_events
    from workbench.services.comparison import compare, compare_recording_events, rank
    from workbench.services.editing import (
        check_corrections,
        correct_transcript,
        load_transcript,
        make_set,
        read_replacements,
        rerun_segments,
        save_transcript,
        transcribe_range,
        transcribe_range_events,
    )
    from workbench.services.exchange import export_run, import_run, import_texts
    from workbench.services.exploring import clip, clips, scored_run
    from workbench.services.inspection import inspect_recording
    from workbench.services.labels import correct, list_corrections, suspects
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
    from workbench.services.reporting import REPORT_FORMATS, report
    from workbench.services.scoring import causes, diff, score, summary
    from workbench.services.transcription import transcribe, transcribe_events

_MODULES = {
    "benchmarks": (
        "bench",
        "bench_events",
        "load_sets",
        "ranked",
        "sweep",
        "sweep_events",
    ),
    "comparison": (
        "compare",
        "compare_recording_events",
        "rank",
    ),
    "editing": (
        "check_corrections",
        "correct_transcript",
        "load_transcript",
        "make_set",
        "read_replacements",
        "rerun_segments",
        "save_transcript",
        "transcribe_range",
        "transcribe_range_events",
    ),
    "exchange": (
        "export_run",
        "import_run",
        "import_texts",
    ),
    "exploring": (
        "clip",
        "clips",
        "scored_run",
    ),
    "inspection": ("inspect_recording",),
    "labels": (
        "correct",
        "list_corrections",
        "suspects",
    ),
    "lists": (
        "MachineReport",
        "check_machine",
        "delete_run",
        "fetch_model",
        "list_engines",
        "list_runs",
        "list_sets",
        "load_run",
    ),
    "process": (
        "DEFAULT_ENGINE",
        "default_pool",
    ),
    "reporting": (
        "REPORT_FORMATS",
        "report",
    ),
    "scoring": (
        "causes",
        "diff",
        "score",
        "summary",
    ),
    "transcription": (
        "transcribe",
        "transcribe_events",
    ),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "DEFAULT_ENGINE",
    "REPORT_FORMATS",
    "MachineReport",
    "bench",
    "bench_events",
    "causes",
    "check_corrections",
    "check_machine",
    "clip",
    "clips",
    "compare",
    "compare_recording_events",
    "correct",
    "correct_transcript",
    "default_pool",
    "delete_run",
    "diff",
    "export_run",
    "fetch_model",
    "import_run",
    "import_texts",
    "inspect_recording",
    "list_corrections",
    "list_engines",
    "list_runs",
    "list_sets",
    "load_run",
    "load_sets",
    "load_transcript",
    "make_set",
    "rank",
    "ranked",
    "read_replacements",
    "report",
    "rerun_segments",
    "save_transcript",
    "score",
    "scored_run",
    "summary",
    "suspects",
    "sweep",
    "sweep_events",
    "transcribe",
    "transcribe_events",
    "transcribe_range",
    "transcribe_range_events",
]


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
