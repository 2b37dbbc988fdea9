"""Pages are built without the applications that nobody asks."""

from __future__ import annotations

import gradio as gr
import pytest
from gradio import blocks
from gradio.routes import App

from workbench.ui.building import without_applications


def test_a_page_built_inside_has_no_application_and_one_built_after_has() -> None:
    with without_applications(), gr.Blocks() as inside:
        gr.Textbox()
    assert inside.app is None
    with gr.Blocks() as after:
        gr.Textbox()
    assert isinstance(after.app, App)


def test_gradio_is_itself_again_after_an_error() -> None:
    with pytest.raises(RuntimeError), without_applications():
        raise RuntimeError
    assert blocks.App is App
