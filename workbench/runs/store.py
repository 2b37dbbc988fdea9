"""Runs on disk: HOME/runs/<id>/run.json and items.jsonl."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pydantic

from workbench.errors import RunError, UnknownName, UsageError
from workbench.evalsets.corrections import CorrectionNote
from workbench.runs.environment import environment
from workbench.runs.journal import Journal, Written, each_entry, latest, lock
from workbench.runs.records import FORMAT_VERSION, ItemOutcome, RunRecord, RunSpec
from workbench.settings import Settings
from workbench.storage import replace_file, sync_folder, told

_FORBID = pydantic.ConfigDict(extra="forbid")
# A lone dataclass takes no config from its adapter, a union does; null is refused below.
_RECORD: pydantic.TypeAdapter[RunRecord | None] = pydantic.TypeAdapter(RunRecord | None, config=_FORBID)
_SPEC = pydantic.TypeAdapter(RunSpec)
_LATER = frozenset({"chunk_seconds"})
"""What earlier specs do not have: None says what they meant, and so is no part of the key."""
_NAME_LENGTHS = (32, 24)
_SHORT = 6
_RESTORE = "Restore run.json from a copy, or delete the run's folder."

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    """A run as it lies on disk.

    Attributes:
        record: Its `run.json`.
        outcomes: One an item, in the order in which they were first done.
        corrections: What was done to the references; None where they are the published ones, as on disk they are.
    """

    record: RunRecord
    outcomes: tuple[ItemOutcome, ...]
    corrections: CorrectionNote | None = None

    @property
    def missing(self) -> int:
        """Items without an outcome: the run was stopped, or goes on."""
        return self.record.spec.items - len(self.outcomes)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStamp:
    """A state of a run on disk.

    Attributes:
        folder: Where it lies.
        files: Size in bytes and time of the last change in nanoseconds of its record and its journal.
    """

    folder: Path
    files: tuple[tuple[int, int], ...]


def spec_key(spec: RunSpec) -> str:
    """sha256 over everything that decides the texts of a run: equal specs, equal keys."""
    fields = _SPEC.dump_python(spec, mode="json")
    fields = {name: value for name, value in fields.items() if value is not None or name not in _LATER}
    return hashlib.sha256(json.dumps(fields, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def run_stem(spec: RunSpec, begun: datetime) -> str:
    """What a run is called: when it began, its set and engine, and the beginning of its spec's key."""
    names = zip((spec.eval_set, spec.engine), _NAME_LENGTHS, strict=True)
    parts = [begun.strftime("%Y%m%d-%H%M%S"), *(_slug(name, length) for name, length in names)]
    return "-".join([*parts, spec_key(spec)[:_SHORT]])


