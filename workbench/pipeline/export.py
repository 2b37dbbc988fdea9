"""A transcript as a file that other programs read."""

from __future__ import annotations

import html
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import pydantic
import pysubs2

from workbench.engines.base import Segment
from workbench.errors import UnknownName
from workbench.pipeline.edited import EditedTranscript
from workbench.pipeline.hotwords import hotword_report
from workbench.pipeline.subtitles import Cue, make_cues
from workbench.pipeline.transcript import Transcript, clock
from workbench.pipeline.transcript_file import document_of

_JSON = pydantic.TypeAdapter(Transcript)


def as_txt(transcript: Transcript) -> str:
    """The text alone, a line a segment, with who said it where that is known."""
    lines = [_said(transcript, segment, segment.text.strip()) for segment in transcript.segments] or [transcript.text]
    return "\n".join(lines) + "\n"


def as_markdown(transcript: Transcript) -> str:
    """A heading, then every segment with the time it starts at. Markdown in the text is shown, not obeyed."""
    head = f"# {_plain_markdown(transcript.source or 'Transcript')}\n"
    notes = "".join(f"> {_plain_markdown(warning)}\n" for warning in transcript.warnings)
    lines = [
        f"`[{clock(segment.start)[:8]}]` {_bold_name(transcript, segment)}{_plain_markdown(segment.text.strip())}\n"
        for segment in transcript.segments
    ]
    return "\n".join(filter(None, [head, notes, *lines]))


def as_srt(transcript: Transcript) -> str:
    """SubRip. Its players obey tags, so `<` and `>` are written as the look-alikes ‹ and ›."""

    def shown(cue: Cue) -> list[str]:
        return [line.replace("<", "‹").replace(">", "›") for line in cue.lines]

    names = [_said(transcript, segment) for segment in transcript.segments]
    return _subtitles(make_cues(transcript.segments, names), "srt", shown)


def as_vtt(transcript: Transcript) -> str:
    """WebVTT, with the characters escaped that its specification names, and voice tags where speakers are known."""

    def shown(cue: Cue) -> list[str]:
        name, *lines = (html.escape(one, quote=False) for one in (transcript.speaker_of(cue.segment), *cue.lines))
        return [f"<v {name}>{lines[0]}", *lines[1:]] if name else lines

    return _subtitles(make_cues(transcript.segments), "vtt", shown)


