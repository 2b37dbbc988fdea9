"""The Compare tab: one recording several ways, and two runs clip by clip."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from workbench import services
from workbench.pipeline.variants import Variant, VariantDone
from workbench.runs.compare import Comparison, PairRow
from workbench.text.rulers import list_rulers
from workbench.ui import controls, result
from workbench.ui import format as written
from workbench.ui.clips import aligned_texts, clip_player
from workbench.ui.commands import command_line, command_view
from workbench.ui.context import DEVICE, PageContext
from workbench.ui.differences import comparison_view, cost_view, inline_view
from workbench.ui.markup import html
from workbench.ui.notices import notice, page_error, warning_list
from workbench.ui.player import player_view
from workbench.ui.recording import clip_outline
from workbench.ui.samples import copy_sample, find_samples
from workbench.ui.tables import run_label

MOST_VARIANTS = 4
_FIRST_CHAINS = ("", "highpass:cutoff=80+gain:peak_db=-3", "", "")
_PAIR_HEADERS = ("Clip", "Errors A", "Errors B", "B − A", "Reference", "A", "B")
_PAIR_TYPES = ("str", "number", "number", "number", "str", "str", "str")
_PAIR_WIDTHS = ("120px", "90px", "90px", "76px", "260px", "260px", "260px")
_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
Updates = dict[Any, Any]


def build(context: PageContext) -> None:
    """Two questions, one below the other's tab."""
    with gr.Tabs(elem_classes="wb-subtabs"):
        with gr.Tab("One recording, several ways"):
            _build_recording(context)
        with gr.Tab("Two runs"):
            _build_runs(context)


# One recording, several ways


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingShown:
    """Where the answer appears."""

    notice: Any
    progress: Any
    columns: Any
    command: Any
    run: Any
    cancel: Any


def _build_recording(context: PageContext) -> None:
    with gr.Row(elem_classes="wb-workspace"):
        with gr.Column(elem_classes="wb-side", scale=4, min_width=300):
            with gr.Column(elem_classes="wb-source"):
                file = gr.File(label="Recording", elem_classes="wb-drop", height=112, type="filepath")
                samples = _sample_buttons(context)
            variants, count = _build_variants(context)
            with gr.Row(elem_classes="wb-actions"):
                run = gr.Button("Compare", variant="primary", elem_classes="wb-run")
                cancel = gr.Button(context.labels.cancel, visible=False, elem_classes="wb-cancel")
        with gr.Column(elem_classes="wb-main", scale=9, min_width=320):
            notices, progress = html(), html()
            columns = html(
                _start("Choose a recording and two or more ways to transcribe it. The first is the baseline.")
            )
            shown = RecordingShown(
                notice=notices, progress=progress, columns=columns, command=html(), run=run, cancel=cancel
            )
    _wire_recording(RecordingTab(context, shown), file, samples, variants, count)


def _sample_buttons(context: PageContext) -> list[tuple[Any, Any]]:
    found = find_samples(context.pool.settings)
    if not found:
        return []
    with gr.Row(elem_classes="wb-samples"):
        html(f"<span>{escape(context.labels.sample)}</span>", classes="wb-samples-label")
        return [(gr.Button(one.label, size="sm", min_width=0, elem_classes="wb-chip"), one) for one in found]


def _build_variants(context: PageContext) -> tuple[dict[str, Any], Any]:
    """Controls of all variants by name, of which the first `count` are shown."""
    inputs: dict[str, Any] = {}
    groups: list[Any] = []
    with gr.Column(elem_classes="wb-form"):
        for index in range(MOST_VARIANTS):
            with gr.Column(visible=index < 2, elem_classes="wb-way") as group:
                name = "ABCD"[index]
                inputs[f"engine{index}"] = controls.engine_dropdown(context, label=f"{name}: engine")
                inputs[f"chain{index}"] = controls.chain_picker(
                    context, label=f"{name}: preprocessing", value=_FIRST_CHAINS[index]
                )
            groups.append(group)
        inputs["language"] = controls.language_dropdown(context, inputs["engine0"])
        count = gr.State(2)
        more = gr.Button("Add a way", size="sm", elem_classes="wb-more")
    more.click(
        lambda shown: (
            min(shown + 1, MOST_VARIANTS),
            *[gr.Column(visible=index <= shown) for index in range(MOST_VARIANTS)],
            gr.Button(visible=shown + 1 < MOST_VARIANTS),
        ),
        count,
        [count, *groups, more],
        queue=False,
        **_QUIET,
    )
    return inputs, count


def _start(sentence: str) -> str:
    return f'<div class="wb-start"><p>{escape(sentence)}</p></div>'


