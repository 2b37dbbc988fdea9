"""Any system's texts: two files of `{"id", "text"}` lines, paired and scored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from workbench.errors import ManifestError, RunError, UsageError
from workbench.scoring.score import Score, score
from workbench.text.rulers import Ruler


@dataclass(frozen=True, slots=True, kw_only=True)
class TextScore:
    """Hypotheses scored against references.

    Attributes:
        score: The measures over the pairs.
        missing: Ids with a reference and no hypothesis: scored as empty, so that leaving out is not rewarded.
        unexpected: Ids with a hypothesis and no reference; not scored.
    """

    score: Score
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]


def score_files(references: Path, hypotheses: Path, *, ruler: Ruler) -> TextScore:
    """Score one JSON Lines file against another, paired by id.

    Args:
        references: Lines of `{"id", "text"}`; further fields are ignored.
        hypotheses: The same.
        ruler: Applied to both.

    Raises:
        UsageError: A file is missing.
        ManifestError: Lines that cannot be used, all listed.
        RunError: Not one id is in both.
    """
    expected, heard = _read_texts(references), _read_texts(hypotheses)
    if not expected.keys() & heard.keys():
        raise RunError(
            f"{references.name} and {hypotheses.name} have no id in common.", hint="Both need the same ids in 'id'."
        )
    pairs = [(key, text, heard.get(key, "")) for key, text in expected.items()]
    return TextScore(
        score=score(pairs, ruler),
        missing=tuple(key for key in expected if key not in heard),
        unexpected=tuple(key for key in heard if key not in expected),
    )


def _read_texts(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise UsageError(f"There is no file {path.name} to read.", hint="Check the path.") from error
    except UnicodeDecodeError as error:
        raise ManifestError(path.name, [f"{path.name}: not UTF-8 at byte {error.start}"]) from error
    texts: dict[str, str] = {}
    faults: list[str] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        fault = _add_line(line, texts)
        if fault:
            faults.append(f"{path.name}:{number}: {fault}")
    if not texts and not faults:
        faults.append(f"{path.name}: no lines")
    if faults:
        raise ManifestError(path.name, faults)
    return texts


def _add_line(line: str, texts: dict[str, str]) -> str:
    """Add the line's text; returns what is wrong with it, or nothing."""
    try:
        value: Any = json.loads(line)
    except json.JSONDecodeError as error:
        return f"not JSON: {error.msg} at column {error.colno}"
    if not isinstance(value, Mapping):
        return "not an object"
    fields = cast("Mapping[str, Any]", value)
    for name in ("id", "text"):
        if not isinstance(fields.get(name), str):
            return f"no {name!r} that is a text"
    if fields["id"] in texts:
        return f"the id {fields['id']!r} is there twice"
    texts[fields["id"]] = fields["text"]
    return ""
