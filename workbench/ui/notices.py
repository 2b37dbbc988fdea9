"""Errors and warnings as calm HTML. Every text in them is data and is escaped."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from html import escape

from workbench.errors import ManifestError, WorkbenchError
from workbench.ui.faults import tell_manifest_error
from workbench.ui.labels import ENGLISH, Labels
from workbench.ui.language import tell

_LOG = logging.getLogger(__name__)


def page_error(error: Exception, labels: Labels = ENGLISH) -> str:
    """`error_notice` of an error that an event met; what nobody foresaw also goes to this machine's log."""
    if not isinstance(error, WorkbenchError):
        _LOG.error("the page failed", exc_info=error)
    return error_notice(error, labels)


def error_notice(error: BaseException, labels: Labels = ENGLISH) -> str:
    """What is wrong and what to do, as two sentences. What nobody foresaw is named by its type, without its text."""
    if isinstance(error, WorkbenchError):
        message = tell_manifest_error(error) if isinstance(error, ManifestError) else tell(error.message)
        return notice(message, tell(error.hint), kind="error")
    return notice(labels.went_wrong.format(kind=type(error).__name__), labels.went_wrong_hint, kind="error")


def notice(message: str, hint: str = "", *, kind: str = "info") -> str:
    """A sentence, and one that says what to do.

    Args:
        message: Plain text.
        hint: The same.
        kind: "info", "warning" or "error".
    """
    role = "alert" if kind == "error" else "status"
    more = f'<p class="wb-hint">{escape(hint)}</p>' if hint else ""
    return f'<div class="wb-notice wb-{kind}" role="{role}"><p>{escape(message)}</p>{more}</div>'


def warning_list(warnings: Sequence[str]) -> str:
    """Warnings of the library one below the other; nothing where there are none."""
    if not warnings:
        return ""
    items = "".join(f"<li>{escape(tell(warning))}</li>" for warning in warnings)
    return f'<div class="wb-notice wb-warning" role="status"><ul>{items}</ul></div>'
