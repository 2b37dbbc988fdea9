"""Texts at the edges: every measure is defined on them, and what is undefined is None."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from workbench.scoring.analysis import analyse
from workbench.scoring.counts import Tally
from workbench.scoring.score import METRICS, align, count, score
from workbench.scoring.waterfall import build_waterfall
from workbench.text.rulers import Ruler, find_ruler, list_rulers
from workbench.text.units import UNITS, split

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


Fractions = tuple[str, str, str]
"""Errors / reference units by words, characters and mixed units."""

EMPTY: Fractions = ("0/0", "0/0", "0/0")
RIGHT: Fractions = ("0/1", "0/1", "0/1")
SCORED: dict[str, tuple[str, str, Fractions, dict[str, Fractions]]] = {
    # reference, hypothesis, under every ruler but those that follow
    "empty reference": ("", "thank you 多謝", ("3/0", "10/0", "4/0"), {}),
    "empty hypothesis": ("今日好天", "", ("1/1", "4/4", "4/4"), {}),
    "only punctuation": ("。。。！？", "……", EMPTY, {"raw": ("1/1", "5/5", "1/1")}),
    "only Latin": ("good morning", "good mourning", ("1/2", "1/11", "1/2"), {}),
    "emoji": ("好😀", "好🎉", RIGHT, {"raw": ("1/1", "1/2", "1/2")}),
    "joined emoji": (
        "好👨‍👩‍👧", "好", RIGHT, {"raw": ("1/1", "5/6", "1/2"), "leaderboard-en": ("2/3", "2/3", "2/3")},
    ),
    "variation selectors": ("❤️ 葛\U000e0100", "❤ 葛", RIGHT, {"raw": ("2/2", "2/4", "2/2")}),
    "Han of plane 2": (
        "𠮶個𡃁仔", "嗰個𡃁仔", ("0/1", "0/4", "0/4"),
        dict.fromkeys(("raw", "basic", "en", "leaderboard-en"), ("1/1", "1/4", "1/4")),
    ),
    "right to left": (
        "\u200fשלום עולם\u200f", "שלום עולמ", ("1/2", "1/8", "1/2"),
        dict.fromkeys(("raw", "leaderboard-en"), ("2/2", "3/10", "2/2")),
    ),
}  # fmt: skip


@pytest.mark.parametrize("ruler", list_rulers(), ids=lambda ruler: ruler.id)
@pytest.mark.parametrize("name", SCORED)
def test_each_edge_has_its_value_under_each_ruler_in_each_unit(ruler: Ruler, name: str) -> None:
    reference, hypothesis, usual, others = SCORED[name]
    found = score([(name, reference, hypothesis)], ruler)
    counts = [found.items[0].counts[metric] for metric in METRICS]
    assert tuple(f"{one.errors}/{one.reference_length}" for one in counts) == others.get(ruler.name, usual)
    for metric, one in zip(METRICS, counts, strict=True):
        assert found.metrics[metric].rate == (one.errors / one.reference_length if one.reference_length else None)
        assert found.metrics[metric].insertions_on_empty == (0 if one.reference_length else one.errors)


@pytest.mark.parametrize("texts", EDGES.values(), ids=EDGES)
@pytest.mark.parametrize("ruler", list_rulers(), ids=lambda ruler: ruler.id)
def test_alignments_of_edges_are_what_is_counted(ruler: Ruler, texts: tuple[str, str]) -> None:
    reference, hypothesis = (ruler.apply(text) for text in texts)
    for unit in UNITS:
        edits = align(reference, hypothesis, unit)
        assert [edit.reference for edit in edits if edit.op != "insertion"] == split(reference, unit)
        assert [edit.hypothesis for edit in edits if edit.op != "deletion"] == split(hypothesis, unit)
        assert sum(edit.op != "hit" for edit in edits) == count(reference, hypothesis, unit).errors


def test_page_shows_the_edges() -> None:
    """The table in docs/metrics.md is this one, in characters."""
    page = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
    for name, (_, _, usual, others) in SCORED.items():
        cells = " | ".join(others.get(ruler, usual)[1] for ruler in ("raw", "basic", "zh", "leaderboard-en"))
        assert f"| {name} | {cells} |" in page


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
    started = time.process_time()  # the clock of a shared machine says how busy others are
    analysed = analyse([("long", reference, hypothesis)], find_ruler("zh"), speech="yue", terms=["api"])
    assert build_waterfall([("long", reference, hypothesis)], find_ruler("zh")).stages[-1].total("cer").errors > 700
    assert time.process_time() - started < 30  # measured: 8 s, most of them for the waterfall's 18 alignments
    assert analysed.terms["api"].missed == 700
