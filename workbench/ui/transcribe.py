"""The Transcribe tab: recordings in, text out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from html import escape
from typing import Any

import gradio as gr

from workbench.ui import answer, controls, recorder, theme
from workbench.ui.answer import AnswerPanel
from workbench.ui.context import DEVICE, QUIET, PageContext
from workbench.ui.markup import html
from workbench.ui.queue_events import QueueEvents
from workbench.ui.result import start_view
from workbench.ui.samples import Sample, find_samples
from workbench.ui.transcribe_form import Choices, build_choices
from workbench.ui.transcription import Shown, TranscribeTab


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where recordings come from, and the list of them."""

    file: Any
    folder: Any
    saved: Any
    files: Any
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
            tab = _build_shown(context, source, run, cancel)
    tab.answer.wire(form=choices)
    _wire(tab, source, choices)


def _build_source(context: PageContext) -> Source:
    labels = context.labels
    with gr.Column(elem_classes="wb-source"):
        file = gr.File(label=labels.drop, elem_classes="wb-drop", height=96, type="filepath", file_count="multiple")
        script = (theme.ASSETS / "queue.js").read_text(encoding="utf-8")
        files = html(js_on_load=script)
        with gr.Row(elem_classes="wb-take"):
            record = recorder.build(context)
            folder = gr.UploadButton(
                labels.choose_folder, file_count="directory", size="sm", min_width=0, elem_classes="wb-folder"
            )
            saved = gr.UploadButton(
                labels.open_transcript, file_count="multiple", size="sm", min_width=0, elem_classes="wb-folder"
            )
        samples: list[tuple[Any, Sample]] = []
        found = find_samples(context.pool.settings)
        if found:
            with gr.Row(elem_classes="wb-samples"):
                html(f"<span>{escape(labels.sample)}</span>", classes="wb-samples-label")
                for sample in found:
                    button = gr.Button(sample.label, size="sm", min_width=0, elem_classes="wb-chip")
                    samples.append((button, sample))
    return Source(file=file, folder=folder, saved=saved, files=files, recorder=record, samples=samples)


def _build_shown(context: PageContext, source: Source, run: Any, cancel: Any) -> TranscribeTab:
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
        file=source.file,
        files=source.files,
        start=start,
        notice=notices,
        player=player,
        said=said,
        check=check,
        progress=progress,
        run=run,
        cancel=cancel,
        queue=gr.State(None),
        turn=gr.State(0),
    )
    return TranscribeTab(context, shown, AnswerPanel(context, answer.build(context, coverage)))


def _wire(tab: TranscribeTab, source: Source, choices: Choices) -> None:
    """The events. Clicks answer at once, outside of gradio's queue; then each recording that waits has its turn."""
    shown, events, every = tab.shown, QueueEvents(tab), tab.components
    now: dict[str, Any] = {"outputs": every, "queue": False, "trigger_mode": "multiple", **QUIET}
    state = {"queue": shown.queue}
    form = state | choices.inputs()
    clicks = [
        source.file.upload(events.add_files, source.file, inputs_kwargs=state, **now),
        source.folder.upload(events.add_folder, source.folder, inputs_kwargs=state, **now),
        source.saved.upload(events.add_files, source.saved, inputs_kwargs=state, **now),
        source.recorder.stop_recording(events.add_recording, None, inputs_kwargs=state, **now),
        source.files.select(events.pick, None, inputs_kwargs=state, **now),
        shown.run.click(events.begin, None, inputs_kwargs=form, **now),
    ]
    for button, sample in source.samples:
        clicks.append(button.click(partial(events.run_sample, sample), None, inputs_kwargs=form, **now))
    # Gradio tells of a state that changed only for events in its queue: this one has to be, and has no work to do.
    turn: dict[str, Any] = {"fn": tab.next_turn, "inputs": [shown.queue, shown.turn], "outputs": shown.turn, **QUIET}
    for click in clicks:
        begun = click.then(**turn)
        begun.failure(events.refused, None, inputs_kwargs=state, **now)
        drawn = click.then(tab.look, shown.queue, every, **QUIET)
        drawn.then(tab.check, shown.queue, shown.check, concurrency_limit=1, **QUIET)
    shown.cancel.click(events.stop, None, inputs_kwargs=state, **now)
    work = shown.turn.change(
        tab.work, shown.queue, every, concurrency_id=DEVICE, concurrency_limit=1, trigger_mode="multiple", **QUIET
    )
    work.then(**turn).failure(events.refused, None, inputs_kwargs=state, **now)
    work.failure(events.refused, None, inputs_kwargs=state, **now)
    work.then(tab.rested, shown.queue, every, queue=False, **QUIET)
    tab.answer.bridge.input(events.recount, None, inputs_kwargs=state, **now)