def as_json(transcript: Transcript | EditedTranscript) -> str:
    """Everything that is known of it; of an edited one also, under `edited`, what the engine wrote and each edit."""
    if not isinstance(transcript, EditedTranscript):
        return _JSON.dump_json(transcript, indent=2).decode() + "\n"
    shown = _JSON.dump_python(transcript.view(), mode="json")
    return json.dumps(shown | {"edited": document_of(transcript)}, ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def as_docx(transcript: Transcript) -> bytes:
    """A Word document: a heading, then a paragraph a segment with the time it starts at."""
    import docx

    document = docx.Document()
    document.add_heading(transcript.source or "Transcript", level=1)
    for warning in transcript.warnings:
        document.add_paragraph(warning, style="Intense Quote")
    for segment in transcript.segments:
        paragraph = document.add_paragraph()
        paragraph.add_run(f"[{clock(segment.start)[:8]}] {_said(transcript, segment)}").bold = True
        paragraph.add_run(segment.text.strip())
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


FORMATS: dict[str, Callable[[Transcript], str | bytes]] = {
    "txt": as_txt,
    "md": as_markdown,
    "srt": as_srt,
    "vtt": as_vtt,
    "json": as_json,
    "docx": as_docx,
}


def export(transcript: Transcript | EditedTranscript, format_name: str) -> bytes:
    """The transcript in one of `FORMATS`, as the bytes of a file; of an edited one, as readers get it.

    Raises:
        UnknownName: No such format.
    """
    if format_name not in FORMATS:
        raise UnknownName("format", format_name, FORMATS)
    if isinstance(transcript, EditedTranscript):
        written = as_json(transcript) if format_name == "json" else FORMATS[format_name](transcript.view())
    else:
        written = FORMATS[format_name](transcript)
    return written if isinstance(written, bytes) else written.encode()


def summary(transcript: Transcript | EditedTranscript) -> dict[str, Any]:
    """What `workbench transcribe --json` and the API say of one file.

    Of an edited one, `text` and `segments` are without corrections, and `corrected` has both with them.
    """
    if isinstance(transcript, EditedTranscript):
        return summary(transcript.view(corrected=False)) | {"corrected": _corrected(transcript)}
    return {
        "file": transcript.source,
        "text": transcript.text,
        "language": transcript.language,
        "duration_seconds": round(transcript.duration_seconds, 3),
        "segments": _segments(transcript),
        "speakers": [
            {"label": one.label, "name": one.name, "seconds": round(one.seconds, 3)} for one in transcript.speakers
        ],
        "complete": transcript.complete,
        "warnings": list(transcript.warnings),
        "flags": [_rounded(asdict(flag)) for flag in transcript.flags],
        "coverage": [_rounded(asdict(stretch)) for stretch in transcript.coverage],
        "engine": transcript.engine,
        "model_id": transcript.model_id,
        "chain": transcript.chain,
        "hotwords": [asdict(one) for one in hotword_report(transcript)],
        "finish": transcript.hypothesis.finish,
        "raw": transcript.hypothesis.raw,
        "measurement": measurement_summary(transcript),
    }


def _corrected(transcript: EditedTranscript) -> dict[str, Any]:
    shown = transcript.view()
    changes = [{"segment": one.segment, "refused": one.refused, **asdict(one.change)} for one in transcript.changes()]
    return {"text": shown.text, "segments": _segments(shown), "changes": changes}


def _segments(transcript: Transcript) -> list[dict[str, Any]]:
    return [
        _rounded({"start": one.start, "end": one.end, "text": one.text.strip()})
        | _words(one)
        | ({"speaker": transcript.speaker_of(one)} if one.speaker else {})
        for one in transcript.segments
    ]


def _words(segment: Segment) -> dict[str, Any]:
    """The words with their times, where they are known."""
    return {"words": [_rounded(asdict(word)) for word in segment.words]} if segment.words else {}


def _rounded(fields: dict[str, Any]) -> dict[str, Any]:
    """Times to the millisecond."""
    return fields | {name: round(fields[name], 3) for name in ("start", "end")}


def measurement_summary(transcript: Transcript) -> dict[str, Any]:
    """The figures of a measurement by name, real-time factor included."""
    fields = pydantic.TypeAdapter(type(transcript.measurement)).dump_python(transcript.measurement)
    return fields | {"rtf": transcript.measurement.rtf}


def _subtitles(cues: Sequence[Cue], format_name: str, shown: Callable[[Cue], list[str]]) -> str:
    """Cues through pysubs2. It reads `{…}` as styling and drops it, so braces go around it as full-width ones."""
    file = pysubs2.SSAFile()
    for cue in cues:
        lines = [line.replace("{", "｛").replace("}", "｝").replace("\\", "＼") for line in shown(cue)]
        start, end = pysubs2.make_time(s=cue.start), pysubs2.make_time(s=cue.end)
        file.append(pysubs2.SSAEvent(start=start, end=end, text="\\N".join(lines)))
    return file.to_string(format_name)


def _said(transcript: Transcript, segment: Segment, text: str = "") -> str:
    """`Zhang: text`, or the text alone where the speaker is not known."""
    name = transcript.speaker_of(segment)
    return f"{name}: {text}" if name else text


def _bold_name(transcript: Transcript, segment: Segment) -> str:
    name = transcript.speaker_of(segment)
    return f"**{_plain_markdown(name)}:** " if name else ""


def _plain_markdown(text: str) -> str:
    escaped = "".join(f"\\{character}" if character in r"\`*_[]#|~!" else character for character in text)
    return html.escape(escaped, quote=False)
