"""Pages built in less time than Gradio takes by itself."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from gradio import blocks


class _NoApplication:
    @staticmethod
    def create_app(*_: Any, **__: Any) -> None:
        return None


@contextmanager
def without_applications() -> Generator[None]:
    """What is built inside makes no web application: only mounting a page makes the one that serves it.

    Gradio makes three for every page, when it is begun, when its queue is set, and when it is done; for the pages of
    three languages they take a second.
    """
    made = blocks.App  # pyright: ignore[reportPrivateImportUsage]
    blocks.App = _NoApplication  # pyright: ignore[reportAttributeAccessIssue, reportPrivateImportUsage]
    try:
        yield
    finally:
        blocks.App = made  # pyright: ignore[reportPrivateImportUsage]
