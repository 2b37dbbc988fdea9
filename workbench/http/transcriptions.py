"""The OpenAI-compatible part: `POST /v1/audio/transcriptions` and `GET /v1/models`."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from workbench import services
from workbench.audio.io import Channel
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef, plugin
from workbench.errors import UnknownName, UsageError
from workbench.http.answers import describe
from workbench.http.transcripts import FORMATS, JSON_FORMATS, render, stream_events
from workbench.http.uploads import Form, received_form
from workbench.http.work import EventStream, last_event
from workbench.pipeline.transcribe import TranscribeEvent
from workbench.pipeline.transcript import Transcript
from workbench.pipeline.turns import SpeakerCount

router = APIRouter(prefix="/v1")

DEFAULT_NAMES = (
    *("", "whisper-1", "gpt-transcribe", "gpt-4o-transcribe", "gpt-4o-mini-transcribe"),
    *("gpt-4o-mini-transcribe-2025-12-15", "gpt-4o-transcribe-diarize"),
)
"""Model names that mean the default engine: those of OpenAI's, which some clients insist on."""

GRANULARITIES = ("segment", "word")
CHANNELS: tuple[Channel, ...] = get_args(Channel)


def pool_of(request: Request) -> EnginePool:
    return request.app.state.pool


Pool = Annotated[EnginePool, Depends(pool_of)]

_FORM = {
    "type": "object",
    "required": ["file"],
    "properties": {
        "file": {"type": "string", "format": "binary", "description": "A recording, or a video with sound."},
        "model": {"type": "string", "description": "Engine, as `builtin` or `qwen3-asr:0.6B`."},
        "language": {"type": "string", "description": "A code or an English name; left out, the engine decides."},
        "prompt": {"type": "string", "description": "Names and terms to expect."},
        "response_format": {"type": "string", "enum": list(FORMATS), "default": "json"},
        "stream": {"type": "boolean", "description": "Send `transcript.text.delta` events while it works."},
        "temperature": {"type": "number", "description": "Accepted for compatibility; engines decode their own way."},
        "timestamp_granularities[]": {
            "type": "array",
            "items": {"enum": list(GRANULARITIES)},
            "description": "Times in verbose_json; `word` needs an engine that has them and takes longer.",
        },
        "channel": {"type": "string", "enum": list(CHANNELS), "default": "mix"},
        "chain": {"type": "string", "description": "Preprocessing, as `highpass+gain:peak_db=-6`."},
        "speakers": {
            "type": "string",
            "description": "How many people to tell apart, or `auto`; left out, none, but for diarized_json `auto`.",
        },
    },
}


@router.post(
    "/audio/transcriptions",
    openapi_extra={"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}},
)
async def create_transcription(request: Request, pool: Pool) -> Response:
    """Transcribe a recording; it is deleted once it is text. With `stream` the text comes as server-sent events."""
    async with AsyncExitStack() as upload:
        form = await upload.enter_async_context(received_form(request, pool.settings))
        wanted = _wanted(form)
        events = _events(form, wanted, pool)
        if wanted.stream:
            frames = stream_events(events, wanted.response_format, wanted.granularities)
            return EventStream(frames, describe, keeps=upload.pop_all())
        transcript = await last_event(request, events)
    assert isinstance(transcript, Transcript)
    return render(transcript, wanted.response_format, wanted.granularities)


@router.get("/models")
def list_models(pool: Pool) -> dict[str, Any]:
    """Engines that can run here, by the name that `model` takes."""
    rows = services.list_engines(pool=pool)
    names = [row.name for row in rows if row.availability.ok]
    models = [{"id": name, "object": "model", "created": 0, "owned_by": "workbench"} for name in names]
    return {"object": "list", "data": models}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """In what form the text is wanted."""

    response_format: str
    stream: bool
    granularities: tuple[str, ...]


def _events(form: Form, wanted: _Wanted, pool: EnginePool) -> Generator[TranscribeEvent, None, None]:
    if form.file is None:
        raise UsageError("There is no recording in the form.", hint="Send it in the field 'file'.")
    engine = services.DEFAULT_ENGINE if form.get("model") in DEFAULT_NAMES else form.get("model")
    if "word" in wanted.granularities:
        _check_word_times(engine, pool)
    return services.transcribe_events(
        form.file,
        engine=engine,
        language=form.get("language") or None,
        context=form.get("prompt"),
        channel=_channel(form.get("channel")),
        chain=form.get("chain"),
        word_times="word" in wanted.granularities,
        speakers=_speakers(form.get("speakers") or ("auto" if wanted.response_format == "diarized_json" else "")),
        resume=False,  # nothing of an upload stays, whatever becomes of the request
        pool=pool,
    )


def _wanted(form: Form) -> _Wanted:
    """What the form asks for.

    Raises:
        UnknownName: No such format or granularity.
        UsageError: They do not go together.
    """
    response_format = form.get("response_format") or "json"
    if response_format not in FORMATS:
        raise UnknownName("response_format", response_format, FORMATS)
    asked = form.getlist("timestamp_granularities[]") + form.getlist("timestamp_granularities")
    for name in asked:
        if name not in GRANULARITIES:
            raise UnknownName("granularity of times", name, GRANULARITIES)
    if form.getlist("known_speaker_names[]") or form.getlist("known_speaker_references[]"):
        raise UsageError(
            "Speakers are told apart here, and not held against recordings of their voices.",
            hint="Leave out known_speaker_names and known_speaker_references.",
        )
    if "word" in asked and response_format != "verbose_json":
        raise UsageError(f"{response_format} has no place for times of words.", hint="Ask for verbose_json.")
    stream = form.get("stream").lower() in ("true", "1")
    if stream and response_format not in JSON_FORMATS:
        raise UsageError(
            f"{response_format} is not streamed.", hint=f"Ask for {' or '.join(JSON_FORMATS)}, or leave out stream."
        )
    return _Wanted(response_format=response_format, stream=stream, granularities=tuple(asked))


def _check_word_times(engine: str, pool: EnginePool) -> None:
    """Elsewhere an engine without them is a warning; here they were asked for by name, and clients read no warnings.

    Raises:
        UsageError: The engine has none.
    """
    ref = EngineRef.parse(engine)
    info = plugin(ref.name).info(ref.model, pool.settings)
    if "word_timestamps" not in info.capabilities:
        raise UsageError(
            f"{info.name} has no times of words.",
            hint=info.word_times_hint or "Ask for timestamp_granularities[] segment.",
        )


def _channel(asked: str) -> Channel:
    for channel in CHANNELS:
        if asked == channel:
            return channel
    if asked:
        raise UnknownName("channel", asked, CHANNELS)
    return "mix"


def _speakers(asked: str) -> SpeakerCount | None:
    if asked and asked != "auto" and not asked.isdecimal():
        raise UsageError(f"{asked!r} is no number of speakers.", hint="Send a number, or auto.")
    return None if not asked else "auto" if asked == "auto" else int(asked)
