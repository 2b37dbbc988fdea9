"""A transcript in the shapes of OpenAI's API: one answer, or server-sent events while it grows.

Shapes after OpenAI's API reference, "Create transcription", as its Python client types them; what this server does not
know (log-probabilities of a segment) is null, and what that API has no field for is an extra one.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from typing import Any

from starlette.responses import JSONResponse, PlainTextResponse, Response

from workbench.http.work import Named
from workbench.pipeline.export import export, summary
from workbench.pipeline.transcribe import ChunkDone, Opening, TranscribeEvent
from workbench.pipeline.transcript import Transcript
from workbench.pipeline.turns import TOGETHER
from workbench.text.languages import language_name

JSON_FORMATS = ("json", "verbose_json", "diarized_json")
FORMATS = ("json", "text", "srt", "vtt", "verbose_json", "diarized_json")

_UNKNOWN = dict.fromkeys(("seek", "tokens", "temperature", "avg_logprob", "compression_ratio", "no_speech_prob"))
_UNNAMED = ""
"""OpenAI's events carry their type in the data and have no name."""


def render(transcript: Transcript, response_format: str, granularities: Sequence[str]) -> Response:
    """The transcript as the client wants it. A header says whether it is whole, in formats that have no other place.

    Args:
        transcript: The whole of it.
        response_format: One of `FORMATS`.
        granularities: "word", "segment": what verbose_json holds.
    """
    headers = {"X-Workbench-Complete": "true" if transcript.complete else "false"}
    if response_format == "text":
        return PlainTextResponse(f"{transcript.text}\n", headers=headers)
    if response_format in ("srt", "vtt"):
        media_type = "text/vtt" if response_format == "vtt" else "text/plain"
        return Response(export(transcript, response_format), media_type=media_type, headers=headers)
    return JSONResponse(_body(transcript, response_format, granularities), headers=headers)


def stream_events(
    events: Generator[TranscribeEvent, None, None], response_format: str, granularities: Sequence[str]
) -> Generator[Named | None, None, None]:
    """`transcript.text.delta` for every stretch of text, then `transcript.text.done` with all of it.

    The deltas together are the text. With diarized_json there is a `transcript.text.segment` for every segment before
    the last event: who speaks is known only when all was heard. Closing this closes `events`.

    Args:
        events: Of one transcription; where stretches overlap, a delta may hold words that the next one shares.
        response_format: One of `JSON_FORMATS`; with verbose_json the last event has segments and words.
        granularities: As for `render`.
    """
    sent = ""
    with closing(events):
        for event in events:
            delta = _new(_known(event), sent)
            if delta:
                sent += delta
                yield _UNNAMED, {"type": "transcript.text.delta", "delta": delta}
            elif not isinstance(event, Transcript):
                yield None  # whoever has gone is noticed
            if isinstance(event, Transcript):
                if response_format == "diarized_json":
                    yield from ((_UNNAMED, segment) for segment in _diarized(event)["segments"])
                yield _UNNAMED, _done(event, response_format, granularities)


def _known(event: TranscribeEvent) -> str:
    """The text up to here; empty where the event has none."""
    if isinstance(event, ChunkDone):
        return event.so_far().text if event.so_far is not None else ""
    return event.text if isinstance(event, Transcript | Opening) else ""


def _done(transcript: Transcript, response_format: str, granularities: Sequence[str]) -> dict[str, Any]:
    languages = [{"code": transcript.language}] if transcript.language else []
    body = _body(transcript, response_format, granularities)
    return {"type": "transcript.text.done", **body, "text": transcript.text.strip(), "languages": languages}


def _new(text: str, sent: str) -> str:
    """What was not sent yet; nothing where what was sent has changed: the last event has the text as it is."""
    text = text.strip()
    return text[len(sent) :] if text.startswith(sent) else ""


def _body(transcript: Transcript, response_format: str, granularities: Sequence[str]) -> dict[str, Any]:
    known = summary(transcript)
    body: dict[str, Any] = {"text": known["text"]}
    if response_format == "diarized_json":
        body |= _diarized(transcript)
    if response_format == "verbose_json":
        body |= _verbose(transcript, known, granularities)
    if known["speakers"]:
        body["speakers"] = known["speakers"]
    return body | {"complete": known["complete"], "warnings": known["warnings"]}


def _verbose(transcript: Transcript, known: dict[str, Any], granularities: Sequence[str]) -> dict[str, Any]:
    body: dict[str, Any] = {
        "task": "transcribe",
        "language": language_name(transcript.language).lower() if transcript.language else None,
        "duration": known["duration_seconds"],
        "measurement": known["measurement"],
        "usage": {"type": "duration", "seconds": known["duration_seconds"]},
    }
    segments: list[dict[str, Any]] = known["segments"]
    if "word" in granularities:
        body["words"] = [_word(word, segment) for segment in segments for word in segment.get("words", ())]
    if "segment" in granularities or not granularities:
        body["segments"] = [_segment(number, segment) for number, segment in enumerate(segments)]
    return body


def _diarized(transcript: Transcript) -> dict[str, Any]:
    """Segments with speakers named A, B, …, as that API names those whose voices it was not given."""
    return {
        "task": "transcribe",
        "duration": round(transcript.duration_seconds, 3),
        "segments": [
            {
                "id": f"seg_{number}",
                "type": "transcript.text.segment",
                "speaker": _letters(segment.speaker),
                "start": round(segment.start, 3),
                "end": round(segment.end, 3),
                "text": segment.text.strip(),
            }
            for number, segment in enumerate(transcript.segments)
        ],
        "usage": {"type": "duration", "seconds": round(transcript.duration_seconds, 3)},
    }


def _letters(label: str) -> str:
    """`1` as A, `27` as AA, `1+2` as A+B; empty where the speaker is not known."""
    return TOGETHER.join(_letter(int(one)) if one.isdecimal() else one for one in label.split(TOGETHER))


def _letter(number: int) -> str:
    before, place = divmod(number - 1, 26)
    return (_letter(before) if before else "") + chr(ord("A") + place)


def _segment(number: int, segment: dict[str, Any]) -> dict[str, Any]:
    return {"id": number, **{name: value for name, value in segment.items() if name != "words"}, **_UNKNOWN}


def _word(word: dict[str, Any], segment: dict[str, Any]) -> dict[str, Any]:
    speaker = {"speaker": segment["speaker"]} if "speaker" in segment else {}
    return {"word": word["text"], **{name: word[name] for name in ("start", "end", "confidence")}, **speaker}
