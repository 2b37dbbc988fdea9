"""Runs as reports over HTTP, to be saved as files."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query
from starlette.responses import Response

from workbench import services
from workbench.http.transcriptions import Pool
from workbench.text.rulers import find_ruler

router = APIRouter(prefix="/v1/workbench/runs")

MEDIA_TYPES = {"html": "text/html", "md": "text/markdown", "csv": "text/csv"}


@router.get("/{run_id}/report")
def report(
    run_id: str,
    pool: Pool,
    format: str = "html",
    other: Annotated[list[str] | None, Query()] = None,
    ruler: str | None = None,
    corrected: bool = False,
) -> Response:
    """A report of a run, against another run, or of several (repeat `other`): html, md or csv."""
    named = None if ruler is None else find_ruler(ruler, files=False).name
    runs = [services.load_run(one, pool=pool).record.run_id for one in (run_id, *(other or ()))]
    text = services.report(*runs, format=format, ruler=named, corrected=corrected, pool=pool)
    name = quote(f"{runs[0]}-report.{format}", safe="")
    # An attachment is saved and not shown, so nothing in it is ever a page of this server.
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return Response(text.encode(), media_type=MEDIA_TYPES[format], headers=headers)
