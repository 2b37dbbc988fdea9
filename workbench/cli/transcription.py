"""`workbench transcribe`."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from workbench import services
from workbench.cli.arguments import pairs, passed_on
from workbench.cli.console import Console, error_document
from workbench.errors import AudioError, EngineError, UnknownName, UsageError, WorkbenchError
from workbench.pipeline.export import FORMATS, export, summary
from workbench.pipeline.transcribe import ChunkDone
from workbench.pipeline.transcript import Transcript, clock

_BINARY = frozenset({"docx"})


def transcribe(arguments: Namespace, console: Console) -> int:
    """Transcribe files one after another with one loaded model; a file that cannot be used does not stop the others.

    Raises:
        WorkbenchError: The only file cannot be used, or an argument or engine cannot, whatever the file.
    """
    formats: list[str] = arguments.formats or []
    folder = _output_folder(arguments.output, formats, console)
    names = _file_names(arguments.files)
    entries: list[dict[str, Any]] = []
    failed: list[WorkbenchError] = []
    for file, name in zip(arguments.files, names, strict=True):
        try:
            transcript = _transcript(file, arguments, console)
        except WorkbenchError as error:
            if len(arguments.files) == 1 or not _concerns_one_file(error):
                raise
            console.error(error, about=file)
            entries.append({"file": file, **error_document(error)})
            failed.append(error)
            continue
        entry = {**summary(transcript), "file": file}
        if folder is not None:
            entry["written"] = _write(transcript, folder, name, formats or ["txt"], console)
        else:
            _print(transcript, formats, console)
        entries.append(entry)
    console.document(entries)
    if len(failed) == len(entries) and all(error.exit_code == 2 for error in failed):
        return 2
    return 0 if not failed and all(entry["complete"] for entry in entries) else 1


def _transcript(file: str, arguments: Namespace, console: Console) -> Transcript:
    chosen = passed_on(arguments, services.transcribe_events)
    chosen["options"] = pairs(arguments.options, "--option")
    transcript: Transcript | None = None
    with (
        console.progress(Path(file).name) as advance,
        closing(services.transcribe_events(file, **chosen)) as events,
    ):
        for event in events:
            if isinstance(event, ChunkDone):
                advance(event.index + 1, event.total)
                if event.total > 1:
                    times = f"{clock(event.start)[:8]}–{clock(event.end)[:8]}"
                    console.note(f"[{event.index + 1}/{event.total}] {times}")
            else:
                transcript = event
    assert transcript is not None
    _tell_cost(file, transcript, console)
    return transcript


def _tell_cost(file: str, transcript: Transcript, console: Console) -> None:
    cost = transcript.measurement
    factor = "" if cost.rtf is None else f", real-time factor {cost.rtf:.3f}"
    language = f", {transcript.language}" if transcript.language else ""
    length = f"{transcript.duration_seconds:.2f} s{language}"
    console.note(f"{file}: {length}, transcribed in {cost.wall_seconds:.2f} s{factor}.")
    for warning in transcript.warnings:
        console.note(f"warning: {file}: {warning}")


def _concerns_one_file(error: WorkbenchError) -> bool:
    """Whether the next file may fare better; a missing model or an unknown engine is the same for all."""
    return isinstance(error, AudioError) or (isinstance(error, EngineError) and error.exit_code == 1)


def _output_folder(output: str | None, formats: Sequence[str], console: Console) -> Path | None:
    """The folder, made; formats are checked first, so that an hour of work does not end in a misspelt one."""
    for name in formats:
        if name not in FORMATS:
            raise UnknownName("format", name, FORMATS)
    if output is None:
        if len(formats) > 1 or _BINARY & set(formats):
            raise UsageError(f"{' and '.join(formats)} cannot go to standard output.", hint="Add --output FOLDER.")
        if formats and console.as_json:
            console.note("warning: --format is not used with --json and without --output.")
        return None
    try:
        Path(output).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{output} cannot be made: {error.strerror}.", hint="Choose another folder.") from error
    return Path(output)


def _file_names(files: Sequence[str]) -> list[str]:
    """What the files written are called, without the format: `talk`, or `talk.wav` where there is a `talk.mp3` too."""
    paths = [Path(file) for file in files]
    stems = [path.stem for path in paths]
    names = [path.name if stems.count(path.stem) > 1 else path.stem for path in paths]
    return [f"{name}-{number}" if names.count(name) > 1 else name for number, name in enumerate(names, start=1)]


def _write(transcript: Transcript, folder: Path, name: str, formats: Sequence[str], console: Console) -> list[str]:
    written: list[str] = []
    for format_name in formats:
        path = folder / f"{name}.{format_name}"
        try:
            path.write_bytes(export(transcript, format_name))
        except OSError as error:
            raise UsageError(f"{path} cannot be written: {error.strerror}.", hint="Choose another folder.") from error
        console.note(f"Wrote {path}.")
        written.append(str(path))
    return written


def _print(transcript: Transcript, formats: Sequence[str], console: Console) -> None:
    if console.as_json:
        return
    if formats:
        console.write(export(transcript, formats[0]))
    else:
        console.say(transcript.text)
