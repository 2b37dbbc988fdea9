"""`workbench transcribe`."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from workbench import services
from workbench.cli.arguments import pairs, passed_on
from workbench.cli.console import Console, error_document
from workbench.errors import AudioError, EngineError, UnknownName, UsageError, WorkbenchError
from workbench.pipeline.edited import EditedTranscript
from workbench.pipeline.export import FORMATS, export, summary
from workbench.pipeline.hotwords import hotword_report
from workbench.pipeline.transcribe import ChunkDone
from workbench.pipeline.transcript import Transcript, clock

Shown = Transcript | EditedTranscript
_EXIT_CANCELLED = 130
_BINARY = frozenset({"docx"})
_CANCELLED = "Cancelled; what was done is above."
_CANCELLED_AND_KEPT = "Cancelled; what was done is above. The same command goes on from there."


def transcribe(arguments: Namespace, console: Console) -> int:
    """Transcribe files one after another with one loaded model; a file that cannot be used does not stop the others.

    Raises:
        WorkbenchError: The only file cannot be used, or an argument or engine cannot, whatever the file.
        KeyboardInterrupt: Cancelled before anything was done.
    """
    formats: list[str] = arguments.formats or []
    folder = _output_folder(arguments.output, formats, console)
    names = _file_names(arguments.files)
    correct = corrector(arguments)
    entries: list[dict[str, Any]] = []
    failed: list[WorkbenchError] = []
    cancelled = False

    def deliver(transcript: Transcript, file: str, name: str) -> None:
        shown = correct(transcript)
        entry = {**summary(shown), "file": file}
        if folder is not None:
            entry["written"] = _write(shown, folder, name, formats or ["txt"], console)
        else:
            _print(shown, formats, console)
        entries.append(entry)

    for file, name in zip(arguments.files, names, strict=True):
        try:
            cancelled = not _transcribe(file, arguments, console, partial(deliver, file=file, name=name))
        except WorkbenchError as error:
            if len(arguments.files) == 1 or not _concerns_one_file(error):
                raise
            console.error(error, about=file)
            entries.append({"file": file, **error_document(error)})
            failed.append(error)
        if cancelled:
            break
    console.document(entries)
    if cancelled:
        return _EXIT_CANCELLED
    if len(failed) == len(entries) and all(error.exit_code == 2 for error in failed):
        return 2
    return 0 if not failed and all(entry["complete"] for entry in entries) else 1


def corrector(arguments: Namespace) -> Callable[[Shown], Shown]:
    """What makes the corrections that were asked for; what cannot be chosen is said at once.

    Raises:
        UsageError: A correction or the list of replacements cannot be used.
    """
    if arguments.corrections is None and arguments.replacements_file is None:
        return lambda transcript: transcript
    services.check_corrections(arguments.corrections or ())
    replacements = services.read_replacements(arguments.replacements_file) if arguments.replacements_file else None
    return partial(services.correct_transcript, corrections=arguments.corrections, replacements=replacements)


def _transcribe(file: str, arguments: Namespace, console: Console, deliver: Callable[[Transcript], None]) -> bool:
    """Transcribe one file and deliver its text; False where it was cancelled, and what was done is delivered.

    Delivered while the work still stands at its last event: what is kept for a second try is deleted only after it.
    """
    chosen = passed_on(arguments, services.transcribe_events)
    chosen["options"] = pairs(arguments.options, "--option")
    chosen["speaker_names"] = pairs(arguments.speaker_names, "--speaker-name")
    last: ChunkDone | None = None
    with (
        console.progress(Path(file).name) as advance,
        closing(services.transcribe_events(file, **chosen)) as events,
    ):
        try:
            for event in events:
                if isinstance(event, ChunkDone):
                    last = event
                    advance(event.index + 1, event.total)
                    if event.total > 1:
                        console.note(_progress_line(event))
                else:
                    deliver(event)
                    _tell(file, event, console)
        except KeyboardInterrupt:
            if last is None or last.so_far is None:
                raise
            transcript = last.so_far()
            deliver(transcript)
            _tell(file, transcript, console)
            console.note(_CANCELLED_AND_KEPT if arguments.resume else _CANCELLED)
            return False
    return True


def _progress_line(event: ChunkDone) -> str:
    left = ""
    if event.eta_seconds is not None and event.index + 1 < event.total:
        left = f", about {clock(event.eta_seconds)[:8]} left"
    times = f"{clock(event.start)[:8]}–{clock(event.end)[:8]}"
    return f"[{event.index + 1}/{event.total}] {times}{left}"


def _tell(file: str, transcript: Transcript, console: Console) -> None:
    """What it cost, what to know, and whether it is complete or what to check."""
    _tell_cost(file, transcript, console)
    state = "complete" if transcript.complete else "not complete, see the warnings"
    doubtful = [flag for flag in transcript.flags if not flag.is_missing]  # the others are among the warnings
    console.note(f"{file}: {state}{'; to check:' if doubtful else '.'}")
    for flag in doubtful:
        console.note(f"  {clock(flag.start)[:8]} to {clock(flag.end)[:8]}: {flag.sentence}")
    _tell_hotwords(transcript, console)


def _tell_hotwords(transcript: Transcript, console: Console) -> None:
    """Which of the terms asked for are in the text; only where some were."""
    report = hotword_report(transcript)
    found = [f"{one.term} ({one.found})" for one in report if one.found]
    missing = [one.term for one in report if not one.found]
    if report:
        rest = f"; not in the text: {', '.join(missing)}" if missing else ""
        console.note(f"Hot words in the text: {', '.join(found) or 'none'}{rest}.")


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


def _write(transcript: Shown, folder: Path, name: str, formats: Sequence[str], console: Console) -> list[str]:
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


def _print(transcript: Shown, formats: Sequence[str], console: Console) -> None:
    if console.as_json:
        return
    if formats:
        console.write(export(transcript, formats[0]))
    else:
        console.say(transcript.view().text if isinstance(transcript, EditedTranscript) else transcript.text)
