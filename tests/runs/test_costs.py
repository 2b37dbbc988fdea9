"""Time and memory of two runs over the same clips."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.pipeline.measurement import Measurement
from workbench.runs.costs import COST_FIGURES, PEAKS, TIMES, CostDifference, compare_costs
from workbench.scoring.clusters import cluster_utterances


def cost(wall: float, *, peak: int = 300_000_000, gpu: float | None = None) -> Measurement:
    return Measurement(
        wall_seconds=wall, cpu_seconds=2 * wall, audio_seconds=4.0, peak_rss_bytes=peak, gpu_seconds=gpu
    )  # fmt: skip


def compared(a: list[Measurement | None], b: list[Measurement | None]) -> dict[str, CostDifference]:
    return compare_costs(list(zip(a, b, strict=True)), clusters=cluster_utterances([{} for _ in a]))


walls = st.lists(st.floats(0.01, 5), min_size=2, max_size=8)


@settings(max_examples=40, deadline=None)
@given(walls, st.floats(0.2, 5))
def test_what_takes_a_factor_of_the_time_in_every_clip_has_that_ratio_for_sure(
    walls: list[float], factor: float
) -> None:
    found = compared([cost(one) for one in walls], [cost(factor * one) for one in walls])
    for name in ("wall_seconds", "cpu_seconds", "rtf"):
        one = found[name]
        assert one.ratio == pytest.approx(factor)
        assert one.ratio_ci95 == pytest.approx((factor, factor), rel=1e-3)
        assert one.verdict == ("more" if factor > 1.001 else "less" if factor < 0.999 else one.verdict)
    assert found["gpu_seconds"] == CostDifference(a=None, b=None, ratio=None)
    assert all(found[name].ratio_ci95 is None for name in PEAKS)


def test_the_interval_is_that_of_a_bootstrap_over_clips() -> None:
    generator = np.random.default_rng(7)
    a, b = generator.gamma(4, 0.2, 40), generator.gamma(4, 0.3, 40)
    one = compared([cost(x) for x in a], [cost(x) for x in b])["wall_seconds"]
    drawn = generator.integers(0, 40, (20_000, 40))
    oracle = np.quantile(b[drawn].sum(axis=1) / a[drawn].sum(axis=1), [0.025, 0.975])
    assert one.ratio_ci95 == pytest.approx(tuple(oracle), rel=0.02)
    assert one.ratio == pytest.approx(b.sum() / a.sum())


def test_a_difference_that_is_not_there_is_not_claimed() -> None:
    generator = np.random.default_rng(1)
    claimed = 0
    for _ in range(60):
        a, b = (generator.gamma(20, 0.05, 40) for _ in range(2))
        claimed += compared([cost(x) for x in a], [cost(x) for x in b])["rtf"].verdict != "no difference shown"
    assert claimed <= 9  # 3 on average; more than 9 once in a thousand times


def test_sentences_say_both_the_ratio_and_its_interval() -> None:
    found = compared([cost(1), cost(1.5)], [cost(2, peak=600_000_000), cost(3)])
    assert found["rtf"].sentence == "Real-time factor: 0.312 in A, 0.625 in B, 2.00 times as much (2.00 … 2.00)."
    assert found["peak_rss_bytes"].sentence == "Peak memory: 300 MB in A, 600 MB in B, 2.00 times as much."
    same = compared([cost(1), cost(2)], [cost(2), cost(1)])
    assert same["wall_seconds"].sentence.endswith("1.00 times as much (0.50 … 2.00), no difference shown.")


def test_only_clips_measured_in_both_count_and_none_is_no_ratio() -> None:
    found = compared([cost(1), cost(100), None], [cost(2), None, cost(50)])
    assert (found["wall_seconds"].a, found["wall_seconds"].b, found["wall_seconds"].ratio) == (1, 2, 2)
    assert found["wall_seconds"].ratio_ci95 is None  # one clip
    nothing = compared([cost(1), cost(2)], [None, None])
    assert set(nothing) == set(COST_FIGURES)
    assert (nothing["rtf"].a, nothing["rtf"].b) == (3 / 8, None)
    assert all(nothing[name].ratio is None and not nothing[name].sentence for name in TIMES)
