"""What the Benchmark and Compare tabs show, without a browser."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.engines.base import EngineInfo
from workbench.pipeline.measurement import Measurement
from workbench.runs.records import RunRecord, RunSpec
from workbench.scoring.score import align, score
from workbench.text.rulers import find_ruler
from workbench.ui.choices import told_options
from workbench.ui.differences import diff_view, inline_view
from workbench.ui.tables import run_label, totals_view

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    beam_size: int = 5
    careful: bool = False
    prompt: str = ""


INFO = EngineInfo(name="e", model_id="m", revision="", sample_rate=16_000, languages=(), max_seconds=None,
                  chunk_seconds=30, capabilities=frozenset(), options=Options)  # fmt: skip


def record(passed: dict[str, Any] | None = None, **spec: Any) -> RunRecord:
    known: dict[str, Any] = {
        "eval_set": "talks", "set_digest": "", "set_language": "zh", "items": 1, "engine": "e", "model_id": "m",
        "revision": "", "language": "set", "context": "", "chain": "", "device": "", "dtype": "", "batch_size": 1,
    }  # fmt: skip
    return RunRecord(
        run_id="r", passed=passed or {}, spec=RunSpec(**known | spec), environment={}, status="success",
        created="2026-11-22T07:15:30+00:00",
    )  # fmt: skip


def test_a_run_in_a_list_says_what_is_not_as_usual() -> None:
    def said(one: RunRecord, info: EngineInfo | None = INFO) -> str:
        return run_label(one, told_options(one, info)).removeprefix("2026-11-22 07:15 · talks · ")

    usual = {"beam_size": 5, "careful": False, "prompt": ""}
    assert said(record(options=usual)) == "e"
    changed = usual | {"beam_size": 1, "careful": True}
    assert said(record(options=changed, language="en", chain="trim")) == "e · beam_size=1 careful=true · told en · trim"
    assert said(record(options=usual | {"prompt": "x" * 60})) == f"e · prompt={'x' * 29}…"
    imported = record(engine="imported:theirs", language="unknown", options={"format": "jsonl"})
    assert said(imported, None) == "imported:theirs"
    assert said(record({"options": {"width": 3}}, options=usual | {"width": 3}), None) == "e · width=3"
