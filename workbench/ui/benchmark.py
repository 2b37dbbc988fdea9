"""The Benchmark tab: labelled sets through an engine, scored and metered clip by clip."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gradio as gr

from workbench import services
from workbench.errors import UsageError
from workbench.runs.records import ItemFailure, ItemResult, RunEvent, RunFinished, RunStarted
from workbench.runs.report import run_csv, run_json
from workbench.runs.running import RunningScore
from workbench.runs.summary import RunSummary
from workbench.text.rulers import default_ruler, find_ruler, headline_metric, list_rulers
from workbench.ui import controls, result
from workbench.ui import format as written
from workbench.ui.clips import clip_detail
from workbench.ui.commands import command_line, command_view
from workbench.ui.context import DEVICE, PageContext
from workbench.ui.markup import html
from workbench.ui.notices import notice, page_error
from workbench.ui.tables import (
    CLIP_HEADERS,
    CLIP_TYPES,
    CLIP_WIDTHS,
    ClipRow,
    clip_row,
    failure_row,
    run_label,
    sets_view,
    summary_rows,
    tags_view,
    totals_view,
)

_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
_REFRESH_SECONDS = 0.7
_FROM_SET = "set"
_AUTO_RULER = ""
Updates = dict[Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the form asks."""

    sets: Any
    own_set: Any
    engine: Any
    language: Any
    chain: Any
    context: Any
    limit: Any
    batch_size: Any
    again: Any
    ruler: Any
    options: controls.OptionForm

    def inputs(self) -> dict[str, Any]:
        """Components by the names that `BenchmarkTab.work` knows them by."""
        names = [name for name in Choices.__dataclass_fields__ if name != "options"]
        return {name: getattr(self, name) for name in names} | self.options.inputs


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Where the answer appears."""

    start: Any
    notice: Any
    progress: Any
    totals: Any
    answer: Any
    clips: Any
    detail: Any
    tags: Any
    downloads: Any
    command: Any
    run: Any
    stop: Any
    runs: Any
    run_id: Any


@dataclass(slots=True)
class Live:
    """A run while it goes on."""

    score: RunningScore
    run_id: str = ""
    total: int = 0
    kept: int = 0
    rows: list[ClipRow] = field(default_factory=list[ClipRow])
    began: float = field(default_factory=time.monotonic)
    shown: float = 0.0

    def add(self, event: RunEvent) -> None:
        if isinstance(event, RunStarted):
            self.run_id, self.total, self.kept = event.run_id, event.total, event.done
            self.began = time.monotonic()
        elif isinstance(event, ItemResult):
            counts = self.score.add(event)
            assert counts is not None
            self.rows.append(clip_row(event, counts))
        elif isinstance(event, ItemFailure):
            self.score.add(event)
            self.rows.append(failure_row(event))

    @property
    def progress(self) -> str:
        """How much is done, and how long the rest will take at the pace since the run began or went on."""
        done, new = len(self.rows), len(self.rows) - self.kept
        detail = f"{done} of {self.total}"
        if new > 0 and done < self.total:
            detail += f" · about {written.about((time.monotonic() - self.began) / new * (self.total - done))} left"
        return result.progress_view("Transcribing clips", done=done, total=self.total or None, detail=detail)

    def is_due(self) -> bool:
        """Whether the page should be told now: seldom enough that a long table costs little."""
        pause = max(_REFRESH_SECONDS, len(self.rows) / 1000)
        if time.monotonic() - self.shown < pause:
            return False
        self.shown = time.monotonic()
        return True


def build(context: PageContext) -> None:
    """Form at the left, answer at the right; one below the other where it is narrow."""
    with gr.Row(elem_classes="wb-workspace"):
        with gr.Column(elem_classes="wb-side", scale=4, min_width=300):
            choices = _build_choices(context)
            with gr.Row(elem_classes="wb-actions"):
                run = gr.Button("Run benchmark", variant="primary", elem_classes="wb-run")
                stop = gr.Button("Stop", visible=False, elem_classes="wb-cancel")
            runs = gr.Dropdown(_run_choices(context), label="Open an earlier run", value=None, elem_classes="wb-runs")
        with gr.Column(elem_classes="wb-main", scale=9, min_width=320):
            shown = _build_shown(context, run, stop, runs)
    _wire(BenchmarkTab(context, shown), choices)


def _build_choices(context: PageContext) -> Choices:
    sets = [(f"{one.title or one.name} · {one.items} clips", one.name) for one in _known_sets(context)]
    with gr.Column(elem_classes="wb-form"):
        chosen = gr.CheckboxGroup(sets, value=_first_choice(sets), label="Eval sets", elem_classes="wb-sets")
        own_set = gr.Textbox("", label="Or a set of your own", placeholder="Folder or manifest on this machine")
        with gr.Row(elem_classes="wb-pair"):
            engine = controls.engine_dropdown(context)
            language = controls.language_dropdown(
                context, engine, first=[("As labelled", _FROM_SET), ("Auto", "auto")], value=_FROM_SET
            )
        chain = controls.chain_picker(context)
        ruler = gr.Dropdown(
            [
                ("What suits the set's language", _AUTO_RULER),
                *((f"{one.id}: {one.summary}", one.name) for one in list_rulers()),
            ],
            value=_AUTO_RULER,
            label="Ruler",
        )
        with gr.Accordion(context.labels.advanced, open=False, elem_classes="wb-advanced"):
            words = controls.context_box(context)
            limit = gr.Number(label="Only the first clips", value=None, precision=0, minimum=1, placeholder="all")
            batch_size = gr.Number(
                label="Batch size", value=1, precision=0, minimum=1, info="1 measures each clip alone"
            )
            again = gr.Checkbox(False, label="Run again", info="Otherwise the same run is gone on with, or shown")
            options = controls.option_form(context, engine)
    return Choices(
        sets=chosen, own_set=own_set, engine=engine, language=language, chain=chain, context=words, limit=limit,
        batch_size=batch_size, again=again, ruler=ruler, options=options,
    )  # fmt: skip


def _build_shown(context: PageContext, run: Any, stop: Any, runs: Any) -> Shown:
    start = html(sets_view(_known_sets(context)), classes="wb-start-block")
    notices, progress, totals = html(), html(), html()
    with gr.Column(visible=False, elem_classes="wb-result") as answer:
        clips = gr.Dataframe(
            headers=list(CLIP_HEADERS),
            datatype=list(CLIP_TYPES),
            column_widths=list(CLIP_WIDTHS),
            interactive=False,
            show_label=False,
            buttons=[],
            max_height=440,
            wrap=False,
            elem_classes="wb-clips",
            elem_id="benchmark-clips",
        )
        detail = html('<p class="wb-note">Choose a clip to hear it and to see what differs.</p>')
        tags, downloads = html(), html()
    return Shown(
        start=start, notice=notices, progress=progress, totals=totals, answer=answer, clips=clips, detail=detail,
        tags=tags, downloads=downloads, command=html(), run=run, stop=stop, runs=runs, run_id=gr.State(""),
    )  # fmt: skip


def _first_choice(sets: list[tuple[str, str]]) -> list[str]:
    names = [name for _, name in sets]
    return ["mandarin-demo"] if "mandarin-demo" in names else names[:1]


def _known_sets(context: PageContext) -> list[Any]:
    return [one for one in services.list_sets(pool=context.pool) if not one.fault]


def _run_choices(context: PageContext) -> list[tuple[str, str]]:
    return [(run_label(record), record.run_id) for record in services.list_runs(pool=context.pool)]


class BenchmarkTab:
    """What the tab's events do. Each method returns or yields updates by component."""

    def __init__(self, context: PageContext, shown: Shown) -> None:
        self.context = context
        self.shown = shown

    def begin(self, sets: list[str], own_set: str) -> Updates:
        """At once on the click, before it is our turn on the device."""
        shown = self.shown
        if not sets and not (own_set or "").strip():
            return {shown.notice: notice("No eval set is chosen.", "Tick one, or name a folder or manifest.")}
        return {
            shown.start: gr.HTML(visible=False),
            shown.notice: "",
            shown.totals: "",
            shown.answer: gr.Column(visible=False),
            shown.progress: result.progress_view(self.context.labels.waiting, key="waiting"),
            shown.run: gr.Button(visible=False),
            shown.stop: gr.Button(visible=True),
            shown.run_id: "",
        }

    def work(self, **form: Any) -> Generator[Updates, None, None]:
        """Run: figures and rows as they come, the whole at the end."""
        asked = self._asked(form)
        if not asked["sets"]:
            yield self._idle()
            return
        try:
            yield self._started(asked, form["ruler"])
            live = None
            for event in services.bench_events(pool=self.context.pool, **asked):
                if live is None:
                    assert isinstance(event, RunStarted)
                    live = self._live(event.run_id, form["ruler"])
                    live.add(event)
                    yield {self.shown.run_id: event.run_id, self.shown.progress: live.progress}
                    continue
                live.add(event)
                if not isinstance(event, RunFinished) and live.is_due():
                    yield self._so_far(live)
            assert live is not None
            yield self._idle() | self.summary(live.run_id, form["ruler"]) | self._runs()
        except Exception as error:
            yield self._idle() | {self.shown.notice: page_error(error, self.context.labels)}

    def _asked(self, form: Mapping[str, Any]) -> dict[str, Any]:
        own = (form["own_set"] or "").strip()
        engine = form["engine"] or ""
        known = {name for name in form if "/" in name}
        return {
            "sets": [*(form["sets"] or []), *([own] if own else [])],
            "engine": engine,
            "language": form["language"],
            "chain": form["chain"] or "",
            "context": form["context"] or "",
            "limit": int(form["limit"]) if form["limit"] else None,
            "batch_size": int(form["batch_size"] or 1),
            "on_existing": "again" if form["again"] else "resume",
            "options": controls.chosen_values(self.context, engine, {name: form[name] for name in known}),
        }

    def _started(self, asked: Mapping[str, Any], ruler: str) -> Updates:
        if not asked["engine"]:
            raise UsageError(self.context.labels.no_engine, hint=self.context.labels.no_engine_hint)
        command = command_line(
            "bench",
            asked["sets"],
            engine=asked["engine"],
            chain=asked["chain"],
            language=None if asked["language"] == _FROM_SET else asked["language"],
            context=asked["context"],
            option=asked["options"],
            limit=asked["limit"],
            batch_size=None if asked["batch_size"] == 1 else asked["batch_size"],
            on_existing=None if asked["on_existing"] == "resume" else asked["on_existing"],
            ruler=ruler,
        )
        return {
            self.shown.progress: result.progress_view("Reading the sets and loading the model…", key="starting"),
            self.shown.command: command_view(command, element_id="bench-command", labels=self.context.labels),
        }

    def _live(self, run_id: str, ruler: str) -> Live:
        language = services.load_run(run_id, pool=self.context.pool).record.spec.set_language
        return Live(score=RunningScore(find_ruler(ruler or default_ruler(language))))

    def _so_far(self, live: Live) -> Updates:
        shown = self.shown
        ruler = live.score.ruler
        language = services.load_run(live.run_id, pool=self.context.pool).record.spec.set_language
        return {
            shown.progress: live.progress,
            shown.answer: gr.Column(visible=True),
            shown.clips: live.rows,
            shown.totals: totals_view(
                live.score.metrics(),
                headline=headline_metric(language),
                ruler=ruler.id,
                ruler_hash=ruler.hash,
                scored=live.score.scored,
                failed=live.score.failed,
                total=live.total,
                measurement=live.score.measurement,
            ),
        }

    def summary(self, run_id: str, ruler: str) -> Updates:
        """A stored run under a ruler."""
        scored = services.summary(run_id, ruler=ruler or None, pool=self.context.pool)
        shown = self.shown
        return {
            shown.start: gr.HTML(visible=False),
            shown.answer: gr.Column(visible=True),
            shown.notice: notice(scored.error, kind="warning") if scored.error else "",
            shown.totals: totals_view(
                scored.metrics,
                headline=scored.headline,
                ruler=scored.ruler,
                ruler_hash=scored.ruler_hash,
                scored=scored.scored,
                failed=scored.failed,
                total=scored.total,
                measurement=scored.measurement,
            ),
            shown.clips: summary_rows(scored),
            shown.tags: tags_view(scored.by_tag, scored.headline),
            shown.downloads: self._downloads(scored),
            shown.run_id: run_id,
        }

    def _downloads(self, scored: RunSummary) -> str:
        folder = Path(tempfile.mkdtemp(dir=self.context.folder))
        paths = [folder / f"{scored.run_id}.{suffix}" for suffix in ("csv", "json")]
        paths[0].write_text(run_csv(scored), encoding="utf-8-sig", newline="")
        paths[1].write_text(json.dumps(run_json(scored), ensure_ascii=False, indent=2), encoding="utf-8")
        return result.downloads_view(paths, self.context.labels)

    def open_run(self, run_id: str | None, ruler: str) -> Updates:
        """An earlier run, or the shown one under another ruler."""
        if not run_id:
            return {self.shown.notice: ""}
        try:
            return self.summary(run_id, ruler)
        except Exception as error:
            return {self.shown.notice: page_error(error, self.context.labels)}

    def stopped(self, run_id: str, ruler: str) -> Updates:
        """Stopped: what is done is kept and shown."""
        kept = notice("Stopped. What is done is kept; run it again to go on from here.")
        if not run_id:
            return self._idle() | {self.shown.notice: notice("Stopped before the first clip.")}
        return self._idle() | self.open_run(run_id, ruler) | self._runs() | {self.shown.notice: kept}

    def detail(self, run_id: str, ruler: str, picked: gr.SelectData) -> str:
        """The chosen clip: player, texts aligned, figures."""
        try:
            item_id = str(picked.row_value[0])
            return clip_detail(self.context, run_id, item_id, ruler or None)
        except Exception as error:
            return page_error(error, self.context.labels)

    def _idle(self) -> Updates:
        shown = self.shown
        return {shown.progress: "", shown.run: gr.Button(visible=True), shown.stop: gr.Button(visible=False)}

    def _runs(self) -> Updates:
        return {self.shown.runs: gr.Dropdown(choices=_run_choices(self.context))}


def _wire(tab: BenchmarkTab, choices: Choices) -> None:
    shown = tab.shown
    every = [getattr(shown, name) for name in Shown.__dataclass_fields__]
    begun = shown.run.click(tab.begin, [choices.sets, choices.own_set], every, queue=False, **_QUIET)
    run = begun.then(
        tab.work, None, every, inputs_kwargs=choices.inputs(), concurrency_id=DEVICE, concurrency_limit=1, **_QUIET
    )
    shown.stop.click(lambda: None, None, None, cancels=[run], queue=False, **_QUIET).then(
        tab.stopped, [shown.run_id, choices.ruler], every, **_QUIET
    )
    shown.runs.input(tab.open_run, [shown.runs, choices.ruler], every, **_QUIET)
    choices.ruler.input(tab.open_run, [shown.run_id, choices.ruler], every, **_QUIET)
    shown.clips.select(tab.detail, [shown.run_id, choices.ruler], shown.detail, **_QUIET)
