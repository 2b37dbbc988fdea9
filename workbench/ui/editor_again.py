"""A part of a recording heard again: what is asked, how it goes, and the proposal to be taken or left."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from difflib import SequenceMatcher
from html import escape
from typing import Any

import gradio as gr

from workbench import services
from workbench.errors import UsageError
from workbench.pipeline.rerun import Rerun
from workbench.pipeline.transcript import join_texts
from workbench.pipeline.words import split_words
from workbench.ui import controls, result
from workbench.ui import format as written
from workbench.ui.answers import Answer, Answers, Proposal
from workbench.ui.choices import PRESETS
from workbench.ui.context import DEVICE, QUIET, PageContext, Updates
from workbench.ui.labels import Labels
from workbench.ui.language import tell
from workbench.ui.markup import html
from workbench.ui.notices import page_error


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is heard again.

    Attributes:
        key: Of the answer.
        segments: Numbers of the segments in whose place the new text would stand.
        start: Seconds into the recording.
        end: The same.
    """

    key: str
    segments: tuple[int, ...]
    start: float
    end: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AgainParts:
    """The panel; the script shows and hides it."""

    head: Any
    engine: Any
    language: Any
    chain: Any
    context: Any
    run: Any
    stop: Any
    progress: Any
    proposal: Any
    target: Any


def build(context: PageContext) -> AgainParts:
    """The panel, at the lower edge of the window while it is open."""
    labels = context.labels
    with gr.Column(elem_classes="wb-again wb-form"):
        head = html(head_view("", "", labels=labels))
        with gr.Row(elem_classes="wb-pair"):
            engine = controls.engine_dropdown(context)
            language = controls.language_dropdown(context, engine)
        presets = [(labels.chain_none, ""), *((tell(words), chain) for words, chain in PRESETS)]
        chain = gr.Dropdown(presets, value="", label=labels.chain, allow_custom_value=True)
        words = controls.context_box(context)
        with gr.Row(elem_classes="wb-again-actions"):
            run = gr.Button(labels.run_again, variant="primary", size="sm")
            stop = gr.Button(labels.cancel, visible=False, size="sm")
        progress = html()
        proposal = html()
    return AgainParts(
        head=head,
        engine=engine,
        language=language,
        chain=chain,
        context=words,
        run=run,
        stop=stop,
        progress=progress,
        proposal=proposal,
        target=gr.State(None),
    )


class AgainPanel:
    """What the panel's events do. Each method returns or yields updates by component."""

    def __init__(self, context: PageContext, parts: AgainParts, answers: Answers) -> None:
        self.context = context
        self.labels = context.labels
        self.parts = parts
        self.answers = answers

    def wire(self, bridge: Any, *, form: Any = None) -> None:
        """Its events.

        Args:
            bridge: Tells with its `select` event what is to be heard again.
            form: What was asked for the whole recording (`Choices`), from which the panel starts; None starts anew.
        """
        parts = self.parts
        asked = [parts.engine, parts.language, parts.chain, parts.context]
        first = [form.engine, form.language, form.chain, form.context] if form is not None else asked
        shown = [parts.head, *asked, parts.run, parts.stop, parts.progress, parts.proposal, parts.target]
        work = parts.run.click(self.begin, None, shown, queue=False, **QUIET).then(
            self.listen, [parts.target, *asked], shown, concurrency_id=DEVICE, concurrency_limit=1, **QUIET
        )
        bridge.select(self.open, first, shown, queue=False, cancels=[work], **QUIET)
        parts.stop.click(self.stopped, None, shown, queue=False, cancels=[work], **QUIET)

    def open(self, engine: str | None, language: str, chain: str, context: str, event: gr.EventData) -> Updates:
        """Show what would be heard again."""
        parts = self.parts
        asked: dict[str, Any] = event._data or {}  # pyright: ignore[reportPrivateUsage]
        answer = self.answers.find(str(asked.get("key", "")))
        found = find_target(answer, asked) if answer is not None else None
        if answer is None or found is None:
            return self._idle() | {parts.head: head_view("", "", labels=self.labels), parts.target: None}
        answer.proposal = None
        return self._idle() | {
            parts.head: head_view(_times(found), _present(answer, found), start=found.start, labels=self.labels),
            parts.engine: engine,
            parts.language: language,
            parts.chain: chain or "",
            parts.context: context or "",
            parts.proposal: "",
            parts.target: found,
        }

    def begin(self) -> Updates:
        """At once on the click, before it is our turn on the device."""
        parts = self.parts
        return {
            parts.progress: result.progress_view(self.labels.waiting, key="waiting"),
            parts.proposal: "",
            parts.run: gr.Button(visible=False),
            parts.stop: gr.Button(visible=True),
        }

    def listen(
        self, target: Target | None, engine: str | None, language: str, chain: str, context: str
    ) -> Generator[Updates, None, None]:
        """Transcribe the part; what is heard waits in the answer to be taken."""
        parts = self.parts
        answer = self.answers.find(target.key) if target is not None else None
        try:
            if target is None or answer is None:
                raise UsageError(self.labels.answer_gone, hint=self.labels.answer_gone_hint)
            if not engine:
                raise UsageError(self.labels.no_engine, hint=self.labels.no_engine_hint)
            if answer.recording is None:
                raise UsageError(self.labels.run_again_no_recording, hint=self.labels.no_recording_hint)
            yield {parts.progress: result.progress_view(self.labels.starting, key="working")}
            events = services.transcribe_range_events(
                answer.recording,
                target.start,
                target.end,
                engine=engine,
                language=language,
                channel=answer.channel,
                chain=chain or "",
                context=context or "",
                pool=self.context.pool,
            )
            with closing(events):
                for event in events:
                    if isinstance(event, Rerun):
                        answer.proposal = Proposal(segments=target.segments, rerun=event)
                        now = _present(answer, target)
                        yield self._idle() | {parts.proposal: proposal_view(now, event, self.labels)}
                    else:
                        done, total = event.index + 1, event.total
                        message = self.labels.chunk_of.format(done=done, total=total)
                        yield {parts.progress: result.progress_view(message, done=done, total=total)}
        except Exception as error:
            yield self._idle() | {parts.proposal: page_error(error, self.labels)}

    def stopped(self) -> Updates:
        """Cancelled: everything is as it was."""
        return self._idle()

    def _idle(self) -> Updates:
        parts = self.parts
        return {parts.progress: "", parts.run: gr.Button(visible=True), parts.stop: gr.Button(visible=False)}


