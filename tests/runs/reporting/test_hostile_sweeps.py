"""Sweeps and curves with hostile texts wherever one can be, as reports, pictures and sheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from hostile_texts import HOSTILE, Seen
from markdown_it import MarkdownIt

from workbench.runs.curve_difference import AreaDifference
from workbench.runs.curve_figures import Crossing, CurveFigures
from workbench.runs.curve_report import curves_csv, curves_svg
from workbench.runs.curves import Curve, CurvePoint, Curves
from workbench.runs.reporting.html import write_html
from workbench.runs.reporting.markdown import write_markdown
from workbench.runs.reporting.sheets import sweep_csv
from workbench.runs.reporting.sweep_report import report_sweep
from workbench.runs.store import StoredRun
from workbench.runs.sweep_store import CellRun, Setting, SweepRecord
from workbench.runs.sweep_table import SweepTable, tabulate
from workbench.scoring.counts import ErrorCounts
from workbench.text.rulers import find_ruler

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
FORMULA = tuple("=+@＝＋－＠\t\r\n")


def kept(text: str) -> str:
    """As a run holds it."""
    return text.encode("utf-8", "replace").decode()


def a_sweep(make_run: Callable[..., StoredRun], text: str) -> SweepTable:
    settings = (Setting(text, ""), Setting("b", ""))
    record = SweepRecord(sweep_id=text, settings=settings, sets=(text,), created="2026-01-02T03:04:05+00:00")
    runs = {f"r{number}": make_run(run_id=f"r{number}", eval_set=text, engine=text, chain="") for number in range(2)}
    record = replace(record, runs=tuple(map(CellRun, record.cells, runs)), passed={"language": text, text: text})
    return tabulate(record, load=runs.__getitem__, ruler=find_ruler("basic"))


def some_curves(text: str) -> Curves:
    points = tuple(
        CurvePoint(at=at, counts=ErrorCounts(hits=60, substitutions=40), clips=10, ci95=(0.1, 0.5)) for at in (0.0, 9.0)
    )
    figures = CurveFigures(
        bands=((0.1, 0.4), None), clean_band=None, doubling=Crossing(at=4.0, ci95=None, where="measured"), area=0.25,
        area_ci95=(0.2, 0.3),
    )  # fmt: skip
    curves = tuple(
        Curve(name=name, engine=text, chain=text, condition={text: text, "noise": text}, run_ids=(text,), points=points,
              clean=None, figures=figures, paired=True, left_out=2, units=10)
        for name in (text, "b")
    )  # fmt: skip
    difference = AreaDifference(
        name_a=text, name_b="b", a=0.25, b=0.2, delta=-0.05, ci95=(-0.08, -0.02), p_value=0.01, verdict="better",
        places=(0.0, 9.0), clips=10, left_out=0, units=10, cluster_by="utterance", among=1, sentence=text,
    )  # fmt: skip
    return Curves(axis=text, metric="wer", ruler=text, ruler_hash=text, curves=curves, differences=(difference,))


def kinds(markdown: str) -> set[str]:
    blocks = MARKDOWN.parse(markdown)
    return {token.type for block in blocks for token in (block, *(block.children or ()))}


def no_formulas(sheet: str) -> None:
    rows = list(csv.reader(io.StringIO(sheet, newline="")))
    assert len({len(row) for row in rows}) == 1
    for cell in (cell for row in rows for cell in row):
        assert not cell.startswith(FORMULA)
        assert not cell.startswith("-") or cell[1:].replace(".", "").replace("e-", "").isdigit()


@pytest.fixture(scope="module")
def plain(make_run: Callable[..., StoredRun]) -> tuple[Seen, set[str]]:
    """What the report of harmless texts is made of, as HTML and as Markdown."""
    document = report_sweep(a_sweep(make_run, "plain words"))
    return Seen(write_html(document)), kinds(write_markdown(document))


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_sweep_and_curves_hold_data_and_nothing_else(
    make_run: Callable[..., StoredRun], plain: tuple[Seen, set[str]], text: str
) -> None:
    text = kept(text)
    sweep, known = a_sweep(make_run, text), plain[0]
    document = report_sweep(sweep)
    page = Seen(write_html(document))
    assert page.elements <= known.elements
    assert page.attributes <= known.attributes
    assert {one for one in page.addresses if not one.startswith("#part-")} == set()
    assert page.others == known.others
    assert kinds(write_markdown(document)) <= plain[1] | {"softbreak", "text_special"}
    no_formulas(sweep_csv(sweep))
    drawn, simple = Seen(curves_svg(some_curves(text))), Seen(curves_svg(some_curves("plain words")))
    assert drawn.elements <= simple.elements
    assert {one for one in drawn.attributes if one[1].startswith("on")} == set()
    assert drawn.addresses == simple.addresses
    no_formulas(curves_csv(some_curves(text)))
