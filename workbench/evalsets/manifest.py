"""Manifests as numbered rows: JSON Lines, CSV, TSV."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

TEXT_FIELDS = ("text", "sentence", "reference")
AUDIO_FIELDS = ("audio_filepath", "audio")
TABLE_DELIMITERS = {".csv": ",", ".tsv": "\t"}
MANIFEST_SUFFIXES = (".jsonl", ".json", *TABLE_DELIMITERS)

Fault = tuple[int, str]
"""A line's number, 0 for the file as a whole, and what is wrong with it, as a clause."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a manifest: what it says, not yet checked."""

    line: int
    fields: dict[str, Any]


class RowFault(ValueError):
    """A line that cannot be read, as a clause: "not JSON"."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file.

    Attributes:
        number: From 1.
        start: Its first byte in the file.
        content: Without its end, and without a byte order mark.
    """

    number: int
    start: int
    content: bytes


Layout = Callable[[bytes], dict[str, Any]]
"""The fields that a line's content holds; a `RowFault` where it cannot be read."""


def read_rows(path: Path) -> Iterator[tuple[Line, dict[str, Any] | str]]:
    """Each line with its fields, or with what is wrong with it as a clause; nothing is held.

    Lines end at a line feed and nowhere else; blank ones are passed over. Nothing spans two lines, so that a quote that
    is not closed spoils its own line and no other. In CSV, quotes work as the csv module has them; in TSV a quote is a
    character like any other, as Common Voice writes it. What is wrong with the file as a whole is said of a line 0.

    Args:
        path: A `.jsonl`, `.json` (one object a line), `.csv` or `.tsv` file in UTF-8.
    """
    fault = _fault_of_file(path)
    if fault is not None:
        yield Line(0, 0, b""), fault
        return
    try:
        layout = find_layout(path)
    except RowFault as error:
        yield Line(1, 0, b""), str(error)
        return
    for line in islice(_lines(path), 1 if _delimiter(path) else 0, None):
        try:
            yield line, layout(line.content)
        except RowFault as error:
            yield line, str(error)


def find_layout(path: Path) -> Layout:
    """How the lines of a manifest are read: by the name of the file, and by the header of a table.

    Raises:
        RowFault: The table has no header that names what is needed.
    """
    delimiter = _delimiter(path)
    if delimiter is None:
        return lambda content: parse_object(_decoded(content))
    first = next(_lines(path), Line(1, 0, b""))
    header = _header(_cells(_decoded(first.content), delimiter))
    return lambda content: _record(header, _cells(_decoded(content), delimiter))


def content_of(raw: bytes, start: int) -> bytes:
    """What a line says: without its end, and without the mark that a file may begin with.

    Args:
        raw: As it lies in the file.
        start: Its first byte there.
    """
    return (raw if start else raw.removeprefix(b"\xef\xbb\xbf")).rstrip(b"\r\n")


def _delimiter(path: Path) -> str | None:
    return TABLE_DELIMITERS.get(path.suffix.lower())


def _fault_of_file(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            start = file.read(64)
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "is UTF-16; save it as UTF-8"
    if path.suffix.lower() == ".json" and start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
        return "is one JSON list; write one object a line"
    return None


def parse_object(line: str) -> dict[str, Any]:
    """One JSON object; NaN, infinities and a key given twice are refused.

    Raises:
        RowFault: It is not one.
    """
    try:
        value = json.loads(line, parse_float=_finite, parse_constant=_not_a_number, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        raise RowFault(f"not JSON ({error.msg} at column {error.colno})") from None
    except RecursionError:
        raise RowFault("not JSON that can be read (nested too deep)") from None
    except RowFault:
        raise
    except ValueError as error:  # an integer of more than 4300 digits
        raise RowFault(f"not JSON that can be read ({error})") from None
    if not isinstance(value, dict):
        raise RowFault("not a JSON object; a manifest has one object a line")
    return value


def _lines(path: Path) -> Iterator[Line]:
    start = 0
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            content = content_of(raw, start)
            if content.strip():
                yield Line(number, start, content)
            start += len(raw)


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RowFault(f"not UTF-8 (byte {error.start + 1})") from None


def _cells(line: str, delimiter: str) -> list[str]:
    quoting = csv.QUOTE_NONE if delimiter == "\t" else csv.QUOTE_MINIMAL
    try:
        records = list(csv.reader([line], delimiter=delimiter, quoting=quoting, strict=True))
    except csv.Error as error:
        unclosed = "unexpected end of data" in str(error)
        raise RowFault("a quote is not closed on this line" if unclosed else f"not CSV ({error})") from None
    return records[0] if records else []


def _header(header: Sequence[str]) -> Sequence[str]:
    missing = [fields for fields in (AUDIO_FIELDS, TEXT_FIELDS) if not set(fields) & set(header)]
    clauses = [f"no column {_either(fields)}" for fields in missing]
    clauses += [f"column {name!r} twice" for name in sorted(set(header)) if header.count(name) > 1]
    if clauses:
        raise RowFault(", ".join(clauses))
    return header


def _either(fields: Sequence[str]) -> str:
    first, *others = (repr(field) for field in fields)
    return f"{first} (or {', '.join(others)})"


def _record(header: Sequence[str], cells: Sequence[str]) -> dict[str, Any]:
    if len(cells) != len(header):
        raise RowFault(f"{len(cells)} columns where the header has {len(header)}")
    # An empty cell is a field that is not given, but for the text: there it says that nothing was said.
    fields: dict[str, Any] = {
        name: cell for name, cell in zip(header, cells, strict=True) if cell or name in TEXT_FIELDS
    }
    if "duration" in fields:
        fields["duration"] = _number(fields["duration"])
    return fields


def _number(cell: str) -> float | str:
    try:
        return float(cell)
    except ValueError:
        return cell


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise RowFault(f"the number {digits} is too large")
    return value


def _not_a_number(name: str) -> float:
    raise RowFault(f"{name} is not a number that JSON knows")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        names = [name for name, _ in pairs]
        raise RowFault(f"{next(name for name in names if names.count(name) > 1)!r} twice")
    return fields