def find_target(answer: Answer, asked: dict[str, Any]) -> Target | None:
    """The segment that is named, else all that touch the part from `start` to `end`; None for what is no part."""
    number = asked.get("segment")
    named = next((one for one in answer.edited.passages if one.id == number), None)
    if named is not None:
        return Target(key=answer.key, segments=(named.id,), start=named.start, end=named.end)
    start, end = asked.get("start"), asked.get("end")
    if not isinstance(start, int | float) or not isinstance(end, int | float):
        return None
    numbers, span = answer.edited.whole_segments(start, end)
    return Target(key=answer.key, segments=numbers, start=span.start, end=span.end)


def head_view(times: str, text: str, *, start: float = 0.0, labels: Labels) -> str:
    """Which part, how it is written now, and the button that closes the panel."""
    hear = (
        f'<button type="button" class="wb-small wb-num" data-seek="{start:.3f}">{escape(times)}</button>'
        if times
        else ""
    )
    now = f'<div><dt>{escape(labels.run_again_now)}</dt><dd dir="auto">{escape(text)}</dd></div>' if text else ""
    return (
        f'<header class="wb-again-head"><h3>{escape(labels.run_again_title)}</h3>'
        f'<span data-plays="player">{hear}</span>'
        f'<button type="button" class="wb-icon" data-act="close" aria-label="{escape(labels.close)}">✕</button>'
        f'</header><dl class="wb-again-texts">{now}</dl>'
    )


def proposal_view(now: str, rerun: Rerun, labels: Labels) -> str:
    """What was heard, with the differences marked, and the choice."""
    text = marked_text(now, rerun.text) or f"<i>{escape(labels.run_again_nothing)}</i>"
    told = "".join(
        f"<li>{escape(tell(one))}</li>" for one in (*rerun.warnings, *(flag.sentence for flag in rerun.flags))
    )
    notes = f"<ul>{told}</ul>" if told else ""
    return (
        f'<dl class="wb-again-texts wb-again-new"><div><dt>{escape(labels.run_again_new)}'
        f'<small>{escape(rerun.engine)}</small></dt><dd dir="auto">{text}</dd></div></dl>{notes}'
        f'<div class="wb-again-choice"><button type="button" class="wb-copy wb-accept" data-act="take">'
        f'{escape(labels.run_again_take)}</button><button type="button" class="wb-copy" data-act="close">'
        f"{escape(labels.run_again_leave)}</button></div>"
    )


def marked_text(before: str, after: str) -> str:
    """The second text as it is, its words that are not in the first marked."""
    words = split_words(after)
    same: set[int] = set()
    for block in SequenceMatcher(None, split_words(before), words, autojunk=False).get_matching_blocks():
        same |= set(range(block.b, block.b + block.size))
    pieces: list[str] = []
    place = 0
    for number, word in enumerate(words):
        at = after.index(word, place)
        text = escape(word)
        pieces += [escape(after[place:at]), text if number in same else f"<ins>{text}</ins>"]
        place = at + len(word)
    return "".join([*pieces, escape(after[place:])])


def _present(answer: Answer, target: Target) -> str:
    """How the part is written now."""
    numbers = set(target.segments)
    return join_texts(one.segment.text for one in answer.edited.shown() if one.passage.id in numbers)


def _times(target: Target) -> str:
    return f"{written.clock(target.start, decimals=1)} – {written.clock(target.end, decimals=1)}"