class RunStore:
    """The runs of one home.

    Args:
        settings: Where home is. Nothing is made there before a run is.
    """

    def __init__(self, settings: Settings) -> None:
        self.folder = settings.runs

    def create_run(
        self, spec: RunSpec, passed: Mapping[str, Any], *, load_seconds: float | None = None, reproduces: str = ""
    ) -> RunRecord:
        """A new run, `started`, on disk."""
        now = datetime.now(UTC)
        with told("The run"):
            folder = self._new_folder(spec, now)
        record = RunRecord(
            run_id=folder.name,
            passed=passed,
            spec=spec,
            environment=environment(),
            status="started",
            created=now.isoformat(timespec="seconds"),
            load_seconds=load_seconds,
            reproduces=reproduces,
        )
        try:
            self.save_record(record)
            with told("The run"):
                sync_folder(self.folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return record

    def save_record(self, record: RunRecord) -> None:
        """Replace `run.json` in one step: a reader sees the old one or the new one, whatever happens meanwhile."""
        self.write_record(record, self.folder / record.run_id)

    def write_record(self, record: RunRecord, folder: Path) -> None:
        """The same, in a folder that is not yet the run's."""
        replace_file(folder / "run.json", dump_record(record))

    def open_journal(self, run_id: str) -> Journal:
        """The run's outcomes, for writing.

        Raises:
            RunError: Somebody else is writing, or it is damaged.
        """
        return Journal(self.folder / run_id)

    def read_written(self, run_id: str) -> Written:
        """The run's outcomes, to go through one by one.

        Raises:
            RunError: They are damaged.
        """
        return Written(self.folder / run_id / "items.jsonl")

    def list_runs(self) -> list[RunRecord]:
        """All runs that can be read, newest first; the others are named in the log."""
        return list(self._records(self._folders()))

    def find_existing(self, spec: RunSpec) -> RunRecord | None:
        """The run to use again for a spec: the newest that ended in `success`, else the newest.

        Neither a reproduction, which is there to be held against the first, nor a run from a bundle, whose times are of
        another machine.
        """
        found = [record for record in self._of_spec(spec) if not (record.reproduces or record.bundle)]
        return next((record for record in found if record.status == "success"), found[0] if found else None)

    def find_unfinished(self, spec: RunSpec, *, reproduces: str) -> RunRecord | None:
        """The newest reproduction of a run with this spec that did not come to its end."""
        found = (record for record in self._of_spec(spec) if record.reproduces == reproduces)
        return next((record for record in found if record.status != "success"), None)

    def _of_spec(self, spec: RunSpec) -> list[RunRecord]:
        key = spec_key(spec)
        folders = [folder for folder in self._folders() if f"-{key[:_SHORT]}" in folder.name]
        return [record for record in self._records(folders) if spec_key(record.spec) == key]

    def load_run(self, run: str | Path) -> StoredRun:
        """A run by its id, the beginning of its id, or the path of its folder.

        Raises:
            UnknownName: There is no such run.
            UsageError: The beginning fits several.
            RunError: It is damaged, or of a newer format.
        """
        folder = self._find(str(run))
        outcomes = latest(entry for entry, _ in each_entry(folder / "items.jsonl"))
        return StoredRun(record=_read_record(folder), outcomes=tuple(outcomes))

    def stamp(self, run: str | Path) -> RunStamp:
        """What changes whenever the run does, without reading it; `run` and errors as `load_run`."""
        folder = self._find(str(run))
        files = [path.stat() for name in ("run.json", "items.jsonl") if (path := folder / name).exists()]
        return RunStamp(folder=folder, files=tuple((one.st_size, one.st_mtime_ns) for one in files))

    def delete_run(self, run: str) -> None:
        """Remove a run of this store, by its id or the beginning of it, and all it says.

        Raises:
            UnknownName: There is no such run.
            UsageError: The beginning fits several.
            RunError: It is being written, or lies elsewhere.
        """
        folder = self._find(run)
        if folder.parent != self.folder:
            raise RunError(f"{run} is not a run of this home.", hint="Delete its folder yourself.")
        with lock(folder):
            shutil.rmtree(folder)

    def _new_folder(self, spec: RunSpec, now: datetime) -> Path:
        stem = run_stem(spec, now)
        for number in range(1, 1000):
            folder = self.folder / (stem if number == 1 else f"{stem}-{number}")
            with suppress(FileExistsError):
                folder.mkdir(parents=True)
                return folder
        raise RunError(f"There are a thousand runs named {stem}.", hint="Delete some.")

    def _folders(self) -> list[Path]:
        folders = self.folder.iterdir() if self.folder.is_dir() else ()
        return sorted((path for path in folders if (path / "run.json").is_file()), reverse=True)

    def _records(self, folders: Sequence[Path]) -> Iterator[RunRecord]:
        for folder in folders:
            try:
                yield _read_record(folder)
            except RunError as error:
                log.warning("%s", error.sentence)

    def _find(self, name: str) -> Path:
        ids = {folder.name: folder for folder in self._folders()}
        if name in ids:
            return ids[name]
        if _is_run(Path(name)):
            return Path(name)
        fitting = [run_id for run_id in ids if name and run_id.startswith(name)]
        if len(fitting) > 1:
            raise UsageError(f"{name!r} fits {len(fitting)} runs.", hint=f"Say more: {', '.join(sorted(fitting)[:5])}.")
        if not fitting:
            raise UnknownName("run", name, ids)
        return ids[fitting[0]]


def _is_run(folder: Path) -> bool:
    try:
        return folder.name != "" and (folder / "run.json").is_file()
    except (OSError, ValueError):  # a name too long, a NUL in it
        return False


def _read_record(folder: Path) -> RunRecord:
    try:
        content = (folder / "run.json").read_bytes()
    except OSError as error:
        raise RunError(f"The run {folder.name} cannot be read: {error}.", hint=_RESTORE) from error
    return parse_record(content, folder.name)


def dump_record(record: RunRecord) -> bytes:
    """A record as `run.json`."""
    return _RECORD.dump_json(record, indent=2)


def parse_record(content: bytes, name: str, *, hint: str = _RESTORE) -> RunRecord:
    """A record from `run.json`.

    Args:
        content: Of the file.
        name: What the run is called in errors.
        hint: What to do where it cannot be read.

    Raises:
        RunError: It is damaged, or of a newer format.
    """
    try:
        fields = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise RunError(f"The run {name} cannot be read: {error}.", hint=hint) from error
    made = fields.get("format_version") if isinstance(fields, dict) else None
    if isinstance(made, int) and made > FORMAT_VERSION:
        raise RunError(
            f"The run {name} was written by a newer version of the workbench (format {made}).",
            hint=f"Update the workbench; this one reads formats up to {FORMAT_VERSION}.",
        )
    try:
        record = _RECORD.validate_python(fields)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RunError(f"The run {name} cannot be read: {where}: {first['msg']}.", hint=hint) from error
    if record is None:
        raise RunError(f"The run {name} cannot be read: run.json is empty.", hint=hint)
    return record


def _slug(text: str, length: int) -> str:
    """The text as a part of a folder's name, in any script."""
    return re.sub(r"[\W_]+", "-", text.lower()).strip("-")[:length].strip("-") or "x"
