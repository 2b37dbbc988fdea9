"""What the Benchmark and Compare tabs show, without a browser."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.pipeline.measurement import Measurement
from workbench.runs.causes import Causes
from workbench.runs.records import ItemFailure, ItemResult
from workbench.scoring.analysis import analyse
from workbench.scoring.score import align, score
from workbench.scoring.waterfall import build_waterfall
from workbench.text.rulers import find_ruler
from workbench.ui.causes import causes_view
from workbench.ui.differences import diff_view, inline_view
from workbench.ui.tables import CLIP_HEADERS, CLIP_TYPES, CLIP_WIDTHS, clip_row, failure_row, totals_view

HOSTILE = '<img src=x onerror="alert(1)"> <script>alert(1)</script> & "quoted"'
MEASURED = Measurement(wall_seconds=1.5, cpu_seconds=2.0, audio_seconds=3.0, peak_rss_bytes=400_000_000)


def result(reference: str, text: str) -> ItemResult:
    return ItemResult(
        id="c1", reference=reference, text=text, raw=text, language="en", finish="eos", measurement=MEASURED
    )


def text_of(markup: str) -> str:
    return unescape(re.sub(r"<[^>]*>", "", markup))


def test_a_row_has_a_cell_for_every_column_and_nothing_for_what_was_not_measured() -> None:
    counts = score([("c1", "red fox", "red box")], find_ruler("en")).items[0].counts
    row = dict(zip(CLIP_HEADERS, clip_row(result("red fox", "red box"), counts), strict=True))
    assert (row["WER %"], row["Wall s"], row["GPU s"], row["Peak MB"], row["RTF"]) == (50.0, 1.5, None, 400, 0.5)
    failed = failure_row(ItemFailure(id="c2", reference="x", error="AudioUnreadable", message="It cannot be read."))
    assert len(failed) == len(CLIP_HEADERS) == len(CLIP_TYPES) == len(CLIP_WIDTHS)
    assert failed[3:] == [None] * 7


def test_an_empty_reference_has_no_rate() -> None:
    counts = score([("c1", "", "noise")], find_ruler("basic")).items[0].counts
    assert clip_row(result("", "noise"), counts)[3:6] == [None, None, None]


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
    cells = re.findall(r'<span class="wb-cell[^"]*"><i>(.*?)</i><i>(.*?)</i></span>', diff_view(edits))
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


def test_causes_tell_spelling_from_sound_and_escape_everything() -> None:
    ruler = find_ruler("zh")
    pairs = [("<b>1", "我們開 <meeting>", "我们开 <b>会"), ("2", "他在家", "她在家")]
    found = Causes(headline="mer", waterfall=build_waterfall(pairs, ruler), analysis=analyse(pairs, ruler, speech="zh"))
    shown = causes_view(found)
    stages = [stage.total("mer").errors for stage in found.waterfall.stages]
    rows = re.findall(r"<td>(\d+)</td><td>[\d.]+ %</td>", shown)
    assert [int(row) for row in rows[: len(stages)]] == stages
    assert stages[0] > stages[-1]
    assert "Wrong character, right sound1" in text_of(shown)
    assert "<b>" not in shown
    assert "<meeting" not in shown


def test_confusions_of_hostile_words_are_shown_as_text() -> None:
    ruler = find_ruler("raw")
    pairs = [("<u>1", "say <script>alert(1)</script> now", "say <img/src=x> now")]
    found = Causes(headline="wer", waterfall=build_waterfall(pairs, ruler), analysis=analyse(pairs, ruler))
    shown = causes_view(found)
    assert "<script>alert(1)</script>" in text_of(shown.replace("&lt;", "‹").replace("&gt;", "›")).replace(
        "‹", "<"
    ).replace("›", ">")
    assert not re.search(r"<(script|img|u)\b", shown)
