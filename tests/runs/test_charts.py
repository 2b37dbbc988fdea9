"""Charts: what they hold is what they were given, and no text becomes markup."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.runs.charts import (
    ForestRow,
    HistogramBar,
    IntervalBar,
    PositionColumn,
    WaterfallBar,
    forest_chart,
    histogram_bars,
    histogram_chart,
    interval_chart,
    position_chart,
    position_columns,
    waterfall_bars,
    waterfall_chart,
)
from workbench.runs.charts.drawing import WIDTH, fit, steps, text_width
from workbench.scoring.counts import ErrorCounts
from workbench.scoring.distributions import count_positions, count_rates
from workbench.scoring.score import align
from workbench.scoring.waterfall import build_waterfall
from workbench.text.rulers import find_ruler

SVG = "{http://www.w3.org/2000/svg}"
RATES = st.floats(0, 50, allow_nan=False)
TEXTS = st.text(alphabet="<>\"'&/=${}`ab \u4f60\x00\u202e\ud800", max_size=60)
INTERVALS = st.none() | st.tuples(RATES, RATES).map(lambda pair: (min(pair), max(pair)))


def parsed(chart: str) -> ET.Element:
    """The chart as XML: anything not well formed fails here."""
    return ET.fromstring(chart.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


def texts(chart: str) -> list[str]:
    return [element.text or "" for element in parsed(chart).iter() if element.tag in ("text", f"{SVG}text")]


def widths(chart: str) -> list[float]:
    """Of the filled bars."""
    return [float(one.get("width", "0")) for one in parsed(chart).iter(f"{SVG}rect") if one.get("fill") != "none"]


CHARTS: dict[str, Callable[[str], str]] = {
    "interval": lambda text: interval_chart(
        [IntervalBar(label=text, value=0.5, interval=(0.1, 0.9), clips=3)], title=text, clips=(text, text), unit=text
    ),
    "waterfall": lambda text: waterfall_chart(
        [WaterfallBar(label=text, errors=3), WaterfallBar(label=text, errors=2, beyond=True)],
        title=text, errors=(text, text), beyond=text,
    ),
    "histogram": lambda text: histogram_chart(
        [HistogramBar(count=1, label=text)], title=text, across=text, clips=(text, text)
    ),
    "position": lambda text: position_chart(
        [PositionColumn(substitutions=0.1, deletions=0.1, insertions=0.1)],
        title=text, kinds=(text, text, text), ends=(text, text), clips=(text, text),
    ),
    "forest": lambda text: forest_chart(
        [ForestRow(label=text, difference=0.1, interval=(0.0, 0.2), verdict="worse", words=text)],
        title=text, sides=(text, text), unit=text,
    ),
    "nothing": lambda text: interval_chart([], title=text, empty=text),
}  # fmt: skip


@pytest.mark.parametrize("chart", CHARTS.values(), ids=CHARTS)
@given(text=TEXTS)
@settings(max_examples=30)
def test_no_text_becomes_an_element_or_an_attribute(chart: Callable[[str], str], text: str) -> None:
    plain, hostile = parsed(chart("plain")), parsed(chart(text))
    for found in ({one.tag for one in tree.iter()} for tree in (plain, hostile)):
        assert found <= {f"{SVG}{name}" for name in ("svg", "title", "desc", "g", "text", "rect", "path", "circle")}
    names = {name for one in plain.iter() for name in one.attrib}
    assert {name for one in hostile.iter() for name in one.attrib} <= names
    assert not names & {"id", "href", "src", "onload", "class"} - {"class"}


def test_a_chart_is_named_described_and_scales() -> None:
    tree = parsed(interval_chart([IntervalBar(label="A", value=0.123, interval=(0.1, 0.15), clips=4)], title="Systems"))
    assert (tree.get("role"), tree.find(f"{SVG}title").text) == ("img", "Systems")  # type: ignore[union-attr]
    assert tree.find(f"{SVG}desc").text == "A: 12.3 % 10.0 – 15.0, 4 clips"  # type: ignore[union-attr]
    assert tree.get("viewBox", "").split()[2] == f"{WIDTH:g}"


def test_bars_are_as_long_as_their_values() -> None:
    rows = [IntervalBar(label="a", value=0.2), IntervalBar(label="b", value=0.1), IntervalBar(label="c", value=None)]
    assert widths(interval_chart(rows, title="")) == [WIDTH, WIDTH / 2]
    assert "–" in texts(interval_chart(rows, title=""))


@given(st.lists(st.builds(IntervalBar, label=st.just("x"), value=st.none() | RATES, interval=INTERVALS), max_size=6))
def test_nothing_is_drawn_outside(rows: list[IntervalBar]) -> None:
    tree = parsed(interval_chart(rows, title=""))
    for path in tree.iter(f"{SVG}path"):
        for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path.get("d", "")):
            assert 0 <= float(x) <= WIDTH
            assert 0 <= float(y) <= float(tree.get("viewBox", "").split()[3])
    for rect in tree.iter(f"{SVG}rect"):
        assert float(rect.get("x", "0")) + float(rect.get("width", "0")) <= WIDTH + 1


def test_a_huge_interval_does_not_squeeze_the_bars() -> None:
    rows = [IntervalBar(label="a", value=0.5, interval=(0.1, 500.0)), IntervalBar(label="b", value=0.25)]
    chart = interval_chart(rows, title="")
    assert widths(chart) == pytest.approx([WIDTH / 2.5, WIDTH / 5], abs=0.1)
    assert "10.0 – 50,000.0" in texts(chart)


def test_a_waterfall_draws_what_is_left_what_went_and_what_came() -> None:
    rows = [WaterfallBar(label=name, errors=errors) for name, errors in (("raw", 100), ("fold", 40), ("count", 50))]
    tree = parsed(waterfall_chart(rows, title=""))
    assert [float(one.get("width", "")) for one in tree.iter(f"{SVG}rect") if one.get("fill") != "none"] == [
        WIDTH, WIDTH * 0.4, WIDTH * 0.4,
    ]  # fmt: skip
    assert sum(one.get("stroke-dasharray") is not None for one in tree.iter(f"{SVG}rect")) == 1
    assert [text for text in texts(waterfall_chart(rows, title="")) if text[:1] in ("−", "+")] == ["−60", "+10"]


def test_the_mark_says_the_verdict_without_its_colour() -> None:
    def mark(verdict: str) -> str:
        row = ForestRow(label="", difference=0.1, interval=None, verdict=verdict)  # type: ignore[arg-type]
        return parsed(forest_chart([row], title=""))[-1][-1].tag.removeprefix(SVG)

    assert [mark(one) for one in ("better", "worse", "no difference shown")] == ["path", "rect", "circle"]


def test_every_chart_says_that_there_is_nothing() -> None:
    for chart in (
        interval_chart([], title=""), waterfall_chart([], title=""), forest_chart([], title=""),
        histogram_chart([HistogramBar(count=0)], title="", across=""),
        position_chart([PositionColumn(substitutions=0, deletions=0, insertions=0, clips=0)], title=""),
    ):  # fmt: skip
        assert texts(chart) == ["Nothing to show."]


@given(TEXTS, st.floats(20, 400), st.integers(1, 3))
def test_a_label_fits_or_ends_in_an_ellipsis(text: str, width: float, lines: int) -> None:
    found = fit(text, width, lines=lines)
    assert 1 <= len(found) <= lines
    assert all(text_width(line) <= width or len(line) <= 2 for line in found)


@given(st.floats(-1e4, 0), st.floats(0.001, 1e4))
def test_an_axis_has_a_few_round_numbers_within_its_ends(low: float, high: float) -> None:
    found = steps(low, high)
    assert 1 <= len(found) <= 7
    assert low - 1e-6 <= found[0] <= found[-1] <= high + 1e-6
    assert any(abs(number) < 1e-9 for number in found)


def test_scored_values_become_rows() -> None:
    counts = [ErrorCounts(hits=9, substitutions=1), ErrorCounts(hits=4), ErrorCounts(insertions=2)]
    bars = histogram_bars(count_rates(counts))
    assert [(one.label, one.start, one.end) for one in bars[:2]] == [("0", "", ""), ("", "0", "")]
    assert (bars[10].end, bars[11].label, bars[12].count, bars[12].hollow) == ("100", "> 100", 1, True)
    columns = position_columns(count_positions([align("abcdefghij", "Xbcdefghi", "char")]))
    assert (columns[0].substitutions, columns[0].deletions, columns[9].deletions) == (1.0, 0.0, 1.0)
    fall = waterfall_bars(build_waterfall([("a", "後面，", "后面")], find_ruler("zh")), "cer")
    assert [one.errors for one in fall][:3] == [2, 1, 0]
    assert fall[0].label == "as they are"
