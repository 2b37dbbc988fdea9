"""Engines, languages and chains as a form offers them; no gradio here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any, get_args, get_type_hints

from workbench.audio.steps import list_steps, parse_chain
from workbench.engines.base import Availability, EngineInfo
from workbench.engines.catalogue import engine_rows
from workbench.engines.registry import EngineRef, plugin
from workbench.errors import WorkbenchError
from workbench.runs.records import RunRecord
from workbench.settings import Settings
from workbench.text.languages import language_name
from workbench.ui.language import phrase, tell

PRESETS = (
    (phrase("High-pass 80 Hz"), "highpass:cutoff=80"),
    (phrase("Peak at −3 dB"), "gain:peak_db=-3"),
    (phrase("High-pass 80 Hz, then peak at −3 dB"), "highpass:cutoff=80+gain:peak_db=-3"),
    (phrase("Loudness −23 LUFS"), "loudness:lufs=-23"),
    (phrase("Trim silence"), "trim"),
    (phrase("Shorten pauses to 1 s"), "vad:max_pause_seconds=1"),
    (phrase("Take away mains hum"), "dehum"),
    (phrase("Denoise by spectrum"), "spectral"),
    (phrase("Denoise by spectrum, half"), "spectral:mix=0.5"),
    (phrase("Repair clipping, then peak at −3 dB"), "declip+gain"),
    (phrase("Even out the level"), "dynaudnorm"),
    (phrase("Compress, then −23 LUFS"), "compressor+loudness"),
    (phrase("As over the telephone"), "telephone"),
)
"""Chains by a name that says what they do."""

_ACRONYMS = {"vad": "VAD", "url": "URL", "api": "API", "id": "ID"}
_FIRST_LANGUAGES = ("zh", "yue", "en")


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineChoice:
    """One engine with one of its models.

    Attributes:
        ref: As it is asked for: `name`, or `name:model`.
        label: As a person reads it.
        model: The model's name; empty where the engine names none.
        summary: One sentence.
        info: What it says of itself before it is loaded; None where it cannot say.
        availability: Whether it can run here, and why not.
    """

    ref: str
    label: str
    model: str = ""
    summary: str
    info: EngineInfo | None
    availability: Availability


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionField:
    """One option of an engine, for a form.

    Attributes:
        name: As the engine knows it.
        kind: "flag", "number", "choice" or "text".
        default: Its value when nothing is chosen.
        choices: The values of a "choice".
        help: What it does.
    """

    name: str
    kind: str
    default: Any
    choices: tuple[Any, ...]
    help: str

    @property
    def label(self) -> str:
        """`beam_size` as `Beam size`, `vad_filter` as `VAD filter`."""
        words = [_ACRONYMS.get(word, word) for word in self.name.split("_")]
        return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


def engine_choices(settings: Settings) -> tuple[EngineChoice, ...]:
    """Every installed engine with every model it knows by name; those that can run here come first."""
    choices = [
        choice
        for row in engine_rows(settings)
        for choice in (
            _choices_of(row.name, row.summary, row.models, settings)
            if row.models
            else [EngineChoice(ref=row.name, label=row.name, summary="", info=row.info, availability=row.availability)]
        )
    ]
    return tuple(sorted(choices, key=lambda choice: not choice.availability.ok))


def _choices_of(name: str, summary: str, models: Sequence[str], settings: Settings) -> list[EngineChoice]:
    found = plugin(name)
    return [
        EngineChoice(
            ref=name if model == models[0] else f"{name}:{model}",
            label=f"{name} · {model}" if len(models) > 1 else name,
            model=model,
            summary=summary,
            info=_info(EngineRef(name, model), settings),
            availability=found.check(model, settings),
        )
        for model in models
    ]


def _info(ref: EngineRef, settings: Settings) -> EngineInfo | None:
    try:
        return plugin(ref.name).info(ref.model, settings)
    except WorkbenchError:
        return None


def find_info(choices: Iterable[EngineChoice], ref: str, settings: Settings) -> EngineInfo | None:
    """What the engine asked for says of itself, also where it is a folder that is not among the choices."""
    listed = next((choice.info for choice in choices if choice.ref == ref), None)
    return listed or _info(EngineRef.parse(ref), settings)


def language_choices(info: EngineInfo | None, *first: tuple[str, str]) -> list[tuple[str, str]]:
    """(name, code) pairs: `first`, then Chinese, Cantonese and English, then the others by name.

    Cantonese is offered even where the engine only has Chinese: it is then told the nearest, and says so.
    """
    codes = set(info.languages if info else ())
    if "zh" in codes:
        codes.add("yue")
    leading = [code for code in _FIRST_LANGUAGES if code in codes]
    rest = sorted(codes - set(leading), key=lambda code: tell(language_name(code)))
    return [*first, *((tell(language_name(code)), code) for code in (*leading, *rest))]


def option_fields(info: EngineInfo | None) -> tuple[OptionField, ...]:
    """The engine's own options, derived from its dataclass."""
    if info is None:
        return ()
    hints = get_type_hints(info.options)
    return tuple(
        _option_field(field.name, hints[field.name], _default(field), str(field.metadata.get("help", "")))
        for field in fields(info.options)
    )


def _default(field: Any) -> Any:
    if field.default is not MISSING:
        return field.default
    return field.default_factory() if field.default_factory is not MISSING else None


def _option_field(name: str, hint: Any, default: Any, help: str) -> OptionField:
    literals = tuple(value for value in get_args(hint) if isinstance(value, str | int | float))
    if hint is bool:
        kind = "flag"
    elif hint in (int, float):
        kind = "number"
    elif literals:
        kind = "choice"
    else:
        kind = "text"
    return OptionField(name=name, kind=kind, default=default, choices=literals if kind == "choice" else (), help=help)


def chosen_options(info: EngineInfo | None, values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `values` that are options of this engine and differ from its defaults; empty fields are defaults."""
    chosen: dict[str, Any] = {}
    for field in option_fields(info):
        value = values.get(field.name)
        if value is None or value == "" or value == field.default:
            continue
        whole = isinstance(field.default, int) and not isinstance(field.default, bool) and isinstance(value, float)
        chosen[field.name] = int(value) if whole and value.is_integer() else value
    return chosen


def told_options(record: RunRecord, info: EngineInfo | None) -> Mapping[str, Any]:
    """A stored run's options that differ from its engine's defaults; as they were given, where the engine is gone."""
    return record.passed.get("options", {}) if info is None else chosen_options(info, record.spec.options)


def chain_sentence(text: str) -> str:
    """What a chain does, in words; for a chain that is not one, what is wrong with it.

    Raises:
        UsageError: See `workbench.audio.steps.parse_chain`.
    """
    chain = parse_chain(text)
    summaries = {step.name: step.summary for step in list_steps()}
    return " ".join(summaries[step.name] for step in chain.steps)
