"""Public sets and curves over HTTP, under `/v1/workbench`. What reads or writes paths of this machine is not there."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from workbench import services
from workbench.http.answers import jsonable
from workbench.http.transcriptions import Pool
from workbench.runs.curve_report import curves_json
from workbench.text.rulers import find_ruler

router = APIRouter(prefix="/v1/workbench")


@router.get("/recipes")
def recipes(name: str | None = None) -> Any:
    """The public sets that are known, with source, licence, citation, and how each is imported."""
    return [jsonable(one) | {"import_command": one.import_command} for one in services.list_recipes(name)]


@router.get("/curve")
def curve(
    runs: Annotated[list[str], Query()],
    pool: Pool,
    axis: str = "snr_db",
    by: Annotated[list[str] | None, Query()] = None,
    ruler: str | None = None,
    corrected: bool = False,
) -> Any:
    """Error along an axis, with bands, where it doubles, and the area below."""
    # Over HTTP a ruler is never the path of a file to open.
    named = None if ruler is None else find_ruler(ruler, files=False).name
    chosen = {} if by is None else {"by": by}
    return curves_json(services.curve(runs, axis=axis, ruler=named, corrected=corrected, pool=pool, **chosen))
