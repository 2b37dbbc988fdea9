"""A comparison as files to hand on."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from workbench import services
from workbench.ui import result
from workbench.ui.context import PageContext


def write_reports(context: PageContext, runs: Sequence[str], *, ruler: str | None, corrected: bool) -> str:
    """Every format of the report of these runs, as links.

    Args:
        context: Where files that may be downloaded are kept.
        runs: Ids, the baseline first.
        ruler: As `services.report`.
        corrected: The same.
    """
    folder = Path(tempfile.mkdtemp(dir=context.folder))
    paths: list[Path] = []
    for name in services.REPORT_FORMATS:
        text = services.report(*runs, format=name, ruler=ruler, corrected=corrected, pool=context.pool)
        paths.append(folder / f"comparison-of-{len(runs)}-runs.{name}")
        paths[-1].write_text(text, encoding="utf-8-sig" if name == "csv" else "utf-8", newline="")
    return result.downloads_view(paths, context.labels)
