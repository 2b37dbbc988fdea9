"""Corrections of labels, kept beside the sets: HOME/corrections/<set>.jsonl. A set itself is never written to.

Each line is one correction: which item, what its published reference was, and what is right. It holds for that very
reference alone: where the set's label has changed since, the correction is not applied, and that is said.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import pydantic

from workbench.errors import ManifestError, UnknownName, UsageError
from workbench.settings import Settings
from workbench.storage import replace_file, told

CorrectionStatus = Literal["wrong", "corrected"]

_PLAIN_NAME = re.compile(r"\w[\w .+-]*")
_LONGEST_NAME = 200  # bytes; file systems allow 255, and the suffixes need some


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What is right about one label.

    Attributes:
        id: Of the item in its set.
        published: The reference as the set had it.
        status: `corrected`: `text` is what was said; `wrong`: the label is wrong, and what was said is not known.
        text: What was said; None where the label is only `wrong`. Empty where nothing was said.
        note: Why, as a person put it.
        created: ISO 8601 with zone.
    """

    id: str
    published: str
    status: CorrectionStatus
    text: str | None = None
    note: str = ""
    created: str = ""

    def __post_init__(self) -> None:
        if (self.status == "corrected") != (self.text is not None):
            raise ValueError("a text belongs to a correction with the status 'corrected', and to no other")


