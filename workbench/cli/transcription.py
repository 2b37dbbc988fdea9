"""`workbench transcribe`."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, closing
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
from workbench.pipeline.transcribe import ChunkDone, Surveying, TranscribeEvent
from workbench.pipeline.transcript import Transcript, clock
from workbench.services.inspection import FoundRecording
from workbench.storage import told_place, write_output

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
    folder = _output_folder(arguments, formats, console)
    found = services.find_recordings(arguments.files)
    job = _Job(arguments, console, formats or ["txt"], folder, corrector(arguments))
    with job.delivered:
        for recording, name in zip(found, _file_names(found), strict=True):
            try:
                job.do(recording.file, name)
            except WorkbenchError as error:
                if not job.entries and (len(found) == 1 or not _concerns_one_file(error)):
                    raise
                job.fail(recording.file, error)
                if not _concerns_one_file(error):
                    break
            if job.cancelled:
                break
        console.document(job.entries)
        for events in job.kept:  # only now: what cannot be printed need not be heard again
            next(events, None)
    return job.end(len(found))


class _Job:
    """What becomes of several files.

    Args:
        arguments: As parsed.
        console: Where results and notes go.
        formats: To write, where there is a folder; the first to print, where there is none.
        folder: To write into; None prints.
        correct: Makes the corrections that were asked for.
    """

    def __init__(
        self,
        arguments: Namespace,
        console: Console,
        formats: Sequence[str],
        folder: Path | None,
        correct: Callable[[Shown], Shown],
    ) -> None:
        self.entries: list[dict[str, Any]] = []
        self.failed: list[WorkbenchError] = []
        self.cancelled = False
        self.delivered = ExitStack()
        self.kept: list[Generator[TranscribeEvent, None, None]] = []
        self._arguments, self._console = arguments, console
        self._formats, self._folder, self._correct = formats, folder, correct

    def do(self, file: str, name: str) -> None:
        """Transcribe one file and deliver its text; cancelled, what was done of it.

        Delivered while the work still stands at its last event: what is kept for a second try is deleted only after it;
        with --json when the document was printed.
        """
        chosen = passed_on(self._arguments, services.transcribe_events)
        chosen["options"] = pairs(self._arguments.options, "--option")
        chosen["speaker_names"] = pairs(self._arguments.speaker_names, "--speaker-name")
        events = services.transcribe_events(file, **chosen)
        last: ChunkDone | None = None
        with self._console.progress(Path(file).name) as advance, ExitStack() as ended:
            ended.enter_context(closing(events))
            try:
                for event in events:
                    if isinstance(event, ChunkDone):
                        last = event
                        advance(event.index + 1, event.total)
                        if event.total > 1:
                            self._console.note(_progress_line(event))
                    elif isinstance(event, Surveying):
                        self._console.note(_survey_line(event))
                    elif isinstance(event, Transcript):
                        self._deliver(event, file, name)
                        if self._console.as_json:
                            self.delivered.push(ended.pop_all())
                            self.kept.append(events)
                            break
            except KeyboardInterrupt:
                if last is None or last.so_far is None:
                    if not self.entries:
                        raise
                else:
                    self._deliver(last.so_far(), file, name)
                self._console.note(_CANCELLED_AND_KEPT if self._arguments.resume else _CANCELLED)
                self.cancelled = True

    def _deliver(self, transcript: Transcript, file: str, name: str) -> None:
        shown = self._correct(transcript)
        entry = {**summary(shown), "file": file}
        if self._folder is not None:
            stamped = self._arguments.stamps
            entry["written"] = _write(shown, self._folder, name, self._formats, self._console, stamped=stamped)
        elif not self._console.as_json:
            _print(shown, self._arguments, self._console)
        self.entries.append(entry)
        _tell(file, transcript, self._console)

    def fail(self, file: str, error: WorkbenchError) -> None:
        """A file that could not be transcribed."""
        self._console.error(error, about=file)
        self.entries.append({"file": file, **error_document(error)})
        self.failed.append(error)

    def end(self, total: int) -> int:
        """Say how many of the files were done, and return the exit code."""
        done = [entry for entry in self.entries if "error" not in entry]
        if total > 1:
            counts = {
                "done": len(done),
                "of them not complete": sum(not entry["complete"] for entry in done),
                "failed": len(self.failed),
                "not begun": total - len(self.entries),
            }
            told = ", ".join(f"{count} {what}" for what, count in counts.items() if count or what == "done")
            self._console.note(f"{total} files: {told}.")
        if self.cancelled:
            return _EXIT_CANCELLED
        if not done and all(error.exit_code == 2 for error in self.failed):
            return 2
        return 0 if len(done) == total and all(entry["complete"] for entry in done) else 1


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


def _progress_line(event: ChunkDone) -> str:
    left = ""
    if event.eta_seconds is not None and event.index + 1 < event.total:
        left = f", about {clock(event.eta_seconds)[:8]} left"
    times = f"{clock(event.start)[:8]}–{clock(event.end)[:8]}"
    return f"[{event.index + 1}/{event.total}] {times}{left}"


def _survey_line(event: Surveying) -> str:
    length = f" of {clock(event.duration_seconds)[:8]}" if event.duration_seconds else ""
    return f"Looking for speech: {clock(event.seconds)[:8]}{length}"


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


def _output_folder(arguments: Namespace, formats: Sequence[str], console: Console) -> Path | None:
    """The folder, made; formats are checked first, so that an hour of work does not end in a misspelt one."""
    for name in formats:
        if name not in FORMATS:
            raise UnknownName("format", name, FORMATS)
    if arguments.stamps and formats and "txt" not in formats:
        raise UsageError("--stamps is for txt.", hint="Leave it out: md and docx have stamps, subtitles have times.")
    output: str | None = arguments.output
    if output is None:
        if len(formats) > 1 or _BINARY & set(formats):
            raise UsageError(f"{' and '.join(formats)} cannot go to standard output.", hint="Add --output FOLDER.")
        if formats and console.as_json:
            console.note("warning: --format is not used with --json and without --output.")
        return None
    _make_folder(Path(output))
    return Path(output)


def _make_folder(folder: Path) -> None:
    with told_place(folder):
        folder.mkdir(parents=True, exist_ok=True)


def _file_names(found: Sequence[FoundRecording]) -> list[str]:
    """What the files written are called, without the format: `talk`, or `talk.wav` where there is a `talk.mp3` too.

    What was found in a folder lies in the same folders below the output.
    """
    stems = [one.name for one in found]
    names = [f"{one.name}{Path(one.file).suffix}" if stems.count(one.name) > 1 else one.name for one in found]
    return [f"{name}-{number}" if names.count(name) > 1 else name for number, name in enumerate(names, start=1)]


def _write(
    transcript: Shown, folder: Path, name: str, formats: Sequence[str], console: Console, *, stamped: bool
) -> list[str]:
    written: list[str] = []
    for format_name in formats:
        path = folder / f"{name}.{format_name}"
        _make_folder(path.parent)
        write_output(path, export(transcript, format_name, stamped=stamped))
        console.note(f"Wrote {path}.")
        written.append(str(path))
    return written


def _print(transcript: Shown, arguments: Namespace, console: Console) -> None:
    if arguments.formats or arguments.stamps:
        console.write(export(transcript, (arguments.formats or ["txt"])[0], stamped=arguments.stamps))
    else:
        console.say(transcript.view().text if isinstance(transcript, EditedTranscript) else transcript.text)
