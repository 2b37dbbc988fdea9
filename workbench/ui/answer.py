"""The answer on the page: a transcript that can be corrected, what to check in it, and its files."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from workbench.ui import editor_again, theme
from workbench.ui.answers import Answer
from workbench.ui.commands import command_view
from workbench.ui.context import PageContext, Updates, components_of
from workbench.ui.draft import Draft
from workbench.ui.editor import Editor
from workbench.ui.editor_again import AgainPanel
from workbench.ui.editor_files import files_view
from workbench.ui.editor_view import card_view, part
from workbench.ui.labels import Labels
from workbench.ui.language import current_language, spoken
from workbench.ui.markup import html
from workbench.ui.segments import segments_view


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerParts:
    """Where the answer appears; `answer` is a state that holds the `Answer` shown, or None."""

    coverage: Any
    column: Any
    facts: Any
    review: Any
    warnings: Any
    transcript: Any
    corrections: Any
    downloads: Any
    command: Any
    answer: Any


_FILLED = ("coverage", "facts", "review", "warnings", "command")
"""The parts that are a place on the page each."""


def build(_: PageContext, coverage: Any) -> AnswerParts:
    """The column of the answer, not shown before there is one.

    Args:
        coverage: The strip below the waveform, which stands with the player.
    """
    with gr.Column(visible=False, elem_classes="wb-result") as column:
        parts = {name: html() for name in ("facts", "review", "warnings", "transcript", "corrections", "downloads")}
        command = html()
    return AnswerParts(coverage=coverage, column=column, command=command, answer=gr.State(None), **parts)


class AnswerPanel:
    """What the answer's events do. Each method returns updates by component.

    Editing itself is between the script and `Editor`, by the key of the answer: it goes past gradio's events.
    """

    def __init__(self, context: PageContext, parts: AnswerParts) -> None:
        self.context = context
        self.labels = context.labels
        self.parts = parts
        self.editor = Editor(context)
        self.bridge = self._build_bridge()
        self.again = AgainPanel(context, editor_again.build(context), self.editor.answers)

    @property
    def components(self) -> list[Any]:
        """All that an update may name."""
        return components_of(self.parts)

    def wire(self, *, form: Any = None) -> None:
        """The events of the answer itself.

        Args:
            form: What was asked for the whole recording (`Choices`): where a part is heard again, that starts from it.
        """
        self.again.wire(self.bridge, form=form)

    def cleared(self) -> Updates:
        """Nothing of an earlier recording."""
        parts = self.parts
        empty = [*(getattr(parts, name) for name in _FILLED), parts.transcript, parts.corrections, parts.downloads]
        return {parts.column: gr.Column(visible=False), parts.answer: None} | dict.fromkeys(empty, "")

    def draft(self, draft: Draft) -> Updates:
        """What has been heard so far; it cannot be edited yet."""
        parts = self.parts
        return {
            parts.column: gr.Column(visible=True),
            parts.transcript: segments_view(draft.shown_segments, labels=self.labels),
        }

    def show(self, answer: Answer, *, device: str = "") -> Updates:
        """A transcript with its edits, whole.

        Args:
            answer: What to show. Edits are made in this very object.
            device: What the engine ran on; empty for what the answer says itself.
        """
        parts = self.parts
        answer.device = device or answer.device
        self.editor.fill(answer)
        filled = {getattr(parts, name): part(name, answer.parts[name]) for name in _FILLED}
        return filled | {
            parts.column: gr.Column(visible=True),
            parts.transcript: card_view(answer, self.labels),
            parts.corrections: corrections_view(answer, self.labels),
            parts.downloads: files_view(self.labels, can_hear=answer.recording is not None),
            parts.answer: answer,
        }

    def command(self, command: str) -> Updates:
        """The same on the command line."""
        shown = command_view(command, element_id="transcribe-command", labels=self.labels)
        return {self.parts.command: part("command", shown)}

    def _build_bridge(self) -> Any:
        """What connects the script with the editor."""

        def ask(asked: Any) -> Any:
            return self.editor.ask(asked)

        script = (theme.ASSETS / "desk.js").read_text(encoding="utf-8")
        return html(js_on_load=script, server_functions=[spoken(ask, current_language())])


def corrections_view(answer: Answer, labels: Labels) -> str:
    """Corrections for reading, folded away."""
    return (
        f'<details class="wb-fold"><summary>{escape(labels.corrections)}</summary>'
        f'<p class="wb-note">{escape(labels.corrections_info)}</p>'
        f"{part('rules', answer.parts['rules'])}{part('changes', answer.parts['changes'])}</details>"
    )
