"""A bundle checked and scored again, and taken in as a run."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from workbench.errors import RunError, UnknownName, UsageError
from workbench.runs.bundle import digest_of
from workbench.runs.bundle_file import OpenBundle, open_bundle
from workbench.runs.handed_on import hide_places
from workbench.runs.imported import ImportedRun
from workbench.runs.journal import Entry, Journal
from workbench.runs.records import ItemOutcome, ItemResult, RunRecord
from workbench.runs.rescoring import FigureDifference, Rescoring, rescore
from workbench.runs.store import RunStore, StoredRun
from workbench.storage import told

_ANOTHER = "Say --on-existing again to take it in under another id."
_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What is so about a bundle whose parts are all as its manifest says.

    Attributes:
        run_id: Of its run.
        seal: sha256 of its manifest.
        files: How many parts it has.
        recordings: How many of them are recordings.
        items: How many clips.
        licence: Of texts and recordings.
        note: What whoever made it wrote.
        set_digest: Whether ids, references and recordings are those of the set's digest; None where that cannot be
            told: recordings are not in it, or not all clips.
        rescoring: Its figures, made again with this version.
    """

    run_id: str
    seal: str
    files: int
    recordings: int
    items: int
    licence: str
    note: str
    set_digest: bool | None
    rescoring: Rescoring

    @property
    def equal(self) -> bool:
        """Whether every figure came out as it was written."""
        return not self.rescoring.differences and self.set_digest is not False

    @property
    def sentence(self) -> str:
        """The verdict."""
        found = self.rescoring
        if found.differences:
            return f"{len(found.differences)} of {found.compared} figures differ."
        return f"Equal: all {found.compared} figures come out as they were written."


def verify_bundle(path: Path, *, seal: str | None = None) -> Verification:
    """Check every part of a bundle, and score its texts again with this version.

    Args:
        path: Of the bundle.
        seal: What its seal, or the beginning of it, should be, as whoever made it says; None does not ask.

    Raises:
        RunError: It is no bundle, was changed, or has another seal.
    """
    with open_bundle(path) as bundle:
        _check_seal(bundle, path, seal)
        return Verification(
            run_id=bundle.manifest.run_id,
            seal=bundle.seal,
            files=len(bundle.manifest.files) + 1,
            recordings=len(bundle.recordings),
            items=len(bundle.run.outcomes),
            licence=bundle.manifest.licence,
            note=bundle.manifest.note,
            set_digest=_holds_digest(bundle),
            rescoring=_rescored(bundle, path),
        )


def verification_json(found: Verification) -> dict[str, Any]:
    """What `runs verify --json` says."""
    rescoring = found.rescoring
    return {
        "equal": found.equal,
        "sentence": found.sentence,
        **{name: getattr(found, name) for name in ("run_id", "seal", "files", "recordings", "items")},
        "licence": found.licence,
        "note": found.note,
        "set_digest": found.set_digest,
        "figures": rescoring.compared,
        "rulers": list(rescoring.rulers),
        "rulers_changed": list(rescoring.changed),
        "differences": [asdict(one) for one in rescoring.differences],
    }


def first_differences(found: Verification) -> tuple[FigureDifference, ...]:
    """The figures that lead: rates before clips, as many as can be read."""
    ordered = sorted(found.rescoring.differences, key=lambda one: " clips " in one.where)
    return tuple(ordered[:_SHOWN])


def _check_seal(bundle: OpenBundle, path: Path, seal: str | None) -> None:
    if seal is None:
        return
    wanted = seal.strip().lower()
    if len(wanted) < 8:
        raise UsageError(f"{seal!r} is too short for a seal.", hint="Give 8 of its 64 characters or more.")
    if not bundle.seal.startswith(wanted):
        raise RunError(
            f"{path.name} has the seal {bundle.seal}, not {wanted}: it is not the bundle that was meant.",
            hint="Ask for it again.",
        )


def _holds_digest(bundle: OpenBundle) -> bool | None:
    if not bundle.manifest.holds_set_digest:
        return None
    hashes = {part.name: bytes.fromhex(part.sha256) for part in bundle.recordings}
    items = [(one.id, one.reference, hashes.get(one.audio, b"")) for one in bundle.run.outcomes]
    return digest_of(items) == bundle.run.record.spec.set_digest


def _rescored(bundle: OpenBundle, path: Path) -> Rescoring:
    try:
        return rescore(bundle.run, bundle.scores)
    except UnknownName as error:
        raise RunError(
            f"{path.name} was scored under a ruler that is not here. {error.message}", hint=error.hint
        ) from error
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise RunError(
            f"{path.name} was refused: its scores.json holds no figures.", hint="Ask for it again."
        ) from error


def import_bundle(path: Path, *, store: RunStore, on_existing: Literal["reuse", "again"] = "reuse") -> ImportedRun:
    """Take a bundle in as a finished run under its own id, with its recordings where they are in it.

    The run appears complete or not at all. No benchmark takes it for one of this machine.

    Args:
        path: Of the bundle.
        store: Where runs are.
        on_existing: Where the run is there already, find it (reuse) or take it in under another id (again).

    Raises:
        RunError: It is no bundle, was changed, or another run has its id.
        DiskError: It cannot be written.
    """
    with open_bundle(path) as bundle:
        record, existing = bundle.run.record, False
        folder = store.folder / record.run_id
        if folder.exists():
            existing = on_existing == "reuse" and _is_same(store, bundle.run)
            if not existing and on_existing == "reuse":
                raise RunError(f"Another run has the id {record.run_id}.", hint=_ANOTHER)
            folder = folder if existing else _free(folder)
        if not existing:
            record = _take_in(bundle, store, folder)
        heard = sum(isinstance(one, ItemResult) for one in bundle.run.outcomes)
        return ImportedRun(record=record, given=heard, missing=(), skipped=(), existing=existing)


def _is_same(store: RunStore, sealed: StoredRun) -> bool:
    try:
        there = hide_places(store.load_run(sealed.record.run_id))
    except (RunError, UnknownName):
        return False
    return there.record == sealed.record and _without_audio(there.outcomes) == _without_audio(sealed.outcomes)


def _without_audio(outcomes: Iterable[ItemOutcome]) -> list[ItemOutcome]:
    return [replace(one, audio="") for one in outcomes]


def _free(folder: Path) -> Path:
    names = (folder.with_name(f"{folder.name}-{number}") for number in range(2, 1000))
    return next(name for name in names if not name.exists())


def _take_in(bundle: OpenBundle, store: RunStore, folder: Path) -> RunRecord:
    record = replace(bundle.run.record, run_id=folder.name, bundle=bundle.seal)
    with told(f"The run {folder.name}"):
        store.folder.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=store.folder, prefix=".import-"))
    try:
        with told(f"The run {folder.name}"):
            if bundle.recordings:
                (draft / "audio").mkdir()
            for part in bundle.recordings:
                bundle.extract(part, draft / part.name)
            placed = [replace(one, audio=str(folder / one.audio) if one.audio else "") for one in bundle.run.outcomes]
            with Journal(draft) as journal:
                journal.extend(Entry(outcome=one, wall_seconds=record.wall_seconds or 0.0) for one in placed)
            store.write_record(record, draft)
            os.rename(draft, folder)  # noqa: PTH104  Path.rename would replace an empty folder
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return record
