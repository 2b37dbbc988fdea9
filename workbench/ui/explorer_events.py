"""What the explorer's events do: questions about the shown run answered, clips opened, labels corrected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

import gradio as gr

from workbench import services
from workbench.evalsets.corrections import Correction
from workbench.runs.clip_query import SORT_KEYS, ClipQuery, Kind
from workbench.runs.explorer import find_clips, find_neighbours
from workbench.runs.scored import ScoredRun
from workbench.ui import result
from workbench.ui.causes import causes_view
from workbench.ui.clip_table import table_view
from workbench.ui.clips import clip_detail
from workbench.ui.context import PageContext, Updates, components_of, unchanged
from workbench.ui.explorer_filters import (
    Filters,
    empty_filters,
    order_choice,
    read_query,
    reset_filters,
    tag_choice,
    turn,
)
from workbench.ui.explorer_view import kind_choices, matches_view, no_detail_view
from workbench.ui.label_form import LabelForm, correct_label, show_label
from workbench.ui.language import say
from workbench.ui.notices import page_error
from workbench.ui.picks import picked
from workbench.ui.spread import spread_view
from workbench.ui.suspects import MOST_SUSPECTS, needs_runs_view, suspects_view
from workbench.ui.tables import tags_view

MOST_WITNESSES = 6
"""Runs that judge labels: the newest of each way of transcribing the set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Where the explorer's answers appear, and what it remembers of this page: what is asked, which clip is open."""

    filters: Any
    line: Any
    clips: Any
    detail: Any
    errors: Any
    charts: Any
    suspects: Any
    tabs: Any
    corrected: Any
    asked: Any
    current: Any


