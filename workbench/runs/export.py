"""A run's texts in the formats that other tools read; `runs.hypotheses` reads them back."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from workbench.engines.base import Segment
from workbench.errors import UnknownName, UsageError
from workbench.runs.given import Side
from workbench.runs.nist import ctm_lines, trn_line
from workbench.runs.records import ItemResult
from workbench.runs.spreadsheet import guarded
from workbench.runs.store import StoredRun
from workbench.text.rulers import Ruler

ExportFormat = Literal["jsonl", "csv", "trn", "ctm", "nemo"]

_LISTED = 5
_OTHER = "Export as jsonl, which holds any text."


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedTexts:
    """A run's texts as one file.

    Attributes:
        format: One of `EXPORT_FORMATS`.
        content: Of the file, to be written in UTF-8.
        suffix: For its name: ".trn".
        items: How many texts it holds.
        left_out: Ids of the clips that failed: they have no text.
    """

    format: ExportFormat
    content: str
    suffix: str
    items: int
    left_out: tuple[str, ...]


def export_texts(
    run: StoredRun, format: str = "jsonl", *, side: Side = "hypothesis", ruler: Ruler | None = None
) -> ExportedTexts:
    """A run's texts as a file that `read_texts` reads back.

    `jsonl`, `nemo` and `csv` give back every text as it is, and hold the reference beside it. In `trn` white space
    becomes one space; in `ctm` the words of segments are joined as `read_ctm` says, and clips in which nothing was
    heard have no line.

    Args:
        run: Finished or not; what failed is left out, and named.
        format: One of `EXPORT_FORMATS`.
        side: Of formats that hold one text a clip, which one.
        ruler: What is done to the texts; None leaves them as the model gave them.

    Raises:
        UnknownName: No such format.
        UsageError: The format cannot hold these texts: ids with white space, text without times.
    """
    names: dict[str, ExportFormat] = {name: name for name in EXPORT_FORMATS}
    known = names.get(format)
    if known is None:
        raise UnknownName("format", format, EXPORT_FORMATS)
    if side == "reference" and known != "trn":
        why = "has no times of the reference" if known == "ctm" else "holds the reference beside the hypothesis"
        raise UsageError(f"{known} {why}.", hint="Only trn has a file for each; leave the side out.")
    results = [one for one in run.outcomes if isinstance(one, ItemResult)]
    if known == "ctm":
        _check_times(results)
    if ruler is not None:
        results = [_ruled(one, ruler) for one in results]
    if side == "reference":
        results = [replace(one, text=one.reference) for one in results]
    return ExportedTexts(
        format=known,
        content=EXPORT_FORMATS[known](results),
        suffix=".jsonl" if known == "nemo" else f".{known}",
        items=len(results),
        left_out=tuple(one.id for one in run.outcomes if not isinstance(one, ItemResult)),
    )


def _ruled(one: ItemResult, ruler: Ruler) -> ItemResult:
    segments = tuple(replace(segment, text=ruler.apply(segment.text)) for segment in one.segments)
    return replace(one, reference=ruler.apply(one.reference), text=ruler.apply(one.text), segments=segments)


def _write_jsonl(results: Sequence[ItemResult]) -> str:
    return _json_lines(
        {"id": one.id, "text": one.text, "reference": one.reference, **_with_segments(one.segments)} for one in results
    )


def _with_segments(segments: Sequence[Segment]) -> dict[str, Any]:
    return {"segments": [asdict(segment) for segment in segments]} if segments else {}


def _write_nemo(results: Sequence[ItemResult]) -> str:
    """NeMo passes over what it does not know, as the id; a duration that is not known is not there."""
    return _json_lines(
        {
            "audio_filepath": one.audio,
            **({} if one.audio_seconds is None else {"duration": one.audio_seconds}),
            "text": one.reference,
            "pred_text": one.text,
            "id": one.id,
        }
        for one in results
    )


def _json_lines(rows: Iterable[Mapping[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in rows)


def _write_csv(results: Sequence[ItemResult]) -> str:
    """With a byte order mark, without which Excel takes UTF-8 for the machine's own encoding."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")  # what is in it gets quotes: both kinds of line break
    writer.writerow(("id", "reference", "text"))
    writer.writerows([guarded(cell) for cell in (one.id, one.reference, one.text)] for one in results)
    return f"\ufeff{buffer.getvalue()}"


def _write_trn(results: Sequence[ItemResult]) -> str:
    return _each(results, lambda one: trn_line(one.id, one.text))


def _write_ctm(results: Sequence[ItemResult]) -> str:
    """In the order of ids, as sclite asks."""
    return _each(sorted(results, key=lambda one: one.id), lambda one: "".join(ctm_lines(one.id, one.segments)))


def _each(results: Sequence[ItemResult], write: Callable[[ItemResult], str]) -> str:
    written: list[str] = []
    faults: list[str] = []
    for one in results:
        try:
            written.append(write(one))
        except ValueError as error:
            faults.append(str(error))
    if faults:
        raise UsageError(f"The texts cannot be written: {_listed(faults)}.", hint=_OTHER)
    return "".join(written)


def _check_times(results: Sequence[ItemResult]) -> None:
    """Every word must be in a segment: CTM that lacks some would count as deletions.

    Raises:
        UsageError: Some are not.
    """
    lacking = [one.id for one in results if _letters(one.text) != "".join(_letters(part.text) for part in one.segments)]
    if lacking:
        which = "no text has" if len(lacking) == len(results) else f"{len(lacking)} of {len(results)} texts lack"
        raise UsageError(f"CTM needs the time of every word, and {which} them: {_listed(lacking)}.", hint=_OTHER)


def _letters(text: str) -> str:
    return "".join(text.split())


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _LISTED
    return "; ".join(names[:_LISTED]) + (f"; and {more} more" if more > 0 else "")


EXPORT_FORMATS: Mapping[ExportFormat, Callable[[Sequence[ItemResult]], str]] = {
    "jsonl": _write_jsonl,
    "csv": _write_csv,
    "trn": _write_trn,
    "ctm": _write_ctm,
    "nemo": _write_nemo,
}
"""What writes each."""
