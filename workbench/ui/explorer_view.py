"""What is asked of a run's clips, and how many match. Pure: values in, HTML out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from workbench.runs.clip_query import ClipQuery, Kind, SortKey
from workbench.runs.explorer import ClipPage, Total
from workbench.scoring.clusters import NAMES
from workbench.scoring.score import METRICS
from workbench.text.rulers import MetricName
from workbench.ui import format as written
from workbench.ui.clip_table import COLUMNS, WORDS
from workbench.ui.differences import METRIC_NAMES
from workbench.ui.paging import page_steps
from workbench.ui.picks import pick

KIND_NAMES: dict[Kind, str] = {
    "any error": "With errors",
    "no error": "Without errors",
    "substitution": "Substituted units",
    "deletion": "Missing units",
    "insertion": "Added units",
    "same sound": "Wrong characters of the right sound only",
    "rewritten": "Cantonese rewritten as Mandarin",
    "translated": "Latin term translated or in Han",
    "loop": "Text loops",
    "too long": "More text than time",
    "text on silence": "Text where nothing was said",
    "empty reference": "Empty reference",
    "warning": "With warnings",
    "failed": "Failed",
}


def chips_view(query: ClipQuery, *, times: int | None = None) -> str:
    """What was clicked elsewhere and narrows the table, each with a cross that takes it away; nothing where all is.

    Args:
        query: What is asked.
        times: How often the confusion asked for happened.
    """
    if not query.asks_confusion:
        return ""
    often = "" if times is None else f" · {written.count(times)} {'time' if times == 1 else 'times'}"
    words = escape(_confusion(query)) + often
    cross = f'<button type="button" {pick(clear="confusion")} aria-label="Show all errors again">×</button>'
    return f'<span class="wb-picked" dir="auto">{words}{cross}</span>'


def _confusion(query: ClipQuery) -> str:
    said, heard = query.said, query.heard
    if said == "":
        return f"Added {heard}"
    if heard == "":
        return f"Missing {said}"
    return f"Confusion {said or 'anything'} → {heard or 'anything'}"


def matches_view(page: ClipPage, *, times: int | None = None) -> str:
    """Which clips are shown, their rate with its interval, and the way to other pages."""
    found = page.matches
    last = page.first + len(page.rows) - 1
    clips = "clip" if page.total == 1 else "clips"
    shown = f"{found.clips:,} {clips}" if found.clips == page.total else f"{found.clips:,} of {page.total:,} {clips}"
    if page.pages > 1:
        rest = "" if found.clips == page.total else f", out of {page.total:,}"
        shown = f"{page.first:,}–{last:,} of {found.clips:,} {clips}{rest}"
    return (
        f'<div class="wb-matches"><p role="status"><b>{shown}</b>'
        f"{chips_view(page.query, times=times)}</p><p class=wb-num>{_total(found, page.headline)}</p>"
        f"{page_steps(page.query.page, page.pages)}</div>"
    )


def _total(found: Total, metric: MetricName) -> str:
    rate = f"{METRIC_NAMES[metric]} <b>{written.rate(found.counts.rate)}</b>"
    if found.ci95 is not None:
        rate += f" ({100 * found.ci95[0]:.1f} – {100 * found.ci95[1]:.1f})"
    counts = found.counts
    parts = [rate, f"{counts.substitutions:,} sub, {counts.deletions:,} del, {counts.insertions:,} ins"]
    if found.failed:
        failed = f"{found.failed:,} failed"
        parts.append(f'<button type="button" class="wb-failed" {pick(kind="failed")}>{failed}</button>')
    if found.empty_references:
        parts.append(f"{found.empty_references:,} with an empty reference")
    if found.cluster_by != "utterance" and found.ci95 is not None:
        parts.append(f"interval over {found.clusters:,} {NAMES[found.cluster_by][1]}")
    return " · ".join(parts)


def order_choices(headline: MetricName) -> list[tuple[str, str]]:
    """Every order of the table, by column and direction."""
    titles: dict[SortKey, str] = {"rate": METRIC_NAMES[headline]}
    titles |= {column.key: column.note or column.title for column in COLUMNS}
    others: dict[SortKey, str] = {name: METRIC_NAMES[name] for name in METRICS if name != headline}
    choices = [("In the set's order", "order:up"), ("Set's order, last first", "order:down")]
    for key, title in (titles | others).items():
        falling, rising = ("Z to A", "A to Z") if key in WORDS else ("highest first", "lowest first")
        choices += [(f"{title}, {falling}", f"{key}:down"), (f"{title}, {rising}", f"{key}:up")]
    return choices


def kind_choices(totals: Mapping[Kind, int] | None) -> Iterator[tuple[str, str]]:
    """Kinds of clips to choose from, with how many there are once that is known; those that are not there are left out.

    Args:
        totals: Clips by kind; None where not every error was looked at yet.
    """
    yield "Any", ""
    for kind, name in KIND_NAMES.items():
        if totals is None:
            yield name, kind
        elif totals.get(kind):
            yield f"{name} ({totals[kind]:,})", kind
