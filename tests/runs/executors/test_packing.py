"""Batches of clips of like length: every clip once, within the limits, with less padding than as they come."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.audio.steps import parse_chain
from workbench.engines.base import EngineInfo
from workbench.engines.registry import EngineRef
from workbench.evalsets.model import EvalItem, EvalSet
from workbench.runs.executors.packing import LAUNCH_CLIPS, PADDED_SECONDS, WINDOW_BATCHES, pack, padding
from workbench.runs.workload import Workload

CLIPS = st.lists(st.tuples(st.floats(0.1, 400.0), st.sampled_from(["en", "zh", ""])), max_size=60)


def workload(clips: list[tuple[float, str]], batch_size: int) -> Workload:
    items = tuple(
        EvalItem(id=f"i{number}", audio=Path(f"/none/{number}.wav"), reference="r", language=language, duration=seconds)
        for number, (seconds, language) in enumerate(clips)
    )
    info = EngineInfo(
        name="some", model_id="m", languages=("en", "zh"), capabilities=frozenset({"language", "batch"}), device="cpu"
    )
    return Workload(
        eval_set=EvalSet(name="s", items=items), ref=EngineRef.parse("some"), info=info, chain=parse_chain(""),
        language="set", context="", options={}, batch_size=batch_size, seed=0,
    )  # fmt: skip


@given(clips=CLIPS, batch_size=st.integers(1, 9))
def test_every_item_is_in_one_batch_within_the_limits(clips: list[tuple[float, str]], batch_size: int) -> None:
    work = workload(clips, batch_size)
    batches = list(pack(work.eval_set.items, work))
    assert sorted(item.id for one in batches for item in one.items) == sorted(item.id for item in work.eval_set.items)
    assert [one.number for one in batches] == list(range(len(batches)))
    for one in batches:
        assert 1 <= len(one.items) <= batch_size
        assert len({item.language for item in one.items}) == 1
        longest = max(item.duration or 0.0 for item in one.items)
        assert len(one.items) == 1 or len(one.items) * longest <= PADDED_SECONDS
    assert batches == list(pack(work.eval_set.items, work))


@given(lengths=st.lists(st.floats(0.1, 400.0), min_size=1, max_size=7), most=st.integers(2, 7))
def test_no_other_way_to_cut_costs_less(lengths: list[float], most: int) -> None:
    work = workload([(seconds, "en") for seconds in lengths], most)
    packed = [[item.duration or 0.0 for item in one.items] for one in pack(work.eval_set.items, work)]
    ascending = sorted(lengths)
    others: list[float] = []
    for cuts in product([False, True], repeat=len(lengths) - 1):
        parts = [ascending[:1]]
        for seconds, cut in zip(ascending[1:], cuts, strict=True):
            parts.append([seconds]) if cut else parts[-1].append(seconds)
        if all(len(one) == 1 or (len(one) <= most and len(one) * max(one) <= PADDED_SECONDS) for one in parts):
            others.append(cost(parts))
    assert cost(packed) == pytest.approx(min(others))


def cost(batches: list[list[float]]) -> float:
    return sum(max(one) * (len(one) + LAUNCH_CLIPS) for one in batches)


def test_few_clips_of_all_lengths_are_not_one_batch() -> None:
    lengths = [2.0 + 28.0 * number / 15 for number in range(16)]
    work = workload([(seconds, "en") for seconds in lengths], 32)
    packed = [[item.duration or 0.0 for item in one.items] for one in pack(work.eval_set.items, work)]
    assert padding([lengths]) > 0.4
    assert 1 < len(packed) < 8
    assert padding(packed) < 0.2


def test_one_at_a_time_goes_in_the_order_of_the_set() -> None:
    work = workload([(3.0, "en"), (1.0, "zh"), (2.0, "en")], 1)
    assert [item.id for one in pack(work.eval_set.items, work) for item in one.items] == ["i0", "i1", "i2"]


def test_a_window_is_done_before_the_next_is_begun() -> None:
    size = 2
    clips = [(float(1 + number % 7), "en") for number in range(5 * WINDOW_BATCHES * size)]
    work = workload(clips, size)
    order = [int(item.id[1:]) for one in pack(work.eval_set.items, work) for item in one.items]
    window = WINDOW_BATCHES * size
    for first in range(0, len(order), window):
        assert sorted(order[first : first + window]) == list(range(first, first + window))


def test_sorted_clips_leave_less_padding_than_as_they_come() -> None:
    lengths = [2.0, 30.0, 3.0, 29.0, 2.5, 28.0, 4.0, 27.0] * 4
    work = workload([(seconds, "en") for seconds in lengths], 4)
    packed = [[item.duration or 0.0 for item in one.items] for one in pack(work.eval_set.items, work)]
    unsorted = [lengths[first : first + 4] for first in range(0, len(lengths), 4)]
    assert padding(unsorted) == pytest.approx(1 - sum(lengths) / (30 * 16 + 28 * 16))
    assert padding(packed) < 0.1 < padding(unsorted)
    assert padding([]) == 0.0


def test_a_length_that_is_not_labelled_is_read_from_the_file(tones: EvalSet) -> None:
    work = workload([], 4)
    mixed = [replace(item, audio=Path("/none") if item.id == "t0" else item.audio) for item in reversed(tones.items)]
    order: list[Any] = [item.id for one in pack(mixed, work) for item in one.items]
    assert order == ["t1", "t2", "t3", "t4", "t5", "t0"]  # what cannot be read counts as long
