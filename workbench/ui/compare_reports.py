"""A comparison as files to hand on."""

from __future__ import annotations

from collections.abc import Sequence

from workbench import services
from workbench.audio.held import HeldPath
from workbench.ui import result
from workbench.ui.context import PageContext


def write_reports(context: PageContext, runs: Sequence[str], *, ruler: str | None, corrected: bool) -> str:
    """Every format of the report of these runs, as links.

    Args:
        context: On whose disk they lie; they have no name there.
        runs: Ids, the baseline first.
        ruler: As `services.report`.
        corrected: The same.
    """
    files: list[HeldPath] = []
    for name in services.REPORT_FORMATS:
        text = services.report(*runs, format=name, ruler=ruler, corrected=corrected, pool=context.pool)
        mark = "\ufeff" if name == "csv" else ""  # spreadsheets would take it for another encoding
        files.append(context.offer(f"comparison-of-{len(runs)}-runs.{name}", mark + text))
    return result.downloads_view(files, context.labels)
