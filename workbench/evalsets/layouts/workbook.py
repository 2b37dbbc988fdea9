"""The first sheet of an Excel workbook as rows of text, as ECMA-376 part 1 has it; formulas are not evaluated."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

from workbench.errors import ManifestError

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_MOST_BYTES = 200_000_000
"""Of an unpacked part: a small file may unpack to anything."""


def read_workbook(path: Path) -> Iterator[tuple[int, Sequence[str]]]:
    """Numbered rows of the first sheet, all as wide as its first; rows without a value are left out.

    A number is written as it stands in the file, which is how a whole number is shown; dates are numbers there, and
    come out as such. `#N/A` and other errors of formulas are refused, since the text that was meant is not there.

    Raises:
        ManifestError: It is no workbook, or holds an error.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            strings = _strings(archive)
            sheet = ElementTree.fromstring(_part(archive, _first_sheet(archive)))
    except (zipfile.BadZipFile, ElementTree.ParseError, KeyError, ValueError, OSError) as error:
        fault = f"{path.name}: is not an Excel workbook that can be read ({error})"
        raise ManifestError(path.name, [fault], hint="Save it again as .xlsx, or as CSV in UTF-8.") from None
    width = 0
    for row in sheet.iter(f"{_MAIN}row"):
        number = int(row.get("r", "0"))
        cells = {_column(cell.get("r", "")): _value(cell, strings, f"{path.name}:{number}") for cell in row}
        if not any(cells.values()):
            continue
        width = width or max(cells) + 1
        yield number, [cells.get(place, "") for place in range(max(width, max(cells) + 1))]


def _value(cell: ElementTree.Element, strings: Sequence[str], place: str) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return _text(cell)
    value = cell.findtext(f"{_MAIN}v") or ""
    if kind == "s" and value:
        return strings[int(value)]
    if kind == "e":
        raise ManifestError(place.partition(":")[0], [f"{place}: a cell is the error {value}"], hint="Mend the cell.")
    if kind == "b":
        return "TRUE" if value == "1" else "FALSE"
    return value


def _text(element: ElementTree.Element) -> str:
    """Runs of text as one, without the reading aids (phonetic runs) that Excel keeps beside Chinese and Japanese."""
    aids = {id(text) for aid in element.iter(f"{_MAIN}rPh") for text in aid.iter(f"{_MAIN}t")}
    return "".join(text.text or "" for text in element.iter(f"{_MAIN}t") if id(text) not in aids)


def _strings(archive: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in archive.namelist():
        return []
    return [_text(one) for one in ElementTree.fromstring(_part(archive, "xl/sharedStrings.xml"))]


def _first_sheet(archive: zipfile.ZipFile) -> str:
    """The first one's part; its name is in the workbook's relations, not in its number."""
    book = ElementTree.fromstring(_part(archive, "xl/workbook.xml"))
    sheet = next(book.iter(f"{_MAIN}sheet")).get(_LINK, "")
    relations = ElementTree.fromstring(_part(archive, "xl/_rels/workbook.xml.rels"))
    targets: Mapping[str, str] = {one.get("Id", ""): one.get("Target", "") for one in relations}
    target = targets[sheet]
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > _MOST_BYTES:
        raise ValueError(f"{name} is larger than {_MOST_BYTES} bytes")
    content = archive.read(name)
    if b"<!DOCTYPE" in content[:1000]:
        raise ValueError(f"{name} declares a document type")
    return content


def _column(reference: str) -> int:
    """0 for A1, 26 for AA7."""
    letters = re.match("[A-Z]+", reference)
    number = 0
    for letter in letters[0] if letters else "A":
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1
