"""Trials on disk: HOME/trials/<name>/ with the clips as a set without labels, and the labels beside it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pydantic

from workbench.errors import RunError, UnknownName, UsageError
from workbench.evalsets.written import card_text, file_stem, manifest_text
from workbench.pipeline.clips import cut_recording
from workbench.runs.sweep_store import Setting
from workbench.runs.trial import Label
from workbench.settings import Settings
from workbench.storage import replace_file, told, write_new

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRecord:
    """What was asked for.

    Attributes:
        name: The trial's folder.
        created: ISO 8601 with zone.
        language: Of the recordings: a code; what engines are told, and what decides the ruler.
        sources: Names of the recordings.
        settings: What is compared; the first is the baseline.
        passed: The other arguments of the benchmark.
        clips: How many the recordings were cut to.
        sweep_id: The runs; empty before they were begun.
    """

    format_version: int = FORMAT_VERSION
    name: str
    created: str
    language: str
    sources: tuple[str, ...]
    settings: tuple[Setting, ...]
    passed: Mapping[str, Any]
    clips: int
    sweep_id: str = ""


_RECORD: pydantic.TypeAdapter[TrialRecord] = pydantic.TypeAdapter(TrialRecord)
_LABEL: pydantic.TypeAdapter[dict[str, Label]] = pydantic.TypeAdapter(dict[str, Label])


class TrialStore:
    """The trials of one home.

    Args:
        settings: Where home is.
    """

    def __init__(self, settings: Settings) -> None:
        self.folder = settings.home / "trials"

    def create(
        self,
        name: str,
        recordings: Sequence[Path],
        *,
        language: str,
        settings: Sequence[Setting],
        passed: Mapping[str, Any],
        max_seconds: float,
    ) -> TrialRecord:
        """Cut the recordings into clips and write the trial, whole or not at all.

        Args:
            name: A folder's name; there is none yet.
            recordings: In their order.
            language: Of all of them.
            settings: What is compared.
            passed: The other arguments of the benchmark.
            max_seconds: The longest clip.

        Raises:
            UsageError: There is a trial of that name, it is no name for one, or nobody speaks in the recordings.
        DiskError: The disk is full.
            AudioError: A recording cannot be used.
        """
        folder = self._path(name)
        if folder.exists():
            raise UsageError(f"There is already a trial named {name}.", hint="Choose another name.")
        draft = self.folder / f".{name}.{os.getpid()}"
        shutil.rmtree(draft, ignore_errors=True)
        try:
            with told(f"The trial {name}"):
                (draft / "audio").mkdir(parents=True)
                rows = [row for at, one in enumerate(recordings, 1) for row in _cut(one, at, draft, max_seconds)]
                if not rows:
                    raise UsageError("Nobody seems to speak in these recordings.", hint="Choose others.")
                record = TrialRecord(
                    name=name,
                    created=datetime.now(UTC).isoformat(timespec="seconds"),
                    language=language,
                    sources=tuple(one.name for one in recordings),
                    settings=tuple(settings),
                    passed=dict(passed),
                    clips=len(rows),
                )
                _write_trial(record, rows, draft)
                draft.rename(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        return record

    def save(self, record: TrialRecord) -> None:
        """Write the record in one step."""
        replace_file(self._path(record.name) / "trial.json", _RECORD.dump_json(record, indent=2))

    def load(self, name: str) -> TrialRecord:
        """A trial by its name.

        Raises:
            UnknownName: There is none.
            RunError: It is damaged, or of a newer format.
        """
        folder = self._path(name)
        if not (folder / "trial.json").is_file():
            raise UnknownName("trial", name, [one.name for one in self.list_trials()])
        try:
            record = _RECORD.validate_json((folder / "trial.json").read_bytes())
        except (OSError, ValueError) as error:
            raise RunError(f"The trial {name} cannot be read.", hint="Delete it, and begin again.") from error
        if record.format_version > FORMAT_VERSION:
            raise RunError(f"The trial {name} was written by a newer version.", hint="Update the workbench.")
        return record

    def list_trials(self) -> list[TrialRecord]:
        """All that can be read, newest first."""
        found: list[TrialRecord] = []
        for path in self.folder.glob("[!.]*/trial.json"):
            try:
                found.append(self.load(path.parent.name))
            except RunError:  # a damaged one says so when it is asked for by name
                continue
        return sorted(found, key=lambda one: one.created, reverse=True)

    def folder_of(self, name: str) -> Path:
        """The trial's clips as a set."""
        return self._path(name)

    def labels(self, name: str) -> dict[str, Label]:
        """What was heard so far, by the id of a clip.

        Raises:
            RunError: They are damaged.
        """
        path = self._path(name) / "labels.json"
        if not path.exists():
            return {}
        try:
            return _LABEL.validate_json(path.read_bytes())
        except (OSError, ValueError) as error:
            raise RunError(f"The labels of the trial {name} cannot be read.", hint=f"Mend {path.name}.") from error

    def save_label(self, name: str, clip: str, label: Label | None) -> None:
        """Keep what was heard in a clip, or forget it; on disk when this returns."""
        labels = self.labels(name)
        labels.pop(clip, None)
        if label is not None:
            labels[clip] = label
        replace_file(self._path(name) / "labels.json", _LABEL.dump_json(labels, indent=2))

    def delete(self, name: str) -> None:
        """Remove a trial with its clips and labels; its runs stay.

        Raises:
            UnknownName: There is none.
        """
        self.load(name)
        shutil.rmtree(self._path(name))

    def _path(self, name: str) -> Path:
        if not name or name != Path(name).name or name.startswith(".") or "\0" in name or len(name.encode()) > 120:
            raise UsageError(f"{name!r} cannot be the name of a trial.", hint="Use letters, digits and hyphens.")
        return self.folder / name


def _write_trial(record: TrialRecord, rows: Sequence[Mapping[str, Any]], folder: Path) -> None:
    card = {"name": record.name, "title": record.name, "language": record.language}
    write_new(folder / "set.toml", card_text(card, {}).encode())
    write_new(folder / "manifest.jsonl", manifest_text(rows).encode())
    write_new(folder / "trial.json", _RECORD.dump_json(record, indent=2))


def _cut(recording: Path, number: int, draft: Path, max_seconds: float) -> list[dict[str, Any]]:
    stem = file_stem(number, recording.stem)
    return [
        {
            "id": clip.path.stem,
            "audio_filepath": f"audio/{clip.path.name}",
            "text": "",
            "duration": round(clip.seconds, 3),
            "recording": recording.name,
            "start": round(clip.start, 3),
        }
        for clip in cut_recording(recording, draft / "audio", stem=stem, max_seconds=max_seconds)
    ]


def labelled_rows(folder: Path, labels: Mapping[str, Label]) -> list[dict[str, Any]]:
    """The manifest's lines of the clips that were labelled and could be understood, with their texts."""
    rows = [json.loads(line) for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines() if line]
    return [row | {"text": labels[row["id"]].text} for row in rows if row["id"] in labels and labels[row["id"]].usable]
