"""The tree of errors: what every door relies on."""

from __future__ import annotations

import re

import pytest

from workbench import errors
from workbench.errors import ManifestError, UnknownName, WorkbenchError


def tree(kind: type[WorkbenchError]) -> list[type[WorkbenchError]]:
    return [kind, *(each for child in kind.__subclasses__() for each in tree(child))]


def test_the_drawing_in_the_docstring_is_the_tree() -> None:
    drawn = dict(re.findall(r"(\w+)\s+(\d\s+\d{3})", errors.__doc__ or ""))
    ours = [kind for kind in tree(WorkbenchError) if kind.__module__ == errors.__name__]
    assert drawn.keys() == {kind.__name__ for kind in ours}
    for kind in ours:
        code, status = map(int, drawn[kind.__name__].split())
        assert (kind.exit_code, kind.http_status) == (code, status), kind.__name__


def test_an_unknown_name_suggests_the_nearest_one() -> None:
    error = UnknownName("engine", "bultin", ["builtin", "whisper"])
    assert error.message == "There is no engine named 'bultin'."
    assert error.hint == "Did you mean 'builtin'? Known: builtin, whisper."
    assert UnknownName("run", "x", []).hint == "There is none yet."


@pytest.mark.parametrize(("count", "told"), [(1, "1 fault:"), (3, "3 faults:"), (25, "… and 5 more")])
def test_a_manifest_error_counts_all_and_shows_the_first(count: int, told: str) -> None:
    error = ManifestError("m.jsonl", [f"m.jsonl:{n}: bad" for n in range(count)])
    assert told in error.message
    assert len(error.faults) == count
    assert "m.jsonl:0: bad" in error.message
