"""Sweeps over HTTP, under `/v1/workbench`."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import closing
from typing import Any
from urllib.parse import quote

import pydantic
from fastapi import APIRouter, Request
from starlette.responses import Response

from workbench import services
from workbench.engines.pool import EnginePool
from workbench.errors import UsageError
from workbench.http.answers import describe, jsonable
from workbench.http.reporting import MEDIA_TYPES
from workbench.http.run_request import RunRequest
from workbench.http.transcriptions import Pool
from workbench.http.uploads import Form, received_form
from workbench.http.work import EventStream, Named, finished
from workbench.runs.recommendation import Recommendation
from workbench.runs.recommendation_report import recommendation_json
from workbench.runs.report import sweep_json
from workbench.runs.sweep import CellDone, CellFailed, CellStarted, SweepEvent, SweepStarted
from workbench.text.rulers import find_ruler

router = APIRouter(prefix="/v1/workbench")

_RECOMMEND_FORM = {
    "type": "object",
    "required": ["file"],
    "properties": {
        "file": {"type": "string", "format": "binary", "description": "A recording, or a video with sound."},
        "sweep_id": {"type": "string", "description": "Which sweep to go by; left out, the newest."},
        "nearest": {"type": "integer", "description": "How many clips to compare on."},
        "ruler": {"type": "string", "description": "How texts are compared; left out, what suits the sets."},
    },
}


class SweepRequest(RunRequest):
    """Arguments of `services.sweep`."""

    engines: list[str] = pydantic.Field([services.DEFAULT_ENGINE])
    chains: list[str] = pydantic.Field([""])


@router.post("/sweep")
def sweep(body: SweepRequest, pool: Pool) -> EventStream:
    """Run a sweep: server-sent events (`sweep_started`, each cell and its run), and last the `table`."""
    return EventStream(_sweep_events(body, pool), describe)


@router.get("/sweeps")
def sweeps(pool: Pool) -> Any:
    """Every sweep, the newest first."""
    return jsonable(services.list_sweeps(pool=pool))


@router.get("/sweeps/{sweep_id}")
def show_sweep(sweep_id: str, pool: Pool, ruler: str | None = None) -> Any:
    """What a sweep says: the settings in order."""
    return jsonable(sweep_json(services.sweep_table(sweep_id, ruler=named_ruler(ruler), pool=pool)))


@router.get("/sweeps/{sweep_id}/report")
def report(sweep_id: str, pool: Pool, format: str = "html", ruler: str | None = None) -> Response:
    """A report of a sweep: html, md or csv."""
    text = services.sweep_report(sweep_id, format=format, ruler=named_ruler(ruler), pool=pool)
    # An attachment is saved and not shown, so nothing in it is ever a page of this server.
    name = quote(f"sweep-{sweep_id}.{format}", safe="")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return Response(text.encode(), media_type=MEDIA_TYPES[format], headers=headers)


@router.delete("/sweeps/{sweep_id}", status_code=204)
def delete_sweep(sweep_id: str, pool: Pool) -> None:
    """Forget a sweep; its runs stay."""
    services.delete_sweep(sweep_id, pool=pool)


@router.post(
    "/recommend",
    openapi_extra={"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _RECOMMEND_FORM}}}},
)
async def recommend(request: Request, pool: Pool) -> Any:
    """Which setting of a sweep to take for a recording; the recording is deleted once it was listened to."""
    async with received_form(request, pool.settings) as form:
        found = await finished(request, lambda: _recommended(form, pool))
    return jsonable(recommendation_json(found))


def named_events(events: Iterable[SweepEvent]) -> Generator[Named, None, str]:
    """Each event under its name; a run's own under their kind.

    Returns:
        The id of the sweep.
    """
    sweep_id = ""
    for event in events:
        sweep_id = event.sweep_id if isinstance(event, SweepStarted) else sweep_id
        yield _name_of(event), jsonable(event)
    return sweep_id


def _name_of(event: SweepEvent) -> str:
    match event:
        case SweepStarted():
            return "sweep_started"
        case CellStarted():
            return "cell_started"
        case CellDone():
            return "cell_done"
        case CellFailed():
            return "cell_failed"
        case _:
            return event.kind


def named_ruler(ruler: str | None) -> str | None:
    """A ruler's name, once it is known to be one: over HTTP it is never the path of a file to open.

    Raises:
        UnknownName: No such ruler.
    """
    return find_ruler(ruler, files=False).name if ruler else None


def _sweep_events(body: SweepRequest, pool: EnginePool) -> Generator[Named, None, None]:
    arguments = body.model_dump()
    ruler = named_ruler(arguments.pop("ruler"))  # a misspelt ruler is said before the work, not after it
    with closing(services.sweep_events(**arguments, pool=pool)) as events:
        sweep_id = yield from named_events(events)
    yield "table", jsonable(sweep_json(services.sweep_table(sweep_id, ruler=ruler, pool=pool)))


def _recommended(form: Form, pool: EnginePool) -> Recommendation:
    if form.file is None:
        raise UsageError("There is no recording in the form.", hint="Send it in the field 'file'.")
    nearest = form.get("nearest")
    if nearest and not (nearest.isascii() and nearest.isdigit()):
        raise UsageError(f"nearest is {nearest!r}.", hint="Send a whole number of clips.")
    return services.recommend(
        form.file,
        sweep_id=form.get("sweep_id") or None,
        ruler=named_ruler(form.get("ruler")),
        pool=pool,
        **({"nearest": int(nearest)} if nearest else {}),
    )
