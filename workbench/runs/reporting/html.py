"""A report as one HTML file: no script, no font, no picture and no address outside of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from html import escape
from itertools import groupby
from pathlib import Path

from workbench.runs.reporting.document import (
    AlignedClip,
    AlignedText,
    Block,
    Command,
    Document,
    Facts,
    Figures,
    Paragraph,
    Picture,
    Section,
    Table,
    Warnings,
)
from workbench.runs.reporting.plain import elided, shown
from workbench.scoring.score import Edit
from workbench.text.rulers import language_parts

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""Holds for the file wherever it is opened: should a text ever get past the escaping, it still could do nothing."""

_STYLES = Path(__file__).parent / "report.css"
_SHORT = 24
"""Characters of a cell that is not broken into lines."""

_LEGEND = (("sub", "substituted"), ("del", "missing"), ("ins", "added"))
_MARKS = {"hit": "", "substitution": " sub", "deletion": " del", "insertion": " ins"}


def write_html(document: Document) -> str:
    """The whole file; the same document gives the same text."""
    sections = [section for section in document.sections if section.blocks]
    contents = "".join(
        f'<a href="#part-{number}">{_escaped(section.title)}</a>' for number, section in enumerate(sections, start=1)
    )
    language = _language(document.language)
    body = "".join(_section(section, number, language) for number, section in enumerate(sections, start=1))
    foot = "".join(f"<p>{_escaped(line)}</p>" for line in document.foot)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<meta name="color-scheme" content="light dark">\n'
        f"<title>{_escaped(f'{document.title}: {document.subtitle}')}</title>\n<style>\n{_styles()}</style>\n</head>\n"
        f"<body>\n<header><h1>{_escaped(document.title)}</h1><p>{_escaped(document.subtitle)}</p></header>\n"
        f"<nav>{contents}</nav>\n<main>\n{body}</main>\n<footer>{foot}</footer>\n</body>\n</html>\n"
    )


def _section(section: Section, number: int, language: str) -> str:
    parts: list[str] = []
    for kind, several in groupby(section.blocks, key=_placed):
        blocks = list(several)
        made = "".join(_block(block, language) for block in blocks)
        parts.append(_legend() if kind == "clips" else "")
        parts.append(f'<div class="side">{made}</div>\n' if kind == "side" and len(blocks) > 1 else made)
    return f'<section id="part-{number}"><h2>{_escaped(section.title)}</h2>\n{"".join(parts)}</section>\n'


def _placed(block: Block) -> str:
    """How neighbours of one kind stand: side by side where there is room, or under each other."""
    return "side" if isinstance(block, Picture | Table | Facts) else "clips" if isinstance(block, AlignedClip) else ""


def _block(block: Block, language: str) -> str:
    match block:
        case Paragraph():
            return f"<p>{_escaped(block.text)}</p>\n"
        case Command():
            return f"<pre><code>{_escaped(block.text)}</code></pre>\n"
        case Warnings():
            return _warnings(block)
        case Figures():
            return _figures(block)
        case Picture():
            return _picture(block)
        case Facts():
            return _facts(block, language)
        case Table():
            return _table(block, language)
        case AlignedClip():
            return _clip(block, language)


def _warnings(block: Warnings) -> str:
    items = "".join(f'<li dir="auto">{_escaped(text)}</li>' for text in block.texts)
    return f'<ul class="warnings">{items}</ul>\n'


def _figures(block: Figures) -> str:
    cards = "".join(
        f"<div{' class=leads' if one.leads else ''}><dt>{_escaped(one.name)}</dt><dd>{_escaped(one.value)}</dd>"
        f"<dd>{_escaped(one.note)}</dd></div>"
        for one in block.figures
    )
    return f'<dl class="figures">{cards}</dl>\n'


def _facts(block: Facts, language: str) -> str:
    rows = "".join(f"<dt>{_escaped(name)}</dt><dd>{_data(value, language)}</dd>" for name, value in block.rows)
    return f'<dl class="facts">{rows}</dl>\n'


def _table(block: Table, language: str) -> str:
    def cells(values: Iterable[str], tag: str) -> str:
        return "".join(
            f"<{tag}{_column(value, place in block.numbers)}>{_data(value, language)}</{tag}>"
            for place, value in enumerate(values)
        )

    title = f"<h3>{_escaped(block.title)}</h3>" if block.title else ""
    rows = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in block.rows)
    head = f"<thead><tr>{cells(block.columns, 'th')}</tr></thead>"
    return f'<div>{title}<div class="wide"><table>{head}<tbody>{rows}</tbody></table></div></div>\n'


def _column(value: str, is_number: bool) -> str:
    """Figures stand to the right, and short texts on one line."""
    return " class=n" if is_number else " class=s" if len(value) <= _SHORT else ""


def _picture(block: Picture) -> str:
    note = f'<p class="note">{_escaped(block.note)}</p>' if block.note else ""
    figure = f"<figure><h3>{_escaped(block.table.title)}</h3>{block.svg}{note}</figure>\n"
    return figure + (_table(replace(block.table, title="As figures"), "") if block.with_table else "")


def _clip(block: AlignedClip, language: str) -> str:
    notes = "".join(f"<span>{_data(note, language)}</span>" for note in block.notes)
    texts = "".join(_aligned(text, language) for text in block.texts)
    return (
        f'<article><h3>{_data(block.name, language)}</h3><p class="notes">{notes}</p>'
        f'<p class="as-is"><b>Reference</b> {_data(block.said, language)}</p>{texts}</article>\n'
    )


def _aligned(text: AlignedText, language: str) -> str:
    system = f"<b>{_escaped(text.system)}</b> " if text.system else ""
    cells = "".join(_cell(edit) for edit in elided(text.edits))
    return (
        f'<p class="figures-of">{system}{_escaped(text.figures)}</p>'
        f'<p class="as-is"><b>Heard</b> {_data(text.heard, language)}</p>'
        f'<div class="aligned"><p><span>said</span><span>heard</span></p>'
        f'<p dir="auto"{language}>{cells}</p></div>'
    )


def _cell(edit: Edit | None) -> str:
    if edit is None:
        return '<span class="u"><i>…</i><i>…</i></span>'
    said, heard = (_escaped(unit) or "&nbsp;" for unit in (edit.reference, edit.hypothesis))
    return f'<span class="u{_MARKS[edit.op]}"><i>{said}</i><i>{heard}</i></span>'


def _legend() -> str:
    marks = "".join(f'<span class="u {mark}"><i>{word}</i></span>' for mark, word in _LEGEND)
    return f'<p class="legend">{marks}</p>\n'


def _data(text: str, language: str) -> str:
    """A text of any script, kept apart from the words around it."""
    return f'<bdi dir="auto"{language}>{_escaped(text)}</bdi>'


def _escaped(text: str) -> str:
    return escape(shown(text))


def _language(code: str) -> str:
    """An attribute by which a browser chooses between Chinese and Japanese forms of a Han character; or nothing."""
    parts = language_parts(code)
    known = (
        (("yue", "cantonese"), "zh-HK"),
        (("zh", "cmn", "mixed", "chinese"), "zh"),
        (("ja",), "ja"),
        (("ko",), "ko"),
    )
    return next((f' lang="{name}"' for codes, name in known if parts & set(codes)), "")


@cache
def _styles() -> str:
    """The style sheet without its comments."""
    return re.sub(r"/\*.*?\*/\n?", "", _STYLES.read_text(encoding="utf-8"), flags=re.DOTALL)
