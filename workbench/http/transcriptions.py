"""The OpenAI-compatible part: `POST /v1/audio/transcriptions` and `GET /v1/models`.

Shapes after OpenAI's API reference, "Create transcription" and "List models"; what this server does not know
(log-probabilities of a segment) is null.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from workbench import services
from workbench.engines.pool import EnginePool
from workbench.errors import UnknownName, UsageError
from workbench.http.uploads import Form, received_form
from workbench.http.work import last_event
from workbench.pipeline.export import export, summary
from workbench.pipeline.transcript import Transcript
from workbench.text.languages import language_name

router = APIRouter(prefix="/v1")

DEFAULT_NAMES = ("", "whisper-1")
"""Model names that mean the default engine; clients that insist on a name of OpenAI's send the second."""

FORMATS = ("json", "text", "srt", "vtt", "verbose_json")


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
        "temperature": {"type": "number", "description": "Accepted for compatibility; engines decode their own way."},
        "timestamp_granularities[]": {"type": "array", "items": {"enum": ["segment"]}},
        "chain": {"type": "string", "description": "Preprocessing, as `highpass+gain:peak_db=-6`."},
    },
}


@router.post(
    "/audio/transcriptions",
    openapi_extra={"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}},
)
async def create_transcription(request: Request, pool: Pool) -> Response:
    """Transcribe a recording; it is deleted once it is text."""
    async with received_form(request, pool.settings) as form:
        response_format = _checked_format(form)
        if form.file is None:
            raise UsageError("There is no recording in the form.", hint="Send it in the field 'file'.")
        events = services.transcribe_events(
            form.file,
            engine=_engine(form.get("model")),
            language=form.get("language") or None,
            context=form.get("prompt"),
            chain=form.get("chain"),
            pool=pool,
        )
        transcript = await last_event(request, events)
    assert isinstance(transcript, Transcript)
    return render(transcript, response_format)


@router.get("/models")
def list_models(pool: Pool) -> dict[str, Any]:
    """Engines that can run here, by the name that `model` takes."""
    rows = services.list_engines(pool=pool)
    names = [row.name for row in rows if row.availability.ok]
    models = [{"id": name, "object": "model", "created": 0, "owned_by": "workbench"} for name in names]
    return {"object": "list", "data": models}


def render(transcript: Transcript, response_format: str) -> Response:
    """The transcript as the client wants it. A header says whether it is whole, in formats that have no other place."""
    headers = {"X-Workbench-Complete": "true" if transcript.complete else "false"}
    if response_format == "text":
        return PlainTextResponse(f"{transcript.text}\n", headers=headers)
    if response_format in ("srt", "vtt"):
        media_type = "text/vtt" if response_format == "vtt" else "text/plain"
        return Response(export(transcript, response_format), media_type=media_type, headers=headers)
    known = summary(transcript)
    body: dict[str, Any] = {"text": known["text"]}
    if response_format == "verbose_json":
        body = _verbose(transcript, known)
    return JSONResponse(body | {"complete": known["complete"], "warnings": known["warnings"]}, headers=headers)


def _verbose(transcript: Transcript, known: dict[str, Any]) -> dict[str, Any]:
    unknown = dict.fromkeys(("seek", "tokens", "temperature", "avg_logprob", "compression_ratio", "no_speech_prob"))
    return {
        "task": "transcribe",
        "language": language_name(transcript.language).lower() if transcript.language else None,
        "duration": known["duration_seconds"],
        "text": known["text"],
        "segments": [{"id": number, **segment, **unknown} for number, segment in enumerate(known["segments"])],
        "measurement": known["measurement"],
    }


def _checked_format(form: Form) -> str:
    if form.get("stream").lower() in ("true", "1"):
        raise UsageError("Transcriptions are not streamed.", hint="Leave out stream.")
    granularities = form.getlist("timestamp_granularities[]") + form.getlist("timestamp_granularities")
    if set(granularities) - {"segment"}:
        raise UsageError("Times of words are not available.", hint="Ask for timestamp_granularities[] segment.")
    response_format = form.get("response_format") or "json"
    if response_format not in FORMATS:
        raise UnknownName("response_format", response_format, FORMATS)
    return response_format


def _engine(model: str) -> str:
    return services.DEFAULT_ENGINE if model in DEFAULT_NAMES else model
