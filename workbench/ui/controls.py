"""Controls that several tabs share: engine, language, chain, context, the engine's own options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from workbench import services
from workbench.errors import UsageError, WorkbenchError
from workbench.ui import theme
from workbench.ui.chain_builder import builder_view
from workbench.ui.chain_pieces import told_pieces, write_pieces
from workbench.ui.choices import (
    PRESETS,
    EngineChoice,
    OptionField,
    chain_sentence,
    chosen_options,
    find_info,
    language_choices,
    option_fields,
    told_options,
)
from workbench.ui.context import PageContext
from workbench.ui.language import say, tell
from workbench.ui.markup import html
from workbench.ui.notices import notice
from workbench.ui.picks import picked
from workbench.ui.tables import run_label

_CUSTOM = "custom"


def engine_dropdown(context: PageContext, *, label: str = "", multiselect: bool = False) -> Any:
    """Engines and models that can run here; a folder can be typed in, as `faster-whisper:/a/folder`."""
    runnable = [(choice.label, choice.ref) for choice in context.engines if choice.availability.ok]
    first = [ref for _, ref in runnable[:1]]
    return gr.Dropdown(
        runnable,
        value=first if multiselect else next(iter(first), None),
        label=label or context.labels.engine,
        multiselect=multiselect,
        allow_custom_value=True,
        elem_classes="wb-engine",
    )


def missing_engines(context: PageContext) -> Any:
    """What cannot run here, why, and what would change that; nothing where all can."""
    return html(missing_view(context.engines, context.labels.engines_missing), classes="wb-missing-engines")


def missing_view(choices: Sequence[EngineChoice], heading: str) -> str:
    """The engines that cannot run here as a folded list: one entry each, with what the first of its models lacks."""
    groups: dict[str, list[EngineChoice]] = {}
    for choice in choices:
        if not choice.availability.ok:
            groups.setdefault(choice.ref.partition(":")[0], []).append(choice)
    if not groups:
        return ""
    rows = "".join(_missing_row(name, group) for name, group in groups.items())
    return f'<details class="wb-missing"><summary>{escape(heading)}</summary><ul>{rows}</ul></details>'


def _missing_row(name: str, group: Sequence[EngineChoice]) -> str:
    first, models = group[0], ", ".join(choice.model for choice in group if choice.model)
    command = f"<code>{escape(first.availability.command)}</code>" if first.availability.command else ""
    listed = f"<span>{escape(models)}</span>" if len(group) > 1 else ""
    return f"<li><b>{escape(name)}</b>{listed}<span>{escape(tell(first.availability.reason))}</span>{command}</li>"


def language_dropdown(
    context: PageContext, engine: Any, *, first: Sequence[tuple[str, str]] = (), value: str = "auto"
) -> Any:
    """The engine's languages after `first` (default: Auto); follows the engine that is chosen."""
    leading = list(first) or [(context.labels.auto, "auto")]

    def choices(ref: str | list[str] | None) -> list[tuple[str, str]]:
        one = ref[0] if isinstance(ref, list) and ref else ref
        info = find_info(context.engines, str(one), context.pool.settings) if one else None
        return language_choices(info, *leading)

    def follow(ref: str | list[str] | None, chosen: str) -> Any:
        offered = choices(ref)
        keep = chosen if chosen in [code for _, code in offered] else value
        return gr.Dropdown(choices=offered, value=keep)

    dropdown = gr.Dropdown(choices(engine.value), value=value, label=context.labels.language, filterable=True)
    engine.change(follow, [engine, dropdown], dropdown, queue=False, show_progress="hidden", api_visibility="private")
    return dropdown


def run_choices(context: PageContext) -> list[tuple[str, str]]:
    """Stored runs as a dropdown offers them, the newest first."""
    records = services.list_runs(pool=context.pool)
    infos = {
        name: find_info(context.engines, name, context.pool.settings) for name in {one.spec.engine for one in records}
    }
    return [(run_label(one, told_options(one, infos[one.spec.engine])), one.run_id) for one in records]


def context_box(context: PageContext) -> Any:
    """Names and terms to expect."""
    labels = context.labels
    return gr.Textbox(
        "", label=labels.context, placeholder=labels.context_placeholder, lines=1, max_lines=4, max_length=2000
    )


def chains_dropdown(context: PageContext) -> Any:
    """Several ways of preprocessing, the first of them the baseline; a chain can be typed in."""
    chains = [(context.labels.chain_none, ""), *((tell(words), chain) for words, chain in PRESETS)]
    return gr.Dropdown(
        chains,
        value=["", PRESETS[0][1]],
        label=say("Ways of preprocessing"),
        info=say("The first is the baseline; a chain can be typed, as highpass+gain"),
        multiselect=True,
        allow_custom_value=True,
        elem_classes="wb-engine",
    )


def limit_box() -> Any:
    """How many clips at most; a text box, since Gradio's number shows 0 where there is none."""
    return gr.Textbox("", label=say("Only the first clips"), placeholder=say("all"), max_length=9)


def parse_limit(text: str | None) -> int | None:
    """What the box says; None for all.

    Raises:
        UsageError: It is not a number above 0.
    """
    told = (text or "").strip()
    if not told:
        return None
    if not (told.isascii() and told.isdigit() and int(told)):
        raise UsageError(f"{told!r} is not a number of clips.", hint="Write a whole number, or leave it empty for all.")
    return int(told)


