"""A table of clips on the page. Pure: values in, HTML out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from workbench.pipeline.measurement import Measurement
from workbench.runs.clip_query import ClipQuery, Kind, SortKey
from workbench.runs.explorer import ClipPage, peak_bytes
from workbench.runs.records import ItemFailure, ItemResult
from workbench.runs.scored import Clip
from workbench.scoring.score import METRICS
from workbench.text.rulers import MetricName
from workbench.ui import format as written
from workbench.ui.differences import METRIC_NAMES
from workbench.ui.language import phrase, say, tell
from workbench.ui.picks import pick

_NOTABLE: dict[Kind, str] = {
    "failed": phrase("failed"),
    "loop": phrase("loops"),
    "too long": phrase("more text than time"),
    "text on silence": phrase("text on silence"),
    "empty reference": phrase("empty reference"),
    "translated": phrase("translated"),
    "rewritten": phrase("rewritten"),
    "same sound": phrase("right sound"),
    "warning": phrase("warning"),
}
"""What a row says besides its figures, the gravest first."""

_LONGEST_TEXT = 220
_LONGEST_ID = 40


@dataclass(frozen=True, slots=True)
class Column:
    key: SortKey
    title: str
    note: str = ""


COLUMNS = (
    Column("id", phrase("Clip")),
    Column("reference", phrase("Reference")),
    Column("hypothesis", phrase("Hypothesis")),
    Column("substitutions", phrase("Sub"), phrase("Substituted units")),
    Column("deletions", phrase("Del"), phrase("Missing units")),
    Column("insertions", phrase("Ins"), phrase("Added units")),
    Column("duration", phrase("Audio s"), phrase("Length of the recording")),
    Column("wall_seconds", phrase("Wall s"), phrase("Time it took")),
    Column("gpu_seconds", phrase("GPU s"), phrase("Time on the GPU")),
    Column("rtf", phrase("RTF"), phrase("Real-time factor")),
    Column("peak_bytes", phrase("Peak MB"), phrase("Most memory")),
)
"""Those besides the rates."""

WORDS: frozenset[SortKey] = frozenset({"id", "reference", "hypothesis"})


def table_view(page: ClipPage, *, current: str = "") -> str:
    """The page's clips; nothing but a sentence where none matches.

    Args:
        page: The clips.
        current: Id of the clip whose details are shown.
    """
    if not page.rows:
        return (
            f'<div class="wb-nothing"><p>{say("No clip matches.")}</p>'
            f'<button type="button" {pick(clear="all")}>{say("Show all clips")}</button></div>'
        )
    return clips_view(page.rows, page.headline, query=page.query, current=current)


def clips_view(
    clips: Sequence[Clip], headline: MetricName, *, query: ClipQuery | None = None, current: str = ""
) -> str:
    """A table of clips.

    Args:
        clips: A row each.
        headline: The leading metric.
        query: In which order they are; None where they cannot be put into another, and the rows cannot be clicked.
        current: As `table_view`.
    """
    columns = _columns(clips, headline)
    head = "".join(_head(column, query) for column in columns)
    body = "".join(_row(clip, columns, headline, current=current, alive=query is not None) for clip in clips)
    return f'<table class="wb-cliptable"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _columns(clips: Sequence[Clip], headline: MetricName) -> list[Column]:
    """Those that have something to say; the GPU's time only where it was measured."""
    others = [Column(name, f"{METRIC_NAMES[name]} %") for name in METRICS if name != headline]
    measured = any(cost is not None and cost.gpu_seconds is not None for cost in map(_cost, clips))
    shown = [column for column in COLUMNS if measured or column.key != "gpu_seconds"]
    return [*shown[:3], Column("rate", f"{METRIC_NAMES[headline]} %"), *shown[3:6], *others, *shown[6:]]


