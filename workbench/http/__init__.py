"""The HTTP door: OpenAI-compatible transcription, the workbench's verbs, and the guard around them and the page."""

from __future__ import annotations

import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request

from workbench import __version__
from workbench.engines.pool import EnginePool
from workbench.http import (
    curves,
    exchange,
    exploring,
    inspection,
    labels,
    recordings,
    records,
    reporting,
    saved,
    sets,
    sweeps,
    transcriptions,
    trials,
    verbs,
)
from workbench.http.access import Access, links
from workbench.http.answers import HANDLERS, jsonable
from workbench.http.uploads import clear_leftovers, process_folder

__all__ = ["create_app"]


def create_app(pool: EnginePool, access: Access | None = None) -> FastAPI:
    """The application, without the page, which is mounted on it.

    Interactive documentation is off, since its scripts come from another host; `/openapi.json` is there.

    Args:
        pool: The engines it works with; its settings say where uploads are kept while they are worked on.
        access: Who may reach it, and what is whose; None lets in whoever is on this machine.
    """
    access = access or Access()
    app = FastAPI(
        title="workbench",
        version=__version__,
        summary="A local, private demo and evaluation workbench for automatic speech recognition",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        exception_handlers=HANDLERS,
        middleware=access.layers(pool.settings.temporary),
    )
    app.state.pool = pool
    app.state.access = access
    app.include_router(links.router)
    app.include_router(transcriptions.router)
    app.include_router(verbs.router)
    app.include_router(curves.router)
    app.include_router(inspection.router)
    app.include_router(exchange.router)
    app.include_router(exploring.router)
    app.include_router(labels.router)
    app.include_router(recordings.router)
    app.include_router(records.router)
    app.include_router(reporting.router)
    app.include_router(saved.router)
    app.include_router(sets.router)
    app.include_router(sweeps.router)
    app.include_router(trials.router)
    app.add_api_route("/health", health)
    return app


async def health(request: Request) -> dict[str, Any]:
    """Whether the server answers, and how far its engines are; never waits for work."""
    pool: EnginePool = request.app.state.pool
    return {"status": "ok", "version": __version__, "engines": jsonable(pool.states())}


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None]:
    settings = app.state.pool.settings
    clear_leftovers(settings)
    folder = process_folder(settings)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)
