"""Parquet files as the Hugging Face hub converts sets to: the recordings are in them, as `{bytes, path}`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from workbench.errors import ManifestError, UsageError
from workbench.evalsets.layouts.columns import Columns, choose_columns
from workbench.evalsets.layouts.reading import AUDIO_SUFFIXES, Intake, Reading, ReadOptions, Utterance
from workbench.evalsets.model import Scalar
from workbench.storage import told

_BATCH = 64
_ENDINGS = {
    b"RIFF": ".wav",
    b"fLaC": ".flac",
    b"OggS": ".ogg",
    b"ID3": ".mp3",
    b"\xff\xfb": ".mp3",
    b"\xff\xf3": ".mp3",
}


def read_parquet(folder: Path, options: ReadOptions) -> Reading:
    """Parquet files with a column of recordings; each is written to a file of its own.

    Args:
        folder: A .parquet file, or a folder with some, as `test-00000-of-00002.parquet` or in a folder `test`.
        options: The split is the beginning of their names, or their folder; empty takes all there are.

    Raises:
        UsageError: pyarrow is not installed.
    """
    files = _files(folder, options.split)
    root = folder if folder.is_dir() else folder.parent
    intake = Intake(root, options)
    target = options.unpack_to
    assert target is not None, "recordings that lie in files need a place"
    columns: Columns | None = None
    seen: dict[str, int] = {}
    for path in files:
        module = _pyarrow()
        try:
            opened = module.ParquetFile(path)
            columns = columns or choose_columns(opened.schema_arrow.names, options.columns, path.name)
            for number, row in enumerate(_rows(opened), start=1):
                _take(row, number, path, columns, seen, target, intake)
        except (OSError, ValueError) as error:
            if isinstance(error, UsageError | ManifestError):
                raise
            raise ManifestError(path.name, [f"{path.name}: cannot be read ({error})"], hint="Get it again.") from None
    return intake.reading(notes=[columns.note] if columns else ())


def _pyarrow() -> Any:
    try:
        import pyarrow.parquet
    except ImportError:
        raise UsageError(
            "Parquet is read by pyarrow, which is not installed.", hint="pip install 'asr-workbench[hub]'"
        ) from None
    return pyarrow.parquet


def _files(folder: Path, split: str) -> list[Path]:
    if folder.is_file():
        return [folder]
    found = sorted(folder.rglob("*.parquet"))
    chosen = [path for path in found if path.name.startswith(split) or path.parent.name == split]
    if not chosen:
        names = ", ".join(path.relative_to(folder).as_posix() for path in found[:10]) or "none"
        raise UsageError(f"{folder.name} has no .parquet file for {split or 'any split'}.", hint=f"There are: {names}.")
    return chosen


def _rows(opened: Any) -> Iterator[Mapping[str, Any]]:
    for batch in opened.iter_batches(batch_size=_BATCH):
        yield from batch.to_pylist()


def _take(
    row: Mapping[str, Any],
    number: int,
    path: Path,
    columns: Columns,
    seen: dict[str, int],
    target: Path,
    intake: Intake,
) -> None:
    sound = row[columns.audio]
    content = sound.get("bytes") if isinstance(sound, dict) else None
    inner = str(sound.get("path") or "") if isinstance(sound, dict) else ""
    name = Path(inner).stem or f"{path.stem}-{number:06d}"
    seen[name] = seen.get(name, 0) + 1
    text = row[columns.text]
    clauses = [] if isinstance(text, str) else [f"{columns.text!r} is {text!r:.40}, not text"]
    audio = Path()
    if isinstance(content, bytes):
        audio = _written(content, inner, target)
    else:
        clauses.append(f"{columns.audio!r} holds no recording")
    said = row.get(columns.language) if columns.language else ""
    # Numbers in a column `id` often count sentences or rows (FLEURS): the file's name is what tells clips apart.
    named = row.get(columns.id) if columns.id else None
    utterance = Utterance(
        id=named if isinstance(named, str) and named else name if seen[name] == 1 else f"{name}-{seen[name]}",
        audio=audio,
        text=text if isinstance(text, str) else "",
        file=intake.name(path),
        line=number,
        language=said if isinstance(said, str) else "",
        tags=_tags(row, columns),
    )
    intake.take(utterance, why_not="; ".join(clauses))


def _tags(row: Mapping[str, Any], columns: Columns) -> dict[str, Scalar]:
    taken = {columns.audio, columns.text, columns.language}
    return {
        "row_id" if name == columns.id else name: value
        for name, value in row.items()
        if name not in taken and isinstance(value, str | int | float | bool) and value != "" and value == value
    }


def _written(content: bytes, inner: str, target: Path) -> Path:
    """A file named by its content, so that the same recording is written once."""
    ending = next((found for magic, found in _ENDINGS.items() if content.startswith(magic)), "")
    suffix = Path(inner).suffix.lower()
    name = f"{hashlib.sha256(content).hexdigest()[:20]}{suffix if suffix in AUDIO_SUFFIXES else ending or '.bin'}"
    path = target / name
    with told(f"The recording {inner or name}"):
        target.mkdir(parents=True, exist_ok=True)
        if not path.is_file():
            path.write_bytes(content)
    return path
