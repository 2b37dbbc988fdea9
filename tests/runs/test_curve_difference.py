"""Two curves against each other: a planted difference is found, and a planted nothing is not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import UnknownName, UsageError
from workbench.runs.curve_cells import chain_at, plan_cells
from workbench.runs.curve_difference import AreaTest, measure_areas
from workbench.runs.curve_report import curves_json
from workbench.runs.curves import find_curves
from workbench.runs.engine_options import check_engine_options, options_of
from workbench.scoring.interval import verdict
from workbench.text.rulers import find_ruler

from .test_curves import PLACES, planted, stored

SPEAKERS = 24


def simulated(seed: int, *, factor: float, spread: float = 0.4) -> AreaTest:
    """Two systems over the same speakers, some of whom are harder for both; B makes `factor` times as many errors."""
    rng = np.random.default_rng(seed)
    harder = np.exp(spread * rng.standard_normal((SPEAKERS, 1)))
    truth = np.clip(harder * np.array([planted(snr) for snr in PLACES]), 0, 1)
    lengths = rng.integers(60, 200, (SPEAKERS, 1)) * np.ones((1, len(PLACES)), np.int64)
    errors_a, errors_b = rng.binomial(lengths, truth), rng.binomial(lengths, np.clip(factor * truth, 0, 1))
    return measure_areas(PLACES, errors_a, errors_b, lengths, seed=seed, resamples=400, permutations=999)


def said(found: AreaTest) -> str:
    return verdict(found.delta, found.ci95, found.p_value)


def test_a_planted_nothing_is_not_found_more_often_than_claimed() -> None:
    wrong = [said(simulated(seed, factor=1.0)) for seed in range(200)]
    assert 200 - wrong.count("no difference shown") <= 18  # 10 expected at 0.05; above 18 by chance once in 150


def test_a_planted_difference_is_found_with_its_size() -> None:
    found = [simulated(seed, factor=0.85) for seed in range(60)]
    assert [said(one) for one in found].count("better") >= 55
    expected = -0.15 * np.trapezoid([planted(snr) for snr in PLACES], PLACES) / (PLACES[-1] - PLACES[0])
    inside = sum(one.ci95 is not None and one.ci95[0] <= 1.08 * expected <= one.ci95[1] for one in found)
    assert inside >= 50  # speakers' mean difficulty is exp(0.4² / 2) = 1.08


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000))
def test_the_other_way_round_is_the_same_with_its_sign_turned(seed: int) -> None:
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 40, (6, 3))
    a, b = rng.binomial(lengths, 0.3), rng.binomial(lengths, 0.5)
    places = [-5.0, 0.0, 20.0]
    one, other = (measure_areas(places, *pair, lengths, resamples=64, permutations=99) for pair in ((a, b), (b, a)))
    assert one.delta == pytest.approx(-(other.delta or 0.0))
    assert one.p_value == other.p_value
    assert one.ci95 == pytest.approx([-bound for bound in (other.ci95 or ())][::-1])
    rates = [errors.sum(axis=0) / lengths.sum(axis=0) for errors in (a, b)]
    expected = np.trapezoid(rates[1] - rates[0], places) / 25
    assert one.delta == pytest.approx(expected)


def test_what_is_undefined_is_none() -> None:
    ones = np.ones((4, 1), np.int64)
    assert measure_areas([5.0], ones, ones, 10 * ones).delta is None
    two = np.ones((1, 2), np.int64)
    single = measure_areas([0.0, 5.0], two, 2 * two, 10 * two)
    assert (single.ci95, single.delta) == (None, pytest.approx(0.1))
    nothing = measure_areas([0.0, 5.0], np.zeros((3, 2), np.int64), np.zeros((3, 2), np.int64), np.zeros((3, 2), int))
    assert (nothing.a, nothing.delta, nothing.p_value) == (None, None, None)


def test_curves_of_runs_are_held_against_the_first() -> None:
    rates = {"clean": 0.1, **{f"{snr:g}": planted(snr) for snr in PLACES}}
    worse = {label: min(1.5 * rate, 1.0) for label, rate in rates.items()}
    runs = [
        stored(rates, speakers=24, clips=96),
        stored(worse, speakers=24, clips=90, seed=1, run_id="r2", chain="highpass@1:cutoff=80,order=4"),
        stored(rates, speakers=24, clips=96, seed=2, run_id="r3", chain="gain@1:peak_db=-3"),
    ]
    found = find_curves(runs, ruler=find_ruler("raw"))
    second, third = found.differences
    assert (second.name_a, second.name_b) == ("no chain", "highpass@1:cutoff=80,order=4")
    assert (second.verdict, second.clips, second.left_out, second.among) == ("worse", 90, 6, 2)
    assert (second.cluster_by, second.units, second.places) == ("speaker", 24, tuple(PLACES))
    assert second.sentence.startswith("worse (+")
    assert third.verdict == "no difference shown"
    assert curves_json(found)["differences"][0]["verdict"] == "worse"


def test_cells_put_the_axis_where_it_belongs() -> None:
    plain = plan_cells(["s"], axis="snr_db", values=(), engines=["a", "b"], chains=["", "gain"], options={"x": 1})
    assert [(one.engine, one.chain, one.at) for one in plain] == [
        ("a", "", None),
        ("a", "gain", None),
        ("b", "", None),
        ("b", "gain", None),
    ]
    beams = plan_cells(
        ["s"], axis="beam_size", values=[1, 5], engines=["a:m"], chains=[""], options={"a/x": 1, "b/x": 2}
    )
    assert [dict(one.options) for one in beams] == [{"x": 1, "beam_size": 1}, {"x": 1, "beam_size": 5}]
    assert all(isinstance(one.options["beam_size"], int) for one in beams)
    assert beams[0].label("beam_size") == "a:m · none · beam_size 1 · s"
    chunks = plan_cells(["s"], axis="chunk_seconds", values=[5, 20, 5], engines=["a"], chains=["gain"], options={})
    assert [(one.chain, dict(one.options), one.at, one.chunk_seconds) for one in chunks] == [
        ("gain", {}, 5, 5),
        ("gain", {}, 20, 20),
    ]
    assert chunks[1].label("chunk_seconds") == "a · gain · chunk_seconds 20 · s"
    for axis in ("gain.peak_db", "chunk_seconds"):
        with pytest.raises(UsageError, match="not said"):
            plan_cells(["s"], axis=axis, values=(), engines=["a"], chains=[""], options={})
    with pytest.raises(UsageError, match="too short"):
        plan_cells(["s"], axis="chunk_seconds", values=[5, 0.5], engines=["a"], chains=[""], options={})
    with pytest.raises(UsageError, match="too many"):
        plan_cells(["s"], axis="beam", values=range(500), engines=["a"], chains=[""], options={})


def test_a_parameter_takes_its_place_in_the_chain_or_its_step_comes_last() -> None:
    assert chain_at("highpass:cutoff=60+gain", "highpass.cutoff", 120) == chain_at(
        "highpass+gain", "highpass.cutoff", 120
    )
    assert "cutoff=120" in chain_at("highpass:cutoff=60,order=2+gain", "highpass.cutoff", 120)
    assert "order=2" in chain_at("highpass:cutoff=60,order=2+gain", "highpass.cutoff", 120)
    assert chain_at("gain", "speed.factor", 1.1).startswith("gain@")
    assert "speed@" in chain_at("gain", "speed.factor", 1.1)
    with pytest.raises(UnknownName):
        chain_at("", "nostep.x", 1)
    with pytest.raises(UsageError):
        chain_at("", "gain.loud", 1)


def test_an_option_for_no_engine_is_said() -> None:
    assert options_of("a:big", {"x": 1, "a/x": 2, "a:big/x": 3, "b/x": 4}) == {"x": 3}
    assert options_of("openai-http:some/model", {"openai-http:some/model/temperature": 1}) == {"temperature": 1}
    check_engine_options(["a:m"], {"x": 1, "a/x": 1, "a:m/x": 1})
    with pytest.raises(UsageError, match="c/x"):
        check_engine_options(["a:m"], {"c/x": 1})
