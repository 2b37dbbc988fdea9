"""Choosing a system on recordings without labels, over HTTP, under `/v1/workbench/trials`."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any

import pydantic
from fastapi import APIRouter, Request

from workbench import services
from workbench.engines.pool import EnginePool
from workbench.errors import UsageError
from workbench.http.answers import describe, jsonable
from workbench.http.sweeps import named_events, named_ruler
from workbench.http.transcriptions import Pool
from workbench.http.uploads import Form, received_form
from workbench.http.work import EventStream, Named
from workbench.runs.trial_report import trial_json

router = APIRouter(prefix="/v1/workbench/trials")

_SEVERAL = {"type": "array", "items": {"type": "string"}}
_FORM = {
    "type": "object",
    "required": ["file", "name"],
    "properties": {
        "file": {
            "type": "array",
            "items": {"type": "string", "format": "binary"},
            "description": "A recording, or a video with sound; the field may come several times.",
        },
        "name": {"type": "string", "description": "What the trial is called; there is none of that name yet."},
        "engine": {**_SEVERAL, "description": "The first with the first chain is the baseline."},
        "chain": {**_SEVERAL, "description": "Ways of preprocessing; empty is none."},
        "language": {"type": "string", "description": "What is spoken; left out, the engines decide."},
        "clip_seconds": {"type": "number", "description": "The longest clip."},
        "context": {"type": "string", "description": "Names and terms to expect."},
    },
}


class LabelRequest(pydantic.BaseModel):
    """Arguments of `services.label_clip`; with neither, the label is forgotten."""

    model_config = pydantic.ConfigDict(extra="forbid")

    text: str | None = None
    unusable: bool = False


class KeepRequest(pydantic.BaseModel):
    """Arguments of `services.keep_labels`."""

    model_config = pydantic.ConfigDict(extra="forbid")

    set_name: str


@router.get("")
def trials(pool: Pool) -> Any:
    """Every trial, the newest first."""
    return jsonable(services.list_trials(pool=pool))


@router.post(
    "", openapi_extra={"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}}
)
async def start(request: Request, pool: Pool) -> EventStream:
    """Cut recordings into clips and transcribe them with every system: events as of a sweep, and last the `trial`."""
    async with AsyncExitStack() as upload:
        form = await upload.enter_async_context(received_form(request, pool.settings, several=True))
        if not form.files:
            raise UsageError("There is no recording in the form.", hint="Send it in the field 'file'.")
        events = _trial_events(form.get("name"), form.files, _asked(form), pool)
        return EventStream(events, describe, keeps=upload.pop_all())


@router.post("/{name}")
def go_on(name: str, pool: Pool) -> EventStream:
    """Go on with a trial that was stopped: events as of a sweep, and last the `trial`."""
    return EventStream(_trial_events(name, (), {}, pool), describe)


@router.get("/{name}")
def show(name: str, pool: Pool, wanted: int | None = None, ruler: str | None = None) -> Any:
    """Where a trial stands: which clips to label next, and what the labels say of each system."""
    chosen: Any = {} if wanted is None else {"wanted": wanted}
    return jsonable(trial_json(services.trial(name, ruler=named_ruler(ruler), pool=pool, **chosen)))


@router.put("/{name}/labels/{clip}", status_code=204)
def label(name: str, clip: str, body: LabelRequest, pool: Pool) -> None:
    """Keep what was said in a clip, or forget it."""
    services.label_clip(name, clip, **body.model_dump(), pool=pool)


@router.post("/{name}/keep")
def keep(name: str, body: KeepRequest, pool: Pool) -> Any:
    """Make a private eval set of the labelled clips."""
    folder = services.keep_labels(name, body.set_name, pool=pool)
    return {"set": body.set_name, "folder": str(folder)}


@router.delete("/{name}", status_code=204)
def delete(name: str, pool: Pool) -> None:
    """Remove a trial with its clips and labels; its runs stay."""
    services.delete_trial(name, pool=pool)


def _asked(form: Form) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "engines": form.getlist("engine") or [services.DEFAULT_ENGINE],
        "chains": form.getlist("chain") or [""],
        "language": form.get("language"),
    }
    if seconds := form.get("clip_seconds"):
        asked["clip_seconds"] = _seconds(seconds)
    if words := form.get("context"):
        asked["context"] = words
    return asked


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise UsageError(f"clip_seconds is {text!r}.", hint="Send a number of seconds.") from error


def _trial_events(
    name: str, files: Sequence[Path], asked: dict[str, Any], pool: EnginePool
) -> Generator[Named, None, None]:
    with closing(services.try_out_events(name, files, **asked, pool=pool)) as events:
        yield from named_events(events)
    yield "trial", jsonable(trial_json(services.trial(name, pool=pool)))
