"""What the page serves to one visitor, as requests and answers name it: files of the private folder, and held ones."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, unquote

from workbench.audio.held import find

# Where a path in markup or running text ends.
_ENDS = r"""[^"'<>\s&?#\\]*"""
_HELD = re.compile(r"files/([A-Za-z0-9_-]{32})(?![A-Za-z0-9_-])")
"""As `ui.player.file_url` writes the key of a held file."""


class PrivateFiles:
    """Finds files in JSON: whole strings that are paths below one folder, and addresses inside markup.

    Args:
        root: The folder; every file with a name that the page serves lies below it.
    """

    def __init__(self, root: Path) -> None:
        self._roots = tuple({str(root) + os.sep, os.path.realpath(root) + os.sep})
        forms = {form for one in self._roots for form in (one, quote(one))}
        self._mentioned = (b"files/", *{form.encode() for one in forms for form in (one, json.dumps(one)[1:-1])})
        self._inside = re.compile("(?:" + "|".join(map(re.escape, sorted(forms))) + ")" + _ENDS)

    def mentioned(self, content: bytes) -> bool:
        """Whether JSON may name a file: most of what the page says does not, and needs no closer look."""
        return any(form in content for form in self._mentioned)

    def named(self, value: Any) -> Generator[str]:
        """What the files that a JSON value names are called among what sessions own; the order is no promise.

        Raises:
            ValueError: A path is none, as one with a NUL in it.
        """
        for text in _texts(value):
            yield from map(file_key, self._below(text))
            yield from (held_key(found[1]) for found in _HELD.finditer(text))

    def present(self, value: Any) -> Generator[str]:
        """Those of `named` that are there: a text that only looks like one of our files is a text."""
        for text in _texts(value):
            yield from (file_key(path) for path in self._below(text) if os.path.lexists(path))
            yield from (held_key(found[1]) for found in _HELD.finditer(text) if find(found[1]) is not None)

    def _below(self, text: str) -> Iterator[str]:
        if text.startswith(self._roots):
            yield text
        elif os.sep in text or "%" in text:
            for found in self._inside.finditer(text):
                yield unquote(found[0])


def file_key(path: str) -> str:
    """What a file is called among what sessions own; the same however its path is written.

    Raises:
        ValueError: No path, as one with a NUL in it.
    """
    return f"file:{os.path.realpath(path)}"


def held_key(key: str) -> str:
    """What a held file is called among what sessions own."""
    return f"held:{key}"


def chosen_files(value: Any) -> Generator[str]:
    """The paths of files that a visitor hands to an event, wherever they lie: `{"path": …}`, as Gradio has them."""
    for one in _values(value):
        if isinstance(one, Mapping):
            path = cast("Mapping[str, Any]", one).get("path")
            if isinstance(path, str):
                yield path


def without_addresses(value: Any) -> Any:
    """The value without those addresses of chosen files that only say the path again, in whatever spelling."""
    if isinstance(value, list):
        return [without_addresses(one) for one in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    named = cast("dict[str, Any]", value)
    path, url = named.get("path"), named.get("url")
    again = isinstance(path, str) and isinstance(url, str) and path != "" and unquote(url).endswith(unquote(path))
    return {key: without_addresses(one) for key, one in named.items() if not (again and key == "url")}


def _values(value: Any) -> Generator[Any]:
    """A JSON value and all in it, without recursion: a visitor chooses the depth."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        yield one
        if isinstance(one, dict):
            waiting += cast("dict[str, Any]", one).values()
        elif isinstance(one, list):
            waiting += cast("list[Any]", one)


def _texts(value: Any) -> Generator[str]:
    return (one for one in _values(value) if isinstance(one, str))
