"""What the Benchmark and Compare tabs show, without a browser."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.pipeline.measurement import Measurement
from workbench.scoring.score import align, score
from workbench.text.rulers import find_ruler
from workbench.ui.differences import diff_view, inline_view
from workbench.ui.tables import totals_view

HOSTILE = '<img src=x onerror="alert(1)"> <script>alert(1)</script> & "quoted"'
MEASURED = Measurement(wall_seconds=1.5, cpu_seconds=2.0, audio_seconds=3.0, peak_rss_bytes=400_000_000)


def text_of(markup: str) -> str:
    return unescape(re.sub(r"<[^>]*>", "", markup))


@pytest.mark.parametrize("view", [diff_view, inline_view])
def test_alignments_show_hostile_text_as_text(view: object) -> None:
    shown = view(align(HOSTILE, HOSTILE.replace("quoted", "other"), "mixed"))  # pyright: ignore[reportCallIssue]
    assert "<img" not in shown
    assert "<script" not in shown
    assert "alert(1)" in text_of(shown)


@settings(deadline=None, max_examples=60)
@given(st.text(alphabet="ab中<&\"' ", max_size=12), st.text(alphabet="ab中<&\"' ", max_size=12))
def test_every_unit_of_both_texts_is_in_the_alignment(reference: str, hypothesis: str) -> None:
    edits = align(reference, hypothesis, "char")
    cells = re.findall(r'<span class="wb-cell[^>]*><i>(.*?)</i><i>(.*?)</i></span>', diff_view(edits))
    said = "".join(unescape(above).replace("\xa0", "") for above, _ in cells)
    heard = "".join(unescape(below).replace("\xa0", "") for _, below in cells)
    assert (said, heard) == (reference.replace(" ", ""), hypothesis.replace(" ", ""))


def test_totals_lead_with_the_headline_and_name_ruler_and_failures() -> None:
    ruler = find_ruler("zh")
    found = score([("a", "你好吗", "你好嘛"), ("b", "再见", "再见")], ruler)
    shown = totals_view(
        found.metrics, headline="cer", ruler=found.ruler, ruler_hash=found.ruler_hash, scored=2, failed=1, total=3,
        measurement=MEASURED,
    )  # fmt: skip
    assert text_of(shown).startswith("CER20.0 %")
    assert f"Ruler {ruler.id} {ruler.hash}" in text_of(shown)
    assert "Scored 2 of 3, 1 failed." in text_of(shown)
    assert "GPUnot measured" in text_of(shown)
    assert "intervals over 2 clips." in text_of(shown)