class Explorer:
    """The explorer's events. Each method returns updates by component; what it is told comes by name.

    Args:
        context: What every tab is given.
        filters: What narrows and orders the table.
        label: What is said about a clip's label.
        shown: Where answers appear.
    """

    def __init__(self, context: PageContext, filters: Filters, label: LabelForm, shown: Shown) -> None:
        self.context = context
        self.filters = filters
        self.label = label
        self.shown = shown

    @property
    def outputs(self) -> list[Any]:
        """Every component an event may change."""
        shown = components_of(self.shown)
        return [*self.filters.inputs().values(), *self.label.outputs, *shown]

    def follow(self, table: str) -> Updates:
        """A run while it goes on: its newest clips, nothing to ask yet."""
        shown = self.shown
        not_yet = f'<p class="wb-note">{say("Here when the run has ended.")}</p>'
        return {
            shown.filters: gr.Column(visible=False),
            shown.line: "",
            shown.clips: table,
            shown.detail: "",
            shown.errors: not_yet,
            shown.charts: not_yet,
            shown.suspects: not_yet,
            self.label.box: gr.Accordion(visible=False),
        }

    def show(self, scored: ScoredRun) -> Updates:
        """A run anew: all its clips, those with the highest rate first."""
        shown = self.shown
        waiting = say("Looking at every error of {count} clips…", count=f"{len(scored.clips):,}")
        return (
            reset_filters(self.filters, scored.summary)
            | self._answer(scored, ClipQuery(sort="rate", descending=True))
            | {
                shown.filters: gr.Column(visible=True),
                shown.detail: no_detail_view(),
                shown.current: "",
                shown.errors: result.progress_view(waiting, key=f"errors-{scored.summary.run_id}"),
                shown.charts: "",
                shown.suspects: "",
                shown.tabs: gr.Tabs(selected="clips"),
                shown.corrected: gr.Checkbox(visible=bool(self._corrections(scored))),
                self.label.box: gr.Accordion(visible=False),
            }
        )

    def look(self, **told: Any) -> Updates:
        """Every error of the run shown, once its clips are there."""

        def work(scored: ScoredRun) -> Updates:
            totals: Counter[Kind] = Counter(kind for clip in scored.clips_with_kinds for kind in clip.kinds or ())
            kinds = gr.Dropdown(choices=list(kind_choices(totals)))
            return {self.shown.errors: causes_view(scored.analysis), self.filters.kind: kinds}

        return self._try(told, work, self.shown.errors)

    def draw(self, charts: str, **told: Any) -> Generator[Updates, None, None]:
        """The charts, when they are first looked at."""

        def work(scored: ScoredRun) -> Updates:
            groups = tags_view(scored.summary.by_tag, scored.summary.headline)
            return {self.shown.charts: spread_view(scored.summary, scored.waterfall, scored.ruler) + groups}

        yield from self._fill(self.shown.charts, charts, say("Drawing the charts…"), told, work)

    def doubt(self, suspects: str, **told: Any) -> Generator[Updates, None, None]:
        """The labels that are probably wrong, when they are first looked at."""

        def work(scored: ScoredRun) -> Updates:
            runs = self._witnesses(scored)
            if len(runs) < 2:
                return {self.shown.suspects: needs_runs_view()}
            found = services.suspects(runs, ruler=told["ruler"] or None, limit=MOST_SUSPECTS, pool=self.context.pool)
            return {self.shown.suspects: suspects_view(found)}

        yield from self._fill(self.shown.suspects, suspects, say("Holding the labels against the runs…"), told, work)

    def ask(self, **told: Any) -> Updates:
        """The first page of what the filters ask."""
        return self._try(told, lambda scored: self._answer(scored, read_query(told), told["current"]))

    def pick(self, event: gr.EventData, **told: Any) -> Updates:
        """What was clicked in the table, in the line above it, or among the errors."""
        return self._try(told, lambda scored: self._pick(scored, read_query(told), told["current"], picked(event)))

    def step(self, event: gr.EventData, **told: Any) -> Updates:
        """Another clip, on whatever page of the table it is, which shows that page then."""

        def work(scored: ScoredRun) -> Updates:
            query, name = replace(read_query(told), page=told["asked"].page), str(picked(event).get("clip", ""))
            beside = find_neighbours(scored, query, name)
            if beside is not None:
                query = replace(query, page=(beside.number - 1) // query.page_size + 1)
            tabs = {self.shown.tabs: gr.Tabs(selected="clips")}
            return self._answer(scored, query, name) | self._open(scored, query, name) | tabs

        return self._try(told, work)

    def correct(self, *, wrong: bool = False, undo: bool = False, **told: Any) -> Updates:
        """What was said of the shown clip's label."""
        what = {"wrong": True} if wrong else {"undo": True} if undo else {"text": told["text_said"]}
        note = {} if undo else {"note": told["note"] or ""}
        changed, any_made = correct_label(
            self.context, self.label, run_id=told["run_id"], item_id=told["current"], **what, **note
        )
        return changed | ({self.shown.corrected: gr.Checkbox(visible=True)} if any_made else {})

    def _pick(self, scored: ScoredRun, query: ClipQuery, current: str, what: Mapping[str, Any]) -> Updates:
        if "clip" in what:
            return self._open(scored, query, str(what["clip"]))
        if "page" in what:
            return self._answer(scored, replace(query, page=int(what["page"])), current)
        if what.get("sort") in SORT_KEYS:
            query = turn(query, what["sort"])
            return self._answer(scored, query, current) | {self.filters.order: order_choice(query)}
        if what.get("clear") == "confusion":
            return self._answer(scored, replace(query, said=None, heard=None), current)
        return self._narrow(scored, replace(ClipQuery(), sort=query.sort, descending=query.descending), what)

    def _narrow(self, scored: ScoredRun, query: ClipQuery, what: Mapping[str, Any]) -> Updates:
        """One condition in the place of all, and the table in sight."""
        filters, changed = self.filters, empty_filters(self.filters)
        if "said" in what:
            query = replace(query, said=str(what["said"]), heard=str(what.get("heard", "")))
        elif "kind" in what:
            query = replace(query, kind=cast("Kind", what["kind"]))
            changed[filters.kind] = query.kind
        elif "tag" in what:
            tag, value = (str(part) for part in what["tag"])
            query = replace(query, tags=((tag, value),))
            changed[filters.tags] = [tag_choice(tag, value)]
        shown = {
            self.shown.tabs: gr.Tabs(selected="clips"),
            self.shown.detail: no_detail_view(),
            self.shown.current: "",
        }
        return changed | self._answer(scored, query) | shown | {self.label.box: gr.Accordion(visible=False)}

    def _open(self, scored: ScoredRun, query: ClipQuery, name: str) -> Updates:
        shown = {
            self.shown.detail: clip_detail(self.context, scored, name, find_neighbours(scored, query, name)),
            self.shown.current: name,
        }
        outcome = next(clip.outcome for clip in scored.clips if clip.outcome.id == name)
        return shown | show_label(self.label, outcome, self._corrections(scored))

    def _answer(self, scored: ScoredRun, query: ClipQuery, current: str = "") -> Updates:
        page = find_clips(scored, query)
        return {
            self.shown.line: matches_view(page, times=_times(scored, query)),
            self.shown.clips: table_view(page, current=current),
            self.shown.asked: query,
        }

    def _corrections(self, scored: ScoredRun) -> dict[str, Correction]:
        made = services.list_corrections(scored.run.record.spec.eval_set, pool=self.context.pool)
        return {one.id: one for one in made.entries}

    def _witnesses(self, scored: ScoredRun) -> list[str]:
        """The newest run of each way in which this set was transcribed."""
        wanted = scored.run.record.spec.eval_set
        ways: dict[tuple[str | float | None, ...], str] = {}
        for record in services.list_runs(pool=self.context.pool):
            spec = record.spec
            if spec.eval_set == wanted:
                way = (spec.engine, spec.model_id, spec.chain, spec.language, spec.context, spec.chunk_seconds)
                ways.setdefault(way, record.run_id)
        return list(ways.values())[:MOST_WITNESSES]

    def _fill(
        self, part: Any, there: str, note: str, told: Mapping[str, Any], work: Callable[[ScoredRun], Updates]
    ) -> Generator[Updates, None, None]:
        """A tab, once; that it takes a while is said meanwhile."""
        if told["run_id"] and not there:
            yield {part: result.progress_view(note, key=note)}
            yield self._try(told, work, part)

    def _try(self, told: Mapping[str, Any], work: Callable[[ScoredRun], Updates], where: Any | None = None) -> Updates:
        """What `work` makes of the run that is shown; nothing while there is none."""
        if not told["run_id"]:
            return unchanged(self.shown.line)
        try:
            return work(
                services.scored_run(
                    told["run_id"],
                    ruler=told["ruler"] or None,
                    corrected=bool(told["corrected"]),
                    pool=self.context.pool,
                )
            )
        except Exception as error:
            return {where or self.shown.line: page_error(error, self.context.labels)}


def _times(scored: ScoredRun, query: ClipQuery) -> int | None:
    """How often the confusion asked for happened; None where none is."""
    if not query.asks_confusion:
        return None
    found = scored.analysis.confusions
    several = (*found.substitutions, *found.deletions, *found.insertions)
    return sum(one.count for one in several if (one.reference, one.hypothesis) == (query.said, query.heard))
