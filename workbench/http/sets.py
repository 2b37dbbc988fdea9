"""Sets checked, imported, derived and looked up, over HTTP, under `/v1/workbench`; their folders are this machine's."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from typing import Any

import pydantic
from fastapi import APIRouter

from workbench import services
from workbench.engines.pool import EnginePool
from workbench.evalsets.deriving import DeriveProgress, derived_json
from workbench.evalsets.importing import ImportProgress, imported_json
from workbench.evalsets.load import checked_json
from workbench.http.answers import describe, jsonable
from workbench.http.transcriptions import Pool
from workbench.http.work import EventStream, Named

router = APIRouter(prefix="/v1/workbench")


class ImportSetRequest(pydantic.BaseModel):
    """Arguments of `services.import_set_events`; paths are of the machine that serves."""

    model_config = pydantic.ConfigDict(extra="forbid")

    layout: str
    folder: str
    name: str = ""
    split: str = ""
    language: str = ""
    encoding: str = "utf-8"
    audio_root: str | None = None
    text_column: str = ""
    audio_column: str = ""
    id_column: str = ""
    header: list[str] = []
    drop: list[str] = []
    title: str = ""
    licence: str = ""
    source: str = ""
    copy_audio: bool = pydantic.Field(default=False, alias="copy")
    skip_faulty: bool = False
    keep_empty: bool = False
    replace: bool = False


class DeriveSetRequest(pydantic.BaseModel):
    """Arguments of `services.derive_set_events`."""

    model_config = pydantic.ConfigDict(extra="forbid")

    set: str
    noise: list[str] = []
    snr: list[float] = [20.0, 10.0, 5.0, 0.0]
    room: list[str] = ["none"]
    codec: list[str] = ["none"]
    name: str = ""
    title: str = ""
    seed: int = 0
    clean: bool = True
    limit: int | None = None
    where: dict[str, str] | None = None
    skip_faulty: bool = False
    replace: bool = False


@router.get("/recipes")
def recipes(name: str | None = None) -> Any:
    """The public sets that are known, with source, licence, citation, and how each is imported."""
    return [jsonable(one) | {"import_command": one.import_command} for one in services.list_recipes(name)]


@router.get("/sets/check")
def check_set(set: str, pool: Pool) -> Any:
    """Check every line and recording of a set: what is on its card, or an error that lists its faults."""
    return jsonable(checked_json(services.check_set(set, pool=pool)))


@router.post("/sets/import")
def import_set(body: ImportSetRequest, pool: Pool) -> EventStream:
    """Make a set of a layout on this machine: server-sent events, each `progress`, and last `imported`."""
    return EventStream(_import_events(body, pool), describe)


@router.post("/sets/derive")
def derive_set(body: DeriveSetRequest, pool: Pool) -> EventStream:
    """Put a set's clips into other conditions: server-sent events, each `progress`, and last `derived`."""
    return EventStream(_derive_events(body, pool), describe)


def _import_events(body: ImportSetRequest, pool: EnginePool) -> Generator[Named, None, None]:
    with closing(services.import_set_events(**body.model_dump(by_alias=True), pool=pool)) as events:
        for event in events:
            if isinstance(event, ImportProgress):
                yield "progress", jsonable(event)
            else:
                yield "imported", jsonable(imported_json(event))


def _derive_events(body: DeriveSetRequest, pool: EnginePool) -> Generator[Named, None, None]:
    with closing(services.derive_set_events(**body.model_dump(), pool=pool)) as events:
        for event in events:
            if isinstance(event, DeriveProgress):
                yield "progress", jsonable(event)
            else:
                yield "derived", jsonable(derived_json(event))
