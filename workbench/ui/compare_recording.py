"""One recording through several chains or engines, side by side."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from workbench import services
from workbench.audio.clip import AudioClip
from workbench.audio.held import HeldPath
from workbench.audio.inspection import Inspection, inspect_clip
from workbench.pipeline.variants import Variant, VariantDone
from workbench.ui import controls, result
from workbench.ui import format as written
from workbench.ui.commands import command_line, command_view
from workbench.ui.context import DEVICE, QUIET, PageContext, Updates, components_of
from workbench.ui.differences import inline_view
from workbench.ui.language import say, say_many
from workbench.ui.markup import html
from workbench.ui.notices import error_notice, notice, page_error, warning_list
from workbench.ui.player import player_view
from workbench.ui.recording import clip_outline
from workbench.ui.samples import copy_sample, find_samples
from workbench.ui.sound_view import sound_view
from workbench.ui.stopping import Attempt, Stop, give_run_back, rested, stops, until_stopped, waits
from workbench.ui.uploaded import hold_while_chosen, uploaded

MOST_VARIANTS = 4
_NAMES = "ABCD"
_FIRST_CHAINS = ("", "highpass:cutoff=80+gain:peak_db=-3", "", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Where the answer appears; `kept` is a state that holds what its players play."""

    notice: Any
    progress: Any
    columns: Any
    command: Any
    kept: Any
    run: Any
    cancel: Any


def build(context: PageContext) -> None:
    """Recording and ways at the left, a column for each way at the right."""
    with gr.Row(elem_classes="wb-workspace"):
        with gr.Column(elem_classes="wb-side", scale=4, min_width=300):
            with gr.Column(elem_classes="wb-source"):
                file = gr.File(label=say("Recording"), elem_classes="wb-drop", height=112, type="filepath")
                hold_while_chosen(file)
                samples = _sample_buttons(context)
            variants, count = _build_variants(context)
            with gr.Row(elem_classes="wb-actions"):
                run = gr.Button(say("Compare"), variant="primary", elem_classes="wb-run")
                cancel = gr.Button(context.labels.cancel, visible=False, elem_classes="wb-cancel")
        with gr.Column(elem_classes="wb-main", scale=9, min_width=320):
            notices, progress = html(), html()
            columns = html(
                start_view(say("Choose a recording and two or more ways to transcribe it. The first is the baseline."))
            )
            shown = Shown(
                notice=notices, progress=progress, columns=columns, command=html(), kept=gr.State(None), run=run,
                cancel=cancel,
            )  # fmt: skip
    _wire(RecordingTab(context, shown), file, samples, variants, count)


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
                name = _NAMES[index]
                inputs[f"engine{index}"] = controls.engine_dropdown(context, label=say("{way}: engine", way=name))
                inputs[f"chain{index}"] = controls.chain_picker(
                    context, label=say("{way}: preprocessing", way=name), value=_FIRST_CHAINS[index]
                )
            groups.append(group)
        inputs["language"] = controls.language_dropdown(context, inputs["engine0"])
        count = gr.State(2)
        more = gr.Button(say("Add a way"), size="sm", elem_classes="wb-more")
    more.click(
        lambda shown: (
            min(shown + 1, MOST_VARIANTS),
            *[gr.Column(visible=index <= shown) for index in range(MOST_VARIANTS)],
            gr.Button(visible=shown + 1 < MOST_VARIANTS),
        ),
        count,
        [count, *groups, more],
        queue=False,
        **QUIET,
    )
    return inputs, count


def start_view(sentence: str) -> str:
    """What to do, before anything was done."""
    return f'<div class="wb-start"><p>{escape(sentence)}</p></div>'


