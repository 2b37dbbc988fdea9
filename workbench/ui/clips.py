"""One clip of a run on the page: heard, aligned with its reference, and what it cost."""

from __future__ import annotations

import shutil
import tempfile
from html import escape
from pathlib import Path

from workbench import services
from workbench.errors import UnknownName
from workbench.runs.records import ItemResult
from workbench.runs.store import StoredRun
from workbench.scoring.score import METRICS
from workbench.text.rulers import default_ruler, headline_metric
from workbench.ui import format as written
from workbench.ui.context import PageContext
from workbench.ui.differences import diff_view
from workbench.ui.notices import notice, page_error, warning_list
from workbench.ui.player import player_view
from workbench.ui.recording import outline


def clip_detail(context: PageContext, run_id: str, item_id: str, ruler: str | None) -> str:
    """A clip of a stored run: player, aligned texts, figures and warnings.

    Raises:
        UnknownName: No such run, or no such clip in it.
    """
    run = services.load_run(run_id, pool=context.pool)
    outcome = next((one for one in run.outcomes if one.id == item_id), None)
    if outcome is None:
        raise UnknownName("clip", item_id, [one.id for one in run.outcomes])
    player = clip_player(context, outcome.audio, player_id="benchmark-player")
    if not isinstance(outcome, ItemResult):
        return f'<div class="wb-detail">{player}{notice(outcome.message, kind="error")}</div>'
    heading = f"<h3>{escape(item_id)}<span>{escape(_figures(outcome))}</span></h3>"
    aligned = f'<div class="wb-panel">{heading}{aligned_texts(run, outcome, ruler)}</div>'
    return f'<div class="wb-detail">{player}{aligned}{warning_list(outcome.warnings)}</div>'


def clip_player(context: PageContext, audio: str, *, player_id: str) -> str:
    """A player for a clip of a set; a sentence where it cannot be read. Only a private copy is served."""
    try:
        copy = Path(shutil.copy(audio, tempfile.mkdtemp(dir=context.folder)))
        return player_view(outline(copy, context.folder), player_id=player_id, labels=context.labels)
    except OSError:
        return notice(f"{Path(audio).name} is not where it was when this run was made.", kind="warning")
    except Exception as error:
        return page_error(error, context.labels)


def aligned_texts(run: StoredRun, result: ItemResult, ruler: str | None, *, below: str = "Hypothesis") -> str:
    """A clip's reference and hypothesis under the ruler, unit by unit in the unit of the set's leading metric."""
    language = run.record.spec.set_language
    unit = METRICS[headline_metric(language)]
    edits = services.diff(result.reference, result.text, ruler=ruler or default_ruler(language), unit=unit)
    note = '<p class="wb-note">The texts are shown as the ruler sees them.</p>'
    return diff_view(edits, below=below) + note


def _figures(result: ItemResult) -> str:
    cost = result.measurement
    if cost is None:
        return "text from elsewhere: its cost was not measured here"
    return (
        f"{written.duration(cost.audio_seconds)} of audio · took {written.seconds(cost.wall_seconds)} · "
        f"RTF {written.factor(cost.rtf)} · {'alone' if cost.kind == 'single' else 'share of a batch'}"
    )
