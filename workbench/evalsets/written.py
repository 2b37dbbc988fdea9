"""Sets that the workbench writes: a folder with `set.toml`, `manifest.jsonl` and `audio/`, whole or not at all."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from workbench.errors import UsageError
from workbench.evalsets.load import set_folders
from workbench.settings import Settings

_UNSAFE = re.compile(r"[^\w.-]+")
_LONGEST_STEM = 80


def new_set_folder(name: str, settings: Settings) -> Path:
    """Where a private set of that name is, or would be.

    Raises:
        UsageError: No name for a folder, or that of a shipped set.
    """
    if not name or name != Path(name).name or name.startswith(".") or "\0" in name or len(name.encode()) > 120:
        raise UsageError(f"{name!r} cannot be the name of a set.", hint="Use letters, digits and hyphens.")
    shipped, private = set_folders(settings)
    if (shipped / name).exists():
        raise UsageError(f"There is a shipped set named {name}.", hint="Choose another name with --name.")
    return private / name


def name_from(text: str) -> str:
    """A name for a set from that of a folder: `data/Test Set` is `test-set`."""
    return _UNSAFE.sub("-", text).strip("-.").lower()


def file_stem(number: int, id: str) -> str:
    """A file's name for a clip, unique by its number and told by its id: `000012-BAC009S0764W0121`."""
    return f"{number:06d}-{_UNSAFE.sub('-', id).strip('-.')[:_LONGEST_STEM]}"


def read_card(folder: Path) -> dict[str, Any]:
    """`set.toml` of a set that the workbench wrote; empty where there is none or it cannot be read."""
    try:
        return tomllib.loads((folder / "set.toml").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}


def card_text(fields: Mapping[str, Any], tables: Mapping[str, Mapping[str, Any]]) -> str:
    """`set.toml`: plain fields, then tables of them; None is left out."""
    parts = [_pairs(fields)]
    parts += [f"\n[{name}]\n{_pairs(table)}" for name, table in tables.items()]
    return "".join(parts)


def manifest_text(rows: Iterable[Mapping[str, Any]]) -> str:
    """JSON Lines."""
    return "".join(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in rows)


def _pairs(fields: Mapping[str, Any]) -> str:
    return "".join(f"{name} = {_toml(value)}\n" for name, value in fields.items() if value is not None)


def _toml(value: Any) -> str:
    """A value of TOML: JSON's strings are, but for DEL; its numbers and lists too."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
