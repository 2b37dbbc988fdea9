"""A run sealed into one file: everything that is needed to score it again elsewhere, and a sha256 of each part.

A bundle is a zip whose parts are stored, not compressed: its bytes then depend on no version of zlib, and nothing in it
can grow when it is read. The sha256 of its manifest, which has those of all parts, is its seal.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pydantic

from workbench import __version__
from workbench.errors import RunError
from workbench.runs.archive import Part, write_archive
from workbench.runs.causes import find_causes
from workbench.runs.handed_on import hide_places
from workbench.runs.records import ItemOutcome
from workbench.runs.report import run_csv
from workbench.runs.reporting.html import write_html
from workbench.runs.reporting.markdown import write_markdown
from workbench.runs.reporting.run_report import report_run
from workbench.runs.rescoring import scores_json
from workbench.runs.store import StoredRun, dump_record
from workbench.runs.summary import summarise
from workbench.text.rulers import Ruler

FORMAT = "asr-workbench-bundle"
BUNDLE_VERSION = 1
MANIFEST = "manifest.json"
RECORD, ITEMS, SCORES = "run.json", "items.jsonl", "scores.json"
PARTS = ("README.md", RECORD, ITEMS, SCORES, "report.html", "report.md", "report.csv")
"""Every part but the manifest, which is the last, and the recordings, which are before it."""
AUDIO = re.compile(r"audio/[0-9]{5,}(?:\.[a-z0-9]{1,8})?")

_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")
_LISTED = 3
_OUTCOME: pydantic.TypeAdapter[ItemOutcome] = pydantic.TypeAdapter(ItemOutcome)

_README = """# Run {run_id}

A run of the ASR workbench ({version}), sealed: {outcomes} clips of the set {eval_set}, heard by {engine}.

- `run.json`: what was asked for, with versions, and the machine. `items.jsonl`: for each clip the reference, what was
  heard, and what it cost. `scores.json`: rulers with their versions, rates, and counts of each clip. `report.*`: for
  people.
- {audio}
- Licence of texts and recordings: {licence}
- Note: {note}

