"""Whose text each one is: ids of a file held against the ids and recordings that are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from workbench.errors import ManifestError
from workbench.evalsets.manifest import Fault
from workbench.runs.given import GivenText
from workbench.runs.hypotheses import TextFile, described

_SUFFIXES = frozenset(
    {".wav", ".flac", ".mp3", ".m4a", ".aac", ".ogg", ".opus", ".webm", ".mp4", ".sph", ".aif", ".aiff", ".caf", ".wma"}
    | {".amr", ".au", ".raw", ".pcm"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """Texts by the id they belong to.

    Attributes:
        texts: By known id, in the order of the known ones.
        missing: Known ids without a text.
        unknown: Texts that belong to none.
    """

    texts: Mapping[str, GivenText]
    missing: tuple[str, ...]
    unknown: tuple[GivenText, ...]


class Known:
    """What texts may belong to.

    Args:
        items: Id and recording of each, the recording empty where there is none. Ids are unique.
    """

    def __init__(self, items: Iterable[tuple[str, str]]) -> None:
        self._items = tuple(items)
        self.ids = tuple(dict.fromkeys(name for name, _ in self._items))
        self._exact = frozenset(self.ids)

    def find(self, one: GivenText) -> Sequence[str]:
        """The ids that a text may belong to: one, none, or several where its name is ambiguous.

        An id is known as it is, or as the end of one id or of one recording's path, without its suffix: `012` for
        `a/012` and for `clips/012.wav`. The path of a recording may have come from another machine, so its longest end
        that fits counts.
        """
        if one.id in self._exact:
            return (one.id,)
        parts = _parts(one.id)
        for skipped in range(len(parts) if one.by_recording else 1):
            found = self._ends.get(parts[skipped:])
            if found:
                return sorted(found)
        return ()

    @cached_property
    def _ends(self) -> dict[tuple[str, ...], set[str]]:
        ends: dict[tuple[str, ...], set[str]] = {}
        for name, recording in self._items:
            for path in {_parts(name), _parts(recording)}:
                for skipped in range(len(path)):
                    ends.setdefault(path[skipped:], set()).add(name)
        return ends


def match(known: Known, given: TextFile) -> Matched:
    """Give each text to the one it belongs to.

    Raises:
        ManifestError: A text may belong to several, or two belong to one; all are listed.
    """
    owners: dict[str, GivenText] = {}
    unknown: list[GivenText] = []
    faults: list[Fault] = []
    for one in given.texts:
        found = known.find(one)
        if len(found) > 1:
            faults.append((one.line, f"{one.id!r} fits {len(found)} clips: {', '.join(found[:5])}"))
        elif not found:
            unknown.append(one)
        elif owners.setdefault(found[0], one) is not one:
            faults.append((one.line, f"{one.id!r} is {found[0]}, whose text is on line {owners[found[0]].line}"))
    if faults:
        raise ManifestError(given.name, described(given.name, faults), hint="Name each clip once, by its id.")
    return Matched(
        texts={name: owners[name] for name in known.ids if name in owners},
        missing=tuple(name for name in known.ids if name not in owners),
        unknown=tuple(unknown),
    )


def _parts(name: str) -> tuple[str, ...]:
    """A path's parts, the last without the suffix of a recording; either slash separates."""
    path = PurePosixPath(name.replace("\\", "/"))
    last = path.stem if path.suffix.lower() in _SUFFIXES else path.name
    return (*path.parts[:-1], last) if path.parts else ()
