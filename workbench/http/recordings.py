"""Recordings of the page: taken in without ever having a name on the disk, and sent to be heard, by ranges.

Gradio's page uploads to its own address, which would write a file under the recording's name and leave it there. This
route stands before it. Gradio wants a file for what it was told of: it is given an empty one, named by the key alone.
"""

from __future__ import annotations

import hashlib
import json
import mimetypes
import os
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import anyio
from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response, StreamingResponse

from workbench.audio.held import HeldPath, find, forget, linger
from workbench.http.transcriptions import Pool
from workbench.http.uploads import Form, received_form
from workbench.storage import told

router = APIRouter(include_in_schema=False)

MAX_PAGE_UPLOAD_BYTES = 4 * 1024**3
"""All files that were dropped together."""

UPLOADED_SECONDS = 60.0
"""How long an upload waits to be taken by the page that sent it."""

_NOTHING = hashlib.sha256(b"").hexdigest()
"""The folder in which Gradio looks for an empty file; there it does not copy it."""

_STALE_SECONDS = 60.0
_TOLD_SECONDS = 0.25
_BEGINS_SECONDS = 3.0
_ARRIVING: dict[str, Form] = {}
"""Uploads that are coming in, by the page's name for them."""

_KINDS = {
    ".aac": "audio/aac",
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
    ".mp3": "audio/mpeg",
    ".mp4": "video/mp4",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".wav": "audio/wav",
    ".webm": "video/webm",
}


@router.post("/gradio_api/upload")
@router.post("/{language}/gradio_api/upload")
async def upload(request: Request, pool: Pool, upload_id: str = "") -> list[str]:
    """Take in what was dropped on the page; each file is held for a minute, and longer by the desk that takes it.

    Returns:
        What Gradio takes for the paths of the files.
    """
    folder = Path(os.environ.get("GRADIO_TEMP_DIR") or pool.settings.temporary)
    arriving = _ARRIVING.setdefault(upload_id, Form())
    limits: Any = {"max_bytes": MAX_PAGE_UPLOAD_BYTES, "field": "files", "several": True}
    try:
        async with received_form(request, pool.settings, **limits, form=arriving) as form:
            _sweep(folder)
            taken = list(form.files)
            form.files.clear()
            return [str(_stand_in(held, folder)) for held in taken]
    finally:
        _ARRIVING.pop(upload_id, None)


@router.get("/gradio_api/upload_progress")
@router.get("/{language}/gradio_api/upload_progress")
def upload_progress(upload_id: str) -> StreamingResponse:
    """How far an upload is, as Gradio's page expects to be told: what came since the last event, by the file's name."""
    return StreamingResponse(_progress(upload_id), media_type="text/event-stream")


async def _progress(upload_id: str) -> AsyncGenerator[str]:
    told: dict[str, int] = {}
    begun = time.monotonic()
    while upload_id in _ARRIVING or (not told and time.monotonic() - begun < _BEGINS_SECONDS):
        for held in list(_ARRIVING.get(upload_id, Form()).files):
            size = held.stat().st_size
            if size > told.get(held.key, 0):
                yield _event(msg="update", orig_name=held.name, chunk_size=size - told.get(held.key, 0))
                told[held.key] = size
        await anyio.sleep(_TOLD_SECONDS)
    yield _event(msg="done")


def _event(**value: Any) -> str:
    return f"data: {json.dumps(value)}\n\n"


@router.get("/files/{key}")
@router.get("/{language}/files/{key}")
def send(key: str) -> Response:
    """A file that the page was shown or offered, whole or by ranges."""
    held = find(key)
    if held is None:
        raise HTTPException(404, "This file is no longer here.")
    return FileResponse(held, media_type=_kind(held))  # the response holds the file until it was sent


def _stand_in(held: HeldPath, folder: Path) -> Path:
    """An empty file that leads to the held one."""
    linger(held, UPLOADED_SECONDS)
    path = folder / _NOTHING / held.key
    try:
        with told(held.name):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600)
    except OSError:
        forget(held.key)
        raise
    return path


def _sweep(folder: Path) -> None:
    """Remove empty files that lead nowhere, and those that Gradio makes for every upload and forgets."""
    old = time.time() - _STALE_SECONDS
    for path in [*folder.glob("tmp*"), *(folder / _NOTHING).glob("*")]:
        try:
            found = path.stat()
            if not found.st_size and found.st_mtime < old and find(path.name) is None:
                path.unlink()
        except OSError:
            continue


def _kind(held: HeldPath) -> str:
    suffix = held.suffix.lower()
    return _KINDS.get(suffix) or mimetypes.guess_type(f"a{suffix}")[0] or "application/octet-stream"
