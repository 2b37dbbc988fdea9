"""Charts in a real Chromium, in the widest font there is: no two texts of a chart touch, none is cut off."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from workbench.runs.charts import ForestRow, IntervalBar, WaterfallBar, forest_chart, interval_chart, waterfall_chart

pytestmark = pytest.mark.browser

BOXES = """() => [...document.querySelectorAll('text')].filter(one => one.textContent).map(one => {
    const {x, width} = one.getBBox();
    return {text: one.textContent, x, width, line: one.getAttribute('y')};
})"""
NAMES = (
    "A",
    "babble",
    "imported:whisper large, 25 words a minute",
    "MMMMMM WWWWWW and what follows",
    "普通话加噪声的录音",
)
FOREST = forest_chart(
    [
        ForestRow(label=name, difference=one, interval=(one - 0.05, one + 0.146), verdict="no difference shown")
        for name, one in zip(NAMES, (0.057, -0.444, 11.1116, 0.0, 0.3), strict=True)
    ],
    title="Differences",
)
INTERVALS = interval_chart(
    [IntervalBar(label=name, value=1.257, interval=(0.988, 1.444), clips=12_345) for name in NAMES], title="Rates"
)
FALLS = waterfall_chart([WaterfallBar(label=name, errors=44_444, rate=0.888) for name in NAMES], title="Steps")


@pytest.mark.parametrize("chart", [FOREST, INTERVALS, FALLS], ids=["forest", "intervals", "falls"])
def test_texts_have_room(chart: str, chromium: Any) -> None:
    page = chromium.new_page(viewport={"width": 420, "height": 700})
    try:
        page.set_content(f'<body style="font-family: DejaVu Sans; margin: 8px">{chart}</body>')
        boxes = page.evaluate(BOXES)
        width = page.evaluate("() => document.querySelector('svg').viewBox.baseVal.width")
    finally:
        page.close()
    assert len(boxes) > 2 * len(NAMES)
    for box in boxes:
        assert box["x"] >= -0.5, box
        assert box["x"] + box["width"] <= width + 0.5, box
    for one, other in combinations(boxes, 2):
        if one["line"] == other["line"]:
            left, right = sorted((one, other), key=lambda box: box["x"])
            assert left["x"] + left["width"] + 4 <= right["x"], (left["text"], right["text"])
