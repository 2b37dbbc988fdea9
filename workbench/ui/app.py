"""The page: its shell, and how it is put on a server."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from workbench.engines.pool import EnginePool
from workbench.ui import benchmark, compare, saved, status, theme, transcribe
from workbench.ui.building import without_applications
from workbench.ui.choices import engine_choices
from workbench.ui.context import PageContext
from workbench.ui.first_visit import FirstVisit
from workbench.ui.labels import labels_in
from workbench.ui.language import LANGUAGES, speaking, spoken
from workbench.ui.leaving import let_go_on_leaving
from workbench.ui.refusals import PageRefusals
from workbench.ui.served_page import ServedPage
from workbench.ui.temporary import private_folder

_DAY = 86_400


def build_page(context: PageContext) -> gr.Blocks:
    """Header and tabs. Each tab's `build(context)` is called inside it."""
    labels = context.labels
    with gr.Blocks(
        title=labels.product, analytics_enabled=False, fill_width=True, delete_cache=(_DAY // 24, _DAY)
    ) as page:
        status.build(context, page)
        with gr.Tabs(elem_classes="wb-tabs"):
            with gr.Tab(labels.tab_transcribe, id="transcribe"):
                transcribe.build(context)
            with gr.Tab(labels.tab_benchmark, id="benchmark"):
                benchmark.build(context)
            with gr.Tab(labels.tab_compare, id="compare"):
                compare.build(context)
        saved.build(context)
        let_go_on_leaving(page)
    return page.queue(max_size=32, default_concurrency_limit=4)


def mount(app: Any, pool: EnginePool) -> Any:
    """Put the page on a FastAPI application, at `/` and once more for each other language, and return the application.

    Nothing is loaded here: call `pool.warm` for the engine that should be ready. Routes of the application that were
    added before stay in front of the page.

    Args:
        app: A FastAPI application; it is typed loosely because only `workbench.http` knows FastAPI.
        pool: Loaded engines; its settings say where private files go.
    """
    folder = private_folder(pool.settings)
    os.environ["GRADIO_TEMP_DIR"] = str(folder)  # gradio reads it when components are made
    app.user_middleware.insert(2, Middleware(PageRefusals))  # behind the guard, before all that knows visitors
    app.user_middleware += [Middleware(FirstVisit), Middleware(ServedPage)]  # innermost: refusals come first
    engines = engine_choices(pool.settings)
    for language in sorted(LANGUAGES, key=lambda one: -len(one.path)):  # the page at the root answers to every path
        labels = labels_in(language)
        context = PageContext(pool=pool, engines=engines, folder=folder, labels=labels, language=language)
        _mount_page(app, build_spoken(context), context)
    return app


def build_spoken(context: PageContext) -> gr.Blocks:
    """`build_page` in the context's language; what its events answer is in that language too."""
    with speaking(context.language), without_applications():
        page = build_page(context)
    for event in page.fns.values():
        if event.fn is not None and not event.is_cancel_function:
            event.fn = spoken(event.fn, context.language)
    return page


def _mount_page(app: Any, page: gr.Blocks, context: PageContext) -> None:
    settings = context.pool.settings
    gr.mount_gradio_app(
        app,
        page,
        path=context.language.path.rstrip("/") or "/",
        server_name=settings.host,
        server_port=settings.port,
        allowed_paths=[],
        blocked_paths=[str(settings.models), str(settings.runs)],
        show_error=False,
        run_history=False,
        enable_monitoring=False,
        footer_links=[],
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        theme=theme.theme(),
        css=theme.css(context.labels),
        head=theme.head(),
    )
    page.favicon_path = str(Path(theme.ASSETS, "mark.svg"))  # gradio takes it as an argument for the root alone