def chain_picker(context: PageContext, *, label: str = "", value: str = "") -> Any:
    """A preset, or a chain of one's own; returns the text box whose value is the chain, whichever was chosen."""
    labels = context.labels
    presets = [
        (labels.chain_none, ""),
        *((tell(words), chain) for words, chain in PRESETS),
        (labels.chain_custom, _CUSTOM),
    ]
    preset = gr.Dropdown(presets, value=value, label=label or labels.chain, elem_classes="wb-chain-preset")
    with gr.Column(visible=False, elem_classes="wb-chain-own") as own:
        text = gr.Textbox(
            value, label=labels.chain_text, elem_classes="wb-mono", placeholder="highpass:cutoff=100+gain"
        )
    note = html(chain_note(value))
    with gr.Column(visible=False, elem_classes="wb-chain-own") as steps:
        builder = html(builder_view(value), js_on_load=(theme.ASSETS / "chain.js").read_text(encoding="utf-8"))

    drawn = gr.State(value)  # the text that the form shows: a field that is being edited must not be drawn anew

    def choose(chosen: str) -> tuple[Any, ...]:
        own_chain = gr.Column(visible=chosen == _CUSTOM)
        if chosen == _CUSTOM:  # Gradio asks twice, and a late answer must not undo what was done since
            return own_chain, own_chain, gr.skip(), gr.skip(), gr.skip(), gr.skip()
        return own_chain, own_chain, chosen, chain_note(chosen), builder_view(chosen), chosen

    def build(event: gr.EventData) -> tuple[str, str, Any, str]:
        built = write_pieces(told_pieces(picked(event).get("steps")))
        return built, chain_note(built), builder_view(built) if picked(event).get("redraw") else gr.skip(), built

    def follow(typed: str, shown: str) -> tuple[Any, Any, str]:
        return (gr.skip(), gr.skip(), typed) if typed == shown else (chain_note(typed), builder_view(typed), typed)

    quiet: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    preset.input(choose, preset, [own, steps, text, note, builder, drawn], **quiet)
    builder.select(build, None, [text, note, builder, drawn], **quiet)
    # Not `input`: Gradio swallows the first one after it was given a value itself.
    text.change(follow, [text, drawn], [note, builder, drawn], trigger_mode="always_last", **quiet)
    return text


def chain_note(text: str) -> str:
    """Below the chain: what it does, or what is wrong with it; nothing for no chain."""
    if not text.strip():
        return ""
    try:
        return f'<p class="wb-note">{escape(tell(chain_sentence(text)))}</p>'
    except WorkbenchError as error:
        return notice(tell(error.message), tell(error.hint), kind="warning")


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionForm:
    """The own options of every engine that can run here; those of the chosen one are shown.

    Attributes:
        inputs: Components by `engine/option`, to be given to a listener as `inputs_kwargs`; the listener takes
            them as `**options` and hands them to `chosen_values`.
    """

    inputs: dict[str, Any]


def chosen_values(context: PageContext, ref: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The options for the engine `ref` that differ from its defaults.

    Args:
        context: The page's.
        ref: `name` or `name:model`.
        values: A listener's keyword arguments, named as in `OptionForm.inputs`.
    """
    name = ref.partition(":")[0]
    own = {key.partition("/")[2]: value for key, value in values.items() if key.partition("/")[0] == name}
    return chosen_options(find_info(context.engines, ref, context.pool.settings), own)


def option_form(context: PageContext, engine: Any) -> OptionForm:
    """Controls for the engine's own options, derived from the dataclass it declares."""
    inputs: dict[str, Any] = {}
    groups: dict[str, Any] = {}
    chosen, several = _names(engine.value), isinstance(engine.value, list)
    for choice in context.engines:
        name = choice.ref.partition(":")[0]
        if not choice.availability.ok or name in groups or not option_fields(choice.info):
            continue
        with gr.Column(visible=name in chosen, elem_classes="wb-options") as groups[name]:
            if several:
                html(f'<p class="wb-note"><b>{escape(name)}</b></p>')
            for field in option_fields(choice.info):
                inputs[f"{name}/{field.name}"] = _control(field, context.labels.engine_default)

    def follow(ref: str | list[str] | None) -> dict[Any, Any]:
        names = _names(ref)
        return {group: gr.Column(visible=own in names) for own, group in groups.items()}

    if groups:
        engine.change(
            follow, engine, list(groups.values()), queue=False, show_progress="hidden", api_visibility="private"
        )
    return OptionForm(inputs=inputs)


def _names(ref: str | list[str] | None) -> set[str]:
    """The engines' names, without their models."""
    return {str(one or "").partition(":")[0] for one in (ref if isinstance(ref, list) else [ref])}


def several_values(context: PageContext, refs: Sequence[str], values: Mapping[str, Any]) -> dict[str, Any]:
    """The options that differ from the engines' defaults: by option for one engine, else by `ENGINE/option`.

    Args:
        context: The page's.
        refs: The engines that are chosen.
        values: As in `chosen_values`.
    """
    named = {one.partition(":")[0]: one for one in refs}
    told = {name: chosen_values(context, ref, values) for name, ref in named.items()}
    if len(named) == 1:
        return next(iter(told.values()))
    return {f"{name}/{option}": value for name, options in told.items() for option, value in options.items()}


def _control(field: OptionField, empty: str) -> Any:
    if field.kind == "flag":
        return gr.Checkbox(value=bool(field.default), label=tell(field.label), info=tell(field.help))
    if field.kind == "number":
        return gr.Number(value=field.default, label=tell(field.label), info=tell(field.help))
    if field.kind == "choice":
        return gr.Dropdown(list(field.choices), value=field.default, label=tell(field.label), info=tell(field.help))
    value = "" if field.default is None else str(field.default)
    return gr.Textbox(value=value, label=tell(field.label), info=tell(field.help), placeholder=empty)
