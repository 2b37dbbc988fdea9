"""The page: its shell, and how it is put on a server."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import gradio as gr

from workbench.engines.pool import EnginePool
from workbench.ui import benchmark, compare, status, theme, transcribe
from workbench.ui.choices import engine_choices
from workbench.ui.context import PageContext
from workbench.ui.labels import ENGLISH
from workbench.ui.temporary import private_folder

MAX_UPLOAD = "4gb"
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
    return page.queue(max_size=32, default_concurrency_limit=4)


def mount(app: Any, pool: EnginePool) -> Any:
    """Put the page at `/` of a FastAPI application, and return the application.

    Nothing is loaded here: call `pool.warm` for the engine that should be ready. Routes of the application that were
    added before stay in front of the page.

    Args:
        app: A FastAPI application; it is typed loosely because only `workbench.http` knows FastAPI.
        pool: Loaded engines; its settings say where private files go.
    """
    folder = private_folder(pool.settings)
    os.environ["GRADIO_TEMP_DIR"] = str(folder)  # gradio reads it when components are made
    context = PageContext(pool=pool, engines=engine_choices(pool.settings), folder=folder, labels=ENGLISH)
    return gr.mount_gradio_app(
        app,
        build_page(context),
        path="/",
        server_name=pool.settings.host,
        server_port=pool.settings.port,
        allowed_paths=[],
        blocked_paths=[str(pool.settings.models), str(pool.settings.runs)],
        max_file_size=MAX_UPLOAD,
        show_error=False,
        run_history=False,
        enable_monitoring=False,
        footer_links=[],
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        favicon_path=str(Path(theme.ASSETS, "mark.svg")),
        theme=theme.theme(),
        css=theme.css(context.labels),
        head=theme.head(),
    )
