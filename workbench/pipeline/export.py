"""A transcript as a file that other programs read."""

from __future__ import annotations

import html
import io
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import pydantic
import pysubs2

from workbench.engines.base import Segment
from workbench.errors import UnknownName
from workbench.pipeline.edited import EditedTranscript
from workbench.pipeline.hotwords import hotword_report
from workbench.pipeline.paragraphs import Paragraph, paragraphs
from workbench.pipeline.subtitles import Cue, make_cues
from workbench.pipeline.transcript import Transcript, clock
from workbench.pipeline.transcript_file import document_of

_JSON = pydantic.TypeAdapter(Transcript)
_NOT_SHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""Controls that a terminal would obey when a file is shown on it, and halves of characters, which no file can hold."""

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_txt(transcript: Transcript, *, stamped: bool = False) -> str:
    """The text alone, with who said it where that is known.

    Args:
        transcript: Any.
        stamped: In paragraphs, each with the time it begins at, `[00:12:34]`; else a line a segment.
    """
    if stamped:
        lines = [f"{_stamp(one)} {_named(_one_line(one.speaker), one.text)}\n" for one in paragraphs(transcript)]
        return "\n".join(lines) or "\n"
    lines = [_said(transcript, segment, segment.text.strip()) for segment in transcript.segments] or [transcript.text]
    return "\n".join(lines) + "\n"


def as_markdown(transcript: Transcript) -> str:
    """A heading, then paragraphs with the time they begin at. Markdown in the text is shown, not obeyed."""
    head = f"# {_plain_markdown(transcript.source or 'Transcript')}\n"
    notes = "".join(f"> {_plain_markdown(warning)}\n" for warning in transcript.warnings)
    lines = [
        f"`{_stamp(one)}` {f'**{_plain_markdown(one.speaker)}:** ' if one.speaker else ''}{_plain_markdown(one.text)}\n"
        for one in paragraphs(transcript)
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
        name, *lines = (html.escape(one, quote=False) for one in (_name(transcript, cue.segment), *cue.lines))
        # A name that ends in "--" would make an arrow of the tag's end, and what follows a cue of its own.
        end = " >" if name.endswith("-") else ">"
        return [f"<v {name}{end}{lines[0]}", *lines[1:]] if name else lines

    return _subtitles(make_cues(transcript.segments), "vtt", shown)


def as_json(transcript: Transcript | EditedTranscript) -> str:
    """Everything that is known of it; of an edited one also, under `edited`, what the engine wrote and each edit."""
    if not isinstance(transcript, EditedTranscript):
        return _JSON.dump_json(transcript, indent=2).decode() + "\n"
    shown = _JSON.dump_python(transcript.view(), mode="json")
    return json.dumps(shown | {"edited": document_of(transcript)}, ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def as_docx(transcript: Transcript) -> bytes:
    """A Word document: a heading, then paragraphs with the time they begin at."""
    import docx

    document = docx.Document()
    document.add_heading(_xml(_one_line(transcript.source or "Transcript")), level=1)
    for warning in transcript.warnings:
        document.add_paragraph(_xml(_one_line(warning)), style="Intense Quote")
    for one in paragraphs(transcript):
        written = document.add_paragraph()
        written.add_run(_xml(f"{_stamp(one)} {_named(_one_line(one.speaker))}")).bold = True
        written.add_run(_xml(one.text))
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


def export(transcript: Transcript | EditedTranscript, format_name: str, *, stamped: bool = False) -> bytes:
    """The transcript in one of `FORMATS`, as the bytes of a file; of an edited one, as readers get it.

    Args:
        transcript: What to write.
        format_name: One of `FORMATS`.
        stamped: Whether txt has paragraphs with times, as Markdown and docx always do.

    Raises:
        UnknownName: No such format.
    """
    if format_name not in FORMATS:
        raise UnknownName("format", format_name, FORMATS)
    if format_name == "json":
        return as_json(transcript).encode()
    shown = transcript.view() if isinstance(transcript, EditedTranscript) else transcript
    written = as_txt(shown, stamped=stamped) if format_name == "txt" else FORMATS[format_name](shown)
    return written if isinstance(written, bytes) else _NOT_SHOWN.sub("\N{REPLACEMENT CHARACTER}", written).encode()


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
    return _named(_name(transcript, segment), text)


def _named(name: str, text: str = "") -> str:
    return f"{name}: {text}" if name else text


def _name(transcript: Transcript, segment: Segment) -> str:
    return _one_line(transcript.speaker_of(segment))


def _stamp(paragraph: Paragraph) -> str:
    return f"[{clock(paragraph.start)[:8]}]"


def _one_line(text: str) -> str:
    """A line break in a name would end a cue, a paragraph or a heading."""
    return " ".join(text.split())


def _plain_markdown(text: str) -> str:
    text = _one_line(text)
    escaped = "".join(f"\\{character}" if character in r"\`*_[]#|~!" else character for character in text)
    return html.escape(escaped, quote=False)


def _xml(text: str) -> str:
    """Without the characters that XML 1.0 ("Char") has no place for: they are written as U+FFFD."""
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", text)
