"""A part of a recording heard again: what is asked, how it goes, and the proposal to be taken or left."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from html import escape
from typing import Any

import gradio as gr

from workbench import services
from workbench.errors import UsageError
from workbench.pipeline.rerun import Rerun, RerunEvent
from workbench.pipeline.transcript import join_texts
from workbench.pipeline.words import split_words
from workbench.ui import controls, result
from workbench.ui import format as written
from workbench.ui.answers import Answer, Answers, Proposal
from workbench.ui.choices import PRESETS
from workbench.ui.context import DEVICE, QUIET, PageContext, Updates, unchanged
from workbench.ui.labels import Labels
from workbench.ui.language import say, tell
from workbench.ui.markup import html
from workbench.ui.notices import page_error
from workbench.ui.stopping import Attempt, Stop, give_run_back, rested, stops, until_stopped, waits


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
    attempts: Any


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
        attempts=gr.State(Stop()),
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
        # Another part may be asked for while one that nobody wants any more is still worked on.
        every: dict[str, Any] = {"outputs": shown, "trigger_mode": "multiple", **QUIET}
        work = parts.run.click(self.begin, [parts.attempts], queue=False, **every).then(
            self.listen, [parts.attempts, parts.target, *asked], concurrency_id=DEVICE, concurrency_limit=1, **every
        )
        give_run_back(work, parts.attempts, parts.run, parts.stop, parts.progress)
        bridge.select(self.open, [parts.attempts, *first], shown, queue=False, **QUIET)
        parts.stop.click(self.stop, [parts.attempts], shown, queue=False, **QUIET)

    def open(
        self, stop: Stop, engine: str | None, language: str, chain: str, context: str, event: gr.EventData
    ) -> Updates:
        """Show what would be heard again; what is still worked on for another part is of no use any more."""
        parts = self.parts
        stop.ask()
        asked: dict[str, Any] = event._data or {}  # pyright: ignore[reportPrivateUsage]
        answer = self.answers.find(str(asked.get("key", "")))
        found = find_target(answer, asked) if answer is not None else None
        if answer is None or found is None:
            return self._ready() | {parts.head: head_view("", "", labels=self.labels), parts.target: None}
        answer.proposal = None
        return self._ready() | {
            parts.head: head_view(_times(found), _present(answer, found), start=found.start, labels=self.labels),
            parts.engine: engine,
            parts.language: language,
            parts.chain: chain or "",
            parts.context: context or "",
            parts.proposal: "",
            parts.target: found,
        }

    def begin(self, stop: Stop) -> Updates:
        """At once on the click, before it is our turn on the device."""
        parts = self.parts
        stop.begin()
        return {parts.proposal: "", **waits(parts.run, parts.stop, parts.progress, self.labels)}

    def stop(self, stop: Stop) -> Updates:
        """At once on the click; the chunk that is worked on is finished, and nothing is changed."""
        parts = self.parts
        if stop.ask():
            return stops(parts.stop, parts.progress, say("Stopping after this chunk…"))
        return {parts.progress: ""} | rested(stop, parts.run, parts.stop)

    def listen(
        self, stop: Stop, target: Target | None, engine: str | None, language: str, chain: str, context: str
    ) -> Generator[Updates, None, None]:
        """Transcribe the part; what is heard waits in the answer to be taken."""
        with stop.turn() as attempt:
            if attempt.over:
                return
            asked = {"engine": engine, "language": language, "chain": chain or "", "context": context or ""}
            yield from self._listen(attempt, target, asked)
            if attempt.asked:  # the panel may show another part by now, which waits for its turn
                yield {self.parts.progress: ""} if stop.newest is attempt else unchanged(self.parts.progress)

    def _listen(
        self, attempt: Attempt, target: Target | None, asked: Mapping[str, Any]
    ) -> Generator[Updates, None, None]:
        parts = self.parts
        answer = self.answers.find(target.key) if target is not None else None
        try:
            events = self._events(target, answer, asked)
            yield {parts.progress: result.progress_view(self.labels.starting, key="working")}
            for event in until_stopped(events, attempt):
                assert answer is not None
                assert target is not None
                if isinstance(event, Rerun):
                    answer.proposal = Proposal(segments=target.segments, rerun=event)
                    now = _present(answer, target)
                    yield {parts.progress: "", parts.proposal: proposal_view(now, event, self.labels)}
                else:
                    done, total = event.index + 1, event.total
                    message = self.labels.chunk_of.format(done=done, total=total)
                    yield {parts.progress: result.progress_view(message, done=done, total=total)}
        except Exception as error:
            if attempt.asked:
                page_error(error, self.labels)  # to the log: nobody waits for it any more
            else:
                yield {parts.progress: "", parts.proposal: page_error(error, self.labels)}

    def _events(
        self, target: Target | None, answer: Answer | None, asked: Mapping[str, Any]
    ) -> Generator[RerunEvent, None, None]:
        """The work.

        Raises:
            UsageError: The transcript or its recording is gone, or no engine is chosen.
        """
        if target is None or answer is None:
            raise UsageError(self.labels.answer_gone, hint=self.labels.answer_gone_hint)
        if not asked["engine"]:
            raise UsageError(self.labels.no_engine, hint=self.labels.no_engine_hint)
        if answer.recording is None:
            raise UsageError(self.labels.run_again_no_recording, hint=self.labels.no_recording_hint)
        return services.transcribe_range_events(
            answer.recording, target.start, target.end, channel=answer.channel, pool=self.context.pool, **asked
        )

    def _ready(self) -> Updates:
        """Nothing is worked on for the part that is shown."""
        parts = self.parts
        ready = gr.Button(visible=False, interactive=True)
        return {parts.progress: "", parts.run: gr.Button(visible=True), parts.stop: ready}


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
