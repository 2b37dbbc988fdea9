"""One clip of a run on the page, taken apart. Pure: values in, HTML out."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from workbench.runs.charts import STAGES
from workbench.runs.clip_detail import ClipDetail, TextStage
from workbench.runs.clip_query import Kind
from workbench.runs.explorer import Neighbours
from workbench.runs.records import ItemResult
from workbench.runs.scored import Clip
from workbench.scoring.counts import ErrorCounts
from workbench.text.rulers import MetricName
from workbench.ui import format as written
from workbench.ui.differences import METRIC_NAMES, diff_view
from workbench.ui.explorer_view import KIND_NAMES
from workbench.ui.language import say, say_many, tell
from workbench.ui.notices import notice, warning_list
from workbench.ui.paging import clip_steps
from workbench.ui.tables import whose_time

_SAID_BY_FIGURES: frozenset[Kind] = frozenset({"any error", "substitution", "deletion", "insertion", "warning"})


def detail_view(detail: ClipDetail, *, player: str, player_id: str, beside: Neighbours | None = None) -> str:
    """A clip: heard, aligned with its reference, ruler step by ruler step, and what it cost.

    Args:
        detail: The clip.
        player: Markup that plays it.
        player_id: Its HTML id.
        beside: Where it is among the clips that are listed.
    """
    heading = _heading(detail, beside)
    outcome = detail.clip.outcome
    if not isinstance(outcome, ItemResult):
        failure = notice(tell(outcome.message), kind="error")
        reference = (
            f'<div class="wb-panel"><h3>{say("Reference")}</h3>'
            f"{_text(outcome.reference, outcome.tags.get('language'))}</div>"
        )
        return f'<div class="wb-detail">{heading}{player}{failure}{reference}{_tags(detail.clip)}</div>'
    return (
        f'<div class="wb-detail">{heading}{player}{_aligned(detail, player_id)}'
        f'<div class="wb-beside">{_raw_texts(outcome)}{_stages(detail)}</div>'
        f"{warning_list(outcome.warnings)}{_tags(detail.clip)}</div>"
    )


def marks_view(detail: ClipDetail, *, seconds: float, player_id: str) -> str:
    """Where in time the errors are: a mark for each segment or word that has any, as long as it.

    One segment, as long as the clip, says nothing, and is not drawn.

    Args:
        detail: The clip.
        seconds: Length of the recording.
        player_id: HTML id of its player.
    """
    if len(detail.spans) < 2 or seconds <= 0:
        return ""
    errors = [0] * len(detail.spans)
    for edit, place in zip(detail.alignment, detail.places, strict=True):
        if edit.op != "hit" and place is not None:
            errors[place] += 1
    marks = "".join(
        f'<button type="button" data-seek="{one.start:.3f}" data-plays="{escape(player_id)}" '
        f'style="left:{100 * one.start / seconds:.2f}%;width:{max(0.6, 100 * (one.end - one.start) / seconds):.2f}%" '
        f'title="{_mark_words(count, one.start, one.end)}"></button>'
        for one, count in zip(detail.spans, errors, strict=True)
        if count
    )
    return f'<div class="wb-marks">{marks}</div>' if marks else ""


def say_errors(count: int) -> str:
    """`1 error`, `12 errors`."""
    return say_many(count, "{count} error", "{count} errors")


def unit_by_unit(ruler: str) -> str:
    """The heading of an alignment."""
    seen = say("as ruler {ruler} sees the texts", ruler=escape(ruler))
    return f"<h3>{say('Unit by unit')} <span>{seen}</span></h3>"


def error_number(words: str) -> str:
    """How many places there are; the page's script says in the same element which of them is looked at."""
    return f'<span class="wb-num" data-error-number="{say("{at} of {count}")}">{words}</span>'


def _mark_words(count: int, start: float, end: float) -> str:
    return say_many(
        count,
        "{count} error from {start} to {end}",
        "{count} errors from {start} to {end}",
        start=written.clock(start, decimals=1),
        end=written.clock(end, decimals=1),
    )


def _heading(detail: ClipDetail, beside: Neighbours | None) -> str:
    clip, name = detail.clip, METRIC_NAMES[detail.headline]
    figures = ""
    if clip.counts is not None:
        told = _counts(clip.counts[detail.headline])
        figures = f'<span class="wb-num">{name} <b>{written.rate(clip.rate)}</b> · {told}</span>'
    kinds = "".join(
        f'<span class="wb-tag">{escape(tell(words))}</span>'
        for kind, words in KIND_NAMES.items()
        if kind in (clip.kinds or ()) and kind not in _SAID_BY_FIGURES
    )
    return f'<header><h3 dir="auto">{escape(clip.outcome.id)}</h3>{figures}{kinds}{clip_steps(beside)}</header>'


