"""What is kept on this machine, over HTTP."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from workbench import services
from workbench.http.answers import jsonable
from workbench.http.transcriptions import Pool
from workbench.services.saved import SavedKind

router = APIRouter(prefix="/v1/workbench/saved")


@router.get("")
def list_saved(pool: Pool, kind: SavedKind | None = None) -> Any:
    """Everything that is kept under HOME, with sizes and ages."""
    return jsonable(services.list_saved(kind=kind, pool=pool))


@router.delete("/{kind}/{id}")
def delete_saved(kind: SavedKind, id: str, pool: Pool) -> Any:
    """Delete one thing for good: what it was, and in a sentence what else that means."""
    return jsonable(services.delete_saved(kind, id, pool=pool))
