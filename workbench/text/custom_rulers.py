"""Rulers of a user's own, from a TOML file.

    name = "court"
    version = 1
    summary = "as zh, with the spellings our transcribers use"   # may be left out
    steps = ["unicode", "case", "punctuation", "script", "variants", "pairs", "numbers"]

    [pairs]                 # where "pairs" is among the steps: a spelling, and what it is counted as
    "冧把" = "number"

A step may be named with its version (`script@1`); a figure then cannot change its meaning with a new workbench unseen.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from workbench.errors import UsageError
from workbench.text.steps import TextStep

PAIRS = "pairs"
LARGEST_FILE = 1_000_000
"""Bytes; a table of spellings is far below."""

_KEYS = ("name", "version", "summary", "steps", PAIRS)
_NAME = re.compile("[a-z0-9][a-z0-9-]{0,39}")
_HINT = 'A ruler has name = "court", version = 1, steps = ["unicode", "case", …] and, if wanted, a table [pairs].'


def read_table(path: Path) -> dict[str, Any]:
    """The keys and values of a ruler's file.

    Raises:
        UsageError: There is no such file, it is no TOML, or it has a key that a ruler has not.
    """
    if not path.is_file():  # nor a folder, nor a pipe, which would be waited for
        raise UsageError(f"The ruler {path.name} is not a file.", hint="Check the path.")
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise UsageError(f"{path.name} is too large for a ruler.", hint=f"At most {LARGEST_FILE} bytes are read.")
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"The ruler {path.name} cannot be read: {error.strerror}.", hint="Check the path.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path.name} is not UTF-8 text.", hint="Save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:  # its text ends with the line and the column
        raise UsageError(f"{path.name} is not TOML: {error}.", hint=_HINT) from error
    for key in table:
        if key not in _KEYS:
            raise _fault(path, key, f"is not one of {', '.join(_KEYS)}")
    return table


def read_header(path: Path, table: Mapping[str, Any], taken: Mapping[str, Any]) -> tuple[str, int, str]:
    """Name, version and summary.

    Args:
        path: For the sentences.
        table: As read.
        taken: Names that are the workbench's own.

    Raises:
        UsageError: One of them is missing or cannot be used.
    """
    name, version, summary = table.get("name"), table.get("version"), table.get("summary", "")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise _fault(path, "name", "must be small letters, digits and hyphens, at most 40")
    if name in taken:
        raise _fault(path, "name", f"must not be {name!r}, which is a ruler of the workbench")
    if type(version) is not int or version < 1:
        raise _fault(path, "version", "must be a whole number from 1 on")
    if not isinstance(summary, str):
        raise _fault(path, "summary", "must be text")
    return name, version, summary or f"from {path.name}"


def read_steps(path: Path, table: Mapping[str, Any], known: Mapping[str, TextStep]) -> tuple[TextStep, ...]:
    """The steps, in order.

    Args:
        path: For the sentences.
        table: As read.
        known: Every step there is, by name.

    Raises:
        UsageError: No list, an unknown step, a version that is not this workbench's, or pairs that cannot be used.
    """
    listed = table.get("steps")
    if not isinstance(listed, list) or not listed:
        raise _fault(path, "steps", "must be a list of step names")
    available = dict(known)
    if PAIRS in table:
        available[PAIRS] = _pairs_step(path, table[PAIRS])
    steps: list[TextStep] = []
    for place, wanted in enumerate(cast("list[object]", listed), 1):
        step = available.get(wanted.partition("@")[0]) if isinstance(wanted, str) else None
        if step is None:
            raise _fault(path, "steps", f"has {wanted!r} in place {place}; there are {', '.join(sorted(available))}")
        if wanted not in (step.name, step.id):
            raise _fault(path, "steps", f"asks for {wanted!r} in place {place}; this workbench has {step.id}")
        steps.append(step)
    if PAIRS in table and available[PAIRS] not in steps:
        raise _fault(path, "steps", f"must name {PAIRS!r} where the table is to be applied")
    if len(set(steps)) < len(steps):
        raise _fault(path, "steps", "names a step twice")
    return tuple(steps)


def _pairs_step(path: Path, pairs: object) -> TextStep:
    if not isinstance(pairs, dict) or not pairs:
        raise _fault(path, PAIRS, 'must be a table of "spelling" = "what it is counted as"')
    table: dict[str, str] = {}
    for variant, word in cast("dict[str, object]", pairs).items():
        if not variant.strip() or not isinstance(word, str):
            raise _fault(path, f"{PAIRS}.{variant!r}", "must be a spelling and, in quotes, what it is counted as")
        table[variant] = word
    fold = _Folding(table)
    for variant, word in table.items():
        if fold(word) != word:
            raise _fault(path, f"{PAIRS}.{variant!r}", f"is counted as {word!r}, which another pair changes again")
    return TextStep(
        name=PAIRS,
        version=1,
        summary=f"{len(table)} spellings from {path.name}",
        apply=fold,
        data=lambda: "\n".join(f"{variant}={word}" for variant, word in sorted(table.items())),
    )


class _Folding:
    """Spellings replaced, the longest first; a Latin one only where it is a word of its own."""

    def __init__(self, table: Mapping[str, str]) -> None:
        self._table = table
        self._pattern = re.compile("|".join(_bounded(word) for word in sorted(table, key=len, reverse=True)))

    def __call__(self, text: str) -> str:
        return self._pattern.sub(lambda match: self._table[match[0]], text)


def _bounded(word: str) -> str:
    before = "(?<![a-z0-9])" if re.match("[a-z0-9]", word) else ""
    after = "(?![a-z0-9])" if re.search("[a-z0-9]$", word) else ""
    return before + re.escape(word) + after


def _fault(path: Path, key: str, what: str) -> UsageError:
    return UsageError(f"{path.name}: {key} {what}.", hint=_HINT)