# A lone dataclass takes no config from its adapter, a union does; null is refused below.
_LINE: pydantic.TypeAdapter[Correction | None] = pydantic.TypeAdapter(
    Correction | None, config=pydantic.ConfigDict(extra="forbid")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrections:
    """The corrections of one set.

    Attributes:
        set: Its name.
        entries: In the order in which they were first made; one for an item and a published reference.
    """

    set: str
    entries: tuple[Correction, ...] = ()

    @property
    def hash(self) -> str:
        """Eight hex digits over what decides a score: ids, published and right references. Notes and times do not."""
        sha = hashlib.sha256()
        for one in sorted(self.entries, key=_key):
            for part in (one.id, one.published, one.status, one.text or ""):
                sha.update(len(part.encode()).to_bytes(8, "big") + part.encode())
        return sha.hexdigest()[:8]

    @property
    def by_label(self) -> dict[tuple[str, str], Correction]:
        """Each correction under its item's id and the published reference."""
        return {_key(one): one for one in self.entries}

    def stale(self, published: Mapping[str, str]) -> tuple[Correction, ...]:
        """Corrections of labels that have changed since.

        Args:
            published: References by id, as they are now; ids that are not there are not looked at.
        """
        return tuple(one for one in self.entries if published.get(one.id, one.published) != one.published)


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionNote:
    """What corrections did to a run: to be said beside every number that was scored under them.

    Attributes:
        set: Whose corrections.
        hash: Of the corrections as they were then.
        changed: References replaced.
        left_out: Clips left out, since their label is wrong and nobody said what is right.
        stale: Ids whose correction was not applied, since the run has another published reference.
    """

    set: str
    hash: str
    changed: int
    left_out: int
    stale: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """As people read it."""
        clips = "clip" if self.left_out == 1 else "clips"
        references = "reference" if self.changed == 1 else "references"
        done = f"{self.changed} {references} replaced, {self.left_out} {clips} left out as wrongly labelled."
        stale = f" Not applied, since the label has changed: {', '.join(self.stale)}." if self.stale else ""
        return f"Scored under the corrections {self.hash} of {self.set}, not the published labels: {done}{stale}"


def corrections_path(eval_set: str, settings: Settings) -> Path:
    """The file of a set's corrections; its name is the set's, quoted where no file can be called so."""
    name = eval_set if _PLAIN_NAME.fullmatch(eval_set) else quote(eval_set, safe="")
    if len(name.encode()) > _LONGEST_NAME:
        name = f"set-{hashlib.sha256(eval_set.encode()).hexdigest()}"
    return settings.home / "corrections" / f"{name}.jsonl"


def load_corrections(eval_set: str, settings: Settings) -> Corrections:
    """The corrections of a set; of several joined by "+", those of each, with ids as they are in the joined set.

    Raises:
        ManifestError: A file has lines that cannot be used, all listed.
    """
    entries = list(_read(corrections_path(eval_set, settings)))
    for part in _parts(eval_set):
        entries += (replace(one, id=f"{part}/{one.id}") for one in _read(corrections_path(part, settings)))
    return Corrections(set=eval_set, entries=tuple(entries))


def save_correction(eval_set: str, correction: Correction, settings: Settings) -> Corrections:
    """Add a correction, in the place of one for the same item and published reference.

    Args:
        eval_set: The set's name; of a joined set, the correction goes to the set that the item is of.
        correction: Its `created` is set where it is empty.
        settings: Where home is.

    Returns:
        All corrections of the set.

    Raises:
        UsageError: Somebody else is writing them, or a text holds half a character.
        ManifestError: The file there has lines that cannot be used.
    """
    _check_whole(correction)
    made = correction.created or datetime.now(UTC).isoformat(timespec="seconds")

    def add(entries: tuple[Correction, ...], name: str) -> tuple[Correction, ...]:
        one = replace(correction, id=name, created=made)
        return tuple({**{_key(old): old for old in entries}, _key(one): one}.values())

    return _change(eval_set, correction.id, settings, add)


def remove_correction(eval_set: str, item: str, settings: Settings) -> Corrections:
    """Undo: remove every correction of an item.

    Raises:
        UnknownName: It has none.
        UsageError: Somebody else is writing them.
    """

    def drop(entries: tuple[Correction, ...], name: str) -> tuple[Correction, ...]:
        if all(one.id != name for one in entries):
            raise UnknownName("correction", item, [one.id for one in entries])
        return tuple(one for one in entries if one.id != name)

    return _change(eval_set, item, settings, drop)


def owning_set(eval_set: str, item: str) -> tuple[str, str]:
    """The set that an item is of, and its id there: a set joined of several has no labels of its own."""
    owner = next((part for part in _parts(eval_set) if item.startswith(f"{part}/")), None)
    return (eval_set, item) if owner is None else (owner, item.removeprefix(f"{owner}/"))


def _change(
    eval_set: str,
    item: str,
    settings: Settings,
    change: Callable[[tuple[Correction, ...], str], tuple[Correction, ...]],
) -> Corrections:
    owner, name = owning_set(eval_set, item)
    path = corrections_path(owner, settings)
    with _locked(path, owner):
        entries = change(_read(path), name)
        replace_file(path, "".join(map(_line, entries)).encode())
    return load_corrections(eval_set, settings)


def _check_whole(correction: Correction) -> None:
    for name in ("id", "published", "text", "note"):
        try:
            (getattr(correction, name) or "").encode()
        except UnicodeEncodeError:
            raise UsageError(
                f"The {name} of a correction holds half a character (a lone surrogate).", hint="Write it again."
            ) from None


def _parts(eval_set: str) -> list[str]:
    """The sets that a set is joined of; none where it is one by itself."""
    return eval_set.split("+") if "+" in eval_set else []


def _key(one: Correction) -> tuple[str, str]:
    return one.id, one.published


def _read(path: Path) -> tuple[Correction, ...]:
    """The lines of a file; of two for the same label, the last."""
    entries: dict[tuple[str, str], Correction] = {}
    faults: list[str] = []
    for number, line in enumerate(path.read_bytes().split(b"\n") if path.is_file() else (), start=1):
        if not line.strip():
            continue
        try:
            one = _LINE.validate_json(line)
        except pydantic.ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            faults.append(f"{path.name}:{number}: {f'{where}: ' if where else ''}{first['msg']}")
            continue
        if one is None:
            faults.append(f"{path.name}:{number}: is null")
        else:
            entries.pop(_key(one), None)
            entries[_key(one)] = one
    if faults:
        raise ManifestError(path.name, faults)
    return tuple(entries.values())


@contextmanager
def _locked(path: Path, eval_set: str) -> Generator[None]:
    """Hold the file for writing; the lock ends with the block, or with the process in whatever way."""
    with told(f"The corrections of {eval_set}"):
        path.parent.mkdir(parents=True, exist_ok=True)
        held = path.with_suffix(".lock").open("ab")
    with held as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UsageError(
                f"The corrections of {eval_set} are being written by another process or page.",
                hint="Try again in a moment.",
            ) from error
        yield


def _line(entry: Correction) -> str:
    return json.dumps(_LINE.dump_python(entry, mode="json"), ensure_ascii=False) + "\n"