`workbench runs verify FILE.zip` checks every part against `manifest.json` and scores the texts again;
`workbench runs import FILE.zip` takes it as a run. The seal is the sha256 of `manifest.json`: it holds only against
whoever cannot change what you were told it is.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a bundle says of itself.

    Attributes:
        format: `FORMAT`.
        version: Of the format.
        run_id: Of the run.
        licence: Of texts and recordings.
        note: What whoever made it wrote.
        audio: Whether the recordings are in it.
        holds_set_digest: Whether the set's digest is that of the ids, references and recordings in it: it is not where
            recordings are not in it, or not all clips are.
        files: Every other part.
    """

    format: str = FORMAT
    version: int = BUNDLE_VERSION
    run_id: str
    licence: str
    note: str
    audio: bool
    holds_set_digest: bool
    files: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenBundle:
    """A bundle on disk.

    Attributes:
        path: Where.
        run_id: Of the run as it is called in it.
        seal: sha256 of its manifest.
        bytes: Its size.
        items: How many outcomes it holds.
        audio: How many recordings.
    """

    path: Path
    run_id: str
    seal: str
    bytes: int
    items: int
    audio: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioSize:
    """How much the recordings of a run would add to a bundle."""

    files: int
    bytes: int


def measure_audio(run: StoredRun) -> AudioSize:
    """How many recordings a run has, and how many bytes these are.

    Raises:
        RunError: One is not where it was.
    """
    paths = _recordings(run)
    return AudioSize(files=len(paths), bytes=sum(path.stat().st_size for path in paths))


def write_bundle(
    run: StoredRun, path: Path, *, rulers: Sequence[Ruler], audio: bool = False, licence: str = "", note: str = ""
) -> WrittenBundle:
    """Seal a run into a file, which appears complete or not at all. The same run gives the same bytes.

    Args:
        run: Finished or not.
        path: Of the file; one that is there is replaced.
        rulers: What its texts are scored under; the first one's are in the reports.
        audio: Whether recordings are copied into it, byte for byte, with whatever their tags say.
        licence: Of texts and recordings.
        note: For whoever opens it.

    Raises:
        RunError: A recording is not there any more, or not the one that the run was made of.
        UsageError: The file cannot be written.
    """
    recordings = _recordings(run) if audio else ()
    hashes = {one: _file_sha256(one) for one in recordings}
    if (
        audio
        and not run.missing
        and _digest(run, [hashes[Path(one.audio)] for one in run.outcomes]) != _set_digest(run)
    ):
        raise RunError(
            f"The recordings of {run.record.run_id} are not those it was made of: they were changed since.",
            hint="Seal it without --audio.",
        )
    names = {one: f"audio/{number:05d}{_suffix(one)}" for number, one in enumerate(recordings, start=1)}
    hidden = hide_places(run)
    outcomes = tuple(
        replace(one, audio=names.get(Path(before.audio), ""))
        for one, before in zip(hidden.outcomes, run.outcomes, strict=True)
    )
    sealed = replace(hidden, outcomes=outcomes)
    holds = audio and _digest(sealed, [hashes[Path(one.audio)] for one in run.outcomes]) == _set_digest(run)
    draft = Manifest(
        run_id=sealed.record.run_id, licence=licence, note=note, audio=audio, holds_set_digest=holds, files=()
    )
    texts = _text_parts(sealed, rulers, draft)
    manifest = write_archive(
        path,
        texts,
        [(names[one], one) for one in recordings],
        last=(MANIFEST, lambda parts: _json(asdict(replace(draft, files=tuple(parts))))),
    )
    return WrittenBundle(
        path=path,
        run_id=sealed.record.run_id,
        seal=hashlib.sha256(manifest).hexdigest(),
        bytes=path.stat().st_size,
        items=len(outcomes),
        audio=len(recordings),
    )


def item_lines(outcomes: Iterable[ItemOutcome]) -> bytes:
    """Outcomes as `items.jsonl`."""
    return b"".join(_OUTCOME.dump_json(one) + b"\n" for one in outcomes)


def digest_of(items: Iterable[tuple[str, str, bytes]]) -> str:
    """A set's digest from each item's id, reference and sha256 of its recording, as `EvalSet.digest` makes it."""
    sha = hashlib.sha256()
    for name, reference, recording in items:
        for text in (name, reference):
            sha.update(len(text.encode()).to_bytes(8, "big") + text.encode())
        sha.update(recording)
    return sha.hexdigest()


def _digest(run: StoredRun, recordings: Iterable[bytes]) -> str:
    return digest_of((one.id, one.reference, sha) for one, sha in zip(run.outcomes, recordings, strict=True))


def _set_digest(run: StoredRun) -> str:
    return run.record.spec.set_digest


def _recordings(run: StoredRun) -> tuple[Path, ...]:
    paths = tuple(dict.fromkeys(Path(one.audio) for one in run.outcomes))
    gone = [path.name for path in paths if not path.is_file()]
    if gone:
        more = f" and {len(gone) - _LISTED} more" if len(gone) > _LISTED else ""
        raise RunError(
            f"Recordings of {run.record.run_id} are not where they were: {', '.join(gone[:_LISTED])}{more}.",
            hint="Bring them back, or seal it without --audio.",
        )
    return paths


def _text_parts(run: StoredRun, rulers: Sequence[Ruler], manifest: Manifest) -> Mapping[str, bytes]:
    summary = summarise(run, ruler=rulers[0])
    report = report_run(run, summary, find_causes(run, ruler=rulers[0]), ruler=rulers[0])
    contents = (
        _readme(run, manifest).encode(),
        dump_record(run.record),
        item_lines(run.outcomes),
        _json(scores_json(run, rulers)),
        write_html(report).encode(),
        write_markdown(report).encode(),
        run_csv(summary).encode(),
    )
    return dict(zip(PARTS, contents, strict=True))


def _readme(run: StoredRun, manifest: Manifest) -> str:
    spec = run.record.spec
    audio = "`audio/`: the recordings as they were." if manifest.audio else "The recordings are not in it."
    return _README.format(
        run_id=manifest.run_id,
        version=__version__,
        outcomes=len(run.outcomes),
        eval_set=spec.eval_set,
        engine=f"{spec.engine} ({spec.model_id})",
        audio=audio,
        licence=manifest.licence or "not stated",
        note=manifest.note or "none",
    )


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1).encode() + b"\n"


def _file_sha256(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    return suffix if _SUFFIX.fullmatch(suffix) else ""
