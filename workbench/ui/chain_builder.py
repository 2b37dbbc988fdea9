"""A chain as a form: a row a step with its parameters as fields, and a list of steps to add.

The chain's text says what the chain is. The form is drawn from it, and tells all of its rows whenever one changes.
"""

from __future__ import annotations

from html import escape
from itertools import count

from workbench.audio.steps import ParameterInfo, StepInfo, list_steps, parse_chain
from workbench.errors import UsageError
from workbench.ui.chain_pieces import Piece, read_pieces, step_head
from workbench.ui.language import say, tell

_DRAWN = count()


def builder_view(text: str) -> str:
    """The form of a chain; `assets/chain.js` hands on what is changed in it.

    No two are alike: Gradio leaves fields as they were typed in where the markup of a new form is that of the old one.
    """
    pieces = read_pieces(text)
    rows = "".join(_row(place, piece) for place, piece in enumerate(pieces))
    listed = f'<ol class="wb-steps">{rows}</ol>' if rows else ""
    options = "".join(_option(step) for step in list_steps())
    return (
        f'<div class="wb-builder" data-drawn="{next(_DRAWN)}">{listed}<div class="wb-add-step">'
        f'<select aria-label="{say("Add a step")}" data-adding><option value="">{say("Add a step")}…</option>'
        f'{options}</select><button type="button" data-add>{say("Add")}</button></div></div>'
    )


def _option(step: StepInfo) -> str:
    lacking = "" if _is_installed(step) else f" ({say('not installed')})"
    return f'<option value="{escape(step_head(step))}">{escape(f"{step.name}{lacking}: {tell(step.summary)}")}</option>'


def _is_installed(step: StepInfo) -> bool:
    try:
        parse_chain(step_head(step))
    except UsageError:
        return False
    return True


def _row(place: int, piece: Piece) -> str:
    name = piece.step.name if piece.step else piece.text
    tools = "".join(
        f'<button type="button" data-{what} data-key="{what}{place}" title="{escape(words)}" '
        f'aria-label="{escape(f"{words}: {name}")}"{" disabled" if off else ""}>{sign}</button>'
        for what, words, sign, off in (("up", say("Move up"), "↑", place == 0), ("remove", say("Remove"), "×", False))
    )
    if piece.step is None:
        head = f'<li data-text="{escape(piece.text)}" class="wb-no-step"><code>{escape(piece.text)}</code>'
        return f"{head}<span>{tools}</span></li>"
    fields = "".join(_field(place, one, piece.values.get(one.name)) for one in piece.step.parameters)
    return (
        f'<li data-step="{escape(step_head(piece.step))}"><code title="{escape(tell(piece.step.summary))}">'
        f"{escape(name)}</code><span>{tools}</span>{fields}</li>"
    )


def _field(place: int, one: ParameterInfo, typed: str | None) -> str:
    value = f"{one.default:g}" if typed is None else typed
    reach = say("{least} to {most}", least=_number(one.least), most=_number(one.most))
    info = f"{reach} {one.unit}".strip()
    step = "1" if isinstance(one.default, int) else "any"
    return (
        f'<label title="{escape(tell(one.help))}"><span>{escape(one.name)}</span>'
        f'<input type="number" data-value="{escape(one.name)}" data-key="{escape(f"{one.name}{place}")}" '
        f'value="{escape(value)}" min="{one.least:g}" max="{one.most:g}" step="{step}">'
        f"<small>{escape(info)}</small></label>"
    )


def _number(value: float) -> str:
    return f"{value:g}".replace("-", "−")
