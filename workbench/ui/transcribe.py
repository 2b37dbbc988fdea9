"""The Transcribe tab: a recording in, text out."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from workbench.ui import answer, controls, recorder
from workbench.ui.answer import AnswerPanel
from workbench.ui.context import DEVICE, QUIET, PageContext
from workbench.ui.markup import html
from workbench.ui.result import start_view
from workbench.ui.samples import Sample, find_samples
from workbench.ui.transcribe_form import Choices, build_choices
from workbench.ui.transcription import Shown, TranscribeTab


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the recording comes from."""

    file: Any
    recorder: Any
    samples: list[tuple[Any, Sample]]


def build(context: PageContext) -> None:
    """Form at the left, answer at the right; one below the other where it is narrow."""
    with gr.Row(elem_classes="wb-workspace"):
        with gr.Column(elem_classes="wb-side", scale=4, min_width=300):
            source = _build_source(context)
            choices = build_choices(context)
            with gr.Row(elem_classes="wb-actions"):
                run = gr.Button(context.labels.transcribe, variant="primary", elem_classes="wb-run")
                cancel = gr.Button(context.labels.cancel, visible=False, elem_classes="wb-cancel")
            controls.missing_engines(context)
        with gr.Column(elem_classes="wb-main", scale=9, min_width=320):
            tab = _build_shown(context, run, cancel)
    tab.answer.wire()
    _wire(tab, source, choices)


def _build_source(context: PageContext) -> Source:
    labels = context.labels
    with gr.Column(elem_classes="wb-source"):
        file = gr.File(label=labels.drop, elem_classes="wb-drop", height=96, type="filepath")
        record = recorder.build(context)
        samples: list[tuple[Any, Sample]] = []
        found = find_samples(context.pool.settings)
        if found:
            with gr.Row(elem_classes="wb-samples"):
                html(f"<span>{escape(labels.sample)}</span>", classes="wb-samples-label")
                for sample in found:
                    button = gr.Button(sample.label, size="sm", min_width=0, elem_classes="wb-chip")
                    samples.append((button, sample))
    return Source(file=file, recorder=record, samples=samples)


def _build_shown(context: PageContext, run: Any, cancel: Any) -> TranscribeTab:
    labels = context.labels
    start = html(start_view(labels), classes="wb-start-block")
    notices = html()
    with gr.Column(elem_classes="wb-listen"):
        player = html()
        coverage = html()
        said = html()
        check = html()
    progress = html()
    shown = Shown(
        start=start,
        notice=notices,
        player=player,
        said=said,
        check=check,
        progress=progress,
        run=run,
        cancel=cancel,
        caption=gr.State(""),
        seconds=gr.State(None),
    )
    return TranscribeTab(context, shown, AnswerPanel(context, answer.build(context, coverage)))


def _wire(tab: TranscribeTab, source: Source, choices: Choices) -> None:
    shown = tab.shown
    every = tab.components
    look: dict[str, Any] = {"fn": tab.preview, "inputs": [source.file, shown.caption], "outputs": every, **QUIET}
    ask: dict[str, Any] = {"fn": tab.begin, "inputs": source.file, "outputs": every, "queue": False, **QUIET}
    work: dict[str, Any] = {
        "fn": tab.work,
        "inputs": [source.file, shown.seconds],
        "inputs_kwargs": choices.inputs(),
        "outputs": every,
        "concurrency_id": DEVICE,
        "concurrency_limit": 1,
        **QUIET,
    }
    check: dict[str, Any] = {
        "fn": tab.check,
        "inputs": [source.file, shown.seconds],
        "outputs": shown.check,
        "concurrency_limit": 1,
        **QUIET,
    }
    checks = [source.file.upload(lambda: "", None, shown.caption, queue=False, **QUIET).then(**look).then(**check)]
    source.file.clear(tab.reset, None, every, queue=False, **QUIET)
    recorded = recorder.on_recorded(source.recorder, tab.context, [source.file, shown.caption, shown.notice])
    checks.append(recorded.then(**look).then(**check))
    runs = [shown.run.click(**ask).then(**work)]
    for button, sample in source.samples:
        chosen = button.click(
            lambda sample=sample: tab.take_sample(sample), None, [source.file, shown.caption], queue=False, **QUIET
        )
        looked = chosen.then(**look)
        checks.append(looked.then(**check))
        runs.append(looked.then(**ask).then(**work))
    shown.cancel.click(tab.stopped, None, every, cancels=runs, queue=False, **QUIET)
    # Another recording ends the work on the one before: its text would appear under the wrong name.
    others = [source.file.upload, source.file.clear, source.recorder.stop_recording]
    gr.on([*others, *(button.click for button, _ in source.samples)], None, cancels=[*runs, *checks])
