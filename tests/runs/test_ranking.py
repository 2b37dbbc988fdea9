"""Any number of stored runs in order."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from workbench.errors import RunError, UsageError
from workbench.pipeline.measurement import Measurement
from workbench.runs.compare import compare_runs
from workbench.runs.ranking import rank_runs
from workbench.runs.records import ItemFailure, ItemOutcome, ItemResult, RunRecord, RunSpec
from workbench.runs.report import comparison_json, ranking_json
from workbench.runs.store import StoredRun
from workbench.runs.summary import summarise
from workbench.text.rulers import find_ruler

BASIC = find_ruler("basic")
SAID = "one two three four five six seven eight nine ten"
SPEC = RunSpec(
    eval_set="talks", set_digest="d", set_language="en", items=0, engine="e", model_id="m", revision="", language="set",
    context="", chain="", device="cpu", dtype="float32", batch_size=1,
)  # fmt: skip


def heard(place: int, errors: int, *, reference: str = SAID, measured: bool = True, **tags: Any) -> ItemResult:
    text = " ".join(reference.split()[errors:])
    cost = Measurement(wall_seconds=1.0, cpu_seconds=1.0, audio_seconds=4.0, peak_rss_bytes=50)
    return ItemResult(
        id=f"i{place}", reference=reference, text=text, raw=text, language=None, finish="eos",
        measurement=cost if measured else None, tags=tags,
    )  # fmt: skip


def failed(place: int) -> ItemFailure:
    return ItemFailure(id=f"i{place}", reference=SAID, error="AudioUnreadable", message="It is not audio.")


def stored(name: str, outcomes: Sequence[ItemOutcome], *, items: int | None = None, **spec: Any) -> StoredRun:
    record = RunRecord(
        run_id=name, passed={}, spec=replace(SPEC, items=len(outcomes) if items is None else items, **spec),
        environment={"cpu": "c", "gpus": []}, status="success", created="2026-11-22T07:15:30+00:00",
    )  # fmt: skip
    return StoredRun(record=record, outcomes=tuple(outcomes))


def steady(name: str, errors: Sequence[int], count: int = 60, **more: Any) -> StoredRun:
    """A run whose clips have these numbers of errors, over and over."""
    return stored(name, [heard(n, errors[n % len(errors)], **more) for n in range(count)])


def test_runs_are_ordered_and_each_is_held_against_the_first_named() -> None:
    runs = [steady("A", [2, 3]), steady("B", [1, 1]), steady("C", [2, 3, 3, 2]), steady("D", [5, 6])]
    found = rank_runs(runs, ruler=BASIC)
    assert [row.run_id for row in found.rows] == ["B", "A", "C", "D"]
    assert [row.place for row in found.rows] == ["1", "2–3", "2–3", "4"]
    assert (found.baseline, found.leader, found.metric, found.common, found.dropped) == ("A", "B", "wer", 60, {})
    by_id = {row.run_id: row for row in found.rows}
    assert by_id["A"].against_baseline is by_id["B"].against_leader is None
    verdicts = {name: row.against_baseline.verdict for name, row in by_id.items() if row.against_baseline}
    assert verdicts == {"B": "better", "C": "no difference shown", "D": "worse"}
    better = by_id["B"].against_baseline
    assert better is not None
    assert (better.a, better.b, better.wins, better.losses, better.ties) == (0.25, 0.1, 60, 0, 0)
    assert better.sentence.startswith("better (−15.0 points, ")
    assert found.warnings == ()


def test_any_run_may_be_the_baseline() -> None:
    runs = [steady("A", [2]), steady("B", [1]), steady("C", [3])]
    found = rank_runs(runs, ruler=BASIC, baseline="C")
    assert found.baseline == "C"
    assert {row.run_id: row.against_baseline and row.against_baseline.b for row in found.rows} == {
        "A": 0.2,
        "B": 0.1,
        "C": None,
    }
    with pytest.raises(UsageError, match="The baseline X is not among the runs"):
        rank_runs(runs, ruler=BASIC, baseline="X")


def test_two_runs_rank_as_they_compare() -> None:
    runs = [steady("A", [2, 3, 0, 1]), steady("B", [1, 3, 0, 2, 1])]
    row = next(row for row in rank_runs(runs, ruler=BASIC).rows if row.run_id == "B")
    compared = compare_runs(*runs, ruler=BASIC)
    assert row.against_baseline == replace(compared.metrics["wer"], mapsswe=None)


def test_only_items_that_all_runs_have_are_ranked_and_the_others_are_said() -> None:
    a = stored("A", [heard(0, 1), heard(1, 0), heard(2, 9), heard(3, 0)])
    b = stored("B", [heard(0, 2), heard(1, 0), failed(2), heard(3, 0)])
    c = stored("C", [heard(0, 3), heard(3, 0, reference="another text altogether"), heard(1, 0)], items=4)
    found = rank_runs([a, b, c], ruler=BASIC)
    assert (found.common, found.dropped) == (2, {"missing": 1, "reference_differs": 1})
    assert [row.metrics["wer"].rate for row in found.rows] == [1 / 20, 2 / 20, 3 / 20]
    assert {row.run_id: row.lacking for row in found.rows} == {"A": 0, "B": 1, "C": 1}
    assert "C is not complete: 1 of 4 items were not done." in found.warnings
    assert rank_runs([a, b], ruler=BASIC).dropped == {"failed": 1}
    with pytest.raises(RunError, match=r"no item in common \(1 missing\)"):
        rank_runs([stored("A", [heard(0, 1)]), stored("B", [])], ruler=BASIC)
    with pytest.raises(UsageError, match="at least two"):
        rank_runs([a], ruler=BASIC)


def test_what_was_not_measured_is_none() -> None:
    found = rank_runs([steady("A", [1], measured=False), steady("B", [2])], ruler=BASIC)
    ours, theirs = (next(row for row in found.rows if row.run_id == name).cost for name in "BA")
    assert (ours.rtf, ours.peak_rss_bytes, ours.wall_seconds, ours.gpu_seconds) == (0.25, 50, 60.0, None)
    assert {getattr(theirs, name) for name in theirs.__dataclass_fields__} == {None}


def test_speakers_are_drawn_whole_and_few_are_warned_of() -> None:
    def with_speakers(name: str, errors: Sequence[int]) -> StoredRun:
        return stored(name, [heard(n, errors[n % len(errors)], speaker=f"s{n % 4}") for n in range(80)])

    runs = [with_speakers("A", [3, 4]), with_speakers("B", [1, 2]), with_speakers("C", [3, 4])]
    found = rank_runs(runs, ruler=BASIC)
    assert (found.cluster_by, found.clusters, found.rows[0].place) == ("utterance", 80, "1")
    assert "The clips are of 4 speakers only" in found.warnings[0]
    drawn = rank_runs(runs, ruler=BASIC, cluster_by="speaker")
    assert (drawn.cluster_by, drawn.clusters) == ("speaker", 4)
    assert drawn.rows[0].metrics["wer"].clusters == 4
    assert {row.place for row in drawn.rows} == {"1–3"}
    (warning,) = drawn.warnings
    assert warning.startswith("4 speakers:")


def test_what_spoils_a_ranking_is_said() -> None:
    a, b = steady("A", [1]), stored("B", [heard(n, 1) for n in range(60)], batch_size=8, language="auto")
    b = StoredRun(record=replace(b.record, environment={"cpu": "other", "gpus": []}), outcomes=b.outcomes)
    said = " ".join(rank_runs([a, b], ruler=BASIC).warnings)
    for words in ("different machines", "1 and 8 clips at a time", "'auto' and 'set'"):
        assert words in said


def test_what_other_systems_were_told_is_not_known_and_said_once() -> None:
    ours, theirs = steady("A", [1]), [stored(name, [heard(0, 1)], language="unknown") for name in ("B", "C")]
    (said,) = rank_runs([stored("A", [heard(0, 1)]), *theirs], ruler=BASIC).warnings[:1]
    assert said == "The texts of B and C were imported: what language those systems were told, if any, is not known."
    sentence = "The texts of B were imported: what language that system was told, if any, is not known."
    found = compare_runs(ours, theirs[0], ruler=BASIC).warnings
    assert [one for one in found if "language" in one] == [sentence]


def test_a_ranking_is_a_document() -> None:
    found = rank_runs([steady("A", [2]), steady("B", [1]), steady("C", [2])], ruler=BASIC)
    document = json.loads(json.dumps(ranking_json(found), allow_nan=False))
    assert [row["run_id"] for row in document["runs"]] == ["B", "A", "C"]
    first = document["runs"][0]
    assert first["metrics"]["wer"]["ci95"] == [0.1, 0.1]
    assert (document["cluster_by"], document["clusters"]) == ("utterance", 60)
    assert first["against_baseline"]["verdict"] == "better"
    assert first["against_leader"] is None


def test_a_comparison_says_what_it_rests_on() -> None:
    a = stored("A", [heard(n, 2, speaker=f"s{n % 8}", noise="hum" if n % 2 else "none") for n in range(80)])
    b = stored("B", [heard(n, 0 if n % 2 else 2, speaker=f"s{n % 8}") for n in range(80)])
    found = compare_runs(a, b, ruler=BASIC)
    one = found.metrics["wer"]
    assert (one.clusters, one.cluster_by, one.among) == (8, "speaker", 1)
    assert one.mapsswe is not None
    assert (one.mapsswe.segments, one.mapsswe.mean) == (80, -1.0)
    by_noise = {row.value: row for row in found.by_tag if row.tag == "noise"}
    assert {value: row.common for value, row in by_noise.items()} == {"none": 40, "hum": 40}
    assert (by_noise["hum"].difference.delta, by_noise["none"].difference.delta) == (-0.2, 0.0)
    assert by_noise["hum"].difference.among == 2
    # Noise and speakers go together here: four speakers cannot show what 40 clips would.
    assert by_noise["hum"].difference.verdict == "no difference shown"
    by_clip = compare_runs(a, b, ruler=BASIC, cluster_by="utterance")
    verdicts = {row.value: row.difference.verdict for row in by_clip.by_tag if row.tag == "noise"}
    assert verdicts == {"hum": "better", "none": "no difference shown"}
    # Of one speaker, the clips are drawn.
    speakers = [row.difference for row in found.by_tag if row.tag == "speaker"]
    assert {(one.cluster_by, one.clusters) for one in speakers} == {("utterance", 10)}
    document = json.loads(json.dumps(comparison_json(found), allow_nan=False))
    assert {"a", "b", "delta", "ci95", "p_value", "verdict"} <= set(document["metrics"]["wer"])
    assert [row["verdict"] for row in document["by_tag"] if row["tag"] == "noise"] == ["no difference shown"] * 2


def test_a_summary_draws_what_a_comparison_draws() -> None:
    run = stored("A", [heard(n, n % 8 // 2, speaker=f"s{n % 8}") for n in range(80)])
    summary = summarise(run, ruler=BASIC)
    assert (summary.cluster_by, summary.clusters) == ("speaker", 8)
    assert summary.metrics["wer"].cluster_by == "speaker"
    assert summary.warnings[0].startswith("8 speakers:")
    alone = summarise(stored("B", [heard(n, n % 8 // 2) for n in range(80)]), ruler=BASIC)
    width = [one.metrics["wer"].ci95 for one in (summary, alone)]
    assert width[0] is not None
    assert width[1] is not None
    assert width[0][1] - width[0][0] > 1.5 * (width[1][1] - width[1][0])
