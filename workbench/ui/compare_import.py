"""Texts of another system, brought into the list of runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from workbench import services
from workbench.errors import UsageError
from workbench.runs.hypotheses import FORMATS
from workbench.runs.imported import ImportedRun
from workbench.ui import controls
from workbench.ui.benchmark_form import known_sets, set_choice
from workbench.ui.context import PageContext, Updates
from workbench.ui.language import say, say_many, tell
from workbench.ui.markup import html
from workbench.ui.notices import notice, page_error
from workbench.ui.uploaded import hold_while_chosen, uploaded

_NAMED = 5
"""Ids that a sentence names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportForm:
    """The controls."""

    file: Any
    set: Any
    system: Any
    format: Any
    missing: Any
    unknown: Any
    add: Any
    said: Any

    def inputs(self) -> dict[str, Any]:
        """The components by the names of `services.import_run`."""
        names = ("file", "set", "system", "format", "missing", "unknown")
        return {name: getattr(self, name) for name in names}


def build_import(context: PageContext) -> ImportForm:
    """Folded under the form."""
    sets = [(set_choice(one), one.name) for one in known_sets(context)]
    with gr.Accordion(say("Add another system's texts"), open=False, elem_classes="wb-advanced wb-import"):
        with gr.Row():
            file = gr.File(
                label=say("File of texts"), elem_classes="wb-drop", height=112, type="filepath", min_width=260
            )
            hold_while_chosen(file)
            with gr.Column(min_width=260):
                set_ = gr.Dropdown(sets, value=None, label=say("Set they are of"), allow_custom_value=True)
                system = gr.Textbox(
                    "", label=say("System"), placeholder=say("What tables should call it"), max_length=120
                )
        with gr.Row():
            formats = [
                (say("By the file's name"), ""),
                *((f"{name}: {tell(what)}", name) for name, what in FORMATS.items()),
            ]
            format_ = gr.Dropdown(formats, value="", label=say("Format"), min_width=200)
            missing = gr.Dropdown(
                [
                    (say("Refuse the file"), "refuse"),
                    (say("Take it as an empty text"), "empty"),
                    (say("Count it as failed"), "fail"),
                ],
                value="refuse",
                label=say("A clip without a text"),
                min_width=200,
            )
            unknown = gr.Dropdown(
                [(say("Refuse the file"), "refuse"), (say("Leave it out"), "skip")],
                value="refuse",
                label=say("A text of no clip"),
                min_width=200,
            )
        with gr.Row(elem_classes="wb-label-actions"):
            add = gr.Button(say("Add these texts"), size="sm", min_width=120)
        said = html()
    return ImportForm(
        file=file, set=set_, system=system, format=format_, missing=missing, unknown=unknown, add=add, said=said
    )


def add_texts(context: PageContext, form: ImportForm, runs: Any, told: dict[str, Any]) -> Updates:
    """Store the file's texts as a run, and choose it beside those that are chosen.

    Args:
        context: Whose settings say where runs are.
        form: The controls.
        runs: The dropdown of runs.
        told: Values of the controls by name, and as `runs` what is chosen.
    """
    try:
        file = _asked(told["file"], "No file is chosen.", "Drop the file of texts into the box.")
        found = services.import_run(
            uploaded(file, context.folder),
            set=_asked(told["set"], "No set is chosen.", "Choose the set whose clips these texts are of."),
            system=_asked(told["system"], "The system has no name.", "Say what tables should call it."),
            format=told["format"] or None,
            missing=told["missing"],
            unknown=told["unknown"],
            pool=context.pool,
        )
    except Exception as error:
        return {form.said: page_error(error, context.labels)}
    chosen = [*(one for one in told["runs"] or [] if one != found.record.run_id), found.record.run_id]
    return {
        form.said: notice(said(found)),
        form.file: None,
        form.system: "",
        runs: gr.Dropdown(choices=controls.run_choices(context), value=chosen),
    }


def said(found: ImportedRun) -> str:
    """What became of a file, in a sentence or a few."""
    texts = say_many(found.given, "{count} text", "{count} texts")
    name = found.record.spec.engine.partition(":")[2]
    there = say("{system} with {texts} was there already, and is chosen.", system=name, texts=texts)
    new = say("{system} with {texts} was added, and is chosen.", system=name, texts=texts)
    parts = [there if found.existing else new]
    if found.missing:
        parts.append(say("Without a text: {names}.", names=_some(found.missing)))
    if found.skipped:
        parts.append(say("Left out, since no clip has the name: {names}.", names=_some(found.skipped)))
    return " ".join(parts)


def _some(names: tuple[str, ...]) -> str:
    more = len(names) - _NAMED
    listed = ", ".join(names[:_NAMED])
    return listed if more <= 0 else say("{names} and {count} more", names=listed, count=f"{more:,}")


def _asked(value: str | None, message: str, hint: str) -> str:
    if not (value or "").strip():
        raise UsageError(message, hint=hint)
    return str(value).strip()
