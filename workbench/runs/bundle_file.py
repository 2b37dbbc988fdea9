"""Opening a bundle that somebody sent: nothing in it is believed before it was checked."""

from __future__ import annotations

import hashlib
import re
import stat
import zipfile
import zlib
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pydantic
import pydantic_core

from workbench.errors import RunError
from workbench.runs.archive import Part
from workbench.runs.bundle import AUDIO, BUNDLE_VERSION, FORMAT, ITEMS, MANIFEST, PARTS, RECORD, SCORES, Manifest
from workbench.runs.records import ItemOutcome, RunRecord
from workbench.runs.store import StoredRun, parse_record

_FORBID = pydantic.ConfigDict(extra="forbid")
# A lone dataclass takes no config from its adapter, a union does; null is refused below.
_MANIFEST: pydantic.TypeAdapter[Manifest | None] = pydantic.TypeAdapter(Manifest | None, config=_FORBID)
_OUTCOME: pydantic.TypeAdapter[ItemOutcome] = pydantic.TypeAdapter(
    Annotated[ItemOutcome, pydantic.Field(discriminator="kind")], config=_FORBID
)
_RUN_ID = re.compile(r"\w[\w.-]{0,199}")
_MOST_BYTES = 1 << 30
"""Of one part that is read whole: no run comes near it."""
_BLOCK = 1 << 20
_ENCRYPTED = 0x1
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)
_HINT = "Ask for it again, and compare the seal with whoever made it."


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenBundle:
    """A bundle whose parts are all there, are what the manifest says, and nothing else.

    Attributes:
        manifest: What it says of itself.
        seal: sha256 of the manifest.
        run: The run; the audio of an outcome is the name of a part, or empty.
        scores: `scores.json`, which says what the figures were.
    """

    manifest: Manifest
    seal: str
    run: StoredRun
    scores: Mapping[str, Any]
    _archive: zipfile.ZipFile
    _parts: Mapping[str, Part]
    _name: str

    @property
    def recordings(self) -> tuple[Part, ...]:
        """The parts that are recordings."""
        return tuple(part for part in self._parts.values() if AUDIO.fullmatch(part.name))

    def extract(self, part: Part, target: Path) -> None:
        """Copy a part into a new file.

        Raises:
            RunError: It has changed since it was checked.
        """
        with target.open("xb") as file:
            sha = hashlib.sha256()
            for block in _blocks(self._archive, part, self._name):
                sha.update(block)
                file.write(block)
        if sha.hexdigest() != part.sha256:
            raise _changed(self._name, part.name)


@contextmanager
def open_bundle(path: Path) -> Generator[OpenBundle]:
    """A bundle, every part of it checked, for the length of a `with` block.

    Raises:
        RunError: It is no bundle, or was changed: a part is missing, added, damaged or out of place.
    """
    try:
        archive = zipfile.ZipFile(path)
    except OSError as error:
        raise RunError(f"{path.name} cannot be read: {error.strerror or error}.", hint="Check the path.") from error
    except _DAMAGE as error:
        raise RunError(f"{path.name} is no bundle: it is no zip file, or a part of one.", hint=_HINT) from error
    with archive:
        _check_entries(archive, path)
        content = _read(archive, _entry_part(archive, MANIFEST), path.name)
        manifest = _parse_manifest(content, path.name)
        parts = {part.name: part for part in manifest.files}
        _check_names(archive, manifest, path.name)
        texts = {name: _checked(archive, parts[name], path.name) for name in PARTS}
        for part in manifest.files:
            if part.name not in texts:
                _check_hash(archive, part, path.name)
        yield OpenBundle(
            manifest=manifest,
            seal=hashlib.sha256(content).hexdigest(),
            run=_parse_run(texts, manifest, path.name),
            scores=_parse_scores(texts[SCORES], path.name),
            _archive=archive,
            _parts=parts,
            _name=path.name,
        )


def _refused(name: str, why: str) -> RunError:
    return RunError(f"{name} was refused: {why}.", hint=_HINT)


def _changed(name: str, part: str) -> RunError:
    return _refused(name, f"{part} is not what its manifest says, so it was changed or damaged")


def _check_entries(archive: zipfile.ZipFile, path: Path) -> None:
    """Names, kinds and sizes, before anything is read."""
    entries = archive.infolist()
    names = [entry.orig_filename for entry in entries]
    for entry in entries:
        # The name as it stands in the file: `filename` is already tidied up for the machine that reads it.
        if entry.orig_filename not in (*PARTS, MANIFEST) and not AUDIO.fullmatch(entry.orig_filename):
            raise _refused(path.name, f"no bundle has a part named {entry.orig_filename[:80]!r}")
        if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
            raise _refused(path.name, f"{entry.orig_filename} is a link or another thing that is no file")
        if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size:
            raise _refused(path.name, f"{entry.orig_filename} is compressed, which no part of a bundle is")
        if entry.flag_bits & _ENCRYPTED:
            raise _refused(path.name, f"{entry.orig_filename} is encrypted")
    twice = next((name for name in names if names.count(name) > 1), None) if len(set(names)) < len(names) else None
    if twice is not None:
        raise _refused(path.name, f"{twice} is in it twice")
    if sum(entry.file_size for entry in entries) > path.stat().st_size:
        raise _refused(path.name, "its parts are larger than itself")
    if MANIFEST not in names:
        raise _refused(path.name, f"it has no {MANIFEST}, so it is no bundle")


