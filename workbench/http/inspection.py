"""A look at a recording over HTTP, under `/v1/workbench`."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from workbench import services
from workbench.errors import UsageError
from workbench.http.answers import jsonable
from workbench.http.transcriptions import Pool
from workbench.http.uploads import received_form
from workbench.http.work import finished

router = APIRouter(prefix="/v1/workbench")

_FORM = {
    "type": "object",
    "required": ["file"],
    "properties": {
        "file": {"type": "string", "format": "binary", "description": "A recording, or a video with sound."}
    },
}


@router.post(
    "/inspect", openapi_extra={"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}}
)
async def inspect(request: Request, pool: Pool) -> Any:
    """What a recording is like, and advice, before it is transcribed; the recording is deleted once it was read."""
    async with received_form(request, pool.settings) as form:
        file = form.file
        if file is None:
            raise UsageError("There is no recording in the form.", hint="Send it in the field 'file'.")
        found = await finished(request, lambda: services.inspect_recording(file))
    return {"file": file.name, **jsonable(found), "speech_share": found.speech_share}
