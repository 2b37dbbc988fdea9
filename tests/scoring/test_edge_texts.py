"""Texts at the edges: every measure is defined on them, and what is undefined is None."""

from __future__ import annotations

import time

import pytest

from workbench.scoring.analysis import analyse
from workbench.scoring.counts import Tally
from workbench.scoring.score import METRICS, score
from workbench.scoring.waterfall import build_waterfall
from workbench.text.rulers import Ruler, find_ruler, list_rulers

EDGES = {
    "both empty": ("", ""),
    "empty reference": ("", "thank you 多謝"),
    "empty hypothesis": ("今日好天", ""),
    "punctuation only": ("。。。！？", "……"),
    "punctuation against text": ("。。。", "好"),
    "latin only": ("good morning", "good mourning"),
    "emoji": ("好😀👨‍👩‍👧", "好🎉"),
    "emoji only": ("😀", "🎉"),
    "plane 2": ("𠮶個𡃁仔", "嗰個𡃁仔"),
    "right to left": ("\u200fשלום עולם\u200f 好", "שלום עולם"),
    "mixed directions": ("\u202eabc\u202c 我", "abc 我"),
    "lone surrogate": ("好\ud800", "好"),
    "control characters": ("好\x00天\x07", "好天"),
    "fillers only": ("嗯 um", "呃"),
    "digits only": ("123", "一百二十三"),
}


@pytest.mark.parametrize("ruler", list_rulers(), ids=lambda ruler: ruler.id)
def test_every_measure_is_defined_and_agrees(ruler: Ruler) -> None:
    pairs = [(name, *texts) for name, texts in EDGES.items()]
    scored = score(pairs, ruler)
    stages = build_waterfall(pairs, ruler).stages
    last = [stage for stage in stages if not stage.beyond][-1]
    for metric in METRICS:
        found = scored.metrics[metric]
        assert last.total(metric) == Tally(counts=found.counts, insertions_on_empty=found.insertions_on_empty)
        assert found.rate is not None
        assert found.rate >= 0
    for speech in ("zh", "yue"):
        analysed = analyse(pairs, ruler, speech=speech, durations=dict.fromkeys(EDGES, 1.0), terms=["", "。", "𡃁仔"])
        assert analysed.hallucinations.clips == len(EDGES)
        assert analysed.hallucinations.empty_references == len(scored.empty_references)
        divided = analysed.codeswitch.at_switch + analysed.codeswitch.elsewhere
        assert divided.errors == scored.metrics["mer"].counts.errors + scored.metrics["mer"].insertions_on_empty


def test_a_corpus_without_any_reference_has_no_rates() -> None:
    analysed = analyse([("a", "", "好"), ("b", "……", "")], find_ruler("zh"), speech="yue", terms=["好"])
    assert analysed.codeswitch.terms.rate is None
    assert analysed.written_mandarin is not None
    assert analysed.written_mandarin.rate is None
    assert analysed.sounds is not None
    assert analysed.sounds.syllables.rate is None
    assert analysed.terms["好"].recall is None
    assert build_waterfall([("a", "", "好")], find_ruler("zh")).stages[0].total("cer").counts.rate is None


def test_no_clips_at_all() -> None:
    analysed = analyse([], find_ruler("zh"), speech="yue")
    assert (analysed.clips, analysed.hallucinations.clips) == ((), 0)
    assert all(stage.total("cer") == Tally() for stage in build_waterfall([], find_ruler("zh")).stages)


def test_ids_may_repeat_or_be_empty() -> None:
    pairs = [("x", "他", "她"), ("x", "他", "她"), ("", "他", "她")]
    analysed = analyse(pairs, find_ruler("zh"), durations={"x": 2.0})
    assert [clip.id for clip in analysed.clips] == ["x", "x", ""]
    assert analysed.confusions.substitutions[0].count == 3
    assert analysed.confusions.substitutions[0].clips == ("x", "")
    assert analysed.hallucinations.timed == 2


def test_lines_of_ten_thousand_characters_take_seconds() -> None:
    reference, hypothesis = "今日我用API做咗12次測試。" * 700, "今日我哋用app做咗十二次測試" * 700
    started = time.perf_counter()
    analysed = analyse([("long", reference, hypothesis)], find_ruler("zh"), speech="yue", terms=["api"])
    assert build_waterfall([("long", reference, hypothesis)], find_ruler("zh")).stages[-1].total("cer").errors > 700
    assert time.perf_counter() - started < 30
    assert analysed.terms["api"].missed == 700
