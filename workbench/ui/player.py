"""Waveform and player as HTML. Behaviour is in workbench.js; every text is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from workbench.audio.held import HeldPath
from workbench.ui import format as written
from workbench.ui.labels import ENGLISH, Labels
from workbench.ui.recording import Outline

_HEIGHT = 100
_PLAY = '<svg class="wb-when-paused" viewBox="0 0 20 20" aria-hidden="true"><path d="M6.5 4.2v11.6L16 10z"/></svg>'
_PAUSE = (
    '<svg class="wb-when-playing" viewBox="0 0 20 20" aria-hidden="true">'
    '<path d="M6 4.5h2.8v11H6zM11.2 4.5H14v11h-2.8z"/></svg>'
)


def file_url(held: HeldPath) -> str:
    """Where the page finds a file; relative, so that a path prefix of a proxy stays. No name is in it."""
    return f"files/{held.key}"


def player_view(outline: Outline, *, player_id: str = "player", strip: str = "", labels: Labels = ENGLISH) -> str:
    """Waveform with the part already played, a play button, the time, and the speed.

    Args:
        outline: What to draw and play.
        player_id: HTML id, unique on the page; segments refer to it.
        strip: Markup right below the waveform, as wide as it: marks in time.
        labels: Words.
    """
    bars = _bars(outline.columns)
    return f"""<section class="wb-player" id="{escape(player_id)}" data-player data-seconds="{outline.seconds:.3f}">
<div class="wb-player-head">
<button type="button" class="wb-play" data-toggle aria-pressed="false" aria-label="{escape(labels.play)}"
 data-play="{escape(labels.play)}" data-pause="{escape(labels.pause)}">{_PLAY}{_PAUSE}</button>
<div class="wb-player-name"><b title="{escape(outline.name)}" dir="auto">{escape(outline.name)}</b>
<span class="wb-num"><span data-now>0:00.0</span> / {escape(written.duration(outline.seconds))}</span></div>
<button type="button" class="wb-speed wb-num" data-speed aria-label="{escape(labels.speed)}">1×</button>
</div>
<div class="wb-wave" data-wave role="slider" tabindex="0" aria-label="{escape(labels.position)}"
 aria-valuemin="0" aria-valuemax="{outline.seconds:.2f}" aria-valuenow="0">
<svg class="wb-wave-all" viewBox="0 0 {len(outline.columns)} {_HEIGHT}" preserveAspectRatio="none" aria-hidden="true">\
<path d="{bars}"/></svg>
<svg class="wb-wave-played" viewBox="0 0 {len(outline.columns)} {_HEIGHT}" preserveAspectRatio="none" \
aria-hidden="true"><path d="{bars}"/></svg>
</div>{strip}
<p class="wb-cannot-play" role="status">{escape(labels.cannot_play)}</p>
<audio preload="metadata" src="{escape(file_url(outline.playable))}"></audio></section>"""


def _bars(columns: Sequence[tuple[float, float]]) -> str:
    """One vertical stroke a column. The loudest column fills the height; near silence stays small."""
    loudest = max((max(-low, high) for low, high in columns), default=0.0)
    scale = (_HEIGHT / 2 - 3) / max(loudest, 0.05)
    strokes = []
    for index, (low, high) in enumerate(columns):
        top, bottom = _HEIGHT / 2 - high * scale, _HEIGHT / 2 - low * scale
        strokes.append(f"M{index + 0.5} {top:.1f}V{max(bottom, top + 0.6):.1f}")
    return "".join(strokes)
