"""Verbs that list what there is: sets, engines, runs, models, the machine."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from pydantic_core import to_jsonable_python

from workbench import services
from workbench.cli import proving
from workbench.cli.arguments import passed_on
from workbench.cli.console import Console
from workbench.cli.tables import METRIC_COLUMNS, cost_lines, metric_rows, total_lines
from workbench.engines.base import Availability
from workbench.engines.device import GIB, fit_sentence
from workbench.engines.registry import EngineRef, plugin
from workbench.errors import UsageError
from workbench.evalsets.load import checked_json
from workbench.runs.report import run_json


def sets(arguments: Namespace, console: Console) -> int:
    """List the eval sets, or check every line of one."""
    if getattr(arguments, "name", None) is not None:
        return _check_set(arguments.name, console)
    found = services.list_sets()
    console.document(to_jsonable_python(found))
    console.table(
        ("set", "clips", "minutes", "language", "speech", "licence", "title"),
        [
            (
                info.name,
                "faults" if info.items is None else str(info.items),
                "–" if info.seconds is None else f"{info.seconds / 60:.1f}",
                info.language or "–",
                "synthetic" if info.synthetic else "people",
                info.licence.partition(" (")[0] or "–",
                info.fault.partition("\n")[0] or info.title,
            )
            for info in found
        ],
    )
    return 0


def _check_set(name: str, console: Console) -> int:
    checked = services.check_set(name)
    console.document(checked_json(checked))
    minutes = "" if checked.seconds is None else f", {checked.seconds / 60:.1f} minutes"
    console.say(f"{checked.name}: {len(checked.items)} clips{minutes}, no faults.")
    return 0


def engines(arguments: Namespace, console: Console) -> int:  # noqa: ARG001  every verb is called alike
    """List the engines, and whether each can run here."""
    rows = services.list_engines()
    console.document(to_jsonable_python(rows, fallback=_option_names))
    console.table(
        ("engine", "runs here", "what it is"),
        [(row.name, _yes_or_no(row.availability), row.summary) for row in rows],
    )
    for row in rows:
        console.say(f"{row.name}: {_sentence(row.availability)}")
    return 0


def runs(arguments: Namespace, console: Console) -> int:  # noqa: ARG001
    """List the stored runs."""
    records = services.list_runs()
    console.document(to_jsonable_python(records))
    console.table(
        ("run", "status", "set", "engine", "chain", "created"),
        [
            (one.run_id, one.status, one.spec.eval_set, one.spec.engine, one.spec.chain or "–", one.created)
            for one in records
        ],
    )
    return 0


def show_run(arguments: Namespace, console: Console) -> int:
    """Show a run's record and its score.

    Raises:
        UnknownName: No such run or ruler.
    """
    stored = services.load_run(arguments.run)
    summary = services.summary(arguments.run, **passed_on(arguments, services.summary))
    console.document({"record": to_jsonable_python(stored.record), **run_json(summary)})
    record = stored.record
    facts = {"Run": record.run_id, "Status": record.status, "Set": record.spec.eval_set, "Engine": record.spec.engine}
    facts |= {"Model": f"{record.spec.model_id} {record.spec.revision}", "Chain": record.spec.chain or "none"}
    if record.spec.chunk_seconds is not None:
        facts["Chunk length"] = f"at most {record.spec.chunk_seconds:g} s"
    device = f"{record.spec.device} {record.spec.dtype}".strip()
    facts |= {"Device": device or "not known", "Created": record.created}
    if record.reproduces:
        facts["Reproduces"] = record.reproduces
    if record.bundle:
        facts["From a bundle"] = f"sealed {record.bundle}"
    for name, value in facts.items():
        console.say(f"{name}: {value}")
    for note in record.notes:
        console.say(note)
    console.table(METRIC_COLUMNS, metric_rows(summary.metrics, summary.headline, summary.ruler, summary.ruler_hash))
    for line in (*total_lines(summary), *cost_lines(summary.measurement)):
        console.say(line)
    return 0


def delete_run(arguments: Namespace, console: Console) -> int:
    """Delete a run.

    Raises:
        UnknownName: No such run.
        RunError: It is being written.
    """
    services.delete_run(arguments.run)
    console.document({"deleted": arguments.run})
    console.say(f"Deleted {arguments.run}.")
    return 0


def models(arguments: Namespace, console: Console) -> int:
    """List the models that engines know by name, or fetch one.

    Raises:
        UsageError: Fetch without a name.
        EngineError: It cannot be fetched.
    """
    if arguments.action == "fetch":
        return _fetch(arguments.name, console)
    settings = services.default_pool().settings
    known = [
        (str(EngineRef(row.name, model)), plugin(row.name).check(model, settings))
        for row in services.list_engines()
        for model in row.models
    ]
    console.document([{"name": name, "availability": to_jsonable_python(here)} for name, here in known])
    console.table(("model", "runs here", "why"), [(name, _yes_or_no(here), _sentence(here)) for name, here in known])
    return 0


def _fetch(name: str | None, console: Console) -> int:
    if name is None:
        raise UsageError("Fetch needs the name of a model.", hint="`workbench models` lists them.")
    console.note(f"Fetching {name} …")
    folder = services.fetch_model(name)
    console.document({"name": name, "folder": str(folder)})
    console.say(f"{name} is in {folder}.")
    return 0


def doctor(arguments: Namespace, console: Console) -> int:
    """Hold what this machine has against what the engines need; 1 where not one can run.

    Raises:
        WorkbenchError: Nothing can be shown by `--offline-proof` here.
    """
    if arguments.offline_proof:
        return proving.prove(console)
    report, layers = services.check_machine(), services.available_layers()
    console.document({**to_jsonable_python(report, fallback=_option_names), "sealed": layers.as_json()})
    facts = report.facts
    console.say(f"Processor: {facts.cpu_cores} cores.")
    console.say(f"Memory: {facts.ram_free_bytes / GIB:.1f} of {facts.ram_total_bytes / GIB:.1f} GiB free.")
    console.say(f"Disk: {facts.disk_free_bytes / GIB:.1f} GiB free.")
    console.say(f"NVIDIA driver: {facts.driver or 'none'}.")
    for gpu in facts.gpus:
        console.say(f"GPU: {gpu.name}, {gpu.free_bytes / GIB:.1f} of {gpu.total_bytes / GIB:.1f} GiB free.")
    console.say(
        f"Privacy: when it serves or transcribes: {layers.sentence} `workbench doctor --offline-proof` shows it."
    )
    device = "cuda:0" if facts.gpus else "cpu"
    for row in report.engines:
        needs = row.availability.needs_bytes
        fit = "" if needs is None else f"{fit_sentence(needs, device=device, facts=facts)} "
        console.say(f"{row.name}: {fit}{_sentence(row.availability)}")
    return 0 if any(row.availability.ok for row in report.engines) else 1


def _yes_or_no(availability: Availability) -> str:
    return "yes" if availability.ok else "no"


def _sentence(availability: Availability) -> str:
    command = f" Get it with: {availability.command}" if availability.command else ""
    return f"{availability.reason}{command}"


def _option_names(options: Any) -> Any:
    """An engine's options class as the names of its fields."""
    return list(options.__dataclass_fields__)
