"""Runs in figures and runs against each other: everything is counted, and once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import jiwer
import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import RunError
from workbench.pipeline.measurement import Measurement
from workbench.runs.compare import Comparison, compare_runs
from workbench.runs.costs import COST_FIGURES
from workbench.runs.records import ItemFailure, ItemOutcome, ItemResult, RunRecord, RunSpec
from workbench.runs.running import RunningScore
from workbench.runs.store import StoredRun
from workbench.runs.summary import RunSummary, add_counts, summarise
from workbench.runs.tags import MOST_TAG_VALUES
from workbench.scoring.counts import ErrorCounts
from workbench.text.rulers import find_ruler

SPEC = RunSpec(
    eval_set="s",
    set_digest="d",
    set_language="en",
    items=0,
    engine="e",
    model_id="m",
    revision="",
    language="set",
    context="",
    chain="",
    device="cpu",
    dtype="float32",
    batch_size=1,
)


def result(name: str, reference: str, text: str, *, seconds: float = 1.0, **tags: str | float | bool) -> ItemResult:
    cost = Measurement(wall_seconds=seconds, cpu_seconds=2 * seconds, audio_seconds=4.0, peak_rss_bytes=100)
    return ItemResult(
        id=name, reference=reference, text=text, raw=text, language=None, finish="eos", measurement=cost, tags=tags
    )


def failure(name: str, reference: str = "", **tags: str | float | bool) -> ItemFailure:
    return ItemFailure(id=name, reference=reference, error="AudioUnreadable", message="It is not audio.", tags=tags)


def stored(outcomes: Sequence[ItemOutcome], *, name: str = "run", items: int | None = None, **spec: Any) -> StoredRun:
    total = len(outcomes) if items is None else items
    record = RunRecord(
        run_id=name,
        passed={},
        spec=replace(SPEC, items=total, **spec),
        environment={"cpu": "c", "gpus": []},
        status="success",
        created="2026-11-22T07:15:30+00:00",
        wall_seconds=50.0,
    )
    return StoredRun(record=record, outcomes=tuple(outcomes))


words = st.lists(st.sampled_from(["the", "cat", "sat", "on", "a", "mat", "猫", "坐"]), max_size=6).map(" ".join)


@st.composite
def outcome_lists(draw: st.DrawFn, *, references: Sequence[str] | None = None) -> list[ItemOutcome]:
    """Outcomes of items i0 …; some fail. With `references`, the items are those, and some are not there."""
    said = draw(st.lists(words, max_size=8)) if references is None else list(references)
    outcomes: list[ItemOutcome] = []
    for number, reference in enumerate(said):
        kind = draw(st.sampled_from(["result", "result", "failure"] + (["missing"] if references is not None else [])))
        noise = draw(st.sampled_from(["hum", "babble"]))
        if kind == "result":
            seconds = draw(st.integers(0, 8)) / 4  # binary fractions add exactly, in any order
            outcomes.append(result(f"i{number}", reference, draw(words), seconds=seconds, noise=noise))
        elif kind == "failure":
            outcomes.append(failure(f"i{number}", reference, noise=noise))
    return outcomes


BASIC = find_ruler("basic")
few = settings(max_examples=60, deadline=None)


# Summary -------------------------------------------------------------------------------------------------------------


@few
@given(outcome_lists(), st.integers(0, 3))
def test_every_item_is_scored_or_failed_or_was_not_come_to(outcomes: list[ItemOutcome], more: int) -> None:
    run = stored(outcomes, items=len(outcomes) + more)
    summary = summarise(run, ruler=BASIC)
    assert summary.scored + summary.failed + run.missing == summary.total
    assert [row.result for row in summary.rows] == [one for one in outcomes if isinstance(one, ItemResult)]
    assert list(summary.failures) == [one for one in outcomes if isinstance(one, ItemFailure)]


@few
@given(outcome_lists())
def test_totals_are_the_sums_of_the_rows_and_of_the_tags(outcomes: list[ItemOutcome]) -> None:
    summary = summarise(stored(outcomes), ruler=BASIC)
    totals = {name: metric.counts for name, metric in summary.metrics.items()}
    assert add_counts([row.counts for row in summary.rows]) == totals
    noise = [row for row in summary.by_tag if row.tag == "noise"]
    if noise:
        assert add_counts([row.counts for row in noise]) == totals
        assert sum(row.scored for row in noise) == summary.scored
        assert sum(row.failed for row in noise) == summary.failed


@few
@given(outcome_lists())
def test_word_counts_are_those_of_jiwer_over_the_corpus(outcomes: list[ItemOutcome]) -> None:
    metric = summarise(stored(outcomes), ruler=BASIC).metrics["wer"]
    spoken = [one for one in outcomes if isinstance(one, ItemResult) and one.reference]
    if not spoken:
        assert metric.rate is None
        return
    theirs = jiwer.process_words([one.reference for one in spoken], [one.text for one in spoken])
    fewest = theirs.substitutions + theirs.deletions + theirs.insertions
    # sclite's alignment may have one error more for three substitutions of the shortest (docs/metrics.md, Alignment).
    assert fewest <= metric.counts.errors <= fewest + theirs.substitutions // 3
    if theirs.substitutions < 3:
        assert metric.rate == pytest.approx(theirs.wer)


def test_the_time_of_a_run_is_its_own_and_the_rest_is_added() -> None:
    run = stored([result("a", "x", "x"), result("b", "y", "y"), failure("c")])
    cost = summarise(run, ruler=BASIC).measurement
    assert cost is not None
    assert (cost.wall_seconds, cost.cpu_seconds, cost.audio_seconds, cost.rtf) == (50.0, 4.0, 8.0, 50 / 8)
    assert cost.gpu_seconds is None
    unfinished = StoredRun(record=replace(run.record, wall_seconds=None), outcomes=run.outcomes)
    cost = summarise(unfinished, ruler=BASIC).measurement
    assert cost is not None
    assert cost.wall_seconds == 2.0


def test_a_run_without_results_has_no_figures() -> None:
    summary = summarise(stored([failure("a", "x")]), ruler=BASIC)
    assert (summary.scored, summary.failed, summary.measurement) == (0, 1, None)
    assert all(metric.rate is None and metric.ci95 is None for metric in summary.metrics.values())


def test_texts_where_nothing_is_said_are_named_and_not_in_the_rate() -> None:
    summary = summarise(stored([result("a", "one two", "one"), result("b", "…", "noise words")]), ruler=BASIC)
    assert summary.empty_references == ("b",)
    assert summary.metrics["wer"].rate == 0.5
    assert summary.metrics["wer"].insertions_on_empty == 2


def test_tags_group_only_where_they_are_groups() -> None:
    outcomes = [
        result(
            f"i{n}",
            "x",
            "x",
            same="all",
            own=f"v{n}",
            many=f"m{n // 2}",
            pair=bool(n % 2),
            **({"some": "s"} if n < 3 else {}),
        )
        for n in range(2 * MOST_TAG_VALUES + 2)
    ]
    few_items = summarise(stored(outcomes[:4]), ruler=BASIC).by_tag
    assert {row.tag for row in few_items} == {"many", "pair"}
    rows = summarise(stored(outcomes), ruler=BASIC).by_tag
    assert {row.tag for row in rows} == {"pair"}
    assert Counter((row.value, row.scored) for row in rows) == Counter([("false", 25), ("true", 25)])


@pytest.mark.parametrize(("language", "headline"), [("en", "wer"), ("yue", "cer"), ("zh-en", "mer"), ("mixed", "mer")])
def test_the_headline_is_that_of_the_sets_language(language: str, headline: str) -> None:
    assert summarise(stored([result("a", "x", "x")], set_language=language), ruler=BASIC).headline == headline


@few
@given(outcome_lists())
def test_the_running_score_ends_where_the_summary_does(outcomes: list[ItemOutcome]) -> None:
    running = RunningScore(BASIC)
    counts = [running.add(outcome) for outcome in outcomes]
    summary = summarise(stored(outcomes), ruler=BASIC)
    assert [one for one in counts if one is not None] == [row.counts for row in summary.rows]
    assert (running.scored, running.failed) == (summary.scored, summary.failed)
    assert running.metrics() == summary.metrics
    assert running.counts == {name: metric.counts for name, metric in summary.metrics.items()}
    if summary.measurement is None:
        assert running.measurement is None
    else:
        assert running.measurement is not None
        assert replace(running.measurement, wall_seconds=50.0) == summary.measurement


# Comparison ----------------------------------------------------------------------------------------------------------

REFERENCES = ("the cat sat", "on a mat", "猫 坐", "a cat", "the mat", "")


def compared(a: list[ItemOutcome], b: list[ItemOutcome]) -> Comparison | None:
    """The comparison, or None where nothing is common."""
    try:
        return compare_runs(stored(a, name="A"), stored(b, name="B"), ruler=BASIC)
    except RunError:
        return None


@few
@given(outcome_lists(references=REFERENCES), outcome_lists(references=REFERENCES))
def test_every_item_of_either_run_is_compared_or_dropped(a: list[ItemOutcome], b: list[ItemOutcome]) -> None:
    comparison = compared(a, b)
    in_both = {one.id for one in a if isinstance(one, ItemResult)} & {
        one.id for one in b if isinstance(one, ItemResult)
    }
    assert (comparison is None) == (not in_both)
    if comparison is not None:
        union = {one.id for one in (*a, *b)}
        assert comparison.common + sum(comparison.dropped.values()) == len(union)
        assert all(count > 0 for count in comparison.dropped.values())
        assert {row.a.id for row in comparison.rows} == {row.b.id for row in comparison.rows} == in_both


@few
@given(outcome_lists(references=REFERENCES), outcome_lists(references=REFERENCES))
def test_the_other_way_round_all_signs_change(a: list[ItemOutcome], b: list[ItemOutcome]) -> None:
    there, back = compared(a, b), compared(b, a)
    if there is None or back is None:
        assert there is back
        return
    for name, one in there.metrics.items():
        other = back.metrics[name]
        assert (one.a, one.b, one.wins, one.losses, one.ties) == (
            other.b,
            other.a,
            other.losses,
            other.wins,
            other.ties,
        )
        if one.a is None or one.b is None:
            assert one.delta is other.delta is None
        else:
            assert one.delta == pytest.approx(one.b - one.a)
            assert other.delta == pytest.approx(one.a - one.b)
    for name in COST_FIGURES:
        assert (there.cost[name].a, there.cost[name].b) == (back.cost[name].b, back.cost[name].a)


@few
@given(outcome_lists(references=REFERENCES))
def test_a_run_does_not_differ_from_itself(a: list[ItemOutcome]) -> None:
    comparison = compared(a, a)
    if comparison is not None:
        assert set(comparison.dropped) <= {"failed_in_both"}
        for metric in comparison.metrics.values():
            assert metric.verdict == "no difference shown"
            assert metric.delta in (0, None)
            assert metric.wins == metric.losses == 0
        assert all(figure.ratio in (1, None) for figure in comparison.cost.values())


def test_each_reason_to_drop_an_item_is_counted() -> None:
    a = [result("ok", "x", "x"), result("ref", "x", "x"), failure("fa"), result("fb", "x", "x"), failure("ff")]
    b = [result("ok", "x", "y"), result("ref", "z", "z"), result("fa", "x", "x"), failure("fb"), failure("ff")]
    comparison = compared([*a, result("only a", "x", "x")], [*b, failure("only b"), result("also b", "x", "x")])
    assert comparison is not None
    assert comparison.common == 1
    assert comparison.dropped == {
        "reference_differs": 1,
        "failed_in_a": 1,
        "failed_in_b": 1,
        "failed_in_both": 1,
        "missing_in_b": 1,
        "missing_in_a": 2,
    }


def test_nothing_in_common_is_a_sentence() -> None:
    runs = stored([result("a", "x", "x")], name="A"), stored([failure("a", "x")], name="B")
    with pytest.raises(RunError, match=r"A and B have no item in common \(1 failed in b\)") as caught:
        compare_runs(*runs, ruler=BASIC)
    assert caught.value.exit_code == 2


def test_a_run_that_is_better_everywhere_is_said_to_be_better() -> None:
    a = [result(f"i{n}", "one two three four", "one two", seconds=2.0) for n in range(30)]
    b = [result(f"i{n}", "one two three four", "one two three four", seconds=1.0) for n in range(30)]
    comparison = compared(a, b)
    assert comparison is not None
    wer = comparison.metrics["wer"]
    assert (wer.a, wer.b, wer.delta, wer.verdict, wer.wins) == (0.5, 0.0, -0.5, "better", 30)
    assert comparison.cost["wall_seconds"].ratio == 0.5
    assert comparison.cost["rtf"].ratio == 0.5
    assert comparison.cost["gpu_seconds"].ratio is None
    worse = compared(b, a)
    assert worse is not None
    assert worse.metrics["wer"].verdict == "worse"


def test_both_runs_are_measured_with_the_ruler_asked_for() -> None:
    runs = stored([result("a", "Mr. Smith", "mister smith")]), stored([result("a", "Mr. Smith", "Mr. Smith")])
    by_ruler = {name: compare_runs(*runs, ruler=find_ruler(name)) for name in ("raw", "en")}
    assert (by_ruler["raw"].metrics["wer"].a, by_ruler["raw"].metrics["wer"].b) == (1.0, 0.0)
    assert (by_ruler["en"].metrics["wer"].a, by_ruler["en"].metrics["wer"].b) == (0.0, 0.0)
    assert by_ruler["en"].ruler == find_ruler("en").id


def test_what_spoils_a_comparison_is_said() -> None:
    a = stored([result("a", "x", "x")], items=3)
    b = stored([result("a", "x", "x")], batch_size=8, language="auto")
    b = StoredRun(record=replace(b.record, environment={"cpu": "other", "gpus": []}), outcomes=b.outcomes)
    said = " ".join(compare_runs(a, b, ruler=BASIC).warnings)
    for words_in_it in ("different machines", "1 and 8 clips at a time", "'set' in A and 'auto' in B", "2 of its 3"):
        assert words_in_it in said
    many = stored([result(f"i{n}", "x", "x") for n in range(20)])
    assert compare_runs(many, many, ruler=BASIC).warnings == ()


@pytest.mark.parametrize("kind", [RunSummary, Comparison])
def test_figures_go_out_as_json(kind: type[Any]) -> None:
    run = stored(
        [result("a", "x", "x", noise="hum"), result("b", "x", "y", noise="hum"), result("c", "x", "", noise="b")]
    )
    value = summarise(run, ruler=BASIC) if kind is RunSummary else compare_runs(run, run, ruler=BASIC)
    written = json.loads(pydantic.TypeAdapter(kind).dump_json(value))
    assert set(written) == {field.name for field in fields(kind)}


def test_counts_of_nothing_are_zero() -> None:
    assert set(add_counts([]).values()) == {ErrorCounts()}
