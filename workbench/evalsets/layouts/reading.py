"""What every layout is read into: utterances, and each line that cannot be used with its reason."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from workbench.errors import ManifestError, UsageError
from workbench.evalsets.model import Scalar

AUDIO_SUFFIXES = frozenset(
    f".{name}"
    for name in ("wav", "flac", "mp3", "ogg", "opus", "m4a", "mp4", "aac", "aiff", "aif", "caf", "wma", "webm", "amr")
) | {".3gp", ".mkv", ".w64", ".au"}
"""What counts as a recording where a layout says it by files alone."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LINE_BREAKS = re.compile(r"\s*[\r\n]\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """One labelled stretch of sound as a layout names it; whether it can be heard is not known yet.

    Attributes:
        id: Unique in what is imported.
        audio: Absolute path.
        text: The label, without white space around it.
        file: Where it is said, relative to the folder, for people.
        line: There, from 1; 0 for the file as a whole.
        language: Its code; empty where not said.
        tags: Speaker, dialect and what else is said of it.
        start: Seconds into the recording; None for its beginning.
        end: The same; None for its end.
    """

    id: str
    audio: Path
    text: str
    file: str
    line: int
    language: str = ""
    tags: Mapping[str, Scalar] = field(default_factory=dict[str, Scalar])
    start: float | None = None
    end: float | None = None

    @property
    def is_part(self) -> bool:
        """Whether it is a stretch of its recording and not all of it."""
        return self.start is not None or self.end is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """An utterance that cannot be used.

    Attributes:
        file: Relative to the folder.
        line: There, from 1; 0 for the file as a whole.
        id: Of the utterance; empty where it was not even read.
        clause: What is wrong: "no recording named A1 in wav.scp".
    """

    file: str
    line: int
    id: str
    clause: str

    @property
    def sentence(self) -> str:
        """`text:3: no recording named A1 in wav.scp`."""
        return f"{self.file}:{self.line}: {self.clause}" if self.line else f"{self.file}: {self.clause}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All that a layout says: every utterance that it names is in one of the two lists.

    Attributes:
        utterances: Those that can be used as far as texts go.
        refused: The others.
        outside: Labels of other splits, which were not asked for.
        notes: What a person should know of how it was read, one sentence each.
    """

    utterances: tuple[Utterance, ...]
    refused: tuple[Refused, ...] = ()
    outside: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """How a layout is read.

    Attributes:
        split: The part that is asked for; empty is all there is, or the layout's own default.
        encoding: Of its text files.
        audio_root: What relative paths of recordings are relative to; None is the layout's own convention.
        columns: Names of a table's columns by what they hold: "audio", "text", "id", "language".
        keep_empty: Whether an empty label means that nothing is said, and is no fault.
        header: Names of a table's columns, where its file does not say them in its first line.
        drop: Marks that are taken out of labels, such as `<SPOKEN_NOISE>`.
        unpack_to: Where a layout puts recordings that lie inside its files; None where there is no such place.
    """

    split: str = ""
    encoding: str = "utf-8"
    audio_root: Path | None = None
    columns: Mapping[str, str] = field(default_factory=dict[str, str])
    keep_empty: bool = False
    header: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    unpack_to: Path | None = None

    def __post_init__(self) -> None:
        try:
            usable = "\n|\t ".encode(self.encoding) == b"\n|\t "
            codecs.getincrementaldecoder(self.encoding)
        except (LookupError, UnicodeError, ValueError):
            usable = False
        if not usable:
            raise UsageError(
                f"{self.encoding!r} is not an encoding that files are read in line by line.",
                hint="Use utf-8, gbk, gb18030, big5, big5hkscs, shift_jis or cp1252; convert UTF-16 first.",
            )


Reader = Callable[[Path, ReadOptions], Reading]
"""Reads a folder, or a file that stands for it.

Raises:
    ManifestError: Files that the layout must have are not there or cannot be read at all.
    UsageError: It has no such split, or several parts and none was chosen.
