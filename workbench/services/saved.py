"""What is kept on this machine: everything under HOME, how much it is, and how it is deleted."""

from __future__ import annotations

import fcntl
import shutil
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

from workbench.engines.pool import EnginePool
from workbench.errors import RunError, UnknownName
from workbench.runs.store import RunStore
from workbench.runs.sweep_store import SweepRecord, SweepStore
from workbench.runs.trial_store import TrialStore
from workbench.services.process import default_pool
from workbench.settings import Settings

SavedKind = Literal[
    "runs", "sweeps", "trials", "sets", "corrections", "transcripts", "corpora", "models", "temporary", "other"
]
KINDS: tuple[SavedKind, ...] = get_args(SavedKind)
DELETABLE: tuple[SavedKind, ...] = ("runs", "sweeps", "trials", "sets", "corrections", "transcripts")
"""What people said, wrote and measured. The rest was downloaded, or ends by itself."""

_FOLDERS: Mapping[str, SavedKind] = {
    "runs": "runs",
    "sweeps": "sweeps",
    "trials": "trials",
    "eval_sets": "sets",
    "corrections": "corrections",
    "transcripts": "transcripts",
    "corpora": "corpora",
    "models": "models",
    "tmp": "temporary",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedItem:
    """One thing that is kept.

    Attributes:
        kind: "runs" are benchmarks, "sweeps" say which runs belong together, "trials" hold clips and labels, "sets" are
            private eval sets, "corrections" are of labels, "transcripts" are unfinished ones, "corpora" and "models"
            were downloaded, "temporary" ends with its process, "other" is the workbench's own notes.
        id: Its name under its folder.
        bytes: On disk.
        files: How many.
        changed: When something in it was written last: ISO 8601, UTC.
        used_by: Ids of the sweeps that a run is part of, and of the trials whose sweep a sweep is.
        can_delete: Whether `delete_saved` takes it.
    """

    kind: SavedKind
    id: str
    bytes: int
    files: int
    changed: str
    used_by: tuple[str, ...] = ()
    can_delete: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """What is gone, and in a sentence what else that means; empty where it means nothing else."""

    item: SavedItem
    sentence: str


def list_saved(*, kind: SavedKind | None = None, pool: EnginePool | None = None) -> list[SavedItem]:
    """Everything that is kept under HOME, kind by kind, the newest first.

    Args:
        kind: Only these; None is all.
        pool: Whose settings say where HOME is.

    Raises:
        UnknownName: No such kind.
    """
    _check_kind(kind, KINDS)
    settings = (pool or default_pool()).settings
    users = _users(settings)
    found = [_item(one, path, users) for one, path in _paths(settings) if kind in (None, one)]
    order = {one: place for place, one in enumerate(KINDS)}
    found.sort(key=lambda item: item.changed, reverse=True)
    return sorted(found, key=lambda item: order[item.kind])


def delete_saved(kind: SavedKind, id: str, *, pool: EnginePool | None = None) -> Deleted:
    """Delete one thing that is kept, for good.

    Args:
        kind: runs, sweeps, trials, sets, corrections or transcripts.
        id: As it is listed, whole.
        pool: Whose settings say where HOME is.

    Raises:
        UnknownName: No such kind, or nothing of this kind is called so.
        RunError: It is being written.
    """
    _check_kind(kind, DELETABLE)
    settings = (pool or default_pool()).settings
    paths = {_id(path): path for one, path in _paths(settings) if one == kind}
    if id not in paths:  # so no part of it is ever read as a path
        raise UnknownName("saved thing", id, paths)
    item = _item(kind, paths[id], _users(settings))
    if kind == "runs" and (paths[id] / "run.json").is_file():
        RunStore(settings).delete_run(id)
    elif kind == "transcripts":
        _delete_transcript(paths[id])
    else:
        _remove(paths[id])
    return Deleted(item=item, sentence=_consequence(item))


def _check_kind(kind: str | None, known: Sequence[str]) -> None:
    if kind is not None and kind not in known:
        raise UnknownName("kind", kind, known)


def _paths(settings: Settings) -> Iterable[tuple[SavedKind, Path]]:
    for top in sorted(settings.home.iterdir()) if settings.home.is_dir() else ():
        kind: SavedKind = _FOLDERS.get(top.name, "other")
        if kind == "other" or not top.is_dir() or top.is_symlink():
            yield "other", top
            continue
        for path in sorted(top.iterdir()):
            if path.suffix != ".lock":
                yield kind, path


def _id(path: Path) -> str:
    return path.stem if path.suffix in (".json", ".jsonl") else path.name


def _item(kind: SavedKind, path: Path, users: Mapping[tuple[str, str], tuple[str, ...]]) -> SavedItem:
    sizes: list[int] = []
    newest = 0.0
    for one in (path, *path.rglob("*")) if path.is_dir() and not path.is_symlink() else (path,):
        try:
            found = one.lstat()
        except OSError:  # gone meanwhile
            continue
        newest = max(newest, found.st_mtime)
        if not one.is_dir():
            sizes.append(found.st_size)
    return SavedItem(
        kind=kind,
        id=_id(path),
        bytes=sum(sizes),
        files=len(sizes),
        changed=datetime.fromtimestamp(newest, UTC).isoformat(timespec="seconds"),
        used_by=users.get((kind, _id(path)), ()),
        can_delete=kind in DELETABLE,
    )


def _users(settings: Settings) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """Which sweeps need a run, and which trials a sweep."""
    found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    sweeps: list[SweepRecord] = SweepStore(settings).list_sweeps()
    for sweep in sweeps:
        for run in {one.run_id for one in sweep.runs}:
            found["runs", run].append(sweep.sweep_id)
    for trial in TrialStore(settings).list_trials():
        if trial.sweep_id:
            found["sweeps", trial.sweep_id].append(trial.name)
    return {one: tuple(sorted(users)) for one, users in found.items()}


def _delete_transcript(folder: Path) -> None:
    """Delete what is done of a transcription, unless it is under way."""
    chunks = folder / "chunks.jsonl"
    if not chunks.is_file():
        _remove(folder)
        return
    with chunks.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RunError(
                f"The unfinished transcript {folder.name} is being written.", hint="Stop its transcription first."
            ) from error
        _remove(folder)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _consequence(item: SavedItem) -> str:
    names = ", ".join(item.used_by)
    if item.kind == "runs" and names:
        return f"It was part of a sweep, which now lacks it: {names}."
    if item.kind == "sweeps":
        return f"Its runs are still there. It was part of a trial: {names}." if names else "Its runs are still there."
    return "Its runs are still there." if item.kind == "trials" else ""
