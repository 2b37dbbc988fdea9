"""What stored runs say of themselves, over HTTP: differences, reproductions, sealed bundles."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, Response

from workbench import services
from workbench.audio.held import hold, renamed
from workbench.engines.pool import EnginePool
from workbench.errors import UsageError
from workbench.http.answers import describe, jsonable
from workbench.http.transcriptions import Pool
from workbench.http.uploads import Form, process_folder, received_form
from workbench.http.work import EventStream, Named, on_thread
from workbench.runs.imported import imported_json
from workbench.runs.report import run_json
from workbench.runs.reproduction import Reproduction, ReproductionPlan, plan_json, reproduction_json
from workbench.runs.run_diff import diff_json
from workbench.runs.verification import verification_json
from workbench.storage import told
from workbench.text.rulers import find_ruler

router = APIRouter(prefix="/v1/workbench")

_FORM = {
    "type": "object",
    "required": ["file"],
    "properties": {
        "file": {"type": "string", "format": "binary", "description": "A bundle, as `runs export --bundle` writes it."},
        "seal": {"type": "string", "description": "Of verify: what its seal should be, or 8 characters of it."},
        "on_existing": {"type": "string", "enum": ["reuse", "again"], "default": "reuse", "description": "Of import."},
    },
}
_UPLOAD = {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}}


@router.get("/diff")
def diff(a: str, b: str, pool: Pool, ruler: str | None = None) -> Any:
    """What differs between two runs: how they were made, and what they heard."""
    return jsonable(diff_json(services.diff_records(a, b, ruler=_named(ruler), pool=pool)))


@router.post("/runs/{run_id}/reproduce")
def reproduce(run_id: str, pool: Pool, ruler: str | None = None) -> EventStream:
    """Make a run again: server-sent events, first the `plan`, each `RunEvent` under its kind, last the `verdict`."""
    return EventStream(_reproduce_events(run_id, _named(ruler), pool), describe)


@router.get("/runs/{run_id}/bundle")
def export_bundle(
    run_id: str,
    pool: Pool,
    audio: bool = False,
    licence: str | None = None,
    note: str = "",
    ruler: str | None = None,
) -> Response:
    """A run sealed into one file, which has no name on the disk once it is made. `X-Workbench-Seal` is its seal."""
    known = services.load_run(run_id, pool=pool).record.run_id
    with told("The bundle"):
        folder = Path(tempfile.mkdtemp(prefix="bundle-", dir=process_folder(pool.settings)))
    try:
        made = services.export_bundle(
            known, folder / "bundle.zip", audio=audio, licence=licence, note=note, ruler=_named(ruler), pool=pool
        )
        with told("The bundle"):
            sent = hold(made.path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(made.run_id, safe='')}.zip",
        "X-Workbench-Seal": made.seal,
    }
    return FileResponse(sent, media_type="application/zip", headers=headers)  # the response holds it until it was sent


@router.post("/bundles/verify", openapi_extra=_UPLOAD)
async def verify(request: Request, pool: Pool) -> Any:
    """Check a sealed bundle, and score its texts again."""
    async with received_form(request, pool.settings) as form:
        file = _file(form)
        found = await on_thread(request.receive, lambda: services.verify(file, seal=form.get("seal") or None))
        return jsonable(verification_json(found))


@router.post("/bundles/import", openapi_extra=_UPLOAD)
async def import_bundle(request: Request, pool: Pool) -> Any:
    """Take a sealed bundle in as a run: its figures, and whether it was there already."""
    async with received_form(request, pool.settings) as form:
        file, again = _file(form), form.get("on_existing", "reuse")
        if again not in ("reuse", "again"):
            raise UsageError(f"on_existing is {again!r}.", hint="Use reuse or again.")
        return await on_thread(request.receive, lambda: _imported(file, again, pool))


def _imported(file: Path, on_existing: Any, pool: EnginePool) -> Any:
    found = services.import_run(file, on_existing=on_existing, pool=pool)
    return jsonable(run_json(services.summary(found.record.run_id, pool=pool)) | imported_json(found))


def _file(form: Form) -> Path:
    """The upload, under a name that says what it must be: otherwise it would be read as texts."""
    if form.file is None:
        raise UsageError("There is no file in the form.", hint="Send the bundle in the field 'file'.")
    return form.file if form.file.suffix.lower() == ".zip" else renamed(form.file, "bundle.zip")


def _reproduce_events(run_id: str, ruler: str | None, pool: EnginePool) -> Generator[Named, None, None]:
    with closing(services.reproduce_events(run_id, ruler=ruler, pool=pool)) as events:
        for event in events:
            if isinstance(event, ReproductionPlan):
                yield "plan", jsonable(plan_json(event))
            elif isinstance(event, Reproduction):
                yield "verdict", jsonable(reproduction_json(event))
            else:
                yield event.kind, jsonable(event)


def _named(ruler: str | None) -> str | None:
    """A ruler's name, once it is known to be one: over HTTP it is never the path of a file to open."""
    return None if ruler is None else find_ruler(ruler, files=False).name
