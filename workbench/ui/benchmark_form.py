"""The form of the Benchmark tab, and what it asks of the verb."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr

from workbench import services
from workbench.errors import UsageError
from workbench.evalsets.load import SetInfo
from workbench.text.rulers import list_rulers
from workbench.ui import controls
from workbench.ui.commands import command_line
from workbench.ui.context import PageContext
from workbench.ui.language import say, say_many, tell
from workbench.ui.transcribe_form import parse_seconds

AS_LABELLED = "set"
_AUTO_RULER = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What the form asks."""

    sets: Any
    own_set: Any
    engine: Any
    language: Any
    chain: Any
    context: Any
    limit: Any
    batch_size: Any
    chunk_seconds: Any
    measure: Any
    again: Any
    ruler: Any
    options: controls.OptionForm

    def inputs(self) -> dict[str, Any]:
        """Components by the names that `BenchmarkTab.work` knows them by."""
        names = [name for name in Form.__dataclass_fields__ if name != "options"]
        return {name: getattr(self, name) for name in names} | self.options.inputs


def build_form(context: PageContext) -> Form:
    """The controls."""
    sets = [(set_choice(one), one.name) for one in known_sets(context)]
    with gr.Column(elem_classes="wb-form"):
        chosen = gr.CheckboxGroup(sets, value=_first_choice(sets), label=say("Eval sets"), elem_classes="wb-sets")
        own_set = gr.Textbox(
            "", label=say("Or a set of your own"), placeholder=say("Folder or manifest on this machine")
        )
        with gr.Row(elem_classes="wb-pair"):
            engine = controls.engine_dropdown(context)
            language = controls.language_dropdown(
                context,
                engine,
                first=[(say("As labelled"), AS_LABELLED), (context.labels.auto, "auto")],
                value=AS_LABELLED,
            )
        chain = controls.chain_picker(context)
        ruler = gr.Dropdown(
            ruler_choices(),
            value=_AUTO_RULER,
            label=say("Ruler"),
        )
        with gr.Accordion(context.labels.advanced, open=False, elem_classes="wb-advanced"):
            words = controls.context_box(context)
            limit = controls.limit_box()
            batch_size = gr.Number(
                label=say("Batch size"), value=1, precision=0, minimum=1, info=say("1 measures each clip alone")
            )
            chunk_seconds = chunk_box(context)
            measure = gr.Dropdown(
                [(say("What suits the work"), ""), (say("Quickly"), "throughput"), (say("Clip by clip"), "single")],
                value="",
                label=say("Measure"),
                info=say("Several engines at once are quicker; one clip at a time shows its true time and memory"),
            )
            again = gr.Checkbox(
                False, label=say("Run again"), info=say("Otherwise the same run is gone on with, or shown")
            )
            options = controls.option_form(context, engine)
    return Form(
        sets=chosen, own_set=own_set, engine=engine, language=language, chain=chain, context=words, limit=limit,
        batch_size=batch_size, chunk_seconds=chunk_seconds, measure=measure, again=again, ruler=ruler, options=options,
    )  # fmt: skip


def chunk_box(context: PageContext) -> Any:
    """The longest stretch that the engine is given; empty for whole clips."""
    return gr.Textbox(
        "",
        label=context.labels.chunk_seconds,
        info=say("Longer clips are cut at pauses; empty gives the engine whole clips"),
        placeholder=say("whole clips"),
        max_length=9,
    )


def set_choice(one: SetInfo) -> str:
    """A set as a list offers it."""
    return f"{tell(one.title) or one.name} · {say_many(one.items or 0, '{count} clip', '{count} clips')}"


def ruler_choices() -> list[tuple[str, str]]:
    """(words, name) of every ruler, after what suits the set."""
    rulers = [(f"{one.id}: {tell(one.summary)}", one.name) for one in list_rulers()]
    return [(say("What suits the set's language"), _AUTO_RULER), *rulers]


def _first_choice(sets: list[tuple[str, str]]) -> list[str]:
    names = [name for _, name in sets]
    return ["mandarin-demo"] if "mandarin-demo" in names else names[:1]


def known_sets(context: PageContext) -> list[SetInfo]:
    """Shipped and private sets without faults."""
    return [one for one in services.list_sets(pool=context.pool) if not one.fault]


def chosen_sets(form: Mapping[str, Any]) -> list[str]:
    """The sets that are ticked, and the one that is named."""
    own = (form["own_set"] or "").strip()
    return [*(form["sets"] or []), *([own] if own else [])]


def ways_and_sets(form: Mapping[str, Any]) -> dict[str, Any]:
    """What is run on what, as sweeps and curves take it: engines and chains, each on each set.

    Raises:
        UsageError: No set or engine is chosen, or the limit is no number.
    """
    sets = chosen_sets(form)
    if not sets:
        raise UsageError("No eval set is chosen.", hint="Tick one, or name a folder or manifest.")
    if not form["engines"]:
        raise UsageError("No engine is chosen.", hint="Choose one or more.")
    return {
        "sets": sets,
        "engines": list(form["engines"]),
        "chains": list(form["chains"] or [""]),
        "language": form["language"] or AS_LABELLED,
        "limit": controls.parse_limit(form["limit"]),
    }


def arguments(context: PageContext, form: Mapping[str, Any]) -> dict[str, Any]:
    """What the form asks, as `services.bench_events` takes it."""
    engine = form["engine"] or ""
    known = {name for name in form if "/" in name}
    return {
        "sets": chosen_sets(form),
        "engine": engine,
        "language": form["language"],
        "chain": form["chain"] or "",
        "context": form["context"] or "",
        "limit": controls.parse_limit(form["limit"]),
        "batch_size": int(form["batch_size"] or 1),
        "chunk_seconds": parse_seconds(form["chunk_seconds"]),
        "measure": form["measure"] or None,
        "on_existing": "again" if form["again"] else "resume",
        "options": controls.chosen_values(context, engine, {name: form[name] for name in known}),
    }


def equivalent_command(asked: Mapping[str, Any], ruler: str) -> str:
    """The command line that runs the same; what has its default is left out.

    Args:
        asked: As `arguments` gives it.
        ruler: The ruler's name; empty for what suits the set.
    """
    return command_line(
        "bench",
        asked["sets"],
        engine=asked["engine"],
        chain=asked["chain"],
        language=None if asked["language"] == AS_LABELLED else asked["language"],
        context=asked["context"],
        option=asked["options"],
        limit=asked["limit"],
        batch_size=None if asked["batch_size"] == 1 else asked["batch_size"],
        chunk_seconds=asked["chunk_seconds"],
        measure=asked["measure"],
        on_existing=None if asked["on_existing"] == "resume" else asked["on_existing"],
        ruler=ruler,
    )