class RecordingTab:
    """What the events of the first question do."""

    def __init__(self, context: PageContext, shown: RecordingShown) -> None:
        self.context = context
        self.shown = shown

    def begin(self, recording: str | None) -> Updates:
        shown = self.shown
        if not recording:
            labels = self.context.labels
            return {shown.notice: notice(labels.no_recording, labels.no_recording_hint)}
        return {
            shown.notice: "",
            shown.columns: "",
            shown.progress: result.progress_view(self.context.labels.waiting, key="waiting"),
            shown.run: gr.Button(visible=False),
            shown.cancel: gr.Button(visible=True),
        }

    def work(self, recording: str | None, count: int, **form: Any) -> Generator[Updates, None, None]:
        """A column for every way, as it is done."""
        if not recording:
            return
        shown = self.shown
        ways = [Variant(engine=form[f"engine{i}"] or "", chain=form[f"chain{i}"] or "") for i in range(count)]
        columns: list[str] = []
        try:
            yield {shown.progress: self._progress(0, ways), shown.command: self._commands(recording, ways, form)}
            for done in services.compare_recording_events(
                recording, ways, language=form["language"], pool=self.context.pool
            ):
                columns.append(self._column(done))
                yield {
                    shown.columns: f'<div class="wb-variants">{"".join(columns)}</div>',
                    shown.progress: self._progress(len(columns), ways),
                }
            yield self.idle()
        except Exception as error:
            yield self.idle() | {shown.notice: page_error(error, self.context.labels)}

    def _progress(self, done: int, ways: list[Variant]) -> str:
        if done == len(ways):
            return ""
        detail = f"{done} of {len(ways)}"
        return result.progress_view(f"Transcribing {'ABCD'[done]}", done=done, total=len(ways), detail=detail)

    def _commands(self, recording: str, ways: list[Variant], form: dict[str, Any]) -> str:
        language = None if form["language"] == "auto" else form["language"]
        file = Path(recording).name
        commands = [
            command_line("transcribe", [file], engine=way.engine, chain=way.chain, language=language) for way in ways
        ]
        return command_view("\n".join(commands), element_id="variants-command", labels=self.context.labels)

    def _column(self, done: VariantDone) -> str:
        way = done.variant
        chain = way.chain or "no preprocessing"
        head = f"<header><b>{'ABCD'[done.index]} · {escape(way.engine)}</b><code>{escape(chain)}</code></header>"
        if done.error is not None:
            body = notice(done.error.message, done.error.hint, kind="error")
        else:
            body = self._result(done)
        return f'<article class="wb-variant">{head}{body}</article>'

    def _result(self, done: VariantDone) -> str:
        assert done.transcript is not None
        assert done.clip is not None
        text = done.transcript
        player = player_view(
            clip_outline(done.clip, self.context.folder), player_id=f"way-{done.index}", labels=self.context.labels
        )
        shown = inline_view(done.edits) if done.edits else f'<p class="wb-inline" dir="auto">{escape(text.text)}</p>'
        differing = sum(edit.op != "hit" for edit in done.edits)
        against = f"{differing} differences from A" if done.edits else "what the others are held against"
        cost = text.measurement
        figures = (written.seconds(cost.wall_seconds), f"RTF {written.factor(cost.rtf)}", written.memory(cost.peak_rss_bytes))
        facts = " · ".join(figures)
        return (
            f'{player}{shown}<p class="wb-variant-cost">{escape(against)} · {escape(facts)}</p>'
            f"{warning_list(text.warnings)}"
        )

    def idle(self) -> Updates:
        shown = self.shown
        return {shown.progress: "", shown.run: gr.Button(visible=True), shown.cancel: gr.Button(visible=False)}


def _wire_recording(
    tab: RecordingTab, file: Any, samples: list[tuple[Any, Any]], variants: dict[str, Any], count: Any
) -> None:
    shown = tab.shown
    every = [getattr(shown, name) for name in RecordingShown.__dataclass_fields__]
    for button, sample in samples:
        button.click(
            lambda sample=sample: str(copy_sample(sample, tab.context.folder)), None, file, queue=False, **_QUIET
        )
    run = shown.run.click(tab.begin, file, every, queue=False, **_QUIET).then(
        tab.work,
        [file, count],
        every,
        inputs_kwargs=variants,
        concurrency_id=DEVICE,
        concurrency_limit=1,
        **_QUIET,
    )
    shown.cancel.click(tab.idle, None, every, cancels=[run], queue=False, **_QUIET)


# Two runs


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsShown:
    """Where the answer appears."""

    notice: Any
    figures: Any
    answer: Any
    pairs: Any
    detail: Any
    command: Any