def _head(column: Column, query: ClipQuery | None) -> str:
    title, note = escape(tell(column.title)), f' title="{escape(tell(column.note))}"' if column.note else ""
    if query is None:
        return f"<th{note}>{title}</th>"
    sorted_by = query.sort == column.key
    aria = f' aria-sort="{"descending" if query.descending else "ascending"}"' if sorted_by else ""
    arrow = ("↓" if query.descending else "↑") if sorted_by else ""
    return (
        f'<th data-column="{column.key}"{note}{aria}><button type="button" {pick(sort=column.key)}>{title}'
        f"<i>{arrow}</i></button></th>"
    )


def _row(clip: Clip, columns: Sequence[Column], headline: MetricName, *, current: str, alive: bool) -> str:
    name = clip.outcome.id
    here = ' aria-current="true"' if name == current else ""
    opened = f' {pick(clip=name)} tabindex="0"' if alive else ""
    cells = "".join(_cell(column, clip, headline) for column in columns)
    return f'<tr data-clip="{escape(name)}"{opened}{here}>{cells}</tr>'


def _cell(column: Column, clip: Clip, headline: MetricName) -> str:
    if column.key == "id":
        return f'<th scope="row" dir="auto">{_name(clip.outcome.id)}{kind_tags(clip)}</th>'
    lang = f' lang="{escape(str(clip.outcome.tags.get("language", "")))}"'
    if column.key == "reference":
        return f'<td class="wb-said" dir="auto"{lang}><p>{_shortened(clip.outcome.reference)}</p></td>'
    if column.key == "hypothesis":
        if isinstance(clip.outcome, ItemFailure):
            return f'<td class="wb-said wb-failure"><p>{escape(tell(clip.outcome.message))}</p></td>'
        return f'<td class="wb-said" dir="auto"{lang}><p>{_shortened(clip.outcome.text)}</p></td>'
    if column.key == "rate":
        return _rate_cell(clip.rate)
    return f'<td class="wb-figure" data-name="{escape(tell(column.title))}">{_figure(column.key, clip, headline)}</td>'


def _name(item_id: str) -> str:
    """An id; of a long one the end, where ids of one set differ."""
    shown = item_id if len(item_id) <= _LONGEST_ID else f"…{item_id[-_LONGEST_ID:]}"
    return f'<span title="{escape(item_id)}">{escape(shown)}</span>'


def _rate_cell(rate: float | None) -> str:
    bar = "" if not rate else f'<i style="width:{100 * min(rate, 1):.0f}%"></i>'
    return f'<td class="wb-figure wb-ratecell"><b>{_percent(rate)}</b><span>{bar}</span></td>'


def _figure(key: SortKey, clip: Clip, headline: MetricName) -> str:
    cost = _cost(clip)
    if clip.counts is not None and key in METRICS:
        return _percent(clip.counts[key].rate)  # pyright: ignore[reportArgumentType]  it is the name of a metric
    if clip.counts is not None and key in ("substitutions", "deletions", "insertions"):
        return str(getattr(clip.counts[headline], key) or "·")
    if key == "duration" and isinstance(clip.outcome, ItemResult):
        return _decimals(clip.outcome.audio_seconds, 2)
    if cost is None:
        return written.MISSING
    if key == "peak_bytes":
        peak = peak_bytes(cost)
        return written.MISSING if peak is None else f"{peak / 1e6:,.0f}"
    return _decimals(getattr(cost, key, None), 3 if key == "rtf" else 2)


def kind_tags(clip: Clip) -> str:
    """What is notable about a clip, in a word or two each."""
    kinds = clip.kinds or frozenset[Kind]()
    found: list[Kind] = [kind for kind in _NOTABLE if kind in kinds]
    if "text on silence" in kinds:
        found.remove("empty reference")
    return "".join(f'<span class="wb-tag">{tell(_NOTABLE[kind])}</span>' for kind in found[:3])


def _cost(clip: Clip) -> Measurement | None:
    return clip.outcome.measurement if isinstance(clip.outcome, ItemResult) else None


def _shortened(text: str) -> str:
    if not text.strip():
        return f"<em>{say('nothing')}</em>"
    return escape(text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…")


def _percent(rate: float | None) -> str:
    return written.MISSING if rate is None else f"{100 * rate:.1f}"


def _decimals(value: float | None, places: int) -> str:
    return written.MISSING if value is None else f"{value:,.{places}f}"
