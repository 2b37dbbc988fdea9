"""Sweeps on disk: HOME/sweeps/<id>.json, which names the runs and holds no result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pydantic

from workbench.audio.steps import parse_chain
from workbench.errors import RunError, UnknownName
from workbench.settings import Settings
from workbench.storage import replace_file, told

FORMAT_VERSION = 1
_SHORT = 8


@dataclass(frozen=True, slots=True, order=True)
class Setting:
    """What is held against each other: an engine with a chain."""

    engine: str
    chain: str

    @property
    def label(self) -> str:
        """For people: `builtin · highpass+gain`."""
        return f"{self.engine} · {self.chain or 'none'}"


@dataclass(frozen=True, slots=True)
class Cell:
    """A setting on a set."""

    setting: Setting
    eval_set: str


@dataclass(frozen=True, slots=True)
class CellRun:
    """A cell and its run."""

    cell: Cell
    run_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepRecord:
    """What was asked for, and the runs that it came to.

    Attributes:
        sweep_id: Its name: when it began, and the beginning of a hash of what was asked for.
        settings: What is compared; the first is the baseline.
        sets: Names, folders or manifests.
        passed: The other arguments of the benchmark.
        runs: In the order in which they were done.
        created: ISO 8601 with zone.
        finished: Whether every cell has its run.
    """

    format_version: int = FORMAT_VERSION
    sweep_id: str
    settings: tuple[Setting, ...]
    sets: tuple[str, ...]
    passed: Mapping[str, Any] = field(default_factory=dict[str, Any])
    runs: tuple[CellRun, ...] = ()
    created: str
    finished: bool = False

    @property
    def cells(self) -> Iterator[Cell]:
        """Set by set within a setting, so that an engine is loaded once."""
        return (Cell(setting, name) for setting in self.settings for name in self.sets)

    def run_of(self, cell: Cell) -> str | None:
        """The cell's run; None where it has none."""
        return next((one.run_id for one in self.runs if one.cell == cell), None)

    def with_run(self, done: CellRun) -> SweepRecord:
        """With one run more, in place of what the cell had."""
        return replace(self, runs=(*(one for one in self.runs if one.cell != done.cell), done))


_RECORD: pydantic.TypeAdapter[SweepRecord] = pydantic.TypeAdapter(SweepRecord)


class SweepStore:
    """The sweeps of one home.

    Args:
        settings: Where home is.
    """

    def __init__(self, settings: Settings) -> None:
        self.folder = settings.home / "sweeps"

    def begin(
        self, settings: Sequence[Setting], sets: Sequence[str], passed: Mapping[str, Any], *, again: bool = False
    ) -> SweepRecord:
        """The sweep of that content: the newest that there is, or a new one.

        Args:
            settings: What is compared.
            sets: Names, folders or manifests.
            passed: The other arguments of the benchmark; plain values.
            again: A new one in any case.

        Raises:
            UnknownName: A chain names no step.
            UsageError: A chain cannot be read.
        """
        key = _key(settings, sets, passed)
        earlier = None if again else next((one for one in self.list_sweeps() if one.sweep_id.endswith(key)), None)
        if earlier is not None:
            return earlier
        now = datetime.now(UTC)
        record = SweepRecord(
            sweep_id=f"{now:%Y%m%d-%H%M%S}-{key}",
            settings=tuple(settings),
            sets=tuple(sets),
            passed=dict(passed),
            created=now.isoformat(timespec="seconds"),
        )
        self.save(record)
        return record

    def save(self, record: SweepRecord) -> None:
        """Write it in one step."""
        with told("The sweep"):
            self.folder.mkdir(parents=True, exist_ok=True)
        replace_file(self._path(record.sweep_id), _RECORD.dump_json(record, indent=2))

    def list_sweeps(self) -> list[SweepRecord]:
        """All that can be read, newest first."""
        return list(self._readable())

    def load(self, sweep_id: str) -> SweepRecord:
        """A sweep by its id or the beginning of it.

        Raises:
            UnknownName: There is none, or there are several.
            RunError: It is damaged, or of a newer format.
        """
        names = sorted(path.stem for path in self.folder.glob("*.json"))
        fitting = [name for name in names if sweep_id and name.startswith(sweep_id)]
        if len(fitting) != 1:
            raise UnknownName("sweep", sweep_id, names)
        return _read(self._path(fitting[0]))

    def delete(self, sweep_id: str) -> None:
        """Forget a sweep; its runs stay.

        Raises:
            UnknownName: There is none.
        """
        self._path(self.load(sweep_id).sweep_id).unlink()

    def _path(self, sweep_id: str) -> Path:
        return self.folder / f"{sweep_id}.json"

    def _readable(self) -> Iterator[SweepRecord]:
        for path in sorted(self.folder.glob("*.json"), reverse=True):
            try:
                yield _read(path)
            except RunError:  # a damaged one says so when it is asked for by name
                continue


def _key(settings: Sequence[Setting], sets: Sequence[str], passed: Mapping[str, Any]) -> str:
    """Chains that are written differently and do the same are the same."""
    asked = [[(one.engine, str(parse_chain(one.chain))) for one in settings], list(sets), dict(passed)]
    text = json.dumps(asked, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_SHORT]


def _read(path: Path) -> SweepRecord:
    try:
        record = _RECORD.validate_json(path.read_bytes())
    except (OSError, ValueError) as error:
        raise RunError(
            f"The sweep {path.stem} cannot be read.", hint="Delete its file; its runs are kept elsewhere."
        ) from error
    if record.format_version > FORMAT_VERSION:
        raise RunError(f"The sweep {path.stem} was written by a newer version.", hint="Update the workbench.")
    return record
