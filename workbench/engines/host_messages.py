"""What a hosted engine and its parent say to each other, as JSON and samples: settings, clips, answers, errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any, cast

import numpy as np
import pydantic
from numpy.typing import NDArray

from workbench import errors
from workbench.audio.clip import AudioClip
from workbench.engines.base import DecodeOptions, EngineInfo, Hypothesis
from workbench.engines.memory import ran_out_of_memory, spoilt_the_device
from workbench.errors import EngineError, WorkbenchError
from workbench.settings import Settings

Samples = NDArray[np.float32]
Document = dict[str, Any]

_SETTINGS = pydantic.TypeAdapter(Settings)
_OPTIONS = pydantic.TypeAdapter(DecodeOptions)
_HEARD = pydantic.TypeAdapter(list[Hypothesis])
_INFO = pydantic.TypeAdapter(EngineInfo)
_PLAIN = str | int | float | bool | None


def settings_document(settings: Settings) -> Document:
    return _SETTINGS.dump_python(settings, mode="json")


def settings_from(document: Document) -> Settings:
    return _SETTINGS.validate_python(document)


def info_document(info: EngineInfo) -> Document:
    """All but the class of its options, which the parent has from the plug-in itself."""
    plain = {field.name: getattr(info, field.name) for field in fields(EngineInfo) if field.name != "options"}
    return plain | {"languages": list(info.languages), "capabilities": sorted(info.capabilities)}


def info_from(document: Document, options: type[Any]) -> EngineInfo:
    """What a loaded engine says of itself, with the class of its options."""
    return _INFO.validate_python(document | {"options": options})


def clips_document(clips: Sequence[AudioClip]) -> tuple[Document, Samples]:
    """Clips as what is said of them, and the samples of all, one after the other."""
    about = [
        {
            "size": int(clip.samples.size),
            "sample_rate": clip.sample_rate,
            "source": clip.source,
            "warnings": list(clip.warnings),
            "offset_seconds": clip.offset_seconds,
        }
        for clip in clips
    ]
    samples = clips[0].samples if len(clips) == 1 else np.concatenate([clip.samples for clip in clips])
    return {"clips": about}, samples


def clips_from(document: Document, samples: Samples) -> list[AudioClip]:
    """The clips again, each with memory of its own: engines may write into it."""
    clips: list[AudioClip] = []
    first = 0
    for about in document["clips"]:
        given: Document = dict(about) | {"warnings": tuple(about["warnings"])}
        last = first + given.pop("size")
        clips.append(AudioClip(samples=samples[first:last].copy(), **given))
        first = last
    return clips


def options_document(options: DecodeOptions) -> Document:
    return _OPTIONS.dump_python(options, mode="json")


def options_from(document: Document) -> DecodeOptions:
    return _OPTIONS.validate_python(document)


def answer_document(heard: Sequence[Hypothesis]) -> list[Document]:
    return [asdict(one) for one in heard]


def answer_from(document: Any, *, expected: int, engine: str) -> list[Hypothesis]:
    """The hypotheses of an answer.

    Args:
        document: What the child said.
        expected: How many there must be.
        engine: Who answered, for the sentence.

    Raises:
        EngineError: They are no hypotheses, or not so many.
    """
    try:
        heard = _HEARD.validate_python(document)
    except pydantic.ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise EngineError(
            f"The engine {engine} answered with something that is no hypothesis, at {where}.",
            hint="Report it to whoever made the engine.",
        ) from error
    if len(heard) != expected:
        raise EngineError(
            f"The engine {engine} answered {len(heard)} of {expected} clips.",
            hint="Report it to whoever made the engine.",
        )
    return heard


def error_document(error: Exception, *, engine: str) -> Document:
    """An error as its class, its sentence and its plain attributes.

    Args:
        error: What the engine raised; what is none of ours becomes an `EngineError` that names its type.
        engine: Who raised it.
    """
    found = {"memory": ran_out_of_memory(error), "spoilt": spoilt_the_device(error)}
    if not isinstance(error, WorkbenchError):
        detail = str(error).strip().partition("\n")[0].rstrip(".")
        told = f"The engine {engine} stopped with {type(error).__name__}{f': {detail}' if detail else ''}."
        return found | {"class": EngineError.__name__, "message": told, "hint": "", "facts": {}}
    ours = next(one.__name__ for one in type(error).__mro__ if getattr(errors, one.__name__, None) is one)
    facts = {name: value for name, value in vars(error).items() if isinstance(value, _PLAIN)}
    return found | {"class": ours, "message": error.message, "hint": error.hint, "facts": facts}


def error_from(document: Mapping[str, Any]) -> WorkbenchError:
    """The error again; one of memory that ran out has a `MemoryError` as its cause, by which it is known."""
    kind = getattr(errors, document["class"], EngineError)
    if not (isinstance(kind, type) and issubclass(kind, WorkbenchError)):
        kind = EngineError
    error = cast("WorkbenchError", kind.__new__(kind))  # the classes word their sentence from arguments of their own
    WorkbenchError.__init__(error, document["message"], hint=document["hint"])
    vars(error).update(document["facts"])
    if document["memory"]:
        error.__cause__ = MemoryError("in the process of the engine")
    return error