"""


class Intake:
    """Takes what a reader finds, each line once: as an utterance, or refused.

    Args:
        folder: What files are named relative to.
        options: How it is read.
    """

    def __init__(self, folder: Path, options: ReadOptions) -> None:
        self.folder = folder
        self.options = options
        self._utterances: list[Utterance] = []
        self._refused: list[Refused] = []
        self._places: dict[str, str] = {}

    def take(self, utterance: Utterance, *, why_not: str = "") -> None:
        """Take an utterance, unless something is wrong with it.

        Args:
            utterance: As read.
            why_not: What the reader found wrong, as a clause.
        """
        text = _LINE_BREAKS.sub(" ", utterance.text)
        for mark in self.options.drop:
            text = text.replace(mark, " ")
        text = (" ".join(text.split()) if self.options.drop else text).strip()
        clauses = [why_not] if why_not else []
        first = self._places.setdefault(utterance.id, f"{utterance.file}:{utterance.line}")
        if not utterance.id:
            clauses.append("it has no id")
        elif first != f"{utterance.file}:{utterance.line}":
            clauses.append(f"id {utterance.id!r} is already that of {first}")
        if not text and not why_not and not self.options.keep_empty:
            clauses.append("the label is empty")
        if clauses:
            self.refuse(utterance.file, utterance.line, "; ".join(clauses), id=utterance.id)
        else:
            self._utterances.append(replace(utterance, text=text))

    def refuse(self, file: str, line: int, clause: str, *, id: str = "") -> None:
        """Refuse a line."""
        self._refused.append(Refused(file=file, line=line, id=id, clause=clause))

    def reading(self, *, outside: int = 0, notes: Iterable[str] = ()) -> Reading:
        """What was found.

        Raises:
            ManifestError: Nothing at all.
        """
        if not self._utterances and not self._refused:
            raise ManifestError(
                self.folder.name, [f"{self.folder.name}: holds no utterances"], hint="Check the folder."
            )
        found, refused = tuple(self._utterances), tuple(self._refused)
        return Reading(utterances=found, refused=refused, outside=outside, notes=tuple(notes))

    def name(self, path: Path) -> str:
        """A file as a person finds it in the folder."""
        return path.relative_to(self.folder).as_posix() if path.is_relative_to(self.folder) else path.name

    def lines(self, path: Path) -> Iterator[tuple[int, str]]:
        """Numbered lines that are not blank, without their ends; one that cannot be decoded is refused.

        Raises:
            ManifestError: The file cannot be read, or is UTF-16.
        """
        for number, raw in enumerate(read_bytes(path, self.folder).split(b"\n"), start=1):
            if not raw.strip():
                continue
            try:
                yield number, raw.decode(self.options.encoding).rstrip("\r")
            except UnicodeDecodeError as error:
                self.refuse(self.name(path), number, undecodable(self.options.encoding, error.start))


def read_bytes(path: Path, folder: Path) -> bytes:
    """A text file's content without a byte order mark.

    Raises:
        ManifestError: It cannot be read, or is UTF-16.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ManifestError(folder.name, [f"{path.name}: cannot be read ({error.strerror})"]) from None
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        hint = f"Convert it: iconv -f UTF-16 -t UTF-8 {path.name} > new"
        raise ManifestError(folder.name, [f"{path.name}: is UTF-16"], hint=hint)
    return content.removeprefix(_BYTE_ORDER_MARK)


def undecodable(encoding: str, place: int) -> str:
    """The clause for bytes that are not in the encoding."""
    return f"not {encoding.upper()} (byte {place + 1})"


def encoding_hint(encoding: str) -> str:
    """What to do about a file that is in another encoding; none is guessed, since a wrong guess reads as text too."""
    if encoding.lower().replace("-", "") not in ("utf8", "utf8sig"):
        return "Name the encoding that the files are in with --encoding."
    return "If the files are in GBK, add --encoding gbk, or convert them: iconv -f GBK -t UTF-8 FILE > NEW."


def require(folder: Path, *names: str) -> list[Path]:
    """The files of these names in a folder.

    Raises:
        ManifestError: One is not there; all that are missing are listed.
    """
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        faults = [f"{folder.name}: no file {name}" for name in missing]
        raise ManifestError(folder.name, faults, hint="Check the folder, and that this is its layout.")
    return [folder / name for name in names]


def recordings(folder: Path) -> list[Path]:
    """Every recording under a folder, by suffix, in the order of their paths; hidden files are none."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in AUDIO_SUFFIXES and path.is_file() and not path.name.startswith(".")
    )


def short_ids(paths: Sequence[Path]) -> list[str]:
    """An id for each recording: its stem, or its path below their common folder where two stems are alike."""
    stems = [path.stem for path in paths]
    if len(set(stems)) == len(set(paths)):
        return stems
    parents = {path.parent for path in paths}
    shared = next(iter(parents))
    while not all(parent.is_relative_to(shared) for parent in parents):
        shared = shared.parent
    return [path.relative_to(shared).with_suffix("").as_posix() for path in paths]


def absolute(path: str, *roots: Path) -> Path:
    """Where a path points that a file says: absolute, or below the first root where something is."""
    found = [root / path for root in roots]
    return next((one for one in found if _is_file(one)), found[0]).absolute()


def missing_audio(path: Path, written: str) -> str:
    """A clause where there is no such file; empty where there is."""
    return "" if _is_file(path) else f"no audio file {written}"


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name too long, a NUL in it
        return False
