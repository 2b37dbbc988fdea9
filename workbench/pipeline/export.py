"""A transcript as a file that other programs read."""

from __future__ import annotations

import html
import io
from collections.abc import Callable
from typing import Any

import pydantic
import pysubs2

from workbench.engines.base import Segment
from workbench.errors import UnknownName
from workbench.pipeline.transcript import Transcript, clock, join_texts

_JSON = pydantic.TypeAdapter(Transcript)


def as_txt(transcript: Transcript) -> str:
    """The text alone, a line a segment."""
    lines = [segment.text.strip() for segment in transcript.segments] or [transcript.text]
    return "\n".join(lines) + "\n"


def as_markdown(transcript: Transcript) -> str:
    """A heading, then every segment with the time it starts at. Markdown in the text is shown, not obeyed."""
    head = f"# {_plain_markdown(transcript.source or 'Transcript')}\n"
    notes = "".join(f"> {_plain_markdown(warning)}\n" for warning in transcript.warnings)
    lines = [
        f"`[{clock(segment.start)[:8]}]` {_plain_markdown(segment.text.strip())}\n" for segment in transcript.segments
    ]
    return "\n".join(filter(None, [head, notes, *lines]))


def as_srt(transcript: Transcript) -> str:
    """SubRip. Its players obey tags, so `<` and `>` are written as the look-alikes ‹ and ›."""
    return _subtitles(transcript, "srt", lambda text: text.replace("<", "‹").replace(">", "›"))


def as_vtt(transcript: Transcript) -> str:
    """WebVTT, with the characters escaped that its specification names."""
    return _subtitles(transcript, "vtt", lambda text: html.escape(text, quote=False))


def as_json(transcript: Transcript) -> str:
    """Everything that is known of it."""
    return _JSON.dump_json(transcript, indent=2).decode() + "\n"


def as_docx(transcript: Transcript) -> bytes:
    """A Word document: a heading, then a paragraph a segment with the time it starts at."""
    import docx

    document = docx.Document()
    document.add_heading(transcript.source or "Transcript", level=1)
    for warning in transcript.warnings:
        document.add_paragraph(warning, style="Intense Quote")
    for segment in transcript.segments:
        paragraph = document.add_paragraph()
        paragraph.add_run(f"[{clock(segment.start)[:8]}] ").bold = True
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


def export(transcript: Transcript, format_name: str) -> bytes:
    """The transcript in one of `FORMATS`, as the bytes of a file.

    Raises:
        UnknownName: No such format.
    """
    if format_name not in FORMATS:
        raise UnknownName("format", format_name, FORMATS)
    written = FORMATS[format_name](transcript)
    return written if isinstance(written, bytes) else written.encode()


def summary(transcript: Transcript) -> dict[str, Any]:
    """What `workbench transcribe --json` and the API say of one file."""
    return {
        "file": transcript.source,
        "text": transcript.text,
        "language": transcript.language,
        "duration_seconds": round(transcript.duration_seconds, 3),
        "segments": [
            {"start": round(one.start, 3), "end": round(one.end, 3), "text": one.text.strip()}
            for one in transcript.segments
        ],
        "complete": transcript.complete,
        "warnings": list(transcript.warnings),
        "engine": transcript.engine,
        "model_id": transcript.model_id,
        "chain": transcript.chain,
        "finish": transcript.hypothesis.finish,
        "raw": transcript.hypothesis.raw,
        "measurement": measurement_summary(transcript),
    }


def measurement_summary(transcript: Transcript) -> dict[str, Any]:
    """The figures of a measurement by name, real-time factor included."""
    fields = pydantic.TypeAdapter(type(transcript.measurement)).dump_python(transcript.measurement)
    return fields | {"rtf": transcript.measurement.rtf}


def _subtitles(transcript: Transcript, format_name: str, escape: Callable[[str], str]) -> str:
    """Cues through pysubs2. It reads `{…}` as styling and drops it, so braces go around it as full-width ones."""
    file = pysubs2.SSAFile()
    for segment in transcript.segments:
        text = escape(_one_line(segment)).replace("{", "｛").replace("}", "｝").replace("\\", "＼")
        start, end = pysubs2.make_time(s=segment.start), pysubs2.make_time(s=max(segment.end, segment.start + 0.001))
        file.append(pysubs2.SSAEvent(start=start, end=end, text=text))
    return file.to_string(format_name)


def _one_line(segment: Segment) -> str:
    """A blank line would end a cue."""
    return join_texts(segment.text.splitlines())


def _plain_markdown(text: str) -> str:
    escaped = "".join(f"\\{character}" if character in r"\`*_[]#|~!" else character for character in text)
    return html.escape(escaped, quote=False)
