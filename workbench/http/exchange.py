"""Texts of other systems in, ours out, over HTTP: contents travel in the request, never paths of this server."""

from __future__ import annotations

import json
from typing import Any, Literal
from urllib.parse import quote

import pydantic
from fastapi import APIRouter
from starlette.responses import Response

from workbench import services
from workbench.errors import UsageError
from workbench.http.transcriptions import Pool
from workbench.runs.imported import imported_json
from workbench.runs.report import run_json
from workbench.text.rulers import find_ruler

router = APIRouter(prefix="/v1/workbench/runs")

_SENT = "request"
"""What the texts of a request are called in the record and in faults."""


class ImportRequest(pydantic.BaseModel):
    """Arguments of `services.import_run`, with the file's content as `text`, or its JSON Lines as `lines`."""

    model_config = pydantic.ConfigDict(extra="forbid")

    set: str | None = None
    system: str | None = None
    text: str | None = None
    lines: list[dict[str, Any]] | None = None
    format: str | None = None
    model: str = ""
    revision: str = ""
    missing: Literal["refuse", "empty", "fail"] = "refuse"
    unknown: Literal["refuse", "skip"] = "refuse"
    on_existing: Literal["reuse", "again"] = "reuse"


@router.post("/import")
def import_run(body: ImportRequest, pool: Pool) -> Any:
    """Store another system's texts as a run over a set: its figures, and which clips and texts did not meet."""
    arguments = body.model_dump(exclude={"text", "lines", "format"})
    content, format_name = _content(body)
    found = services.import_texts(content, name=_SENT, format=format_name, pool=pool, **arguments)
    return run_json(services.summary(found.record.run_id, pool=pool)) | imported_json(found)


def _content(body: ImportRequest) -> tuple[str, str]:
    if body.lines is not None and body.text is None and body.format is None:
        return "".join(json.dumps(line) + "\n" for line in body.lines), "jsonl"
    if body.text is not None and body.lines is None and body.format is not None:
        return body.text, body.format
    raise UsageError(
        "An import needs either lines, or a text and its format.", hint="Send 'lines', or 'text' and 'format'."
    )


@router.get("/{run_id}/export")
def export_run(
    run_id: str,
    pool: Pool,
    format: str = "jsonl",
    side: Literal["reference", "hypothesis"] = "hypothesis",
    ruler: str | None = None,
) -> Response:
    """A run's texts as a file. Header `X-Workbench-Left-Out` says how many clips failed and are not in it."""
    named = None if ruler is None else find_ruler(ruler, files=False).name
    found = services.export_run(run_id, format, side=side, ruler=named, pool=pool)
    name = quote(f"{run_id}-{side}{found.suffix}", safe="")
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
        "X-Workbench-Left-Out": str(len(found.left_out)),
    }
    return Response(found.content.encode(), media_type=_MEDIA_TYPES.get(found.suffix, "text/plain"), headers=headers)


_MEDIA_TYPES = {".jsonl": "application/jsonl", ".csv": "text/csv"}
