"""Texts in named fields: JSON Lines, CSV, TSV."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from typing import Any

from workbench.engines.base import Segment
from workbench.evalsets.manifest import AUDIO_FIELDS, Fault, Row, RowFault, parse_object
from workbench.runs.given import GivenText
from workbench.runs.spreadsheet import unguarded

Numbered = Iterable[tuple[int, str]]
"""Lines with their numbers from 1, each with its end."""

_SEGMENTS = "segments"
ID_FIELDS = ("id", *AUDIO_FIELDS)
"""Where a line says whose text it is; the first that is given counts."""


def read_objects(lines: Numbered, text_fields: Sequence[str]) -> tuple[list[GivenText], list[Fault]]:
    """Texts of JSON Lines; further fields are passed over, blank lines too.

    Args:
        lines: Of the file.
        text_fields: What the text may be called, the most telling name first.
    """
    rows: list[Row] = []
    faults: list[Fault] = []
    for number, line in lines:
        if number == 1 and line.lstrip().startswith("["):
            return [], [(0, "is one JSON list; write one object a line")]
        if line.strip():
            try:
                rows.append(Row(number, parse_object(line)))
            except RowFault as fault:
                faults.append((number, str(fault)))
    texts, others = _texts(rows, text_fields)
    return texts, [*faults, *others]


def read_table(lines: Numbered, text_fields: Sequence[str], *, delimiter: str) -> tuple[list[GivenText], list[Fault]]:
    """Texts of a table with a header. In CSV a quoted cell may go over lines; in TSV a quote is like any character.

    Args:
        lines: Of the file.
        text_fields: What the text's column may be called, the most telling name first.
        delimiter: "," or a tab.
    """
    records, faults = _records([line for _, line in lines], delimiter)
    if not records:
        return [], faults
    (line, header), *others = records
    wrong = _header_faults(header, text_fields)
    if wrong:
        return [], [(line, clause) for clause in wrong]
    rows: list[Row] = []
    for number, cells in others:
        if len(cells) != len(header):
            faults.append((number, f"{len(cells)} columns where the header has {len(header)}"))
        else:
            fields = dict(zip(header, _cells(cells, delimiter), strict=True))
            rows.append(Row(number, {name: cell for name, cell in fields.items() if name != _SEGMENTS}))
    texts, more = _texts(rows, text_fields)
    return texts, [*faults, *more]


def _cells(cells: Sequence[str], delimiter: str) -> Sequence[str]:
    return [unguarded(cell) for cell in cells] if delimiter == "," else cells


def _records(lines: Sequence[str], delimiter: str) -> tuple[list[tuple[int, list[str]]], list[Fault]]:
    """Records with the line each begins on."""
    if delimiter == "\t":
        return [(n, line.rstrip("\r\n").split("\t")) for n, line in enumerate(lines, 1) if line.strip()], []
    reader = csv.reader(lines, strict=True)
    records: list[tuple[int, list[str]]] = []
    faults: list[Fault] = []
    while True:
        start = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            unclosed = "unexpected end of data" in str(error)
            faults.append((start, "a quote opened here is not closed" if unclosed else f"not CSV ({error})"))
            continue
        if cells is None:
            return records, faults
        if any(cell.strip() for cell in cells):
            records.append((start, cells))


def _header_faults(header: Sequence[str], text_fields: Sequence[str]) -> list[str]:
    wanted = (("id", ID_FIELDS), ("text", text_fields))
    faults = [
        f"no column for the {what} ({', '.join(names)})" for what, names in wanted if not set(names) & set(header)
    ]
    return faults + [f"column {name!r} twice" for name in sorted(set(header)) if header.count(name) > 1]


def _texts(rows: Sequence[Row], text_fields: Sequence[str]) -> tuple[list[GivenText], list[Fault]]:
    used = next((name for name in text_fields if any(name in row.fields for row in rows)), None)
    texts: list[GivenText] = []
    faults: list[Fault] = []
    for row in rows:
        try:
            texts.append(_text(row, used, text_fields))
        except RowFault as fault:
            faults.append((row.line, str(fault)))
    return texts, faults


def _text(row: Row, used: str | None, text_fields: Sequence[str]) -> GivenText:
    name = next((name for name in ID_FIELDS if row.fields.get(name) not in (None, "")), None)
    if name is None:
        raise RowFault(f"no {' and no '.join(map(repr, ID_FIELDS))}")
    if used is None:
        raise RowFault(f"no {' and no '.join(map(repr, text_fields))}")
    if used not in row.fields:
        raise RowFault(f"no {used!r}, which other lines have")
    return GivenText(
        id=_id(row.fields[name], name),
        text=_string(row.fields[used], used),
        line=row.line,
        segments=_segments(row.fields.get(_SEGMENTS)),
        by_recording=name != "id",
    )


def _id(value: Any, name: str) -> str:
    """Sets take whole numbers as ids, too."""
    whole = name == "id" and isinstance(value, int) and not isinstance(value, bool)
    return str(value) if whole else _string(value, name)


def _string(value: Any, name: str) -> str:
    if value is None:
        raise RowFault(f'{name!r} is null; write "" where nothing was heard')
    if not isinstance(value, str):
        raise RowFault(f"{name!r} is {value!r:.40}, not text")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise RowFault(f"{name!r} holds half a character (a lone surrogate)")
    return value


def _segments(value: Any) -> tuple[Segment, ...]:
    """Stretches as `transcribe --json`, Whisper and our own export write them; further fields are passed over."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise RowFault("'segments' is no list")
    return tuple(_segment(one, f"segments[{number}]") for number, one in enumerate(value))


def _segment(value: Any, name: str) -> Segment:
    if not isinstance(value, dict):
        raise RowFault(f"{name!r} is no object")
    start, end = (_seconds(value.get(field), f"{name}.{field}") for field in ("start", "end"))
    if end < start:
        raise RowFault(f"{name!r} ends at {end:g} s, before its start at {start:g} s")
    return Segment(start=start, end=end, text=_string(value.get("text"), f"{name}.text"))


def _seconds(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RowFault(f"{name!r} is {value!r:.40}, not a number of seconds")
    if value < 0 or not math.isfinite(value):
        raise RowFault(f"{name!r} is {value:g} s")
    return float(value)
