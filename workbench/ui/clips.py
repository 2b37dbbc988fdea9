"""One clip of a run on the page: heard, aligned with its reference, and what it cost."""

from __future__ import annotations

from pathlib import Path

from workbench.audio.held import lend, offer
from workbench.runs.clip_detail import take_apart
from workbench.runs.explorer import Neighbours
from workbench.runs.records import ItemResult
from workbench.runs.scored import ScoredRun
from workbench.ui.clip_view import detail_view, marks_view
from workbench.ui.context import PageContext
from workbench.ui.language import say
from workbench.ui.notices import notice, page_error
from workbench.ui.player import player_view
from workbench.ui.recording import outline

PLAYER = "benchmark-player"


def clip_detail(context: PageContext, scored: ScoredRun, item_id: str, beside: Neighbours | None = None) -> str:
    """A clip of a run under its ruler: player with the places of its errors, aligned texts, figures and warnings.

    Args:
        context: Where files that are played may be kept.
        scored: The run.
        item_id: Which clip.
        beside: Where it is among those that are listed.

    Raises:
        UnknownName: No such clip in the run.
    """
    detail = take_apart(scored, item_id)
    outcome = detail.clip.outcome
    seconds = outcome.audio_seconds if isinstance(outcome, ItemResult) else None
    strip = marks_view(detail, seconds=seconds or 0, player_id=PLAYER)
    player = clip_player(context, outcome.audio, player_id=PLAYER, strip=strip)
    return detail_view(detail, player=player, player_id=PLAYER, beside=beside)


def clip_player(context: PageContext, audio: str, *, player_id: str, strip: str = "") -> str:
    """A player for a clip of a set; a sentence where it cannot be read.

    Args:
        context: On whose disk a copy lies where browsers do not play the clip itself.
        audio: Path of the clip; empty where only its texts are known.
        player_id: HTML id, unique on the page.
        strip: As `player_view`.
    """
    if not audio:
        return notice(say("Only the texts of this clip are here, not its sound."))
    try:
        if not Path(audio).is_file():
            raise FileNotFoundError(audio)
        drawn = outline(lend(Path(audio)), context.folder)
        offer(drawn.playable)
        return player_view(drawn, player_id=player_id, strip=strip, labels=context.labels)
    except OSError:
        gone = say("{name} is not where it was when this run was made.", name=Path(audio).name)
        return notice(gone, kind="warning")
    except Exception as error:
        return page_error(error, context.labels)
