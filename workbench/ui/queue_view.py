"""The list of recordings on the Transcribe tab. Pure: values in, HTML out; every name in it is data and is escaped."""

from __future__ import annotations

from collections import Counter
from html import escape
from typing import Literal

from workbench.errors import WorkbenchError
from workbench.ui import format as written
from workbench.ui.labels import ENGLISH, Labels
from workbench.ui.language import tell
from workbench.ui.picks import pick
from workbench.ui.queue import Entry, Queue, flags_left, is_whole
from workbench.ui.review import places_to_check

Outcome = Literal["done", "check", "failed", "stopped", "left"]
_CROSS = '<svg viewBox="0 0 20 20" aria-hidden="true"><path d="M5.5 5.5l9 9M14.5 5.5l-9 9"/></svg>'
_SQUARE = '<svg viewBox="0 0 20 20" aria-hidden="true"><rect x="5.5" y="5.5" width="9" height="9" rx="1.5"/></svg>'


def queue_view(queue: Queue | None, labels: Labels = ENGLISH, *, fetch: tuple[str, str] | None = None) -> str:
    """The recordings, each to be shown, stopped or removed; of a single one only its name and length.

    Args:
        queue: None and an empty one have no list.
        labels: Words.
        fetch: Address and name of a file that the browser is to save now.
    """
    if queue is None or not queue.entries:
        return ""
    several = len(queue.entries) > 1
    rows = "".join(_row(entry, labels, current=entry is queue.selected, several=several) for entry in queue.entries)
    about = f' data-arrived="{queue.arrived}"' + (' data-working=""' if queue.is_busy else "")
    head = _head(queue, labels) if several else ""
    foot = f'<p class="wb-queue-total" role="status">{escape(total(queue, labels))}</p>' if several else ""
    link = f'<a hidden data-fetch href="{escape(fetch[0])}" download="{escape(fetch[1])}"></a>' if fetch else ""
    alone = "" if several else " wb-alone"
    return f'<section class="wb-queue{alone}"{about}>{head}<ol>{rows}</ol>{foot}{link}</section>'


def _head(queue: Queue, labels: Labels) -> str:
    count = labels.files.format(count=len(queue.entries))
    texts = sum(entry.answer is not None for entry in queue.entries)
    files = f'<button type="button" {pick(files="all")}>{escape(labels.download_all)}</button>' if texts > 1 else ""
    clear = f'<button type="button" {pick(clear="all")}>{escape(labels.remove_all)}</button>'
    return f'<div class="wb-queue-head"><b>{escape(count)}</b>{files}{clear}</div>'


def _row(entry: Entry, labels: Labels, *, current: bool, several: bool) -> str:
    name = entry_name(entry, labels)
    here = ' aria-current="true"' if current else ""
    length = f"<span>{escape(written.clock(entry.seconds))}</span>" if entry.seconds is not None else ""
    said = f"<em>{escape(state_of(entry, labels))}</em>" if several else ""
    bar = ""
    if several and entry.state == "working":
        share = entry.job.shown.share if entry.job is not None else 0.0
        bar = f'<i class="wb-queue-bar"><i style="width:{100 * share:.0f}%"></i></i>'
    show = (
        f'<button type="button" class="wb-queue-name" {pick(show=entry.id)}{here}>'
        f'<b dir="auto" title="{escape(name)}">{escape(name)}</b><small class="wb-num">{length}{said}</small>'
        f"{bar}</button>"
    )
    stops = several and entry.is_busy
    word, icon = (labels.stop_one, _SQUARE) if stops else (labels.remove, _CROSS)
    what = pick(stop=entry.id) if stops else pick(remove=entry.id)
    button = (
        f'<button type="button" class="wb-queue-end" {what} title="{escape(word)}" '
        f'aria-label="{escape(f"{word}: {name}")}">{icon}</button>'
    )
    return f'<li data-state="{outcome(entry)}" data-busy="{str(entry.is_busy).lower()}">{show}{button}</li>'


def entry_name(entry: Entry, labels: Labels = ENGLISH) -> str:
    """What a recording is called; an edited text that a later try replaced says so."""
    return labels.entry_earlier.format(name=entry.name) if entry.is_version else entry.name


def state_of(entry: Entry, labels: Labels = ENGLISH) -> str:
    """What became of a recording, in a few words; of a failed one its sentence."""
    if entry.state == "failed" and entry.error is not None:
        return failure(entry.error, labels)
    if entry.state == "working":
        return _working(entry, labels)
    if entry.state == "stopped":
        return stopped_where(entry, labels)
    if entry.state == "done" and entry.answer is not None:
        if count := flags_left(entry.answer):
            return places_to_check(count, labels)
        if not is_whole(entry.answer):
            return labels.incomplete
        return labels.entry_earlier_state if entry.is_version else labels.entry_done
    return labels.entry_waiting if entry.state == "waiting" else labels.entry_cleared


def failure(error: Exception, labels: Labels = ENGLISH) -> str:
    """What is wrong, in a sentence; what nobody foresaw is named by its type alone."""
    if isinstance(error, WorkbenchError):
        return tell(error.message)
    return labels.went_wrong.format(kind=type(error).__name__)


def _working(entry: Entry, labels: Labels) -> str:
    draft = entry.job.shown if entry.job is not None else None
    if draft is None or draft.last is None:
        return labels.entry_working
    return labels.entry_working_at.format(share=f"{100 * draft.share:.0f} %")


def stopped_where(entry: Entry, labels: Labels = ENGLISH) -> str:
    """How far a stopped try came; one that had not begun was cancelled."""
    draft = entry.job.draft if entry.job is not None else None
    if draft is None or draft.last is None:
        return labels.entry_cancelled
    return labels.entry_stopped.format(now=written.clock(draft.reached), length=written.clock(draft.seconds))


def outcome(entry: Entry) -> Outcome:
    """What a recording counts as, each in one place only."""
    if entry.state == "done" and entry.answer is not None:
        return "done" if is_whole(entry.answer) else "check"
    return "failed" if entry.state == "failed" else "stopped" if entry.state == "stopped" else "left"


def total(queue: Queue, labels: Labels = ENGLISH) -> str:
    """How many of each: `8 done, 1 to check, 1 failed`."""
    counts = Counter(outcome(entry) for entry in queue.entries)
    words: dict[Outcome, str] = {
        "done": labels.total_done,
        "check": labels.total_check,
        "failed": labels.total_failed,
        "stopped": labels.total_stopped,
        "left": labels.total_left,
    }
    return ", ".join(word.format(count=counts[kind]) for kind, word in words.items() if counts[kind])


def run_label(queue: Queue | None, labels: Labels = ENGLISH) -> str:
    """What a click on the button would do; with one recording, or none, it is always the same word."""
    if queue is None or len(queue.entries) < 2 or not (to_do := queue.to_do):
        return labels.transcribe
    if len(to_do) == 1:
        return labels.transcribe_again if to_do[0].state == "done" else labels.transcribe_one
    return labels.transcribe_count.format(count=len(to_do))
