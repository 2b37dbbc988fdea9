"""CSV, TSV and Excel with a header, and Common Voice's TSV with its `clips` folder."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from workbench.errors import ManifestError, UsageError
from workbench.evalsets.layouts.columns import Columns, as_rows, choose_columns, take_rows
from workbench.evalsets.layouts.reading import (
    Intake,
    Reading,
    ReadOptions,
    encoding_hint,
    read_bytes,
    require,
    undecodable,
)
from workbench.evalsets.layouts.workbook import read_workbook
from workbench.evalsets.model import Scalar

SUFFIXES = (".csv", ".tsv", ".xlsx")
_DELIMITERS = ",;\t|"
_COMMON_VOICE_TAGS = {
    "client_id": "speaker",
    "accents": "accent",
    "accent": "accent",
    "variant": "dialect",
    "age": "age",
    "gender": "gender",
    "segment": "segment",
    "up_votes": "up_votes",
    "down_votes": "down_votes",
}
"""Common Voice's columns as tags; a variant such as "zh-TW" or an accent is what its speakers say of their speech."""


def read_table(folder: Path, options: ReadOptions) -> Reading:
    """A table with a header, or a folder with one; columns are known by their names, and are told.

    Args:
        folder: A .csv, .tsv, .xlsx or (with tabs) .txt file, or a folder with one of the first three; with a split, the
            one whose name has it.
        options: `columns` names those that are called otherwise, `header` all of them where the first line does not.
    """
    path = _table(folder, options.split)
    intake = Intake(folder if folder.is_dir() else folder.parent, options)
    records = read_workbook(path) if path.suffix.lower() == ".xlsx" else csv_records(path, intake)
    first = options.header or next(records, (1, ()))[1]
    header = [cell.strip() for cell in first]
    columns = choose_columns(header, options.columns, path.name)
    rows = list(as_rows(header, records))
    roots = [options.audio_root] if options.audio_root else [path.parent]
    take_rows(rows, columns, intake.name(path), intake, roots=roots)
    return intake.reading(notes=[columns.note])


def read_common_voice(folder: Path, options: ReadOptions) -> Reading:
    """Common Voice: a TSV for each split and a `clips` folder; a quote is a character, since none is escaped there.

    Args:
        folder: A locale's folder, or a release with one locale in it.
        options: The split is a TSV's name; test where none is said.
    """
    root = _locale_folder(folder)
    (path,) = require(root, f"{options.split or 'test'}.tsv")
    intake = Intake(folder, options)
    lines = ((number, line.split("\t")) for number, line in intake.lines(path))
    _, header = next(lines, (1, []))
    columns = choose_columns(header, {"audio": "path", "text": "sentence"} | dict(options.columns), path.name)
    columns = Columns(audio=columns.audio, text=columns.text, language=columns.language)
    roots = [options.audio_root] if options.audio_root else [root / "clips"]
    rows = list(as_rows(header, lines))
    take_rows(rows, columns, intake.name(path), intake, roots=roots, tags=_common_voice_tags)
    return intake.reading()


def _locale_folder(folder: Path) -> Path:
    found = [folder] if (folder / "clips").is_dir() else [path.parent for path in sorted(folder.glob("*/clips"))]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(path.name for path in found)
        raise UsageError(f"{folder.name} holds several locales: {names}.", hint="Name the folder of one.")
    raise ManifestError(folder.name, [f"{folder.name}: no folder clips"], hint="Check that this is Common Voice.")


def _common_voice_tags(cells: Mapping[str, str]) -> dict[str, Scalar]:
    return {tag: cells[name] for name, tag in _COMMON_VOICE_TAGS.items() if cells.get(name)}


def _table(folder: Path, split: str) -> Path:
    if folder.is_file():
        if folder.suffix.lower() not in (*SUFFIXES, ".txt"):
            raise UsageError(f"{folder.name} is no {', '.join(SUFFIXES)} file.", hint="Name it by what it holds.")
        return folder
    found = sorted(path for path in folder.glob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    chosen = [path for path in found if split in path.stem] if split else found
    if len(chosen) == 1:
        return chosen[0]
    if not found:
        raise ManifestError(folder.name, [f"{folder.name}: no {', '.join(SUFFIXES)} file"], hint="Check the folder.")
    names = ", ".join(path.name for path in found)
    raise UsageError(f"{folder.name} holds {names}.", hint="Name the table itself, or a --split that only one has.")


def csv_records(path: Path, intake: Intake) -> Iterator[tuple[int, Sequence[str]]]:
    """Numbered records of a text table; a cell may go over several lines where it is quoted.

    Raises:
        ManifestError: It is not in the encoding, or a quote is not closed.
    """
    content = read_bytes(path, intake.folder)
    encoding = intake.options.encoding
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        place = error.start - content.rfind(b"\n", 0, error.start) - 1
        fault = f"{path.name}:{line}: {undecodable(encoding, place)}"
        raise ManifestError(path.name, [fault], hint=encoding_hint(encoding)) from None
    tabs = path.suffix.lower() in (".tsv", ".txt")
    header = text.partition("\n")[0]
    delimiter = "\t" if tabs else max(_DELIMITERS, key=header.count)
    quoting = csv.QUOTE_NONE if tabs else csv.QUOTE_MINIMAL
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting, strict=True)
    before = 0
    try:
        for record in reader:
            if any(cell.strip() for cell in record):
                yield before + 1, record
            before = reader.line_num
    except csv.Error as error:
        raise ManifestError(path.name, [f"{path.name}:{before + 1}: not CSV ({error})"]) from None
