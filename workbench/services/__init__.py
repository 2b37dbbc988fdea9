"""The verbs. Every door says these and nothing else: Python, the command line, HTTP and the page.

A verb that takes long comes twice: `…_events` is a generator of typed events that is cancelled by closing it; the plain
name drains it and returns the result.

They are loaded when first used: `workbench --help` needs none of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.services.benchmarks import bench, bench_events, load_sets
    from workbench.services.comparison import compare, compare_recording_events, rank
    from workbench.services.curves import curve, curve_events
    from workbench.services.editing import (
        archive_set,
        check_corrections,
        correct_transcript,
        load_transcript,
        make_set,
        parse_replacements,
        read_replacements,
        rerun_segments,
        save_transcript,
        transcribe_range,
        transcribe_range_events,
    )
    from workbench.services.estimates import estimate
    from workbench.services.exchange import export_run, import_run, import_texts
    from workbench.services.exploring import clip, clips, scored_run
    from workbench.services.inspection import find_recordings, inspect_recording
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
    from workbench.services.process import DEFAULT_ENGINE, default_pool, hosted_pool
    from workbench.services.proof import OfflineProof, available_layers, prove_offline
    from workbench.services.records import (
        diff_records,
        export_bundle,
        measure_recordings,
        reproduce,
        reproduce_events,
        verify,
    )
    from workbench.services.reporting import REPORT_FORMATS, report
    from workbench.services.saved import delete_saved, list_saved
    from workbench.services.scoring import causes, diff, score, summary
    from workbench.services.sets import (
        check_set,
        derive_set,
        derive_set_events,
        fetch_set_events,
        import_set,
        import_set_events,
        list_recipes,
        plan_fetch,
    )
    from workbench.services.sweeps import (
        delete_sweep,
        list_sweeps,
        recommend,
        sweep,
        sweep_events,
        sweep_report,
        sweep_table,
        write_sweep,
    )
    from workbench.services.transcription import transcribe, transcribe_events
    from workbench.services.trials import (
        delete_trial,
        keep_labels,
        label_clip,
        list_trials,
        trial,
        try_out_events,
    )

_MODULES = {
    "benchmarks": (
        "bench",
        "bench_events",
        "load_sets",
    ),
    "comparison": (
        "compare",
        "compare_recording_events",
        "rank",
    ),
    "curves": (
        "curve",
        "curve_events",
    ),
    "editing": (
        "archive_set",
        "check_corrections",
        "correct_transcript",
        "load_transcript",
        "make_set",
        "parse_replacements",
        "read_replacements",
        "rerun_segments",
        "save_transcript",
        "transcribe_range",
        "transcribe_range_events",
    ),
    "estimates": ("estimate",),
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
    "inspection": (
        "find_recordings",
        "inspect_recording",
    ),
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
        "hosted_pool",
    ),
    "proof": (
        "OfflineProof",
        "available_layers",
        "prove_offline",
    ),
    "records": (
        "diff_records",
        "export_bundle",
        "measure_recordings",
        "reproduce",
        "reproduce_events",
        "verify",
    ),
    "reporting": (
        "REPORT_FORMATS",
        "report",
    ),
    "saved": (
        "delete_saved",
        "list_saved",
    ),
    "scoring": (
        "causes",
        "diff",
        "score",
        "summary",
    ),
    "sets": (
        "check_set",
        "derive_set",
        "derive_set_events",
        "fetch_set_events",
        "import_set",
        "import_set_events",
        "list_recipes",
        "plan_fetch",
    ),
    "sweeps": (
        "delete_sweep",
        "list_sweeps",
        "recommend",
        "sweep",
        "sweep_events",
        "sweep_report",
        "sweep_table",
        "write_sweep",
    ),
    "transcription": (
        "transcribe",
        "transcribe_events",
    ),
    "trials": (
        "delete_trial",
        "keep_labels",
        "label_clip",
        "list_trials",
        "trial",
        "try_out_events",
    ),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "DEFAULT_ENGINE",
    "REPORT_FORMATS",
    "MachineReport",
    "OfflineProof",
    "archive_set",
    "available_layers",
    "bench",
    "bench_events",
    "causes",
    "check_corrections",
    "check_machine",
    "check_set",
    "clip",
    "clips",
    "compare",
    "compare_recording_events",
    "correct",
    "correct_transcript",
    "curve",
    "curve_events",
    "default_pool",
    "delete_run",
    "delete_saved",
    "delete_sweep",
    "delete_trial",
    "derive_set",
    "derive_set_events",
    "diff",
    "diff_records",
    "estimate",
    "export_bundle",
    "export_run",
    "fetch_model",
    "fetch_set_events",
    "find_recordings",
    "hosted_pool",
    "import_run",
    "import_set",
    "import_set_events",
    "import_texts",
    "inspect_recording",
    "keep_labels",
    "label_clip",
    "list_corrections",
    "list_engines",
    "list_recipes",
    "list_runs",
    "list_saved",
    "list_sets",
    "list_sweeps",
    "list_trials",
    "load_run",
    "load_sets",
    "load_transcript",
    "make_set",
    "measure_recordings",
    "parse_replacements",
    "plan_fetch",
    "prove_offline",
    "rank",
    "read_replacements",
    "recommend",
    "report",
    "reproduce",
    "reproduce_events",
    "rerun_segments",
    "save_transcript",
    "score",
    "scored_run",
    "summary",
    "suspects",
    "sweep",
    "sweep_events",
    "sweep_report",
    "sweep_table",
    "transcribe",
    "transcribe_events",
    "transcribe_range",
    "transcribe_range_events",
    "trial",
    "try_out_events",
    "verify",
    "write_sweep",
]


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
