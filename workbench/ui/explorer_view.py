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
from workbench.ui.language import phrase, say, say_many, tell
from workbench.ui.paging import page_steps
from workbench.ui.picks import pick

KIND_NAMES: dict[Kind, str] = {
    "any error": phrase("With errors"),
    "no error": phrase("Without errors"),
    "substitution": phrase("Substituted units"),
    "deletion": phrase("Missing units"),
    "insertion": phrase("Added units"),
    "same sound": phrase("Wrong characters of the right sound only"),
    "rewritten": phrase("Cantonese rewritten as Mandarin"),
    "translated": phrase("Latin term translated or in Han"),
    "loop": phrase("Text loops"),
    "too long": phrase("More text than time"),
    "text on silence": phrase("Text where nothing was said"),
    "empty reference": phrase("Empty reference"),
    "warning": phrase("With warnings"),
    "failed": phrase("Failed"),
}


def no_detail_view() -> str:
    """Where a clip will be, before one is chosen."""
    return f'<p class="wb-note">{say("Choose a clip to hear it and to see what differs.")}</p>'


def chips_view(query: ClipQuery, *, times: int | None = None) -> str:
    """What was clicked elsewhere and narrows the table, each with a cross that takes it away; nothing where all is.

    Args:
        query: What is asked.
        times: How often the confusion asked for happened.
    """
    if not query.asks_confusion:
        return ""
    often = "" if times is None else " · " + say_many(times, "{count} time", "{count} times")
    words = escape(_confusion(query)) + often
    cross = f'<button type="button" {pick(clear="confusion")} aria-label="{say("Show all errors again")}">×</button>'
    return f'<span class="wb-picked" dir="auto">{words}{cross}</span>'


def _confusion(query: ClipQuery) -> str:
    said, heard = query.said, query.heard
    if said == "":
        return say("Added {unit}", unit=heard)
    if heard == "":
        return say("Missing {unit}", unit=said)
    return say("Confusion {said} → {heard}", said=said or say("anything"), heard=heard or say("anything"))


def matches_view(page: ClipPage, *, times: int | None = None) -> str:
    """Which clips are shown, their rate with its interval, and the way to other pages."""
    found = page.matches
    last = page.first + len(page.rows) - 1
    shown = say_shown(page.first, last, matches=found.clips, total=page.total, pages=page.pages)
    return (
        f'<div class="wb-matches"><p role="status"><b>{shown}</b>'
        f"{chips_view(page.query, times=times)}</p><p class=wb-num>{_total(found, page.headline)}</p>"
        f"{page_steps(page.query.page, page.pages)}</div>"
    )


def say_shown(first: int, last: int, *, matches: int, total: int, pages: int) -> str:
    """Which clips a page of a table shows: `51–100 of 1,204 clips, out of 3,000`.

    Args:
        first: Number of the first one among those that match.
        last: Number of the last one.
        matches: How many match.
        total: How many there are.
        pages: On how many pages the matching ones are.
    """
    if pages == 1:
        if matches == total:
            return say_many(total, "{count} clip", "{count} clips")
        return say_many(total, "{matches} of {count} clip", "{matches} of {count} clips", matches=f"{matches:,}")
    places: dict[str, object] = {"first": f"{first:,}", "last": f"{last:,}", "matches": f"{matches:,}"}
    if matches == total:
        return say("{first}–{last} of {matches} clips", **places)
    return say("{first}–{last} of {matches} clips, out of {total}", total=f"{total:,}", **places)


def _total(found: Total, metric: MetricName) -> str:
    rate = f"{METRIC_NAMES[metric]} <b>{written.rate(found.counts.rate)}</b>"
    if found.ci95 is not None:
        rate += f" ({100 * found.ci95[0]:.1f} – {100 * found.ci95[1]:.1f})"
    counts = found.counts
    parts = [rate, written.edits(counts)]
    if found.failed:
        failed = say("{count} failed", count=written.count(found.failed))
        parts.append(f'<button type="button" class="wb-failed" {pick(kind="failed")}>{failed}</button>')
    if found.empty_references:
        parts.append(say("{count} with an empty reference", count=written.count(found.empty_references)))
    if found.cluster_by != "utterance" and found.ci95 is not None:
        drawn = f"{found.clusters:,} {NAMES[found.cluster_by][1]}"
        parts.append(say("interval over {units}", units=tell(drawn)))
    return " · ".join(parts)


def order_choices(headline: MetricName) -> list[tuple[str, str]]:
    """Every order of the table, by column and direction."""
    titles: dict[SortKey, str] = {"rate": METRIC_NAMES[headline]}
    titles |= {column.key: tell(column.note or column.title) for column in COLUMNS}
    others: dict[SortKey, str] = {name: METRIC_NAMES[name] for name in METRICS if name != headline}
    choices = [(say("In the set's order"), "order:up"), (say("Set's order, last first"), "order:down")]
    for key, title in (titles | others).items():
        falling, rising = (
            (say("Z to A"), say("A to Z")) if key in WORDS else (say("highest first"), say("lowest first"))
        )
        choices += [
            (say("{column}, {way}", column=title, way=falling), f"{key}:down"),
            (say("{column}, {way}", column=title, way=rising), f"{key}:up"),
        ]
    return choices


def kind_choices(totals: Mapping[Kind, int] | None) -> Iterator[tuple[str, str]]:
    """Kinds of clips to choose from, with how many there are once that is known; those that are not there are left out.

    Args:
        totals: Clips by kind; None where not every error was looked at yet.
    """
    yield say("Any"), ""
    for kind, name in KIND_NAMES.items():
        if totals is None:
            yield tell(name), kind
        elif totals.get(kind):
            yield f"{tell(name)} ({totals[kind]:,})", kind
