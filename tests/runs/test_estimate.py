"""What work will cost, from what like work cost."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.engines.pool import EnginePool
from workbench.engines.scripted import ScriptedPlugin, offered
from workbench.errors import RunError, UsageError
from workbench.runs.estimate import Fit, Sample, amount_of, count_pieces, fit_time, predict_peak, predict_range
from workbench.services import bench, estimate
from workbench.settings import Settings


def sample(seconds: float, wall: float, *, piece: float = 30.0, group: str = "g", peak: int | None = None) -> Sample:
    pieces = count_pieces(seconds, piece)
    return Sample(group=group, seconds=seconds, pieces=pieces, wall_seconds=wall, peak_rss_bytes=peak)


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 3), st.floats(0, 2), st.lists(st.floats(1, 200), min_size=3, max_size=8, unique=True))
def test_an_affine_cost_is_found_and_goes_on_as_it_is(a: float, b: float, lengths: list[float]) -> None:
    samples = [sample(one, a * count_pieces(one, 30.0) + b * one) for one in lengths]
    amount = amount_of([500.0, 45.0], piece_seconds=30.0)
    assert (amount.clips, amount.pieces, amount.seconds) == (2, 17 + 2, 545.0)
    predicted, expected = fit_time(samples).seconds_for(amount), Fit(a=a, b=b).seconds_for(amount)
    independent = np.linalg.matrix_rank([(one.pieces, one.seconds / 30) for one in samples], tol=0.3) == 2
    assert predicted == pytest.approx(expected, rel=1e-3 if independent else 0.8, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0.5, 90), st.floats(0.01, 60)), min_size=1, max_size=10))
def test_no_cost_is_negative_and_the_mean_is_kept(measured: list[tuple[float, float]]) -> None:
    fit = fit_time([sample(seconds, wall) for seconds, wall in measured])
    assert fit.a >= 0
    assert fit.b >= 0
    assert math.isfinite(fit.a + fit.b)


def test_a_range_holds_what_is_expected_and_is_wider_where_runs_differ() -> None:
    amount = amount_of([100.0], piece_seconds=30.0)
    same = [sample(s, 1 + 0.1 * s, group=g) for g in "ab" for s in (2.0, 5.0, 9.0)]
    apart = [sample(s, (1 + 0.1 * s) * (1 if g == "a" else 4), group=g) for g in "ab" for s in (2.0, 5.0, 9.0)]
    expected = fit_time(same).seconds_for(amount)
    assert predict_range(same, amount, factor=1.3) == pytest.approx((expected / 1.3, expected * 1.3), rel=1e-6)
    low, high = predict_range(apart, amount, factor=1.0)
    assert high / low > 3


def test_memory_is_the_most_seen_and_beyond_it_a_line() -> None:
    seen = [sample(5, 1, peak=100), sample(5, 1, peak=110), sample(25, 1, peak=310)]
    assert predict_peak(seen, "peak_rss_bytes", longest=20) == 310
    assert predict_peak(seen, "peak_rss_bytes", longest=45) == 510
    assert predict_peak([sample(5, 1, peak=100)], "peak_rss_bytes", longest=45) == 100
    assert predict_peak(seen, "peak_gpu_bytes", longest=45) is None


def test_a_probe_that_does_not_fit_says_what_to_do(settings: Settings) -> None:
    def full(clip: object) -> Exception:
        return RuntimeError("CUDA failed with error out of memory")

    with offered(ScriptedPlugin(script=full)):
        with pytest.raises(RunError, match="too little memory for 4 clips of 30 s") as raised:
            estimate("scripted", seconds=600, batch_size=4, pool=EnginePool(settings))
        assert raised.value.hint == "Use a smaller batch size."
    with offered(ScriptedPlugin()), pytest.raises(UsageError, match="is none"):
        estimate("scripted", seconds=600, batch_size=0, pool=EnginePool(settings))


def test_a_probe_listens_as_long_as_the_work_would(settings: Settings) -> None:
    with offered(ScriptedPlugin(chunk_seconds=60.0)) as plugin:
        found = estimate("scripted", seconds=600, chunk_seconds=20, batch_size=2, pool=EnginePool(settings))
        assert [[clip.duration for clip in call.clips] for call in plugin.journal.calls] == [
            [20.0] * 2, [5.0] * 2, [20.0] * 2, [5.0] * 2, [20.0] * 2
        ]  # fmt: skip
    assert (found.amount.pieces, found.amount.longest) == (30, 20.0)
    assert found.notes == tuple(note for note in found.notes if "processors" in note)
    with offered(ScriptedPlugin(chunk_seconds=180.0)):
        far = estimate("scripted", seconds=600, pool=EnginePool(settings))
    assert (far.amount.pieces, far.amount.longest, far.longest_measured) == (4, 180.0, 30.0)
    assert any("180 s is a line drawn on" in note for note in far.notes)


@pytest.mark.weights
@pytest.mark.slow
def test_the_built_in_engine_takes_what_was_said_it_would(builtin_home: Path) -> None:
    """Processor time and memory; of the time, a machine that does other work says nothing."""
    pool = EnginePool(Settings(home=builtin_home))
    predicted = estimate(sets="english-demo", limit=3, probe=True, pool=pool)
    cost = bench("english-demo", limit=3, on_existing="again", pool=pool).measurement
    assert cost is not None
    assert cost.peak_rss_bytes is not None
    assert predicted.peak_rss_bytes is not None
    assert 0.5 < predicted.cpu_seconds / cost.cpu_seconds < 2
    assert 0.8 < predicted.peak_rss_bytes / cost.peak_rss_bytes < 1.25
    pool.unload()
