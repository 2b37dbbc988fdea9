"""Tables with a header: which column holds what, told by its name or by the person who imports it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import ManifestError, UsageError
from workbench.evalsets.layouts.reading import Intake, Utterance, absolute, missing_audio, read_bytes, short_ids
from workbench.evalsets.model import Scalar

NAMES: Mapping[str, tuple[str, ...]] = {
    "audio": (
        "audio_filepath", "audio_path", "file_name", "filename", "audio", "path", "file", "wav", "wav_path",
        "wav_filename", "clip", "recording_file", "音频", "音频文件", "文件名", "文件",
    ),
    "text": (
        "text", "sentence", "transcription", "transcript", "raw_transcription", "reference", "label", "ref",
        "text_path", "transcript_path", "文本", "转写", "标注", "內容", "内容",
    ),
    "id": ("id", "utt_id", "utterance_id", "utt", "key", "编号"),
    "language": ("language", "lang", "locale", "语言", "語言"),
}  # fmt: skip
"""Names of columns by what they hold, the first that is there before the others."""

_OPTIONAL = ("id", "language")
_LANGUAGES = {"zh-hk": "yue", "zh-cn": "zh", "zh-tw": "zh", "cmn": "zh", "yue": "yue"}
"""Of Common Voice's locales; a language tag that is not here stays what it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Names of columns by what they hold.

    Attributes:
        audio: The recording's file.
        text: The label, or a file that holds it where the name ends in `_path`.
        id: Empty where there is none: files' names are ids.
        language: Empty where there is none.
    """

    audio: str
    text: str
    id: str = ""
    language: str = ""

    @property
    def note(self) -> str:
        """What was taken for what, to be told."""
        given = [f"{what} is {name!r}" for what in NAMES if (name := getattr(self, what))]
        return f"Columns: {', '.join(given)}; the others are tags."


def choose_columns(header: Sequence[str], chosen: Mapping[str, str], name: str) -> Columns:
    """Which column holds what.

    Args:
        header: Names of the columns.
        chosen: By the person who imports.
        name: Of the file, for people.

    Raises:
        UsageError: A column was named that is not there.
        ManifestError: A column comes twice, or none is known to hold recordings or texts.
    """
    if unknown := [column for column in chosen.values() if column not in header]:
        raise UsageError(f"{name} has no column {unknown[0]!r}.", hint=f"Its columns: {', '.join(header)}.")
    twice = sorted({column for column in header if column and list(header).count(column) > 1})
    if twice:
        raise ManifestError(name, [f"{name}:1: column {twice[0]!r} twice"])
    by_case = {column.lower(): column for column in header}
    found = {
        what: chosen.get(what) or next((by_case[one] for one in names if one in by_case), "")
        for what, names in NAMES.items()
    }
    faults = [
        f"{name}:1: no column is known to hold {'recordings' if what == 'audio' else 'texts'}; "
        f"there are {', '.join(map(repr, header))}"
        for what, column in found.items()
        if not column and what not in _OPTIONAL
    ]
    if faults:
        raise ManifestError(name, faults, hint="Name them with --audio-column and --text-column.")
    return Columns(**found)


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: its line, its cells by column, and what is wrong with it as a whole."""

    line: int
    cells: Mapping[str, str]
    fault: str = ""


def take_rows(
    rows: Sequence[TableRow],
    columns: Columns,
    file: str,
    intake: Intake,
    *,
    roots: Sequence[Path],
    tags: Callable[[Mapping[str, str]], Mapping[str, Scalar]] | None = None,
    language: str = "",
) -> None:
    """Take each row as an utterance; empty cells are no tags, and `NA` is a text like any other.

    Args:
        rows: In the order of the file.
        columns: What is where.
        file: The table's name, for people.
        intake: Takes them.
        roots: Where relative paths are looked for.
        tags: What to make tags of; None is every other column.
        language: Of rows that say none.
    """
    usable = [row for row in rows if not row.fault]
    paths = [absolute(row.cells.get(columns.audio, ""), *roots) for row in usable]
    names = iter(zip(paths, short_ids(paths) if paths else [], strict=True))
    for row in rows:
        if row.fault:
            intake.refuse(file, row.line, row.fault)
            continue
        path, name = next(names)
        written = row.cells.get(columns.audio, "")
        clause = missing_audio(path, written) if written else f"{columns.audio!r} is empty"
        text, wrong = _text(row.cells.get(columns.text, ""), columns.text, roots, intake)
        said = row.cells.get(columns.language, "") if columns.language else ""
        others = {key: cell for key, cell in row.cells.items() if key and cell and key not in _taken(columns)}
        utterance = Utterance(
            id=(row.cells.get(columns.id, "") if columns.id else "") or name,
            audio=path,
            text=text,
            file=file,
            line=row.line,
            language=_LANGUAGES.get(said.lower(), said) or language,
            tags=dict(others if tags is None else tags(row.cells)),
        )
        intake.take(utterance, why_not=clause or wrong)


def _taken(columns: Columns) -> set[str]:
    return {columns.audio, columns.text, columns.id, columns.language}


def _text(cell: str, column: str, roots: Sequence[Path], intake: Intake) -> tuple[str, str]:
    """The label, and what is wrong with it; a column of paths (MDCC has one) names files that hold it."""
    if not column.lower().endswith("_path"):
        return cell, ""
    path = absolute(cell, *roots)
    if missing := missing_audio(path, cell):
        return "", missing.replace("audio file", "label file", 1)
    try:
        return read_bytes(path, intake.folder).decode(intake.options.encoding).strip(), ""
    except UnicodeDecodeError:
        return "", f"{cell} is not {intake.options.encoding.upper()}"


def as_rows(header: Sequence[str], records: Iterator[tuple[int, Sequence[str]]]) -> Iterator[TableRow]:
    """Numbered records under a header; one of another width is a fault."""
    for line, cells in records:
        if len(cells) != len(header):
            yield TableRow(line, {}, f"{len(cells)} columns where the header has {len(header)}")
        else:
            yield TableRow(line, dict(zip(header, cells, strict=True)))
