"""A run's clips over HTTP, searched, filtered, sorted, paged."""

from __future__ import annotations

from typing import Annotated, Any

import pydantic
from fastapi import APIRouter, Query

from workbench import services
from workbench.http.transcriptions import Pool
from workbench.runs.clip_query import ClipQuery, Kind, SortKey, parse_tags
from workbench.runs.explorer_report import page_json
from workbench.text.rulers import find_ruler

router = APIRouter(prefix="/v1/workbench/runs")


class ClipRequest(pydantic.BaseModel):
    """`runs.clip_query.ClipQuery`, each of `tags` as TAG=VALUE, and the arguments of `services.clips`."""

    model_config = pydantic.ConfigDict(extra="forbid")

    text: str = ""
    tags: list[str] = []
    kind: Kind | None = None
    min_rate: float | None = None
    max_rate: float | None = None
    said: str | None = None
    heard: str | None = None
    sort: SortKey = "order"
    descending: bool = False
    page: int = 1
    page_size: int = 50
    ruler: str | None = None
    corrected: bool = False
    seed: int = 0


@router.get("/{run_id}/clips")
def clips(run_id: str, pool: Pool, asked: Annotated[ClipRequest, Query()]) -> Any:
    """A page of the clips that match, and the error rate of all that do, with its interval."""
    fields = asked.model_dump(exclude={"tags", "ruler", "corrected", "seed"})
    query = ClipQuery(tags=parse_tags(asked.tags), **fields)
    ruler = None if asked.ruler is None else find_ruler(asked.ruler, files=False).name
    found = services.clips(run_id, query, ruler=ruler, corrected=asked.corrected, seed=asked.seed, pool=pool)
    return page_json(found)
