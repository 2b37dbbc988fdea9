"""What a run was made of and with, so that it can be made again."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from workbench.pipeline.measurement import Measurement
from workbench.runs.imported import NOT_KNOWN
from workbench.runs.records import RunRecord, RunSpec
from workbench.runs.reporting.document import Block, Command, Facts, Paragraph, Table
from workbench.runs.reporting.figures import MISSING, say_bytes, say_count, say_factor, say_seconds, say_time
from workbench.runs.sweep_store import SweepRecord

_FLAGS = {"options": "option"}
_DEFAULTS: Mapping[str, Any] = {"language": "set", "batch_size": 1, "seed": 0}
_LANGUAGES = {
    "set": "each clip's own, as the set labels it",
    "auto": "none: the engine decided",
    "unknown": "not known",
}


def spec_facts(spec: RunSpec) -> dict[str, str]:
    """What decides the texts of a run, by what it is called."""
    options = ", ".join(f"{name} = {_word(value)}" for name, value in spec.options.items())
    return {
        "Set": f"{spec.eval_set}, {say_count(spec.items)} clips, language {spec.set_language or MISSING}",
        "Set digest": spec.set_digest,
        "Engine": spec.engine,
        "Model": f"{spec.model_id}, revision {spec.revision}",
        "Options": options or "none",
        "Preprocessing": spec.chain or "none",
        "Language told": _LANGUAGES.get(spec.language, spec.language),
        "Context told": spec.context or "none",
        "Device": ", ".join(part for part in (spec.device, spec.dtype) if part) or MISSING,
        "Batch size": str(spec.batch_size),
        "Chunk length": _chunk_length(spec),
        "Seed": str(spec.seed),
    }


def _chunk_length(spec: RunSpec) -> str:
    if spec.chunk_seconds is not None:
        return f"at most {spec.chunk_seconds:g} s, cut at pauses"
    return _LANGUAGES[NOT_KNOWN] if spec.language == NOT_KNOWN else "whole clips, as long as the engine takes them"


def cost_facts(found: Measurement | None) -> Facts | None:
    """What the scored clips cost; None where nothing was measured, and figures that were not are left out."""
    if found is None:
        return None
    facts: dict[str, str | None] = {
        "Audio": say_seconds(found.audio_seconds),
        "Time": f"{say_seconds(found.wall_seconds)}, loading the model not counted",
        "Measured": _way_of_measuring(found),
        "Real-time factor": say_factor(found.rtf),
        "Processor time": say_seconds(found.cpu_seconds),
        "GPU time": None if found.gpu_seconds is None else say_seconds(found.gpu_seconds),
        "Peak memory": _bytes(found.peak_rss_bytes),
        "Peak GPU memory, torch": _bytes(found.peak_gpu_bytes),
        "Peak GPU memory, process": _bytes(found.peak_gpu_process_bytes),
    }
    return Facts(rows=tuple((name, value) for name, value in facts.items() if value is not None))


def _way_of_measuring(found: Measurement) -> str:
    if found.kind == "single":
        return "each clip by itself"
    if found.kind == "amortised":
        return f"up to {found.batch_size} clips together, a share for each"
    return "several engines at once, a share of their time for each clip; memory is of one engine"


def _bytes(value: int | None) -> str | None:
    return None if value is None else say_bytes(value)


def machine_facts(environment: Mapping[str, Any]) -> Facts:
    """The machine and the code; a name for the machine itself is not stored, and so not told."""
    gpus = [cast("Mapping[str, Any]", gpu) for gpu in environment.get("gpus") or ()]
    git = cast("Mapping[str, Any]", environment.get("git") or {})
    commit = f"{git.get('commit', MISSING)}{', with changes' if git.get('dirty') else ''}"
    facts = {
        "Processor": f"{environment.get('cpu') or MISSING}, {environment.get('cpus_usable') or MISSING} usable",
        "Memory": say_bytes(environment.get("memory_bytes")),
        "GPU": "; ".join(_gpu(gpu) for gpu in gpus) or "none",
        **_execution(environment),
        "System": f"{environment.get('platform') or MISSING}, Python {environment.get('python') or MISSING}",
        "Code": commit,
        "Packages": _packages(environment),
    }
    return Facts(rows=tuple(facts.items()))


def _execution(environment: Mapping[str, Any]) -> dict[str, str]:
    """How many engines worked side by side, where that was more than one, and what an engine had to say of it all."""
    execution = cast("Mapping[str, Any]", environment.get("execution") or {})
    workers, threads = execution.get("workers", 1), execution.get("threads")
    facts = {"Engines at once": f"{workers}, {threads or MISSING} threads each"} if workers != 1 else {}
    return facts | ({"Engine says": " ".join(execution["remarks"])} if execution.get("remarks") else {})


def _gpu(gpu: Mapping[str, Any]) -> str:
    return f"{gpu.get('name')}, {say_bytes(gpu.get('memory_bytes'))}, driver {gpu.get('driver')}"


def _packages(environment: Mapping[str, Any]) -> str:
    packages = cast("Mapping[str, Any]", environment.get("packages") or {})
    return ", ".join(f"{name} {version}" for name, version in packages.items() if version) or MISSING


def origin_blocks(record: RunRecord) -> tuple[Block, ...]:
    """Spec, machine and command of one run."""
    ended = f", finished {say_time(record.finished)}" if record.finished else ", not finished"
    made = f"Begun {say_time(record.created)}{ended}."
    if not record.spec.device:
        made += " The texts come from another system; the machine is the one that they were brought to."
    return (
        Paragraph(text=made),
        Facts(rows=tuple(spec_facts(record.spec).items())),
        machine_facts(record.environment),
        *([Command(text=command)] if (command := bench_command(record)) else []),
    )


def spec_differences(a: RunRecord, b: RunRecord) -> Table:
    """What was not the same in two runs, machine and code included."""
    left, right = (spec_facts(record.spec) | dict(machine_facts(record.environment).rows) for record in (a, b))
    both = ((name, left.get(name, MISSING), right.get(name, MISSING)) for name in left | right)
    rows = tuple(row for row in both if row[1] != row[2])
    return Table(columns=("", "A", "B"), rows=rows)


def bench_command(record: RunRecord) -> str:
    """The command that makes the run again, for a POSIX shell; empty for a run that was not made by one."""
    passed = dict(record.passed)
    sets = passed.pop("sets", None)
    if not isinstance(sets, list | tuple) or not sets:
        return ""
    return _command("bench", cast("list[Any]", sets), passed)


def sweep_command(record: SweepRecord) -> str:
    """The command that makes a sweep again, for a POSIX shell."""
    engines = list(dict.fromkeys(one.engine for one in record.settings))
    chains = list(dict.fromkeys(one.chain for one in record.settings))
    varied = [word for one in chains for word in ("--chain", one)]
    varied += [word for one in engines for word in ("--engine", one)]
    return _command("sweep", record.sets, record.passed, varied)


def _command(verb: str, sets: Iterable[Any], passed: Mapping[str, Any], more: Sequence[str] = ()) -> str:
    words = ["workbench", verb, *(_operand(str(one)) for one in sets), *more]
    for name, value in passed.items():
        if value != _DEFAULTS.get(name):
            words += [word for one in _values(value) for word in (f"--{_FLAGS.get(name, name).replace('_', '-')}", one)]
    return shlex.join(words)


def _operand(word: str) -> str:
    """A file name that begins with a dash would be read as a flag."""
    return f"./{word}" if word.startswith("-") else word


def _values(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from (f"{key}={_word(one)}" for key, one in cast("Mapping[str, Any]", value).items())
    elif value not in (None, ""):
        yield _word(value)


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
