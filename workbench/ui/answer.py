"""The answer on the page: a transcript with its times, what to check, its corrections and its files."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from workbench import services
from workbench.errors import WorkbenchError
from workbench.pipeline.edited import EditedTranscript
from workbench.pipeline.transcript import Transcript
from workbench.ui import result
from workbench.ui.commands import command_view, copy_button
from workbench.ui.context import QUIET, PageContext, Updates
from workbench.ui.corrections import Answer, changes_view, corrected_command, grouped, in_paragraphs, rule_choices
from workbench.ui.draft import Draft
from workbench.ui.markup import html
from workbench.ui.notices import notice, page_error, warning_list
from workbench.ui.review import coverage_view, other_warnings, review_view
from workbench.ui.segments import keys_view, segments_view


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerParts:
    """Where the answer appears; `answer` is a state that holds the `Answer` shown, or None."""

    coverage: Any
    column: Any
    facts: Any
    review: Any
    warnings: Any
    text: Any
    keys: Any
    segments: Any
    rules: Any
    changes: Any
    downloads: Any
    command: Any
    answer: Any


def build(context: PageContext, coverage: Any) -> AnswerParts:
    """The column of the answer, not shown before there is one.

    Args:
        context: The page's.
        coverage: The strip below the waveform, which stands with the player.
    """
    labels = context.labels
    with gr.Column(visible=False, elem_classes="wb-result") as column:
        facts = html()
        review = html()
        warnings = html()
        with gr.Row(elem_classes="wb-texts"):
            with gr.Column(min_width=280, elem_classes="wb-titled"):
                html(
                    f'<div class="wb-label"><b>{escape(labels.text)}</b>{copy_button("transcript-text", labels)}</div>'
                )
                text = gr.Textbox(
                    label=labels.text,
                    show_label=False,
                    container=False,
                    lines=6,
                    max_lines=20,
                    elem_id="transcript-text",
                    elem_classes="wb-text",
                )
            with gr.Column(min_width=280, elem_classes="wb-titled"):
                html(f'<div class="wb-label"><b>{escape(labels.segments)}</b></div>')
                keys = html()
                segments = html()
        with gr.Accordion(labels.corrections, open=False, elem_classes="wb-advanced wb-corrections"):
            html(f'<p class="wb-note">{escape(labels.corrections_info)}</p>')
            rules = gr.CheckboxGroup(rule_choices(), label=labels.corrections, show_label=False, container=False)
            changes = html()
        downloads = html()
    return AnswerParts(
        coverage=coverage,
        column=column,
        facts=facts,
        review=review,
        warnings=warnings,
        text=text,
        keys=keys,
        segments=segments,
        rules=rules,
        changes=changes,
        downloads=downloads,
        command=html(),
        answer=gr.State(None),
    )


class AnswerPanel:
    """What the answer's events do. Each method returns updates by component."""

    def __init__(self, context: PageContext, parts: AnswerParts) -> None:
        self.context = context
        self.labels = context.labels
        self.parts = parts

    @property
    def components(self) -> list[Any]:
        """All that an update may name."""
        return [getattr(self.parts, name) for name in AnswerParts.__dataclass_fields__]

    def wire(self) -> None:
        """The events of the answer itself."""
        parts = self.parts
        ticked = [parts.answer, parts.rules, parts.text]
        parts.rules.input(self.correct, ticked, self.components, trigger_mode="always_last", **QUIET)

    def cleared(self) -> Updates:
        """Nothing of an earlier recording."""
        parts = self.parts
        return {
            parts.column: gr.Column(visible=False),
            parts.coverage: "",
            parts.facts: "",
            parts.review: "",
            parts.warnings: "",
            parts.text: "",
            parts.keys: "",
            parts.segments: "",
            parts.rules: [],
            parts.changes: "",
            parts.answer: None,
            parts.downloads: "",
            parts.command: "",
        }

    def draft(self, draft: Draft) -> Updates:
        """What has been heard so far; it cannot be edited yet."""
        parts = self.parts
        return {
            parts.column: gr.Column(visible=True),
            parts.text: draft.text,
            parts.segments: segments_view(draft.segments, labels=self.labels),
        }

    def show(self, answer: Answer, *, device: str = "") -> Updates:
        """A transcript, whole.

        Args:
            answer: What to show.
            device: What the engine ran on.
        """
        parts, transcript = self.parts, answer.transcript
        return (
            self._files(transcript, self.labels.download_note)
            | self.command(answer.command)
            | {
                parts.column: gr.Column(visible=True),
                parts.facts: result.facts_view(transcript, device=device, labels=self.labels),
                parts.coverage: coverage_view(transcript, labels=self.labels),
                parts.review: review_view(transcript, labels=self.labels),
                parts.warnings: warning_list(other_warnings(transcript)),
                parts.text: answer.text,
                parts.keys: keys_view(labels=self.labels, has_flags=bool(transcript.flags)),
                parts.segments: self._segments(transcript),
                parts.answer: answer,
            }
        )

    def correct(self, answer: Answer | None, rules: list[str], text: str) -> Updates:
        """Corrections for reading were switched: show the transcript with those, unless its text was edited."""
        parts = self.parts
        if answer is None:
            return {parts.changes: notice(self.labels.corrections_none)}
        try:
            edited = services.correct_transcript(answer.transcript, corrections=rules)
        except WorkbenchError as error:
            return {parts.changes: page_error(error, self.labels)}
        view = edited.view()
        written = answer.plain
        if rules:
            written = in_paragraphs(view.segments, answer.ends) if view.segments else view.text
        changes = changes_view(grouped(edited), labels=self.labels) if rules else ""
        updates = self._files(edited, self.labels.download_corrected if rules else self.labels.download_note)
        updates |= self.command(corrected_command(answer.command, rules))
        updates |= {parts.changes: changes, parts.segments: self._segments(view)}
        if text != answer.text:
            return updates | {parts.changes: notice(self.labels.text_is_yours) + changes}
        return updates | {parts.text: written, parts.answer: replace(answer, text=written)}

    def command(self, command: str) -> Updates:
        """The same on the command line."""
        return {self.parts.command: command_view(command, element_id="transcribe-command", labels=self.labels)}

    def _segments(self, transcript: Transcript) -> str:
        return segments_view(
            transcript.segments,
            language=transcript.language,
            flags=transcript.flags,
            speakers=transcript.speakers,
            labels=self.labels,
        )

    def _files(self, transcript: Transcript | EditedTranscript, note: str) -> Updates:
        folder = Path(tempfile.mkdtemp(dir=self.context.folder))
        paths = result.write_downloads(transcript, folder)
        return {self.parts.downloads: result.downloads_view(paths, self.labels, note=note)}
