"""Where things lie on a machine, taken out of what is handed on: folders, home directories, servers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any, cast

HIDDEN = "…"
"""What stands for a place that has no name of its own to show."""

_STOPS = r"\s'\"<>|:;,()\[\]"
_PLACE = re.compile(
    r"(?P<url>\b(?:https?|file)://[^\s'\"<>]+)"
    rf"|(?P<windows>(?:\b[A-Za-z]:|\\)\\[^{_STOPS}]+)"
    rf"|(?P<posix>(?<![\w./~…-])(?:~[\w.-]*/|/(?=[^{_STOPS}/]+/))[^{_STOPS}]*)"
)
_URL = re.compile(r"(?P<scheme>\w+)://[^/?#]*(?P<path>[^?#]*)(?:\?[^#]*)?")
_HOMES = frozenset({"home", "Users"})


class Places:
    """Replaces places in texts and values, the same place always by the same name.

    Args:
        folders: Folders that are known; they are found also where their names have spaces in them.
    """

    def __init__(self, folders: Iterable[str] = ()) -> None:
        known = {prefix for folder in folders for prefix in _prefixes(folder)}
        self._known = sorted(known, key=len, reverse=True)
        self._names: dict[str, str] = {}

    def hide_in_text(self, text: str) -> str:
        """A sentence with the last part of each path in place of the path."""
        for prefix in self._known:
            text = text.replace(f"{prefix}/", f"/{HIDDEN}/")  # still a path, whose last part is what is kept
        return _PLACE.sub(_named_place, text)

    def hide(self, value: Any) -> Any:
        """A plain value with every text in it hidden; a text that is one path gets a name that no other path has."""
        if isinstance(value, str):
            return self._name(value) if _is_path(value) else self.hide_in_text(value)
        if isinstance(value, Mapping):
            return {self.hide(key): self.hide(one) for key, one in cast("Mapping[Any, Any]", value).items()}
        if isinstance(value, list | tuple):
            return [self.hide(one) for one in cast("list[Any]", value)]
        return value

    def _name(self, path: str) -> str:
        if path not in self._names:
            name, taken = _last_part(path), set(self._names.values())
            others = (f"{name} ({number})" for number in range(2, len(taken) + 3))
            self._names[path] = name if name not in taken else next(one for one in others if one not in taken)
        return self._names[path]


def _named_place(found: re.Match[str]) -> str:
    whole = found[0]
    if found["url"] and not whole.startswith("file:"):
        return hide_server(whole)
    return _last_part(whole.removeprefix("file://"))


def hide_server(url: str) -> str:
    """An address without its host, its user and its query: `http://server/v1`."""
    return _URL.sub(lambda found: f"{found['scheme']}://server{found['path']}", url)


def _is_path(text: str) -> bool:
    return PurePosixPath(text).is_absolute() or PureWindowsPath(text).is_absolute() or text.startswith("~")


def _last_part(path: str) -> str:
    pure = PureWindowsPath(path) if "\\" in path else PurePosixPath(path)
    at_home = pure.parent.name in _HOMES or pure.name.startswith("~")
    return HIDDEN if at_home or not pure.name else pure.name


def _prefixes(folder: str) -> list[str]:
    """The folder and those it is in, but for the root and the first below it, whose names are words."""
    pure = PurePosixPath(folder)
    return [str(one) for one in (pure, *pure.parents) if len(one.parts) > 2] if pure.is_absolute() else []
