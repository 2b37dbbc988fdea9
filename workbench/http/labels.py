"""Labels that may be wrong over HTTP, under `/v1/workbench`."""

from __future__ import annotations

from typing import Annotated, Any

import pydantic
from fastapi import APIRouter, Query

from workbench import services
from workbench.evalsets.corrections import Corrections
from workbench.http.answers import jsonable
from workbench.http.transcriptions import Pool
from workbench.text.rulers import find_ruler

router = APIRouter(prefix="/v1/workbench")


class CorrectionRequest(pydantic.BaseModel):
    """What is right about a label: arguments of `services.correct`."""

    model_config = pydantic.ConfigDict(extra="forbid")

    text: str | None = None
    wrong: bool = False
    note: str = ""
    published: str | None = None


@router.get("/suspects")
def suspects(
    runs: Annotated[list[str], Query()], pool: Pool, ruler: str | None = None, limit: int | None = None
) -> Any:
    """The labels that runs agree against, the most doubtful first."""
    # Over HTTP a ruler is never the path of a file to open.
    name = None if ruler is None else find_ruler(ruler, files=False).name
    return jsonable(services.suspects(runs, ruler=name, limit=limit, pool=pool))


@router.get("/corrections/{set}")
def list_corrections(set: str, pool: Pool) -> Any:
    """What was said of a set's labels."""
    return _answer(services.list_corrections(set, pool=pool))


@router.put("/corrections/{set}/{id:path}")
def correct(set: str, id: str, body: CorrectionRequest, pool: Pool) -> Any:
    """Correct a label, or mark it as wrong."""
    return _answer(services.correct(set, id, **body.model_dump(), pool=pool))


@router.delete("/corrections/{set}/{id:path}")
def undo(set: str, id: str, pool: Pool) -> Any:
    """Take back what was said of a label."""
    return _answer(services.correct(set, id, undo=True, pool=pool))


def _answer(found: Corrections) -> dict[str, Any]:
    return {"set": found.set, "hash": found.hash, "corrections": jsonable(found.entries)}