def _check_names(archive: zipfile.ZipFile, manifest: Manifest, name: str) -> None:
    there, listed = set(archive.namelist()) - {MANIFEST}, [part.name for part in manifest.files]
    if missing := [one for one in (*PARTS, *listed) if one not in there]:
        raise _refused(name, f"{missing[0]} is missing")
    if extra := sorted(there - set(listed)):
        raise _refused(name, f"{extra[0]} is in it, and its manifest does not know of it")
    if len(set(listed)) < len(listed) or MANIFEST in listed:
        raise _refused(name, "its manifest names a part twice, or itself")
    if manifest.audio != any(AUDIO.fullmatch(one) for one in listed):
        raise _refused(name, "its manifest does not say rightly whether recordings are in it")


def _entry_part(archive: zipfile.ZipFile, name: str) -> Part:
    return Part(name=name, bytes=archive.getinfo(name).file_size, sha256="")


def _blocks(archive: zipfile.ZipFile, part: Part, name: str) -> Iterator[bytes]:
    try:
        with archive.open(part.name) as file:
            while block := file.read(_BLOCK):
                yield block
    except (*_DAMAGE, OSError) as error:
        raise _changed(name, part.name) from error


def _read(archive: zipfile.ZipFile, part: Part, name: str) -> bytes:
    if archive.getinfo(part.name).file_size > _MOST_BYTES:
        raise _refused(name, f"{part.name} is larger than any run's")
    return b"".join(_blocks(archive, part, name))


def _checked(archive: zipfile.ZipFile, part: Part, name: str) -> bytes:
    content = _read(archive, part, name)
    if len(content) != part.bytes or hashlib.sha256(content).hexdigest() != part.sha256:
        raise _changed(name, part.name)
    return content


def _check_hash(archive: zipfile.ZipFile, part: Part, name: str) -> None:
    sha, size = hashlib.sha256(), 0
    for block in _blocks(archive, part, name):
        sha.update(block)
        size += len(block)
    if size != part.bytes or sha.hexdigest() != part.sha256:
        raise _changed(name, part.name)


def _parse_manifest(content: bytes, name: str) -> Manifest:
    fields = _json(content, MANIFEST, name)
    made = fields.get("version") if isinstance(fields, dict) else None
    if isinstance(made, int) and made > BUNDLE_VERSION:
        raise RunError(
            f"{name} was sealed by a newer version of the workbench (bundle {made}).",
            hint=f"Update the workbench; this one reads bundles up to {BUNDLE_VERSION}.",
        )
    try:
        manifest = _MANIFEST.validate_python(fields)
    except pydantic.ValidationError as error:
        raise _refused(name, f"its {MANIFEST} is not that of a bundle") from error
    if manifest is None or manifest.format != FORMAT:
        raise _refused(name, f"its {MANIFEST} is not that of a bundle")
    return manifest


def _parse_run(texts: Mapping[str, bytes], manifest: Manifest, name: str) -> StoredRun:
    record = parse_record(texts[RECORD], f"in {name}", hint=_HINT)
    outcomes = tuple(_parse_outcomes(texts[ITEMS], name))
    _check_run(record, outcomes, manifest, name)
    return StoredRun(record=record, outcomes=outcomes)


def _parse_outcomes(content: bytes, name: str) -> Iterator[ItemOutcome]:
    for number, line in enumerate(content.splitlines(), start=1):
        try:
            yield _OUTCOME.validate_json(line)
        except pydantic.ValidationError as error:
            raise _refused(name, f"line {number} of {ITEMS} is no outcome of a clip") from error


def _check_run(record: RunRecord, outcomes: tuple[ItemOutcome, ...], manifest: Manifest, name: str) -> None:
    if record.run_id != manifest.run_id or not _RUN_ID.fullmatch(record.run_id):
        raise _refused(name, "its run has an id that no run has")
    if len({one.id for one in outcomes}) < len(outcomes) or len(outcomes) > record.spec.items:
        raise _refused(name, "a clip is in it twice, or there are more of them than the run has")
    recordings = {part.name for part in manifest.files if AUDIO.fullmatch(part.name)}
    if {one.audio for one in outcomes} - {""} != recordings:
        raise _refused(name, "its recordings are not those of its clips")


def _parse_scores(content: bytes, name: str) -> Mapping[str, Any]:
    fields = _json(content, SCORES, name)
    if not isinstance(fields, dict):
        raise _refused(name, f"its {SCORES} holds no figures")
    return fields


def _json(content: bytes, part: str, name: str) -> Any:
    try:
        return pydantic_core.from_json(content, allow_inf_nan=False)
    except ValueError as error:  # too deep to be read is one, too
        raise _refused(name, f"{part} is no JSON") from error
