"""Files of texts as other systems write them, read whole: every text with its line, or every fault with its line."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from workbench.errors import ManifestError, UnknownName, UsageError
from workbench.evalsets.manifest import Fault
from workbench.runs.fields import read_objects, read_table
from workbench.runs.given import GivenText, Side
from workbench.runs.nist import read_ctm, read_trn

Format = Literal["jsonl", "csv", "tsv", "trn", "ctm", "nemo"]

FORMATS: Mapping[Format, str] = {
    "jsonl": 'one JSON object a line: {"id", "text"}',
    "csv": "comma-separated, with a header",
    "tsv": "tab-separated, with a header",
    "trn": "sclite's transcripts: text (id)",
    "ctm": "NIST's timed words: file channel start duration word",
    "nemo": "NeMo's manifest: audio_filepath, text, pred_text",
}
SUFFIXES: Mapping[str, Format] = {
    ".jsonl": "jsonl", ".json": "jsonl", ".csv": "csv", ".tsv": "tsv", ".trn": "trn", ".ctm": "ctm",
}  # fmt: skip

TEXT_FIELDS: Mapping[Side, Sequence[str]] = {
    "hypothesis": ("pred_text", "hypothesis", "text"),
    "reference": ("reference", "text", "sentence"),
}
"""What the text may be called; the first name that a file uses is the one that each of its lines must have."""

NEMO_FIELDS: Mapping[Side, Sequence[str]] = {"hypothesis": ("pred_text",), "reference": ("text",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFile:
    """A file's texts.

    Attributes:
        name: The file's name, without its folder.
        format: What it was read as.
        sha256: Of its bytes, in hex.
        texts: In the file's order; each id once.
    """

    name: str
    format: Format
    sha256: str
    texts: tuple[GivenText, ...]


def read_texts(path: Path, *, side: Side = "hypothesis", format: str | None = None) -> TextFile:
    """The texts of a file.

    Args:
        path: A file in UTF-8.
        side: Which texts are wanted where a line has a reference and a hypothesis.
        format: One of `FORMATS`; None goes by the file's name, and a name without a suffix is JSON Lines.

    Raises:
        UsageError: It cannot be read, or its name does not say what it is.
        UnknownName: No such format.
        ManifestError: It has faults; all are listed with their lines.
    """
    chosen = format_of(path) if format is None else format
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise UsageError(f"There is no file {path.name} to read.", hint="Check the path.") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise UsageError(f"{path.name} cannot be read: {error}.", hint="Check the path.") from error
    return parse_texts(content, name=path.name, format=chosen, side=side)


def format_of(path: Path) -> Format:
    """The format that a file's name stands for.

    Raises:
        UsageError: It stands for none.
    """
    suffix = path.suffix.lower()
    if suffix and suffix not in SUFFIXES:
        raise UsageError(
            f"{path.name} does not say what it holds.",
            hint=f"Name it {', '.join(SUFFIXES)}, or name its format: {', '.join(FORMATS)}.",
        )
    return SUFFIXES.get(suffix, "jsonl")


def parse_texts(content: bytes, *, name: str, format: str, side: Side = "hypothesis") -> TextFile:
    """As `read_texts`, of a file's content.

    Raises:
        UnknownName: No such format.
        ManifestError: It has faults; all are listed with their lines.
    """
    known = _checked_format(format)
    texts, faults = _parse(content, known, side)
    faults += _repeated(texts)
    if not texts and not faults:
        faults = [(0, "no lines")]
    if faults:
        raise ManifestError(name, described(name, faults))
    return TextFile(name=name, format=known, sha256=hashlib.sha256(content).hexdigest(), texts=tuple(texts))


def described(name: str, faults: Sequence[Fault]) -> list[str]:
    """Faults as sentences, in the order of their lines: `hyp.trn:3: …`; line 0 is the file as a whole."""
    return [f"{name}:{line}: {clause}" if line else f"{name}: {clause}" for line, clause in sorted(faults)]


def _checked_format(format: str) -> Format:
    names: dict[str, Format] = {name: name for name in FORMATS}
    found = names.get(format)
    if found is None:
        raise UnknownName("format", format, FORMATS)
    return found


def _parse(content: bytes, format: Format, side: Side) -> tuple[list[GivenText], list[Fault]]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return [], [(0, "is UTF-16; save it as UTF-8")]
    lines, faults = _decoded_lines(content.removeprefix(b"\xef\xbb\xbf"))
    if format in ("csv", "tsv"):
        if faults:  # a record may go over lines, so that what is around a broken one cannot be told
            return [], faults
        return read_table(lines, TEXT_FIELDS[side], delimiter="," if format == "csv" else "\t")
    if format in ("trn", "ctm"):
        texts, others = read_trn(lines) if format == "trn" else read_ctm(lines)
    else:
        texts, others = read_objects(lines, (NEMO_FIELDS if format == "nemo" else TEXT_FIELDS)[side])
    return texts, [*faults, *others]


def _decoded_lines(content: bytes) -> tuple[list[tuple[int, str]], list[Fault]]:
    """Numbered lines with their ends; they end at a line feed and nowhere else."""
    lines: list[tuple[int, str]] = []
    faults: list[Fault] = []
    for number, raw in enumerate(_split(content), 1):
        try:
            lines.append((number, raw.decode("utf-8")))
        except UnicodeDecodeError as error:
            faults.append((number, f"not UTF-8 (byte {error.start + 1})"))
    return lines, faults


def _split(content: bytes) -> Iterator[bytes]:
    start = 0
    while start < len(content):
        end = content.find(b"\n", start) + 1 or len(content)
        yield content[start:end]
        start = end


def _repeated(texts: Sequence[GivenText]) -> list[Fault]:
    first: dict[str, int] = {}
    return [
        (one.line, f"the id {one.id!r} is there twice, first on line {first[one.id]}")
        for one in texts
        if first.setdefault(one.id, one.line) != one.line
    ]
