"""docs/metrics.md says what is so: its examples are run, its rulers and steps are those there are."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

from workbench.text.rulers import list_rulers

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"


def test_examples_are_true() -> None:
    result = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert result.attempted >= 20
    assert result.failed == 0


def test_every_ruler_has_its_row_with_its_steps() -> None:
    rows = dict(re.findall(r"^\| `([\w-]+)` \| ([^|]+) \|", PAGE.read_text(encoding="utf-8"), flags=re.M))
    assert rows == {ruler.name: ", ".join(step.name for step in ruler.steps) for ruler in list_rulers()}


def test_every_step_has_its_section() -> None:
    sections = re.findall(r"^### ([\w-]+)$", PAGE.read_text(encoding="utf-8"), flags=re.M)
    assert {step.name for ruler in list_rulers() for step in ruler.steps} <= set(sections)
