"""Another system's texts as a run beside our own: same set, same rulers, nothing measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from workbench.errors import ManifestError, UsageError
from workbench.evalsets.manifest import Fault
from workbench.evalsets.model import EvalItem, EvalSet
from workbench.runs.given import GivenText
from workbench.runs.hypotheses import TextFile, described
from workbench.runs.journal import Entry
from workbench.runs.matching import Known, Matched, match
from workbench.runs.outcomes import labels_of
from workbench.runs.records import ItemFailure, ItemOutcome, ItemResult, RunRecord, RunSpec
from workbench.runs.store import RunStore

Missing = Literal["refuse", "empty", "fail"]
"""Clips without a text: refuse the file, take them as empty texts, or as failures."""
Unknown = Literal["refuse", "skip"]
"""Texts of no clip of the set: refuse the file, or leave them out."""

ENGINE = "imported"
NOT_KNOWN = "unknown"
"""What an imported run was told about the language: its file does not say."""

_HINT = "Mend the file, or say what such lines mean: missing 'empty' or 'fail', unknown 'skip'."


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedRun:
    """A run made of a file.

    Attributes:
        record: Of the run, which is finished.
        given: How many clips have a text of their own.
        missing: Ids of clips without one.
        skipped: Ids in the file that are of no clip.
        existing: Whether the same file had been imported before under the same name, and its run was found again.
    """

    record: RunRecord
    given: int
    missing: tuple[str, ...]
    skipped: tuple[str, ...]
    existing: bool


def import_run(
    eval_set: EvalSet,
    texts: TextFile,
    *,
    system: str,
    store: RunStore,
    model: str = "",
    revision: str = "",
    missing: Missing = "refuse",
    unknown: Unknown = "refuse",
    on_existing: Literal["reuse", "again"] = "reuse",
    passed: Mapping[str, Any] | None = None,
) -> ImportedRun:
    """Store a file's texts as a finished run over a set.

    Args:
        eval_set: What the texts are of.
        texts: What the system heard.
        system: What it is called; the run's engine is `imported:NAME`.
        store: Where runs are.
        model: Which weights; empty where not known.
        revision: Which version of them; left out, the file's sha256 stands for it.
        missing: What a clip without a text is.
        unknown: What a text of no clip is.
        on_existing: Whether to find the run of the same file, set and name again.
        passed: The arguments as given, for the record.

    Raises:
        UsageError: No name that can be shown.
        ManifestError: Clips without a text, texts without a clip, or texts whose clip is in doubt; all are listed.
    """
    name = _checked_name(system)
    matched = match(Known((item.id, str(item.audio)) for item in eval_set.items), texts)
    _check_coverage(matched, texts.name, eval_set.name, missing, unknown)
    spec = _spec(eval_set, texts, name, model=model, revision=revision, missing=missing)
    earlier = store.find_existing(spec) if on_existing == "reuse" else None
    existing = earlier is not None and earlier.status == "success"
    record = earlier or store.create_run(spec, passed or {})
    if not existing:
        record = _write(store, record, list(_outcomes(eval_set, matched, texts.name, missing)))
    return ImportedRun(
        record=record,
        given=len(matched.texts),
        missing=matched.missing,
        skipped=tuple(one.id for one in matched.unknown),
        existing=existing,
    )


def imported_json(found: ImportedRun) -> dict[str, Any]:
    """What every door says of an import beside the run's figures."""
    return {
        "system": found.record.spec.engine,
        "given": found.given,
        "missing": list(found.missing),
        "skipped": list(found.skipped),
        "existing": found.existing,
    }


def tell_language_not_known(names: Sequence[str]) -> str:
    """Why runs of imported texts may have been told another language than those beside them.

    Args:
        names: What the runs are called where it is said; one at least.
    """
    whose = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
    system = "those systems were" if len(names) > 1 else "that system was"
    return f"The texts of {whose} were imported: what language {system} told, if any, is not known."


def _checked_name(system: str) -> str:
    name = " ".join(system.split())
    if not name or not name.isprintable():
        raise UsageError(f"{system!r} is no name for a system.", hint="Call it what tables should say.")
    return name


def _check_coverage(matched: Matched, file: str, eval_set: str, missing: Missing, unknown: Unknown) -> None:
    faults: list[Fault] = []
    if unknown == "refuse":
        faults += [(one.line, f"no clip of {eval_set} has the id {one.id!r}") for one in matched.unknown]
    if missing == "refuse":
        faults += [(0, f"no text for {name!r}") for name in matched.missing]
    if not matched.texts:
        ids = ", ".join(repr(name) for name in matched.missing[:3])
        raise ManifestError(file, [f"{file}: no text is of a clip of {eval_set}"], hint=f"Its clips are {ids} …")
    if faults:
        raise ManifestError(file, described(file, faults), hint=_HINT)


def _spec(eval_set: EvalSet, texts: TextFile, system: str, *, model: str, revision: str, missing: Missing) -> RunSpec:
    return RunSpec(
        eval_set=eval_set.name,
        set_digest=eval_set.digest(),
        set_language=eval_set.language,
        items=len(eval_set.items),
        engine=f"{ENGINE}:{system}",
        model_id=model or system,
        revision=revision or f"sha256:{texts.sha256}",
        language=NOT_KNOWN,
        context="",
        options={"file_sha256": texts.sha256, "format": texts.format, "missing": missing},
        chain="",
        device="",
        dtype="",
        batch_size=1,
    )


def _outcomes(eval_set: EvalSet, matched: Matched, file: str, missing: Missing) -> Iterator[ItemOutcome]:
    for item in eval_set.items:
        given = matched.texts.get(item.id)
        if given is not None:
            yield _result(item, given)
        elif missing == "fail":
            yield ItemFailure(**labels_of(item), error="NoText", message=f"{file} has no text for this clip.")
        else:
            warning = f"{file} has no text for this clip: it counts as an empty one."
            yield replace(_result(item, GivenText(id=item.id, text="", line=0)), warnings=(warning,))


def _result(item: EvalItem, given: GivenText) -> ItemResult:
    return ItemResult(
        **labels_of(item),
        text=given.text,
        raw=given.text,
        language=None,
        finish="unknown",
        duration=item.duration,
        segments=given.segments,
    )


def _write(store: RunStore, record: RunRecord, outcomes: list[ItemOutcome]) -> RunRecord:
    """All outcomes, then the end. Killed in between, the run stays `started` and the next import writes it anew."""
    with store.open_journal(record.run_id) as journal:
        journal.extend(Entry(outcome=outcome, wall_seconds=0.0) for outcome in outcomes)
    done = replace(record, status="success", finished=datetime.now(UTC).isoformat(timespec="seconds"))
    store.save_record(done)
    return done
