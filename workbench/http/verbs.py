"""The workbench's own verbs over HTTP, under `/v1/workbench`."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from typing import Annotated, Any

import pydantic
from fastapi import APIRouter, Query

from workbench import services
from workbench.engines.pool import EnginePool
from workbench.errors import UsageError
from workbench.http.answers import describe, jsonable
from workbench.http.run_request import RunRequest
from workbench.http.transcriptions import Pool
from workbench.http.work import EventStream, Named
from workbench.runs.causes_report import causes_json
from workbench.runs.records import RunStarted
from workbench.runs.report import comparison_json, ranking_json, run_json
from workbench.scoring.clusters import ClusterBy
from workbench.scoring.score import score as score_pairs
from workbench.text.rulers import find_ruler

router = APIRouter(prefix="/v1/workbench")


class BenchRequest(RunRequest):
    """Arguments of `services.bench`."""

    engine: str = services.DEFAULT_ENGINE
    chain: str = ""


class Pair(pydantic.BaseModel):
    """What was said and what was heard."""

    model_config = pydantic.ConfigDict(extra="forbid")

    id: str
    reference: str
    hypothesis: str


class ScoreRequest(pydantic.BaseModel):
    """Either a stored run or texts."""

    model_config = pydantic.ConfigDict(extra="forbid")

    run: str | None = None
    pairs: list[Pair] | None = None
    ruler: str | None = None
    corrected: bool = False


@router.get("/engines")
def engines(pool: Pool) -> Any:
    """Every installed engine, and whether it can run here."""
    return jsonable(services.list_engines(pool=pool))


@router.get("/sets")
def sets(pool: Pool) -> Any:
    """The shipped and the private eval sets."""
    return jsonable(services.list_sets(pool=pool))


@router.get("/runs")
def runs(pool: Pool) -> Any:
    """Every stored run, the newest first."""
    return jsonable(services.list_runs(pool=pool))


@router.get("/runs/{run_id}")
def run(run_id: str, pool: Pool, ruler: str | None = None, corrected: bool = False) -> Any:
    """A stored run: its record, its outcomes, and its score under a ruler."""
    stored = services.load_run(run_id, pool=pool)
    scored = services.summary(run_id, ruler=_named(ruler), corrected=corrected, pool=pool)
    return {**jsonable(stored), "summary": run_json(scored)}


@router.delete("/runs/{run_id}", status_code=204)
def delete_run(run_id: str, pool: Pool) -> None:
    """Delete a stored run."""
    services.delete_run(run_id, pool=pool)


@router.post("/bench")
def bench(body: BenchRequest, pool: Pool) -> EventStream:
    """Run a benchmark: server-sent events, one for each `RunEvent` under its kind, and last the `summary`."""
    return EventStream(_bench_events(body, pool), describe)


@router.post("/score")
def score(body: ScoreRequest, pool: Pool) -> Any:
    """Score a stored run, or texts."""
    if body.run is not None and body.pairs is None:
        return run_json(services.summary(body.run, ruler=_named(body.ruler), corrected=body.corrected, pool=pool))
    if body.run is not None or not body.pairs or body.corrected:
        raise UsageError("Score needs either a run or pairs of texts.", hint="Send 'run', or 'pairs' alone.")
    pairs = [(pair.id, pair.reference, pair.hypothesis) for pair in body.pairs]
    scored = score_pairs(pairs, find_ruler(body.ruler or "basic", files=False))
    return {
        "ruler": scored.ruler,
        "ruler_hash": scored.ruler_hash,
        "scored": len(scored.items),
        "empty_references": list(scored.empty_references),
        "metrics": {name: metric.as_json() for name, metric in scored.metrics.items()},
    }


@router.get("/compare")
def compare(
    a: str,
    b: str,
    pool: Pool,
    ruler: str | None = None,
    corrected: bool = False,
    cluster_by: ClusterBy | None = None,
) -> Any:
    """Run B against run A under one ruler, paired item by item."""
    chosen: Any = {"ruler": _named(ruler), "corrected": corrected, "cluster_by": cluster_by}
    return comparison_json(services.compare(a, b, **chosen, pool=pool))


@router.get("/rank")
def rank(
    run: Annotated[list[str], Query(description="Two or more, each as a parameter of its own.")],
    pool: Pool,
    baseline: str | None = None,
    ruler: str | None = None,
    corrected: bool = False,
    cluster_by: ClusterBy | None = None,
) -> Any:
    """Any number of runs under one ruler, the lowest rate first."""
    chosen: Any = {"baseline": baseline, "ruler": _named(ruler), "corrected": corrected, "cluster_by": cluster_by}
    return ranking_json(services.rank(run, **chosen, pool=pool))


@router.get("/runs/{run_id}/causes")
def causes(
    run_id: str,
    pool: Pool,
    ruler: str | None = None,
    term: Annotated[list[str] | None, Query(description="A name or hotword; each as a parameter of its own.")] = None,
    corrected: bool = False,
) -> Any:
    """Where a run's errors come from, and what became of terms."""
    found = services.causes(run_id, ruler=_named(ruler), terms=term or (), corrected=corrected, pool=pool)
    return causes_json(found)


def _named(ruler: str | None) -> str | None:
    """A ruler's name, once it is known to be one: over HTTP it is never the path of a file to open.

    Raises:
        UnknownName: No such ruler.
    """
    return None if ruler is None else find_ruler(ruler, files=False).name


def _bench_events(body: BenchRequest, pool: EnginePool) -> Generator[Named, None, None]:
    arguments = body.model_dump()
    ruler = _named(arguments.pop("ruler"))  # a misspelt ruler is said before the work, not after it
    run_id = ""
    with closing(services.bench_events(**arguments, pool=pool)) as events:
        for event in events:
            run_id = event.run_id if isinstance(event, RunStarted) else run_id
            yield event.kind, jsonable(event)
    yield "summary", run_json(services.summary(run_id, ruler=ruler, pool=pool))
