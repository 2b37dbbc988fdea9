"""Hugging Face folders: `audiofolder` with its metadata file, and FLEURS's TSV without a header."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from workbench.errors import ManifestError, UsageError
from workbench.evalsets.layouts.columns import Columns, TableRow, as_rows, choose_columns, take_rows
from workbench.evalsets.layouts.reading import Intake, Reading, ReadOptions, recordings, require
from workbench.evalsets.layouts.table import csv_records
from workbench.evalsets.manifest import RowFault, parse_object

_METADATA = ("metadata.csv", "metadata.jsonl", "metadata.parquet")
_FLEURS_COLUMNS = ("id", "file_name", "raw_transcription", "transcription", "characters", "num_samples", "gender")
_FLEURS_LANGUAGES = {"yue_hant_hk": "yue", "cmn_hans_cn": "zh", "en_us": "en"}


def read_audiofolder(folder: Path, options: ReadOptions) -> Reading:
    """An audiofolder: `metadata.csv` or `metadata.jsonl` with a `file_name` column, beside the recordings or above.

    A recording that no line names is refused.

    Args:
        folder: With the metadata file, or with folders for splits that have one each.
        options: The split is a folder; where the metadata lies above them, it is the beginning of `file_name`.
    """
    metadata = _metadata(folder, options.split)
    intake = Intake(folder, options)
    header, rows = _rows(metadata, intake)
    columns = choose_columns(header, {"audio": "file_name"} | dict(options.columns), metadata.name)
    beginning = f"{options.split}/" if options.split and metadata.parent == folder else ""
    chosen = [row for row in rows if row.fault or row.cells.get(columns.audio, "").startswith(beginning)]
    take_rows(chosen, columns, intake.name(metadata), intake, roots=[metadata.parent])
    named = {(metadata.parent / row.cells.get(columns.audio, "")).absolute() for row in rows}
    for path in recordings(metadata.parent / beginning):
        if path.absolute() not in named:
            intake.refuse(intake.name(path), 0, f"no line in {metadata.name}", id=path.stem)
    return intake.reading(outside=len(rows) - len(chosen), notes=[columns.note])


def read_fleurs(folder: Path, options: ReadOptions) -> Reading:
    """FLEURS as the hub has it, unpacked: `test.tsv` without a header, and the recordings in `audio/test`.

    The label is the raw transcription, as it was read, with punctuation. Several people read the same sentence: ids are
    those of the recordings, and the sentence's number is the tag `sentence_id`.

    Args:
        folder: That of a language, such as `yue_hant_hk`.
        options: The split is a TSV's name; test where none is said. The column "text" may be `transcription`.
    """
    split = options.split or "test"
    (path,) = require(folder, f"{split}.tsv")
    intake = Intake(folder, options)
    records = ((number, line.split("\t")) for number, line in intake.lines(path))
    chosen = {"audio": "file_name", "text": "raw_transcription"} | dict(options.columns)
    columns = Columns(audio=chosen["audio"], text=chosen["text"])
    rows = list(as_rows(_FLEURS_COLUMNS, records))
    roots = [options.audio_root] if options.audio_root else [folder / "audio" / split, folder / split]
    language = _FLEURS_LANGUAGES.get(folder.name, "")
    take_rows(rows, columns, intake.name(path), intake, roots=roots, tags=_fleurs_tags, language=language)
    return intake.reading(notes=[f"The label is the column {columns.text!r}."])


def _fleurs_tags(cells: object) -> dict[str, str]:
    assert isinstance(cells, dict)
    return {"sentence_id": cells["id"], "gender": cells["gender"].strip().lower()}


def _metadata(folder: Path, split: str) -> Path:
    places = [folder / split, folder] if split else [folder]
    found = [place / name for place in places for name in _METADATA if (place / name).is_file()]
    if not found and not split:
        below = sorted({path.parent.name for name in _METADATA for path in folder.glob(f"*/{name}")})
        if below:
            raise UsageError(f"{folder.name} has splits.", hint=f"Choose with --split: {', '.join(below)}.")
    if not found:
        raise ManifestError(folder.name, [f"{folder.name}: no {', '.join(_METADATA[:2])}"], hint="Check the folder.")
    if found[0].suffix == ".parquet":
        raise UsageError(
            f"{found[0].name} is Parquet, which is not read beside recordings.",
            hint="Save it as metadata.jsonl; Parquet that holds the recordings has the layout parquet.",
        )
    return found[0]


def _rows(metadata: Path, intake: Intake) -> tuple[Sequence[str], list[TableRow]]:
    if metadata.suffix == ".csv":
        records = csv_records(metadata, intake)
        _, header = next(records, (1, ()))
        return header, list(as_rows(header, records))
    rows = list(_objects(metadata, intake))
    return list(dict.fromkeys(name for row in rows for name in row.cells)), rows


def _objects(metadata: Path, intake: Intake) -> Iterator[TableRow]:
    for number, line in intake.lines(metadata):
        try:
            fields = parse_object(line)
        except RowFault as fault:
            yield TableRow(number, {}, str(fault))
            continue
        yield TableRow(number, {name: _cell(value) for name, value in fields.items() if value is not None})


def _cell(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
