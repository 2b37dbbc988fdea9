"""What came of one item, as a record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from workbench.errors import WorkbenchError
from workbench.evalsets.model import EvalItem
from workbench.pipeline.transcript import Transcript
from workbench.runs.records import ItemFailure, ItemResult


def result_of(item: EvalItem, transcript: Transcript, warnings: Sequence[str] = ()) -> ItemResult:
    """A transcribed item.

    Args:
        item: What was transcribed.
        transcript: What came of it.
        warnings: What was noticed before, about the options.
    """
    heard = transcript.hypothesis
    return ItemResult(
        **labels_of(item),
        text=_whole(heard.text),
        raw=_whole(heard.raw),
        language=heard.language,
        finish=heard.finish,
        measurement=transcript.measurement,
        segments=tuple(replace(segment, text=_whole(segment.text)) for segment in heard.segments),
        warnings=tuple(_whole(warning) for warning in dict.fromkeys((*warnings, *transcript.warnings))),
    )


def failure_of(item: EvalItem, error: Exception) -> ItemFailure:
    """An item that could not be transcribed, with the reason as a sentence."""
    if isinstance(error, WorkbenchError):
        return ItemFailure(**labels_of(item), error=error.code, message=_whole(error.sentence))
    name = type(error).__name__
    detail = _whole(str(error)).strip().partition("\n")[0].rstrip(".")
    return ItemFailure(
        **labels_of(item), error=name, message=f"It stopped with {name}{f': {detail}' if detail else ''}."
    )


def labels_of(item: EvalItem) -> dict[str, Any]:
    """What a stored run keeps of the item: enough to be scored, grouped and heard without the set."""
    language = {"language": item.language} if item.language else {}
    return {
        "id": item.id,
        "reference": item.reference,
        "tags": {**language, **item.tags},
        "audio": _whole(str(item.audio)),
    }


def _whole(text: str) -> str:
    """The text without lone surrogates, which no UTF-8 file can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")
