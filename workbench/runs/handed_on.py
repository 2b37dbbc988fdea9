"""A run as it may be handed on: without folders, home directories and servers of the machine it was made on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path, PurePath
from typing import Any

from workbench.runs.places import Places
from workbench.runs.records import ItemOutcome, ItemResult, RunRecord, RunSpec
from workbench.runs.store import StoredRun, run_stem

_SETS = "sets"


def hide_places(run: StoredRun) -> StoredRun:
    """The run without places; what was said and heard stays as it is, and recordings are no longer found.

    Its id stays, unless engine or set were named by a place: then it is made anew, since the id repeats them.
    """
    places = Places([*(str(PurePath(one.audio).parent) for one in run.outcomes if one.audio), str(Path.home())])
    spec = _spec(run.record.spec, places)
    return StoredRun(
        record=_record(run.record, spec, places), outcomes=tuple(_outcome(one, places) for one in run.outcomes)
    )


def _spec(spec: RunSpec, places: Places) -> RunSpec:
    name, colon, model = spec.engine.partition(":")
    return replace(
        spec,
        eval_set=places.hide(spec.eval_set),
        engine=f"{name}{colon}{places.hide(model)}",
        model_id=places.hide(spec.model_id),
        revision=places.hide(spec.revision),
        options=places.hide(spec.options),
        chain=places.hide(spec.chain),
    )


def _record(record: RunRecord, spec: RunSpec, places: Places) -> RunRecord:
    renamed = spec != record.spec
    return replace(
        record,
        run_id=run_stem(spec, datetime.fromisoformat(record.created)) if renamed else record.run_id,
        passed=_passed(record.passed, spec, places),
        spec=spec,
        environment=places.hide(record.environment),
        error=places.hide(record.error),
        reproduces="" if renamed else record.reproduces,
        bundle="",
        notes=tuple(places.hide(record.notes)),
    )


def _passed(passed: Mapping[str, Any], spec: RunSpec, places: Places) -> dict[str, Any]:
    """The arguments; a set that was named by its folder has the name that the run has of it."""
    kept: dict[str, Any] = places.hide(passed)
    given = passed.get(_SETS)
    if isinstance(given, list | tuple) and len(given) == 1 and kept[_SETS] != list(given):
        kept[_SETS] = [spec.eval_set]
    if "engine" in kept:
        kept["engine"] = spec.engine
    return kept


def _outcome(outcome: ItemOutcome, places: Places) -> ItemOutcome:
    hidden: dict[str, Any] = {"id": places.hide(outcome.id), "tags": places.hide(outcome.tags), "audio": ""}
    if isinstance(outcome, ItemResult):
        return replace(outcome, **hidden, warnings=tuple(places.hide(outcome.warnings)))
    return replace(outcome, **hidden, message=places.hide_in_text(outcome.message))
