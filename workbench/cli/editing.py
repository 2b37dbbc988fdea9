"""`workbench transcript`: a transcript looked at, written otherwise, transcribed again in part, made into a set."""

from __future__ import annotations

from argparse import Namespace
from contextlib import closing
from pathlib import Path

from workbench import services
from workbench.cli.arguments import pairs, passed_on
from workbench.cli.console import Console
from workbench.cli.syntax import Maker, Verb
from workbench.cli.transcription import corrector
from workbench.errors import UsageError
from workbench.pipeline.edited import EditedTranscript
from workbench.pipeline.edits import ReplaceSegments
from workbench.pipeline.export import export, summary
from workbench.pipeline.rerun import Rerun
from workbench.pipeline.transcript import clock
from workbench.pipeline.transcript_file import SUFFIX
from workbench.storage import write_output
from workbench.text.corrections import RULES


def add_corrections(verb: Verb) -> None:
    """The arguments that choose corrections."""
    known = f"Correct for reading, in the files written and in nothing else: {', '.join(RULES)}."
    verb.add("--correct", "corrections", action="append", metavar="NAME", default=None, help=known)
    pairs_help = "Words to write otherwise, a line each: `gee pee tee => GPT`."
    verb.add("--replace", "replacements_file", metavar="FILE", default=None, help=pairs_help)


def add_actions(action: Maker) -> None:
    """The actions of `workbench transcript`."""
    file_help = "A *.transcript.json, or what `workbench transcribe --format json` wrote."
    shown = action("show", show, "Segments with their numbers, what to check, what would be corrected.")
    shown.add("file", "file", metavar="FILE", help=file_help)
    add_corrections(shown)
    out = action("export", export_transcript, "A corrected transcript in another format.")
    out.add("file", "file", metavar="FILE", help=file_help)
    out.add("--format", "format", metavar="FORMAT", default="txt", help="txt, md, srt, vtt, json or docx.")
    out.add("--stamps", "stamps", action="store_true", help="txt in paragraphs, each with the time it begins at.")
    out.add("--output", "output", metavar="FILE", default=None, help="Write it there instead of to standard output.")
    add_corrections(out)
    again = action("rerun", rerun, "Transcribe a part again, in its place.", services.transcribe_range_events)
    again.add("file", "file", metavar="FILE", help=file_help)
    again.add("path", "path", metavar="AUDIO")
    again.add("--from", "start", type=float, metavar="SECONDS", required=True)
    again.add("--to", "end", type=float, metavar="SECONDS", required=True)
    for flag, name, shape in (("--engine", "engine", "ENGINE"), ("--language", "language", "LANGUAGE")):
        again.add(flag, name, metavar=shape)
    again.add("--channel", "channel", choices=("mix", "left", "right"))
    again.add("--chain", "chain", metavar="CHAIN")
    again.add("--context", "context", metavar="TEXT")
    again.add("--option", "options", action="append", metavar="KEY=VALUE")
    again.add("--chunk-seconds", "chunk_seconds", type=float, metavar="SECONDS")
    again.add("--overlap-seconds", "overlap_seconds", type=float, metavar="SECONDS")
    made = action("set", make_set, "An eval set of a corrected transcript.", services.make_set)
    made.add("name", "name", metavar="NAME")
    made.add("transcript", "transcript", metavar="FILE")
    made.add("audio", "audio", metavar="AUDIO")
    made.add("--channel", "channel", choices=("mix", "left", "right"))
    made.add("--title", "title", metavar="TITLE")
    made.add("--include-flagged", "include_flagged", action="store_true")


def show(arguments: Namespace, console: Console) -> int:
    """Show a transcript's segments with their numbers, and what there is to do.

    Raises:
        UsageError: The file or a correction cannot be used.
    """
    edited = _corrected(arguments)
    console.document(summary(edited))
    shown = edited.view(corrected=False)
    console.table(
        ("segment", "from", "to", "speaker", "text"),
        [
            (str(one.id), clock(one.start)[:-4], clock(one.end)[:-4], one.speaker or "–", one.text)
            for one in edited.passages
        ],
    )
    for flag in shown.flags:
        console.say(f"To check: {clock(flag.start)[:8]} to {clock(flag.end)[:8]}: {flag.sentence}")
    for one in edited.changes():
        state = " (refused)" if one.refused else ""
        change = one.change
        console.say(f"Segment {one.segment}: “{change.before}” → “{change.after}”, {change.reason}{state}")
    return 0 if shown.complete else 1


def export_transcript(arguments: Namespace, console: Console) -> int:
    """Write a transcript in another format.

    Raises:
        UsageError: The file, a correction or the place to write to cannot be used.
    """
    if arguments.output is None and arguments.format == "docx":
        raise UsageError("docx cannot go to standard output.", hint="Add --output FILE.")
    content = export(_corrected(arguments), arguments.format, stamped=arguments.stamps)
    if arguments.output is not None:
        write_output(Path(arguments.output), content)
        console.note(f"Wrote {arguments.output}.")
    elif not console.as_json:
        console.write(content)
    console.document({"format": arguments.format, "written": arguments.output, "bytes": len(content)})
    return 0


def rerun(arguments: Namespace, console: Console) -> int:
    """Transcribe a part of a recording again, and write the transcript with it: in place where that is its own file.

    Raises:
        WorkbenchError: A file or an argument cannot be used, or the engine failed.
    """
    edited = services.load_transcript(arguments.file)
    numbers, span = edited.whole_segments(arguments.start, arguments.end)
    chosen = passed_on(arguments, services.transcribe_range_events)
    chosen["options"] = pairs(arguments.options, "--option")
    with (
        console.progress(Path(arguments.path).name) as advance,
        closing(services.transcribe_range_events(arguments.path, span.start, span.end, **chosen)) as events,
    ):
        for event in events:
            if isinstance(event, Rerun):
                edited = edited.edit(ReplaceSegments(segments=numbers, rerun=event))
                console.say(event.text)
            else:
                advance(event.index + 1, event.total)
    target = _own_file(Path(arguments.file))
    services.save_transcript(edited, target)
    console.note(f"Wrote {target}.")
    console.document(summary(edited) | {"written": str(target)})
    return 0 if edited.view().complete else 1


def make_set(arguments: Namespace, console: Console) -> int:
    """Make a private eval set of a corrected transcript.

    Raises:
        WorkbenchError: A file cannot be used, or the name is taken.
    """
    chosen = passed_on(arguments, services.make_set)
    made = services.make_set(arguments.name, arguments.transcript, arguments.audio, **chosen)
    console.document(
        {
            "name": arguments.name,
            "folder": str(made.folder),
            "clips": made.clips,
            "seconds": round(made.seconds, 3),
            "left_out": {"flagged": made.flagged, "too_short": made.too_short},
        }
    )
    console.say(f"{arguments.name}: {made.clips} clips, {made.seconds / 60:.1f} minutes.")
    if made.flagged:
        console.say(f"Left out: {made.flagged} with a place that is still to be checked.")
    if made.too_short:
        console.say(f"Left out: {made.too_short} that are too short.")
    return 0


def _corrected(arguments: Namespace) -> EditedTranscript:
    found = corrector(arguments)(services.load_transcript(arguments.file))
    assert isinstance(found, EditedTranscript), "it was one before"
    return found


def _own_file(path: Path) -> Path:
    """The transcript file beside an export; a transcript file is its own."""
    return path if path.name.endswith(SUFFIX) else path.with_name(path.stem + SUFFIX)
