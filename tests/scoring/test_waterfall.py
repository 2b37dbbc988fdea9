from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.scoring.counts import ErrorCounts, Tally, tally_all
from workbench.scoring.score import METRICS, score
from workbench.scoring.waterfall import build_waterfall
from workbench.text.rulers import Ruler, find_ruler, list_rulers

TEXT = st.text(alphabet="他說说妳你120一百二十，。 aA!嗯", max_size=10)
PAIRS = st.lists(st.tuples(TEXT, TEXT), max_size=5)


@pytest.mark.parametrize("ruler", list_rulers(), ids=lambda ruler: ruler.id)
@given(pairs=PAIRS)
@settings(max_examples=25, deadline=None)
def test_clips_add_up_to_the_corpus_and_end_at_the_rulers_score(ruler: Ruler, pairs: list[tuple[str, str]]) -> None:
    corpus = [(str(place), *pair) for place, pair in enumerate(pairs)]
    found = build_waterfall(corpus, ruler)
    last = [stage for stage in found.stages if not stage.beyond][-1]
    for metric in METRICS:
        for place, stage in enumerate(found.stages):
            clips = (found.clip(clip, metric)[place] for clip in range(len(corpus)))
            assert sum(clips, Tally()) == stage.total(metric)
        scored = score(corpus, ruler).metrics[metric]
        assert last.total(metric) == Tally(counts=scored.counts, insertions_on_empty=scored.insertions_on_empty)
        raw = score(corpus, find_ruler("raw")).metrics[metric]
        assert found.stages[0].total(metric).counts == raw.counts


def test_each_stage_takes_away_its_own_errors() -> None:
    pairs = [
        ("punctuation", "你好。", "你好"),
        ("script", "他說", "他说"),
        ("variant", "看著", "看着"),
        ("number", "12个", "十二个"),
        ("filler", "嗯我来", "我来"),
        ("real", "今天", "昨天"),
    ]
    found = build_waterfall(pairs, find_ruler("zh"))
    assert [stage.group for stage in found.stages] == [
        "raw", "punctuation", "script", "variants", "numbers", "fillers",
    ]  # fmt: skip
    assert [stage.beyond for stage in found.stages] == [False] * 5 + [True]
    errors = {name: [clip.errors for clip in found.clip(place, "cer")] for place, name in enumerate(found.ids)}
    assert errors == {
        "punctuation": [1, 0, 0, 0, 0, 0],
        "script": [1, 1, 0, 0, 0, 0],
        "variant": [1, 1, 1, 0, 0, 0],
        "number": [2, 2, 2, 2, 0, 0],
        "filler": [1, 1, 1, 1, 1, 0],
        "real": [1, 1, 1, 1, 1, 1],
    }
    assert found.stages[1].steps == ("unicode@1", "case@1", "punctuation@1")


def test_reference_that_is_punctuation_leaves_the_rate_on_the_way() -> None:
    found = build_waterfall([("a", "……", "thank")], find_ruler("zh"))
    raw, plain = found.clip(0, "cer")[:2]
    assert (raw.counts.reference_length, raw.insertions_on_empty) == (2, 0)
    assert (plain.counts.reference_length, plain.insertions_on_empty) == (0, 5)


def test_english_has_its_own_stage_and_drops_fillers_itself() -> None:
    stages = build_waterfall([("a", "Um, I don’t.", "i do not")], find_ruler("en")).stages
    assert [(stage.group, stage.total("wer").errors) for stage in stages] == [
        ("raw", 3), ("punctuation", 3), ("english", 0),
    ]  # fmt: skip


def test_tallies_of_empty_references_stay_apart() -> None:
    total = tally_all([ErrorCounts(hits=3, insertions=1), ErrorCounts(insertions=4)])
    assert total == Tally(counts=ErrorCounts(hits=3, insertions=1), insertions_on_empty=4)
    assert (total.errors, total.counts.rate) == (5, 1 / 3)


@pytest.mark.speech
def test_page_shows_the_waterfall_of_the_development_recordings(speech: Path) -> None:
    """The table in docs/metrics.md is measured, and separates script from real errors."""
    items = {item["id"]: item for item in map(json.loads, _lines(speech / "manifest.jsonl"))}
    heard = list(map(json.loads, _lines(speech / "hypotheses" / "whisper-base.jsonl")))
    page = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
    for name, language in (("Mandarin", "cmn"), ("Cantonese", "yue")):
        pairs = [
            (one["id"], items[one["id"]]["text"], one["text"])
            for one in heard
            if items[one["id"]]["language"] == language and items[one["id"]].get("text")
        ]
        stages = build_waterfall(pairs, find_ruler("zh")).stages
        cells = [stage.total("cer").counts for stage in stages]
        shown = " | ".join(
            f"{one.errors} / {one.reference_length} ({one.rate:.1%})".replace("%", " %") for one in cells
        )
        assert f"| {len(pairs)} {name} | {shown} |" in page
        assert cells[2].errors < cells[1].errors


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()
