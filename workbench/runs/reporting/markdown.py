"""A report as Markdown (CommonMark with GitHub's tables and strike-through). Charts become tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby

from workbench.runs.reporting.document import (
    AlignedClip,
    Block,
    Command,
    Document,
    Facts,
    Figures,
    Paragraph,
    Picture,
    Table,
    Warnings,
)
from workbench.runs.reporting.plain import elided, shown
from workbench.scoring.score import Edit

# What CommonMark, its tables and GitHub's extensions read as markup within a line. An underscore inside a word is none;
# a colon or a full stop would make a link of http:// and www.
_MARKUP = re.compile(r"[\\`*{}\[\]<>&|~$]|(?<![^\W_])_|_(?![^\W_])|:(?=//)|(?<=www)\.", re.IGNORECASE)
# And at its beginning: headings, lists, rules, the line under a heading.
_BEGINNING = re.compile(r"(#|[-+=](?!\w)|\d{1,9}(?=[.)](?:\s|$)))")
_LEGEND = "~~struck out~~ is missing, **bold** was added, ~~struck out~~ → **bold** was heard as."


def write_markdown(document: Document) -> str:
    """The whole file; the same document gives the same text."""
    parts = [f"# {escape_markdown(document.title)}", escape_markdown(document.subtitle)]
    for section in document.sections:
        if section.blocks:
            parts.append(f"## {escape_markdown(section.title)}")
            for kind, several in groupby(section.blocks, key=type):
                parts += [_LEGEND] if kind is AlignedClip else []
                parts += [_block(block) for block in several]
    parts += ["---", *(escape_markdown(line) for line in document.foot)]
    return "\n\n".join(part for part in parts if part) + "\n"


def escape_markdown(text: str) -> str:
    """A text on one line that is shown as it is: no link, no picture, no HTML, no table, no list comes of it."""
    line = " ".join(shown(text).split())
    line = _MARKUP.sub(lambda found: f"\\{found[0]}", line)
    if (found := _BEGINNING.match(line)) is None:
        return line
    # A backslash before a digit would be shown: the full stop after it is escaped.
    place = found.end() if found[0].isdigit() else 0
    return f"{line[:place]}\\{line[place:]}"


def _block(block: Block) -> str:
    match block:
        case Paragraph():
            return escape_markdown(block.text)
        case Command():
            return _command(block)
        case Warnings():
            return "\n".join(f"> - **Note:** {escape_markdown(text)}" for text in block.texts)
        case Figures():
            return _figures(block)
        case Picture():
            return _table(block.table) + (f"\n\n{escape_markdown(block.note)}" if block.note else "")
        case Facts():
            return "\n".join(f"- {escape_markdown(name)}: {escape_markdown(value)}" for name, value in block.rows)
        case Table():
            return _table(block)
        case AlignedClip():
            return _clip(block)


def _figures(block: Figures) -> str:
    lines = (f"{one.name} {one.value}{f' ({one.note})' if one.note else ''}" for one in block.figures)
    marks = ("**" if one.leads else "" for one in block.figures)
    return "\n".join(f"- {mark}{escape_markdown(line)}{mark}" for line, mark in zip(lines, marks, strict=True))


def _table(block: Table) -> str:
    rules = ["---:" if place in block.numbers else "---" for place in range(len(block.columns))]
    lines = [_row(map(escape_markdown, block.columns)), _row(rules)]
    lines += [_row(map(escape_markdown, row)) for row in block.rows]
    title = f"### {escape_markdown(block.title)}\n\n" if block.title else ""
    return title + "\n".join(lines)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _command(block: Command) -> str:
    """A code block that no run of backticks in the text can end."""
    longest = max((len(found) for found in re.findall("`+", block.text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}sh\n{shown(block.text)}\n{fence}"


def _clip(block: AlignedClip) -> str:
    notes = f" ({', '.join(map(escape_markdown, block.notes))})" if block.notes else ""
    lines = [f"### {escape_markdown(block.name)}{notes}", "", f"- Reference: {escape_markdown(block.said)}"]
    for text in block.texts:
        system = f"{escape_markdown(text.system)}: " if text.system else ""
        lines.append(f"- {system}{escape_markdown(text.figures)}")
        lines.append(f"  - Heard: {escape_markdown(text.heard)}")
        lines.append(f"  - Compared: {_inline(text.edits)}")
    return "\n".join(lines)


def _inline(edits: Sequence[Edit]) -> str:
    """An alignment on one line, neighbours of one kind together."""
    parts: list[str] = []
    for op, several in groupby(elided(edits), key=lambda edit: None if edit is None else edit.op):
        run = [edit for edit in several if edit is not None]
        said = escape_markdown(join_units([edit.reference for edit in run]))
        heard = escape_markdown(join_units([edit.hypothesis for edit in run]))
        if op == "substitution":
            parts.append(f"~~{said}~~ → **{heard}**")
        else:
            parts.append({"hit": said, "deletion": f"~~{said}~~", "insertion": f"**{heard}**", None: "…"}[op])
    return " ".join(parts)


def join_units(units: Iterable[str]) -> str:
    """Units as text: a space between Latin words, none between Han characters."""
    text = ""
    for unit in units:
        text += f" {unit}" if text and text[-1].isascii() and unit[:1].isascii() else unit
    return text
