"""What the documentation shows is there: every command parses, every link leads somewhere. Nothing is run."""

from __future__ import annotations

import re
import shlex
from argparse import ArgumentParser
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import workbench
from workbench.cli.parser import build_parser
from workbench.errors import WorkbenchError

ROOT = Path(workbench.__file__).parents[1]
PAGES = (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")))
FENCED = re.compile(r"^```[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(workbench [^`]+)`")
REMARK = re.compile(r"\s+#\s.*$")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.*?)\s*$", re.MULTILINE)

pytestmark = pytest.mark.skipif(not (ROOT / "docs").is_dir(), reason="the package is installed without its docs")


@cache
def parser() -> ArgumentParser:
    return build_parser()


def fenced() -> Iterator[tuple[str, str]]:
    """Page and command; a synopsis is taken with all that is optional in it."""
    for page in PAGES:
        for block in FENCED.findall(page.read_text(encoding="utf-8")):
            for line in block.replace("\\\n", " ").splitlines():
                command = line.removeprefix("$ ")
                if command.startswith("workbench "):
                    yield page.name, re.sub(r"[\[\]…]", "", REMARK.sub("", command))


def inline() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        for command in INLINE.findall(FENCED.sub("", page.read_text(encoding="utf-8"))):
            yield page.name, " ".join(command.split())


def actions_of(one: ArgumentParser) -> dict[str, ArgumentParser]:
    found = [action.choices for action in one._actions if isinstance(action.choices, dict)]
    return {name: made for choices in found for name, made in choices.items()}


def test_there_is_something_to_look_at() -> None:
    """Were the commands no longer found, the other tests would pass of themselves."""
    assert len(list(fenced())) > 40
    assert len(list(inline())) > 40


@pytest.mark.parametrize(("document", "command"), sorted(set(fenced())))
def test_a_command_that_is_shown_parses(document: str, command: str) -> None:
    words = shlex.split(command)[1:]
    try:
        parser().parse_args(words)
    except WorkbenchError as refused:
        pytest.fail(f"{document}: {command}: {refused}")


@pytest.mark.parametrize(("document", "command"), sorted(set(inline())))
def test_a_command_in_a_sentence_names_a_verb_and_its_options(document: str, command: str) -> None:
    """Arguments are often left out in a sentence, so it is not parsed as a whole."""
    verb, words = parser(), re.split(r"[\s=]+", command)[1:]
    while words and words[0] in actions_of(verb):
        verb = actions_of(verb)[words.pop(0)]
    assert verb is not parser() or words[0].startswith("-"), f"{document}: there is no verb {words[0]}"
    known = set(verb._option_string_actions)
    unknown = [word for word in words if re.fullmatch(r"--[a-z-]+", word) and word not in known]
    assert not unknown, f"{document}: {command}"


def anchors(page: Path) -> set[str]:
    """Of a page's headings, as GitHub makes them."""
    headings = HEADING.findall(FENCED.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


@pytest.mark.parametrize("document", PAGES, ids=lambda one: one.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(document: Path) -> None:
    lost: list[str] = []
    for link in LINK.findall(FENCED.sub("", document.read_text(encoding="utf-8"))):
        path, _, anchor = link.partition("#")
        if "://" in link:
            continue
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.append(link)
    assert not lost