def _build_runs(context: PageContext) -> None:
    runs = _run_choices(context)
    with gr.Column(elem_classes="wb-form wb-two-runs"):
        with gr.Row():
            run_a = gr.Dropdown(runs, value=None, label="Run A, the baseline", elem_id="run-a")
            run_b = gr.Dropdown(runs, value=None, label="Run B", elem_id="run-b")
            ruler = gr.Dropdown(
                [
                    ("What suits the set's language", ""),
                    *((f"{one.id}: {one.summary}", one.name) for one in list_rulers()),
                ],
                value="",
                label="Ruler",
            )
        with gr.Row(elem_classes="wb-actions"):
            compare = gr.Button("Compare runs", variant="primary", elem_classes="wb-run")
            refresh = gr.Button("Refresh list")
    notices = html()
    figures = html(
        _start(
            "Choose two runs over the same clips. The benchmark tab makes them."
            if len(runs) < 2
            else "Choose two runs over the same clips."
        )
    )
    with gr.Column(visible=False, elem_classes="wb-result") as answer:
        pairs = gr.Dataframe(
            headers=list(_PAIR_HEADERS),
            datatype=list(_PAIR_TYPES),
            column_widths=list(_PAIR_WIDTHS),
            interactive=False,
            show_label=False,
            buttons=[],
            max_height=420,
            elem_classes="wb-clips",
            elem_id="compare-pairs",
        )
        detail = html('<p class="wb-note">Choose a clip to hear it and to see what differs.</p>')
    shown = RunsShown(notice=notices, figures=figures, answer=answer, pairs=pairs, detail=detail, command=html())
    tab = RunsTab(context, shown)
    every = [getattr(shown, name) for name in RunsShown.__dataclass_fields__]
    asked = [run_a, run_b, ruler]
    compare.click(tab.compare, asked, every, **_QUIET)
    ruler.input(tab.compare, asked, every, **_QUIET)
    pairs.select(tab.detail, asked, detail, **_QUIET)
    refresh.click(
        lambda: [gr.Dropdown(choices=_run_choices(context)) for _ in range(2)], None, [run_a, run_b], **_QUIET
    )


def _run_choices(context: PageContext) -> list[tuple[str, str]]:
    return [(run_label(record), record.run_id) for record in services.list_runs(pool=context.pool)]


class RunsTab:
    """What the events of the second question do."""

    def __init__(self, context: PageContext, shown: RunsShown) -> None:
        self.context = context
        self.shown = shown

    def compare(self, run_a: str | None, run_b: str | None, ruler: str) -> Updates:
        """Deltas with interval and test, cost, and the clips that differ most first."""
        shown = self.shown
        if not run_a or not run_b:
            return {shown.notice: notice("Two runs are needed.", "Choose one as A and one as B.")}
        try:
            found = services.compare(run_a, run_b, ruler=ruler or None, pool=self.context.pool)
        except Exception as error:
            return {shown.notice: page_error(error, self.context.labels), shown.answer: gr.Column(visible=False)}
        command = command_line("compare", [run_a, run_b], ruler=ruler)
        return {
            shown.notice: warning_list(found.warnings),
            shown.figures: comparison_view(found) + cost_view(found),
            shown.answer: gr.Column(visible=True),
            shown.pairs: pair_rows(found),
            shown.command: command_view(command, element_id="compare-command", labels=self.context.labels),
        }

    def detail(self, run_a: str, run_b: str, ruler: str, picked: gr.SelectData) -> str:
        """One clip: player, and both texts aligned with the reference."""
        try:
            item_id, parts = str(picked.row_value[0]), list[str]()
            for name, run_id in (("A", run_a), ("B", run_b)):
                run = services.load_run(run_id, pool=self.context.pool)
                one = next(one for one in run.outcomes if one.id == item_id and one.kind == "result")
                if not parts:
                    parts.append(clip_player(self.context, one.audio, player_id="compare-player"))
                parts.append(
                    f'<div class="wb-panel"><h3>{name} · {escape(run.record.spec.engine)} '
                    f"<span>{escape(run.record.spec.chain or 'no preprocessing')}</span></h3>"
                    f"{aligned_texts(run, one, ruler or None, below=name)}</div>"
                )
            return f'<div class="wb-detail">{"".join(parts)}</div>'
        except Exception as error:
            return page_error(error, self.context.labels)


def pair_rows(comparison: Comparison) -> list[list[Any]]:
    """A row for every clip both runs have, those that differ most first."""

    def errors(row: PairRow) -> tuple[int, int]:
        return row.counts_a[comparison.headline].errors, row.counts_b[comparison.headline].errors

    ordered = sorted(comparison.rows, key=lambda row: -abs(errors(row)[1] - errors(row)[0]))
    return [
        [row.a.id, *errors(row), errors(row)[1] - errors(row)[0], row.a.reference, row.a.text, row.b.text]
        for row in ordered
    ]
