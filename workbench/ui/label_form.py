"""What a person says about the label of the clip that is shown. It is kept beside the set, never in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr

from workbench import services
from workbench.evalsets.corrections import Correction
from workbench.runs.records import ItemOutcome
from workbench.ui.context import PageContext, Updates, components_of
from workbench.ui.language import say
from workbench.ui.markup import html
from workbench.ui.notices import notice, page_error


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelForm:
    """The controls, folded under a clip."""

    box: Any
    text: Any
    note: Any
    save: Any
    wrong: Any
    undo: Any
    said: Any

    @property
    def outputs(self) -> list[Any]:
        """Every component of it."""
        return components_of(self)


def build_label_form() -> LabelForm:
    """Folded, and not there before a clip is shown."""
    with gr.Accordion(
        say("Is the label wrong?"), open=False, visible=False, elem_classes="wb-advanced wb-label-form"
    ) as box:
        text = gr.Textbox("", label=say("What is really said"), lines=2, elem_classes="wb-label-text")
        note = gr.Textbox("", label=say("Why"), placeholder=say("For whoever reads the corrections"))
        with gr.Row(elem_classes="wb-label-actions"):
            save = gr.Button(say("Save this text"), size="sm", min_width=120)
            wrong = gr.Button(say("Wrong, text not known"), size="sm", min_width=120)
            undo = gr.Button(say("Take it back"), size="sm", min_width=120, visible=False)
        said = html()
    return LabelForm(box=box, text=text, note=note, save=save, wrong=wrong, undo=undo, said=said)


def show_label(form: LabelForm, outcome: ItemOutcome, known: Mapping[str, Correction]) -> Updates:
    """The form for a clip, with what was said of its label before.

    Args:
        form: The controls.
        outcome: The clip.
        known: The set's corrections by id.
    """
    made = known.get(outcome.id)
    told = ""
    if made is not None:
        told = say("This label is corrected.") if made.text is not None else say("This label is marked as wrong.")
    return {
        form.box: gr.Accordion(visible=True, open=made is not None),
        form.text: outcome.reference if made is None or made.text is None else made.text,
        form.note: "" if made is None else made.note,
        form.undo: gr.Button(visible=made is not None),
        form.said: notice(told, say("The published label stays in the set.")) if told else "",
    }


def correct_label(
    context: PageContext, form: LabelForm, *, run_id: str, item_id: str, **what: Any
) -> tuple[Updates, bool]:
    """Write down what was said of a label.

    Args:
        context: Whose settings say where corrections are.
        form: The controls.
        run_id: The run whose clip is shown.
        item_id: Which clip.
        **what: As `services.correct`: `text`, `wrong` or `undo`, and `note`.

    Returns:
        What changes in the form, and whether the set has corrections now.
    """
    try:
        run = services.load_run(run_id, pool=context.pool)
        name, outcome = run.record.spec.eval_set, next(one for one in run.outcomes if one.id == item_id)
        made = services.correct(name, item_id, published=outcome.reference, pool=context.pool, **what)
        known = {one.id: one for one in made.entries}
        updates = show_label(form, outcome, known)
        updates[form.box] = gr.Accordion(visible=True, open=True)  # or what is said of it now would not be seen
        if item_id not in known:
            updates[form.said] = notice(say("The published label holds again."))
        return updates, bool(made.entries)
    except Exception as error:
        return {form.said: page_error(error, context.labels)}, False
