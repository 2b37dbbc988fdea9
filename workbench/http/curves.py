"""Curves over HTTP, under `/v1/workbench/curve`."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from typing import Annotated, Any

import pydantic
from fastapi import APIRouter, Query

from workbench import services
from workbench.engines.pool import EnginePool
from workbench.http.answers import describe, jsonable
from workbench.http.run_request import RunRequest
from workbench.http.sweeps import named_ruler
from workbench.http.transcriptions import Pool
from workbench.http.work import EventStream, Named
from workbench.runs.curve_report import curves_json
from workbench.services.curves import CurveCellFailed, CurveCellStarted, CurvesMeasured

router = APIRouter(prefix="/v1/workbench")


class CurveRequest(RunRequest):
    """Arguments of `services.curve_events` and of `services.curve`."""

    axis: str = "snr_db"
    values: list[float] = pydantic.Field([])
    engines: list[str] = pydantic.Field([services.DEFAULT_ENGINE])
    chains: list[str] = pydantic.Field([""])
    by: list[str] = pydantic.Field(["noise", "room", "codec"])
    corrected: bool = False


@router.get("/curve")
def curve(
    runs: Annotated[list[str], Query()],
    pool: Pool,
    axis: str = "snr_db",
    by: Annotated[list[str] | None, Query()] = None,
    ruler: str | None = None,
    corrected: bool = False,
) -> Any:
    """Error along an axis, with bands, where it doubles, the area below, and each curve against the first."""
    chosen = {} if by is None else {"by": by}
    found = services.curve(runs, axis=axis, ruler=named_ruler(ruler), corrected=corrected, pool=pool, **chosen)
    return curves_json(found)


@router.post("/curve")
def measure_curve(body: CurveRequest, pool: Pool) -> EventStream:
    """Run what curves need: server-sent events (`cell_started`, each run's, `cell_failed`), and last the `curves`."""
    return EventStream(_curve_events(body, pool), describe)


def _curve_events(body: CurveRequest, pool: EnginePool) -> Generator[Named, None, None]:
    arguments = body.model_dump(exclude={"by", "ruler", "corrected"})
    ruler = named_ruler(body.ruler)  # a misspelt ruler is said before the work, not after it
    run_ids: tuple[str, ...] = ()
    with closing(services.curve_events(**arguments, pool=pool)) as events:
        for event in events:
            match event:
                case CurvesMeasured():
                    run_ids = event.run_ids
                case CurveCellStarted():
                    yield "cell_started", jsonable(event)
                case CurveCellFailed():
                    yield "cell_failed", jsonable(event)
                case _:
                    yield event.kind, jsonable(event)
    found = services.curve(run_ids, axis=body.axis, by=body.by, ruler=ruler, corrected=body.corrected, pool=pool)
    yield "curves", jsonable(curves_json(found))