class RecordingTab:
    """What the events of the first question do."""

    def __init__(self, context: PageContext, shown: Shown) -> None:
        self.context = context
        self.shown = shown

    def begin(self, stop: Stop, recording: str | None) -> Updates:
        """At once on the click, before it is our turn on the device."""
        shown = self.shown
        stop.begin(over=not recording)
        if not recording:
            labels = self.context.labels
            return {shown.notice: notice(labels.no_recording, labels.no_recording_hint)}
        return {
            shown.notice: "",
            shown.columns: "",
            shown.kept: None,
            **waits(shown.run, shown.cancel, shown.progress, self.context.labels),
        }

    def stop(self, stop: Stop) -> Updates:
        """At once on the click; the way that is worked on is finished, and what is there stays."""
        if stop.ask():
            return stops(self.shown.cancel, self.shown.progress, say("Stopping after this way…"))
        return self.idle() | rested(stop, self.shown.run, self.shown.cancel)

    def work(self, stop: Stop, recording: str | None, count: int, **form: Any) -> Generator[Updates, None, None]:
        """A column for every way, as it is done."""
        with stop.turn() as attempt:
            if recording and not attempt.over:
                yield from self._work(attempt, recording, count, form)

    def _work(
        self, attempt: Attempt, recording: str, count: int, form: dict[str, Any]
    ) -> Generator[Updates, None, None]:
        shown = self.shown
        ways = [Variant(engine=form[f"engine{i}"] or "", chain=form[f"chain{i}"] or "") for i in range(count)]
        columns: list[str] = []
        kept: list[HeldPath] = []
        baseline: dict[str, Inspection] = {}
        try:
            held = uploaded(recording, self.context.folder)
            yield {shown.progress: self._progress(0, ways), shown.command: self._commands(held, ways, form)}
            events = services.compare_recording_events(held, ways, language=form["language"], pool=self.context.pool)
            for done in until_stopped(events, attempt):
                columns.append(self._column(done, baseline, kept))
                yield {
                    shown.kept: list(kept),
                    shown.columns: f'<div class="wb-variants">{"".join(columns)}</div>',
                    shown.progress: self._progress(len(columns), ways),
                }
            yield self.idle()
        except Exception as error:
            yield self.idle() | {shown.notice: page_error(error, self.context.labels)}

    def _progress(self, done: int, ways: list[Variant]) -> str:
        if done == len(ways):
            return ""
        detail = say("{part} of {total}", part=done, total=len(ways))
        return result.progress_view(
            say("Transcribing {way}", way=_NAMES[done]), done=done, total=len(ways), detail=detail
        )

    def _commands(self, held: HeldPath, ways: list[Variant], form: dict[str, Any]) -> str:
        language = None if form["language"] == "auto" else form["language"]
        commands = [
            command_line("transcribe", [held.name], engine=way.engine, chain=way.chain, language=language)
            for way in ways
        ]
        return command_view("\n".join(commands), element_id="variants-command", labels=self.context.labels)

    def _column(self, done: VariantDone, baseline: dict[str, Inspection], kept: list[HeldPath]) -> str:
        way = done.variant
        chain = way.chain or say("no preprocessing")
        head = f"<header><b>{_NAMES[done.index]} · {escape(way.engine)}</b><code>{escape(chain)}</code></header>"
        failed = done.error
        body = error_notice(failed, self.context.labels) if failed else self._result(done, baseline, kept)
        return f'<article class="wb-variant">{head}{body}</article>'

    def _result(self, done: VariantDone, baseline: dict[str, Inspection], kept: list[HeldPath]) -> str:
        assert done.transcript is not None
        assert done.clip is not None
        text = done.transcript
        drawn = clip_outline(done.clip, self.context.folder)
        kept.append(drawn.playable)
        player = player_view(drawn, player_id=f"way-{done.index}", labels=self.context.labels)
        shown = inline_view(done.edits) if done.edits else f'<p class="wb-inline" dir="auto">{escape(text.text)}</p>'
        differing = sum(edit.op != "hit" for edit in done.edits)
        against = say_many(differing, "{count} difference from A", "{count} differences from A")
        if not done.edits:
            against = say("what the others are held against")
        cost = text.measurement
        figures = (
            written.seconds(cost.wall_seconds),
            f"{say('RTF')} {written.factor(cost.rtf)}",
            written.memory(cost.peak_rss_bytes),
        )
        facts = " · ".join(figures)
        return (
            f'{player}{shown}<p class="wb-variant-cost">{escape(against)} · {escape(facts)}</p>'
            f"{warning_list(text.warnings)}{self._sound(done.index, done.clip, baseline)}"
        )

    def _sound(self, index: int, clip: AudioClip, baseline: dict[str, Inspection]) -> str:
        """What the way made of the sound; the first one that worked becomes what the others are shown beside."""
        found = {_NAMES[index]: inspect_clip(clip)}
        if not baseline:
            baseline |= found
        return sound_view(clip, found | baseline)

    def idle(self) -> Updates:
        """Nothing is worked on."""
        shown = self.shown
        return {shown.progress: ""}


def _wire(tab: RecordingTab, file: Any, samples: list[tuple[Any, Any]], variants: dict[str, Any], count: Any) -> None:
    shown = tab.shown
    every = components_of(shown)
    for button, sample in samples:
        button.click(
            lambda sample=sample: str(copy_sample(sample, tab.context.folder)), None, file, queue=False, **QUIET
        )
    stop = gr.State(Stop())
    work = shown.run.click(tab.begin, [stop, file], every, queue=False, **QUIET).then(
        tab.work,
        [stop, file, count],
        every,
        inputs_kwargs=variants,
        concurrency_id=DEVICE,
        concurrency_limit=1,
        **QUIET,
    )
    give_run_back(work, stop, shown.run, shown.cancel, shown.progress)
    shown.cancel.click(tab.stop, [stop], every, queue=False, **QUIET)
