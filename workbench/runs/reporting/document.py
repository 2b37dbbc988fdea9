"""What a report is made of. Every `str` here is plain text, never markup, but for `Picture.svg`."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.scoring.score import Edit


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """A sentence or a few."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Warnings:
    """What a reader must know before believing the figures; a sentence each."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number, large.

    Attributes:
        name: What it is.
        value: As read: "12.3 %".
        note: What belongs to it: its interval.
        leads: Whether it is the one that counts.
    """

    name: str
    value: str
    note: str = ""
    leads: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Numbers side by side."""

    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Names with values, a line each."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under named columns.

    Attributes:
        columns: Their names.
        rows: As many cells each.
        numbers: Places of the columns whose cells are figures.
        title: What it shows; empty where the section says it.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[int] = frozenset()
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A chart, and the same figures as a table where no picture can be.

    Attributes:
        svg: Made by `runs.charts`; the one markup in a document.
        table: Its title is the chart's.
        note: How to read it.
        with_table: Whether the table stands beside the chart too, since it says more.
    """

    svg: str
    table: Table
    note: str = ""
    with_table: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What to type."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignedText:
    """What one system heard, against what was said.

    Attributes:
        system: Its name, where there are several.
        edits: The alignment under the ruler.
        figures: Its errors, in words.
        heard: The text as it was recognised.
    """

    system: str
    edits: tuple[Edit, ...]
    figures: str
    heard: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignedClip:
    """One clip's texts.

    Attributes:
        name: Its id.
        notes: Its tags and warnings, each as it is read.
        said: The reference as it is in the set.
        texts: One a system.
    """

    name: str
    notes: tuple[str, ...]
    said: str
    texts: tuple[AlignedText, ...]


Block = Paragraph | Warnings | Figures | Facts | Table | Picture | Command | AlignedClip


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a report with a heading."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A report.

    Attributes:
        title: What it is of.
        subtitle: Which one.
        language: Of the clips' texts, as their set names it; decides which Han forms are shown.
        sections: In order; those without blocks are left out.
        foot: What holds for all of it.
    """

    title: str
    subtitle: str
    language: str
    sections: tuple[Section, ...]
    foot: tuple[str, ...]
