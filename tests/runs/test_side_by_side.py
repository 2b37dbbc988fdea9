"""Runs under each other, clip by clip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import settings as searched
from hypothesis import strategies as st

from workbench.engines.base import Segment
from workbench.errors import UnknownName, UsageError
from workbench.runs.compare import compare_runs
from workbench.runs.ranking import rank_runs
from workbench.runs.records import ItemFailure, ItemOutcome, ItemResult, RunRecord, RunSpec
from workbench.runs.shared_clips import SharedQuery
from workbench.runs.side_by_side import put_side_by_side
from workbench.runs.store import StoredRun
from workbench.text.rulers import find_ruler

ZH = find_ruler("zh")
REFERENCES = {"a": "今天天气很好", "b": "我们开会吧", "c": "请你再说一次", "d": "再见"}


def stored(
    run_id: str, texts: Mapping[str, str], references: Mapping[str, str] = REFERENCES, failed: Sequence[str] = ()
) -> StoredRun:
    spec = RunSpec(
        eval_set="demo", set_digest="0", set_language="zh", items=len(references), engine=run_id, model_id="m",
        revision="", language="set", context="", chain="", device="cpu", dtype="", batch_size=1,
    )  # fmt: skip
    record = RunRecord(
        run_id=run_id, created="2026-01-02T03:04:05", status="success", spec=spec, passed={}, environment={}
    )
    outcomes: list[ItemOutcome] = [
        ItemResult(
            id=name, reference=references[name], text=text, raw=text, language="zh", finish="eos",
            tags={"room": "small" if name in "ab" else "large"},
        )
        for name, text in texts.items()
    ]  # fmt: skip
    outcomes += [ItemFailure(id=name, reference=references[name], error="E", message="It broke.") for name in failed]
    return StoredRun(record=record, outcomes=tuple(outcomes))


A = stored("A", {"a": "今天天气很好", "b": "我们开灰吧", "c": "你再说", "d": "再见"})
B = stored("B", {"a": "今天天气很坏吗", "b": "我们开灰吧", "c": "请你再说一次", "d": "再见"})
SIDE = put_side_by_side([A, B], ruler=ZH)


def ids(**asked: object) -> list[str]:
    return [clip.id for clip in SIDE.find(SharedQuery(**asked)).rows]  # pyright: ignore[reportArgumentType]


def test_errors_are_those_of_the_comparison() -> None:
    found = compare_runs(A, B, ruler=ZH)
    expected = [tuple(counts[found.headline] for counts in (row.counts_a, row.counts_b)) for row in found.rows]
    assert [clip.counts for clip in SIDE.clips] == expected
    assert [clip.errors for clip in SIDE.clips] == [(0, 2), (1, 1), (3, 0), (0, 0)]


def test_those_that_differ_most_come_first_and_equal_ones_in_the_sets_order() -> None:
    assert ids() == ["c", "a", "b", "d"]
    assert ids(descending=False) == ["b", "d", "a", "c"]
    assert ids(sort="errors", system=1) == ["a", "b", "c", "d"]
    assert ids(sort="order", descending=False) == ["a", "b", "c", "d"]


def test_clips_are_found_by_who_is_better_and_by_fate_text_and_group() -> None:
    assert ids(better=(0, 1)) == ["a"]
    assert ids(better=(1, 0)) == ["c"]
    assert ids(fate="apart") == ["c", "a"]
    assert ids(fate="all wrong") == ["b"]
    assert ids(fate="all right") == ["d"]
    assert ids(text="很坏") == ["a"]
    assert ids(tag=("room", "large")) == ["c", "d"]
    assert ids(tag=("room", "large"), better=(0, 1)) == []


@searched(max_examples=40, deadline=None)
@given(st.integers(1, 6), st.sampled_from([None, "apart", "all right"]))
def test_pages_together_are_all_matches_once(size: int, fate: str | None) -> None:
    whole = SIDE.find(SharedQuery(fate=fate, page_size=500))  # pyright: ignore[reportArgumentType]
    pages = [
        SIDE.find(SharedQuery(fate=fate, page=page, page_size=size))  # pyright: ignore[reportArgumentType]
        for page in range(1, 6)
    ]
    assert [clip for page in pages for clip in page.rows] == list(whole.rows)
    assert pages[0].pages == max(1, -(-whole.matches // size))


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"page": 0}, UsageError),
        ({"page_size": 100_000}, UsageError),
        ({"sort": "luck"}, UnknownName),
        ({"fate": "lucky"}, UnknownName),
    ],
)
def test_what_cannot_be_asked_is_refused(asked: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        SharedQuery(**asked)  # pyright: ignore[reportArgumentType]


def test_clips_that_failed_are_missing_or_have_another_label_are_not_shared_as_in_a_ranking() -> None:
    third = stored("C", {"a": "今天", "b": "我们开会吧"}, REFERENCES | {"b": "另外"}, failed=["d"])
    side = put_side_by_side([A, B, third], ruler=ZH)
    assert [clip.id for clip in side.clips] == ["a"]
    assert rank_runs([A, B, third], ruler=ZH).common == 1


def test_the_clips_before_and_after_follow_the_order_whatever_the_page() -> None:
    beside = SIDE.neighbours(SharedQuery(page_size=1, page=4), "a")
    assert beside is not None
    assert (beside.number, beside.total, beside.before, beside.after) == (2, 4, "c", "b")
    assert SIDE.neighbours(SharedQuery(fate="all right"), "a") is None


def test_a_stack_has_each_systems_own_alignment_and_its_errors() -> None:
    clip = SIDE.stack("c", [0, 1])
    assert clip.stack is not None
    heard = ["".join(edit.hypothesis for edit in clip.stack.read_row(row)) for row in (0, 1)]
    assert heard == ["你再说", "请你再说一次"]
    assert clip.aligned == (0, 1)
    assert len(clip.seconds) == len(clip.stack.columns)


def test_who_failed_did_not_try_or_had_another_label_is_told_but_not_aligned() -> None:
    third = stored("C", {"b": "我们开会吧"}, REFERENCES | {"b": "另外"}, failed=["a"])
    side = put_side_by_side([A, third], ruler=ZH)
    assert side.stack("b", [0, 1]).aligned == (0,)
    failed = side.stack("a", [0, 1])
    assert isinstance(failed.outcomes[1], ItemFailure)
    assert failed.aligned == (0,)
    assert side.stack("c", [1, 0]).outcomes[0] is None
    with pytest.raises(UnknownName):
        side.stack("nothing", [0, 1])


def test_a_place_is_heard_from_the_earliest_time_that_any_run_tells() -> None:
    timed = ItemResult(
        id="a", reference="早上 晚上", text="早上晚伤", raw="", language="zh", finish="eos",
        segments=(Segment(start=0.0, end=1.0, text="早上"), Segment(start=1.5, end=2.0, text="晚伤")),
    )  # fmt: skip
    run = StoredRun(record=A.record, outcomes=(timed,))
    plain = stored("B", {"a": "早上晚"}, {"a": "早上 晚上"})
    assert put_side_by_side([run, plain], ruler=ZH).stack("a", [0, 1]).seconds == (0.0, 0.0, 1.5, 1.5)
    assert put_side_by_side([plain, plain], ruler=ZH).stack("a", [0, 1]).seconds == (None,) * 4
