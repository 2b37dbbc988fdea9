"""What the events of the compared runs do. Each method returns or yields updates by component."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

import gradio as gr

from workbench import services
from workbench.errors import UsageError
from workbench.runs.shared_clips import SHARED_ORDERS, SharedQuery
from workbench.runs.side_by_side import SideBySide
from workbench.services.side_by_side import side_by_side
from workbench.ui import result
from workbench.ui.clips import clip_player
from workbench.ui.commands import command_line, command_view
from workbench.ui.compare_clip import clip_view
from workbench.ui.compare_figures import comparison_view, corrected_mark, cost_view, groups_view, remarks_view
from workbench.ui.compare_form import Filters
from workbench.ui.compare_query import FIRST_ORDER, order_choice, read_query, turned
from workbench.ui.compare_reports import write_reports
from workbench.ui.compare_systems import System, name_systems
from workbench.ui.compare_table import MOST_WITH_TEXTS, matches_view, order_choices, shared_view, which_choices
from workbench.ui.context import PageContext, Updates, components_of, unchanged
from workbench.ui.explorer_view import no_detail_view
from workbench.ui.label_form import LabelForm, correct_label, show_label
from workbench.ui.language import say
from workbench.ui.leaderboard import leaderboard_view, measures_view
from workbench.ui.notices import page_error
from workbench.ui.picks import picked
from workbench.ui.suspects import MOST_SUSPECTS, suspects_view

PLAYER = "compare-player"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Where answers appear, and what is remembered of this page."""

    notice: Any
    progress: Any
    figures: Any
    answer: Any
    more: Any
    tabs: Any
    line: Any
    clips: Any
    stacked: Any
    detail: Any
    suspects: Any
    downloads: Any
    report: Any
    command: Any
    held: Any
    asked: Any
    current: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The comparison that is shown.

    Attributes:
        runs: Ids, the baseline first.
        ruler: As chosen; None for what suits the set.
        corrected: Whether labels are corrected.
        systems: What the runs are called.
        side: Their clips.
    """

    runs: tuple[str, ...]
    ruler: str | None
    corrected: bool
    systems: tuple[System, ...]
    side: SideBySide

    @property
    def mark(self) -> str:
        """What stands beside figures."""
        return corrected_mark(self.side.corrections)


class RunsTab:
    """The events; what they are told comes by name.

    Args:
        context: What every tab is given.
        filters: What narrows and orders the table of clips.
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

    def compare(self, **told: Any) -> Generator[Updates, None, None]:
        """Figures first, then the clips."""
        shown, runs = self.shown, list(told["runs"] or [])
        try:
            if len(runs) < 2:
                raise UsageError("Two runs are needed.", hint="Choose two or more; the first is the baseline.")
            words = say("Comparing {count} runs…", count=len(runs))
            yield {shown.notice: "", shown.progress: result.progress_view(words, key=" ".join(runs))}
            records = [services.load_run(one, pool=self.context.pool).record for one in runs]
            systems = name_systems(records)
            yield self._figures(runs, systems, told)
            ruler, corrected = told["ruler"] or None, bool(told["corrected"])
            side = side_by_side(runs, ruler=ruler, corrected=corrected, pool=self.context.pool)
            yield self._clips(Held(runs=tuple(runs), ruler=ruler, corrected=corrected, systems=systems, side=side))
        except Exception as error:
            yield {shown.notice: page_error(error, self.context.labels), shown.progress: ""}

    def rescore(self, **told: Any) -> Generator[Updates, None, None]:
        """The shown comparison under another ruler, or with other labels."""
        if told["held"] is not None:
            yield from self.compare(**told | {"runs": list(told["held"].runs)})

    def ask(self, **told: Any) -> Updates:
        """The first page of what the filters ask."""
        return self._try(told, lambda held: self._answer(held, read_query(told), told["current"]))

    def pick(self, event: gr.EventData, **told: Any) -> Updates:
        """What was clicked in the table, in the line above it, or among the groups."""
        return self._try(told, lambda held: self._pick(held, read_query(told), told, picked(event)))

    def step(self, event: gr.EventData, **told: Any) -> Updates:
        """Another clip, on whatever page of the table it is."""
        return self._try(told, lambda held: self._step(held, told, picked(event)))

    def listen(self, event: gr.EventData, **told: Any) -> Updates:
        """A clip whose label is doubted, with the form that says what is right."""
        opened = {self.label.box: gr.Accordion(visible=True, open=True)}
        return self._try(told, lambda held: self._step(held, told, picked(event)) | opened)

    def restack(self, **told: Any) -> Updates:
        """The open clip with other systems in its alignment."""

        def work(held: Held) -> Updates:
            if not told["current"]:
                return unchanged(self.shown.notice)
            return {self.shown.detail: self._detail(held, told["asked"], told["current"], told["stacked"])}

        return self._try(told, work)

    def doubt(self, **told: Any) -> Updates:
        """The labels that are probably wrong, when they are first looked at."""

        def work(held: Held) -> Updates:
            found = services.suspects(held.runs, ruler=held.ruler, limit=MOST_SUSPECTS, pool=self.context.pool)
            return {self.shown.suspects: suspects_view(found)}

        return unchanged(self.shown.notice) if told["suspects"] else self._try(told, work)

    def correct(self, *, wrong: bool = False, undo: bool = False, **told: Any) -> Updates:
        """What was said of the open clip's label; the list of doubtful ones is made anew."""

        def work(held: Held) -> Updates:
            what = {"wrong": True} if wrong else {"undo": True} if undo else {"text": told["text_said"]}
            note = {} if undo else {"note": told["note"] or ""}
            run = next(
                run for run, outcomes in zip(held.runs, held.side.outcomes, strict=True) if told["current"] in outcomes
            )
            changed, _ = correct_label(self.context, self.label, run_id=run, item_id=told["current"], **what, **note)
            return changed | {self.shown.suspects: "", self.label.box: gr.Accordion(visible=True, open=True)}

        return self._try(told, work) if told["current"] else unchanged(self.shown.notice)

    def report(self, **told: Any) -> Generator[Updates, None, None]:
        """The shown comparison as files to hand on."""
        held: Held | None = told["held"]
        if held is None:
            return
        shown = self.shown
        try:
            yield {shown.report: gr.Button(value=say("Making the report…"), interactive=False)}
            files = write_reports(self.context, held.runs, ruler=held.ruler, corrected=held.corrected)
            yield {shown.downloads: files, shown.report: gr.Button(visible=False)}
        except Exception as error:
            yield {
                shown.notice: page_error(error, self.context.labels),
                shown.report: gr.Button(value=say("Make a report"), interactive=True),
            }

    def _figures(self, runs: list[str], systems: tuple[System, ...], told: Mapping[str, Any]) -> Updates:
        asked = {name: told[name] or None for name in ("ruler", "cluster_by")}
        options: dict[str, Any] = {**asked, "corrected": bool(told["corrected"]), "pool": self.context.pool}
        if len(runs) == 2:
            found = services.compare(*runs, **options)
            figures, more = comparison_view(found, systems), groups_view(found) + cost_view(found)
        else:
            found = services.rank(runs, **options)
            figures, more = leaderboard_view(found, systems), measures_view(found, systems)
        command = command_line("compare", runs, **asked) + (" --corrected" if told["corrected"] else "")
        return {
            self.shown.notice: remarks_view(found.corrections, found.warnings),
            self.shown.figures: figures,
            self.shown.more: more,
            self.shown.command: command_view(command, element_id="compare-command", labels=self.context.labels),
        }

    def _clips(self, held: Held) -> Updates:
        """Everything below the figures, as nothing had been asked yet."""
        shown, filters, many = self.shown, self.filters, len(held.systems) > MOST_WITH_TEXTS
        choices = [(one.label, place) for place, one in enumerate(held.systems)]
        return self._answer(held, SharedQuery()) | {
            shown.progress: "",
            shown.answer: gr.Column(visible=True),
            shown.tabs: gr.Tabs(selected="clips"),
            filters.text: "",
            filters.which: gr.Dropdown(choices=which_choices(held.systems), value=""),
            filters.order: gr.Dropdown(choices=order_choices(held.systems), value=FIRST_ORDER),
            shown.stacked: gr.CheckboxGroup(
                choices=choices, value=[place for _, place in choices[:MOST_WITH_TEXTS]], visible=many
            ),
            shown.detail: no_detail_view(),
            shown.current: "",
            shown.suspects: "",
            shown.downloads: "",
            shown.report: gr.Button(value=say("Make a report"), visible=True, interactive=True),
            shown.held: held,
            self.label.box: gr.Accordion(visible=False),
        }

    def _pick(self, held: Held, query: SharedQuery, told: Mapping[str, Any], what: Mapping[str, Any]) -> Updates:
        filters, shown = self.filters, self.shown
        if "clip" in what:
            query = replace(query, page=told["asked"].page)
            return self._open(held, query, str(what["clip"]), told["stacked"])
        if "page" in what:
            return self._answer(held, replace(query, page=int(what["page"])), told["current"])
        if what.get("sort") in SHARED_ORDERS:
            query = turned(query, what["sort"], int(what.get("system", 0)))
            return self._answer(held, query, told["current"]) | {filters.order: order_choice(query)}
        if what.get("clear") == "tag":
            return self._answer(held, replace(query, tag=None), told["current"])
        tag = tuple(str(part) for part in what["tag"]) if "tag" in what else None
        query = SharedQuery(
            tag=cast("tuple[str, str] | None", tag), sort=query.sort, system=query.system, descending=query.descending
        )
        alone = {filters.text: "", filters.which: "", shown.tabs: gr.Tabs(selected="clips")}
        return alone | self._answer(held, query, told["current"])

    def _step(self, held: Held, told: Mapping[str, Any], what: Mapping[str, Any]) -> Updates:
        query, name = replace(read_query(told), page=told["asked"].page), str(what.get("clip", ""))
        beside = held.side.neighbours(query, name)
        if beside is not None:
            query = replace(query, page=(beside.number - 1) // query.page_size + 1)
        tabs = {self.shown.tabs: gr.Tabs(selected="clips")}
        return self._answer(held, query, name) | self._open(held, query, name, told["stacked"]) | tabs

    def _answer(self, held: Held, query: SharedQuery, current: str = "") -> Updates:
        page = held.side.find(query)
        return {
            self.shown.line: matches_view(page),
            self.shown.clips: shared_view(page, held.systems, current=current),
            self.shown.asked: query,
        }

    def _open(self, held: Held, query: SharedQuery, name: str, stacked: list[int]) -> Updates:
        shown = {self.shown.detail: self._detail(held, query, name, stacked), self.shown.current: name}
        outcome = next(one[name] for one in held.side.outcomes if name in one)
        made = services.list_corrections(held.side.records[0].spec.eval_set, pool=self.context.pool)
        return shown | show_label(self.label, outcome, {one.id: one for one in made.entries})

    def _detail(self, held: Held, query: SharedQuery, name: str, stacked: list[int]) -> str:
        places = sorted(stacked)[:MOST_WITH_TEXTS] or list(range(min(MOST_WITH_TEXTS, len(held.systems))))
        clip = held.side.stack(name, places)
        audio = next((one.audio for one in clip.outcomes if one is not None and one.audio), "")
        return clip_view(
            clip,
            [held.systems[place] for place in places],
            player=clip_player(self.context, audio, player_id=PLAYER),
            player_id=PLAYER,
            ruler=held.side.ruler.id,
            mark=held.mark,
            beside=held.side.neighbours(query, name),
        )

    def _try(self, told: Mapping[str, Any], work: Any) -> Updates:
        """What `work` makes of the comparison that is shown; nothing while there is none."""
        held: Held | None = told["held"]
        if held is None:
            return unchanged(self.shown.notice)
        try:
            return work(held)
        except Exception as error:
            return {self.shown.notice: page_error(error, self.context.labels)}
