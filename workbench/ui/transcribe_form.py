"""What the Transcribe tab asks, and how the answers are read."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import gradio as gr

from workbench.errors import UsageError
from workbench.ui import controls
from workbench.ui.choices import find_info
from workbench.ui.context import QUIET, PageContext
from workbench.ui.labels import Labels

MOST_SPEAKERS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the form asks."""

    engine: Any
    language: Any
    chain: Any
    context: Any
    channel: Any
    speakers: Any
    word_times: Any
    chunk_seconds: Any
    options: controls.OptionForm

    def inputs(self) -> dict[str, Any]:
        """Components by the names that `TranscribeTab.work` knows them by."""
        names = [name for name in Choices.__dataclass_fields__ if name != "options"]
        return {name: getattr(self, name) for name in names} | self.options.inputs


def build_choices(context: PageContext) -> Choices:
    """The form below the recording; what is rarely needed is folded away."""
    labels = context.labels
    with gr.Column(elem_classes="wb-form"):
        with gr.Row(elem_classes="wb-pair"):
            engine = controls.engine_dropdown(context)
            language = controls.language_dropdown(context, engine)
        chain = controls.chain_picker(context)
        words = controls.context_box(context)
        with gr.Accordion(labels.advanced, open=False, elem_classes="wb-advanced"):
            with gr.Row(elem_classes="wb-pair"):
                speakers = gr.Dropdown(speaker_choices(labels), value="", label=labels.speakers)
                channel = gr.Dropdown(channel_choices(labels), value="mix", label=labels.channel)
            word_times = _word_times(context, engine)
            chunk_seconds = gr.Textbox(
                "",
                label=labels.chunk_seconds,
                info=labels.chunk_info,
                placeholder=labels.engine_default,
            )
            options = controls.option_form(context, engine)
    return Choices(
        engine=engine,
        language=language,
        chain=chain,
        context=words,
        channel=channel,
        speakers=speakers,
        word_times=word_times,
        chunk_seconds=chunk_seconds,
        options=options,
    )


def speaker_choices(labels: Labels) -> list[tuple[str, str]]:
    """Off, estimated, or how many."""
    counts = [(str(count), str(count)) for count in range(2, MOST_SPEAKERS + 1)]
    return [(labels.speakers_off, ""), (labels.auto, "auto"), *counts]


def channel_choices(labels: Labels) -> list[tuple[str, str]]:
    """All of them together, or one."""
    return [(labels.channel_mix, "mix"), (labels.channel_left, "left"), (labels.channel_right, "right")]


def has_word_times(context: PageContext, engine: str | None) -> bool:
    """Whether the engine `name[:model]` has times of words."""
    info = find_info(context.engines, engine, context.pool.settings) if engine else None
    return info is not None and "word_timestamps" in info.capabilities


def _word_times(context: PageContext, engine: Any) -> Any:
    """A box to tick, for as long as an engine is chosen that has times of words."""
    labels = context.labels
    box = gr.Checkbox(
        value=False,
        label=labels.word_times,
        info=labels.word_times_info,
        visible=has_word_times(context, engine.value),
    )
    engine.change(
        lambda ref: gr.Checkbox(visible=has_word_times(context, ref)),
        engine,
        box,
        queue=False,
        **QUIET,
    )
    return box


def parse_speakers(text: str | None) -> int | Literal["auto"] | None:
    """How many people speak, as the form has it; None where they are not told apart.

    Raises:
        UsageError: It is not a number.
    """
    if not text or text == "auto":
        return "auto" if text else None
    if not text.isdecimal():
        raise UsageError(f"{text!r} is not a number of speakers.", hint="Choose one of the list.")
    return int(text)


def parse_seconds(text: str | None) -> float | None:
    """A number of seconds as typed; None for an empty field.

    Raises:
        UsageError: It is not a number.
    """
    if not (text or "").strip():
        return None
    try:
        seconds = float(str(text).strip().removesuffix("s"))
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds):
        raise UsageError(f"{text!r} is not a number of seconds.", hint="Write it as 30 or 12.5.")
    return seconds