def _counts(counts: ErrorCounts) -> str:
    parts = [(counts.substitutions, say("sub")), (counts.deletions, say("del")), (counts.insertions, say("ins"))]
    errors = ", ".join(f"{number} {word}" for number, word in parts if number) or say("no errors")
    return say_many(counts.reference_length, "{errors} of {count} unit", "{errors} of {count} units", errors=errors)


def _aligned(detail: ClipDetail, player_id: str) -> str:
    seconds = [None if place is None else detail.spans[place].start for place in detail.places]
    errors = sum(edit.op != "hit" for edit in detail.alignment)
    steps = ""
    if errors:
        steps = (
            f'<nav class="wb-pager" aria-label="{say("Errors")}"><button type="button" data-step-error="-1" '
            f'aria-label="{say("Error before")}">‹</button>{error_number(say_errors(errors))}'
            f'<button type="button" data-step-error="1" aria-label="{say("Next error")}">›</button></nav>'
        )
    body = diff_view(detail.alignment, seconds=seconds, player_id=player_id)
    if not detail.alignment:
        body = f'<p class="wb-note">{say("Under this ruler nothing is left of either text.")}</p>'
    title = unit_by_unit(detail.ruler)
    return f'<div class="wb-panel"><header>{title}{steps}</header>{body}</div>'


def _raw_texts(outcome: ItemResult) -> str:
    language = outcome.tags.get("language")
    raw = ""
    if outcome.raw.strip() != outcome.text.strip():
        raw = f"<dt>{say('As the model gave it')}</dt><dd><code>{escape(outcome.raw)}</code></dd>"
    return (
        f'<div class="wb-panel"><h3>{say("Texts as they are")}</h3><dl class="wb-raw"><dt>{say("Reference")}</dt>'
        f"<dd>{_text(outcome.reference, language)}</dd><dt>{say('Hypothesis')}</dt>"
        f"<dd>{_text(outcome.text, language)}</dd>{raw}"
        "</dl></div>"
    )


def _text(text: str, language: object) -> str:
    lang = f' lang="{escape(str(language))}"' if language else ""
    if not text.strip():
        return f"<p><em>{say('nothing')}</em></p>"
    return f'<p class="wb-whole" dir="auto"{lang}>{escape(text)}</p>'


def _stages(detail: ClipDetail) -> str:
    """What each step did to this clip; steps that changed nothing are named together."""
    idle: list[str] = []
    items: list[str] = []
    for stage, before in zip(detail.stages, [None, *detail.stages], strict=False):
        if before is not None and _same(stage, before):
            idle.append(tell(STAGES.get(stage.group, stage.group)))
        else:
            items.append(_stage(stage, before, detail.headline))
    unchanged = say("Nothing changed {steps}.", steps=escape(say(", ").join(idle)))
    note = f'<p class="wb-note">{unchanged}</p>' if idle else ""
    return (
        f'<div class="wb-panel"><h3>{say("What the ruler did")}</h3>'
        f'<ol class="wb-stages">{"".join(items)}</ol>{note}</div>'
        if items
        else ""
    )


def _same(stage: TextStage, before: TextStage) -> bool:
    return (stage.reference, stage.hypothesis, stage.counts) == (before.reference, before.hypothesis, before.counts)


def _stage(stage: TextStage, before: TextStage | None, metric: MetricName) -> str:
    name = tell(STAGES.get(stage.group, stage.group)) + (f" ({say('not in the ruler')})" if stage.beyond else "")
    change = 0 if before is None else stage.counts.errors - before.counts.errors
    told = f"<em>{'+' if change > 0 else '−'}{abs(change)}</em>" if change else ""
    rate = f" · {METRIC_NAMES[metric]} {written.rate(stage.counts.counts.rate)}"
    return (
        f"<li><p><b>{escape(name)}</b><span class=wb-num>{say_errors(stage.counts.errors)}{rate}{told}</span></p>"
        f'<p dir="auto">{escape(stage.reference) or "–"}</p><p dir="auto">{escape(stage.hypothesis) or "–"}</p></li>'
    )


def _tags(clip: Clip) -> str:
    facts = "".join(
        f'<div><dt>{escape(name)}</dt><dd dir="auto">{escape(value)}</dd></div>' for name, value in _facts(clip)
    )
    return f'<dl class="wb-facts">{facts}</dl>' if facts else ""


def _facts(clip: Clip) -> Iterator[tuple[str, str]]:
    outcome = clip.outcome
    if isinstance(outcome, ItemResult):
        cost = outcome.measurement
        yield say("Audio"), written.duration(outcome.audio_seconds)
        if cost is None:
            yield say("Cost"), say("not measured here")
        else:
            yield say("Took"), written.seconds(cost.wall_seconds)
            yield "RTF", written.factor(cost.rtf)
            yield say("Time is of"), whose_time(cost.kind)
        yield say("Language heard"), outcome.language or say("not told")
    yield from ((tell(tag), str(value)) for tag, value in outcome.tags.items())
