"""Curves: a planted one is found again, bands hold what they claim, places go up and down together."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from workbench.errors import UsageError
from workbench.runs.curve_figures import curve_figures
from workbench.runs.curve_report import curves_json, curves_svg, doubling_words
from workbench.runs.curves import find_curves
from workbench.runs.records import ItemResult, RunRecord, RunSpec
from workbench.runs.store import StoredRun
from workbench.text.rulers import find_ruler

PLACES = [-5.0, 0.0, 5.0, 10.0, 20.0]
WORDS = 20


def planted(snr: float) -> float:
    """Rate at an SNR; that of clean clips is 0.1, and twice that is at 10 - 10 · ln(1) … see `doubled_at`."""
    return 0.1 + 0.5 * math.exp(-(snr + 5) / 6)


def doubled_at(points: Sequence[tuple[float, float]], target: float) -> float:
    """By straight lines between the places, as the curve is drawn."""
    for (low, high_rate), (high, low_rate) in pairwise(points):
        if high_rate >= target > low_rate:
            return high + (target - low_rate) / (high_rate - low_rate) * (low - high)
    raise AssertionError


def stored(
    rates: Mapping[str, float], *, speakers: int, clips: int, seed: int = 0, spread: float = 0.0, **spec: Any
) -> StoredRun:
    """A run over a derived set, each word wrong with the rate of its condition, and of its speaker."""
    rng = np.random.default_rng(seed)
    outcomes: list[ItemResult] = []
    for number in range(clips):
        speaker = number % speakers
        harder = math.exp(spread * np.random.default_rng(1000 + speaker).standard_normal())
        for label, rate in rates.items():
            wrong = rng.random(WORDS) < min(rate * harder, 1.0)
            text = " ".join(f"x{n}" if bad else f"w{n}" for n, bad in enumerate(wrong))
            noisy = label != "clean"
            tags = {"speaker": f"s{speaker}", "source_set": "base", "source_id": f"c{number}", "room": "none",
                    "codec": "none", "noise": "white" if noisy else "none",
                    **({"snr_db": float(label)} if noisy else {})}  # fmt: skip
            reference = " ".join(f"w{n}" for n in range(WORDS))
            outcomes.append(
                ItemResult(id=f"c{number}--{label}", reference=reference, text=text, raw=text, language="en",
                           finish="eos", tags=tags)
            )  # fmt: skip
    return StoredRun(record=_record(len(outcomes), **spec), outcomes=tuple(outcomes))


def _record(items: int, *, run_id: str = "r1", engine: str = "scripted", **spec: Any) -> RunRecord:
    made = RunSpec(
        eval_set="derived", set_digest="d", set_language="en", items=items, engine=engine, model_id="m", revision="r",
        language="set", context="", chain=spec.pop("chain", ""), device="cpu", dtype="float32", batch_size=1,
        options=spec.pop("options", {}), **spec,
    )  # fmt: skip
    return make_record(run_id, made)


def make_record(run_id: str, spec: RunSpec) -> RunRecord:
    import dataclasses

    given: dict[str, Any] = {"run_id": run_id, "spec": spec, "status": "success", "created": "2026-01-01T00:00:00Z"}
    for one in dataclasses.fields(RunRecord):
        if one.name not in given and one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING:
            given[one.name] = {} if "Mapping" in str(one.type) else 0
    return RunRecord(**given)


@pytest.fixture
def rates() -> dict[str, float]:
    return {"clean": 0.1, **{f"{snr:g}": planted(snr) for snr in PLACES}}


def test_a_planted_curve_is_found_again(rates: dict[str, float]) -> None:
    run = stored(rates, speakers=40, clips=400)
    found = find_curves([run], ruler=find_ruler("raw"))
    (curve,) = found.curves
    assert (found.metric, curve.name, curve.paired, curve.left_out, curve.units) == ("wer", "scripted", True, 0, 40)
    assert [point.at for point in curve.points] == PLACES
    for point in curve.points:
        assert point.at is not None
        assert point.ci95 is not None
        assert point.counts.rate == pytest.approx(planted(point.at), abs=0.02)
        assert 0.005 < point.ci95[1] - point.ci95[0] < 0.04
        assert point.clips == 400
    assert curve.clean is not None
    assert curve.clean.counts.rate == pytest.approx(0.1, abs=0.01)
    expected = doubled_at([(snr, planted(snr)) for snr in PLACES], 0.2)
    doubling = curve.figures.doubling
    assert doubling.at == pytest.approx(expected, abs=1.0)
    assert doubling.ci95 is not None
    low, high = doubling.ci95
    assert low is not None
    assert high is not None
    assert low < expected < high
    area = np.trapezoid([planted(snr) for snr in PLACES], PLACES) / 25
    assert curve.figures.area == pytest.approx(area, abs=0.01)
    assert curve.figures.area_ci95 is not None
    assert curve.figures.area_ci95[0] < area < curve.figures.area_ci95[1]


def test_bands_and_doublings_cover_what_they_claim() -> None:
    """Of 120 simulated runs, the true values lie in the 95 % intervals about as often as that."""
    places = np.array(PLACES)
    truth = np.array([*(planted(snr) for snr in PLACES), 0.1])
    expected = doubled_at([(snr, planted(snr)) for snr in PLACES], 0.2)
    hits = {"band": 0, "clean": 0, "doubling": 0, "area": 0}
    area = np.trapezoid(truth[:-1], places) / 25
    for seed in range(120):
        rng = np.random.default_rng(seed)
        lengths = rng.integers(100, 300, (40, 1)) * np.ones((1, 6), np.int64)
        errors = rng.binomial(lengths, truth)
        found = curve_figures(PLACES, errors, lengths, clean=True, seed=seed, resamples=400)
        hits["band"] += _within(found.bands[1], truth[1])
        hits["clean"] += _within(found.clean_band, 0.1)
        hits["doubling"] += _within(found.doubling.ci95, expected)
        hits["area"] += _within(found.area_ci95, area)
    for name, count in hits.items():
        assert 104 <= count <= 120, (name, count)  # 114 expected; below 104 by chance once in 30 000


def _within(interval: Any, value: float) -> bool:
    low, high = interval
    return (low is None or low <= value) and (high is None or value <= high)


def test_places_are_drawn_together() -> None:
    """Speakers differ much; clean and noisy rates go up and down with them, and where it doubles does not."""
    rng = np.random.default_rng(5)
    harder = np.exp(0.8 * rng.standard_normal(30))
    lengths = np.full((30, 3), 400)
    errors = np.rint(lengths * 0.05 * harder[:, None] * np.array([[4.0, 1.5, 1.0]])).astype(np.int64)
    together = curve_figures([0.0, 10.0], errors, lengths, clean=True)
    mixed = errors.copy()
    for column in range(3):
        mixed[:, column] = rng.permutation(mixed[:, column])
    apart = curve_figures([0.0, 10.0], mixed, lengths, clean=True)
    assert together.doubling.at == pytest.approx(8.0, abs=0.3)
    assert _width(together.doubling.ci95) < 0.2 * _width(apart.doubling.ci95)
    assert together.bands[0] == pytest.approx(apart.bands[0], rel=0.15), "a place by itself is as uncertain"


def _width(interval: Any) -> float:
    low, high = (default if one is None else one for one, default in zip(interval, (0.0, 10.0), strict=True))
    return high - low


def test_where_it_does_not_double_nothing_is_claimed() -> None:
    lengths = np.full((10, 3), 100)
    flat = curve_figures([0.0, 10.0], np.full((10, 3), 10), lengths, clean=True).doubling
    assert (flat.at, flat.ci95, flat.where) == (None, (None, None), "harder")
    steep = curve_figures([0.0, 10.0], np.tile([50, 30, 10], (10, 1)), lengths, clean=True).doubling
    assert (steep.at, steep.where) == (None, "easier")
    perfect = curve_figures([0.0, 10.0], np.tile([50, 30, 0], (10, 1)), lengths, clean=True).doubling
    assert (perfect.at, perfect.ci95, perfect.where) == (None, None, "undefined")
    without = curve_figures([0.0, 10.0], np.tile([50, 30], (10, 1)), lengths[:, :2], clean=False)
    assert without.doubling.where == "undefined"
    assert without.area == pytest.approx(0.4)
    one = curve_figures([0.0], np.array([[5]]), np.array([[10]]), clean=False)
    assert (one.bands, one.area, one.area_ci95) == ((None,), None, None)
    empty = curve_figures([0.0, 1.0], np.zeros((3, 2), np.int64), np.zeros((3, 2), np.int64), clean=False)
    assert (empty.area, empty.bands) == (None, (None, None))


def test_failed_clips_are_left_out_everywhere(rates: dict[str, float]) -> None:
    run = stored(rates, speakers=10, clips=20)
    some = tuple(one for one in run.outcomes if one.id not in ("c3--0", "c4--clean"))
    (curve,) = find_curves([StoredRun(record=run.record, outcomes=some)], ruler=find_ruler("raw")).curves
    assert curve.left_out == 2
    assert {point.clips for point in curve.points} == {18}


def test_engines_chains_and_noises_are_curves_of_their_own(rates: dict[str, float]) -> None:
    first = stored(rates, speakers=8, clips=16)
    second = stored(rates, speakers=8, clips=16, run_id="r2", chain="highpass@1:cutoff=80,order=4")
    found = find_curves([first, second], ruler=find_ruler("raw"))
    assert [curve.name for curve in found.curves] == ["no chain", "highpass@1:cutoff=80,order=4"]
    assert [curve.run_ids for curve in found.curves] == [("r1",), ("r2",)]


@pytest.mark.parametrize(
    ("axis", "specs"),
    [
        ("beam_size", [{"options": {"beam_size": value, "other": "x"}} for value in (1, 2, 5)]),
        ("vad.threshold", [{"chain": f"gain@1:peak_db=-3+vad@1:threshold={value},pad=0.1"} for value in (1, 2, 5)]),
        ("chunk_seconds", [{"chunk_seconds": float(value), "options": {"beam_size": 5}} for value in (1, 2, 5)]),
    ],
)
def test_options_and_parameters_are_axes_too(axis: str, specs: list[dict[str, Any]]) -> None:
    runs = [
        stored({"clean": 0.5 / value}, speakers=8, clips=60, run_id=f"r{value}", **spec)
        for value, spec in zip((1, 2, 5), specs, strict=True)
    ]
    (curve,) = find_curves(runs, ruler=find_ruler("raw"), axis=axis).curves
    assert [point.at for point in curve.points] == [1.0, 2.0, 5.0]
    assert [point.counts.rate for point in curve.points] == [pytest.approx(0.5 / v, abs=0.05) for v in (1, 2, 5)]
    assert curve.run_ids == ("r1", "r2", "r5")
    assert curve.paired
    assert curve.figures.doubling.where == "undefined"


def test_whole_clips_are_no_place_along_the_chunk_length_and_another_curve_along_the_rest(
    rates: dict[str, float],
) -> None:
    whole, short, long = (
        stored({"clean": 0.2}, speakers=4, clips=8, run_id=f"r{value}", chunk_seconds=value, options={"beam_size": 5})
        for value in (None, 5.0, 20.0)
    )
    (curve,) = find_curves([whole, short, long], ruler=find_ruler("raw"), axis="chunk_seconds").curves
    assert [point.at for point in curve.points] == [5.0, 20.0]
    assert curve.run_ids == ("r5.0", "r20.0")
    with pytest.raises(UsageError, match="number 'chunk_seconds'"):
        find_curves([whole], ruler=find_ruler("raw"), axis="chunk_seconds")
    with pytest.raises(UsageError, match="number 'speed'") as caught:
        find_curves([short], ruler=find_ruler("raw"), axis="speed")
    assert "chunk_seconds" in caught.value.hint
    beams = find_curves([whole, short, long], ruler=find_ruler("raw"), axis="beam_size").curves
    assert [curve.name for curve in beams] == ["scripted", "chunk_seconds 5.0", "chunk_seconds 20.0"]
    noisy = stored(rates, speakers=4, clips=8, run_id="n", chunk_seconds=5.0)
    (curve,) = find_curves([noisy], ruler=find_ruler("raw")).curves
    assert curve.clean is not None


def test_what_has_no_such_number_is_said(rates: dict[str, float]) -> None:
    run = stored(rates, speakers=8, clips=8)
    with pytest.raises(UsageError, match="number 'speed'") as caught:
        find_curves([run], ruler=find_ruler("raw"), axis="speed")
    assert "snr_db" in caught.value.hint
    with pytest.raises(UsageError, match="no run"):
        find_curves([], ruler=find_ruler("raw"))


def test_the_picture_and_the_document(rates: dict[str, float]) -> None:
    found = find_curves([stored(rates, speakers=8, clips=40, engine='<b>&"')], ruler=find_ruler("raw"))
    svg = curves_svg(found)
    root = ElementTree.fromstring(svg)
    assert root.tag.endswith("svg") or root.tag == "svg"
    assert "<b>" not in svg
    assert svg.count("<circle") == len(PLACES)
    assert "polygon" in svg
    document = curves_json(found)
    assert document["axis"] == "snr_db"
    assert document["curves"][0]["doubling"]["where"] == "measured"
    assert document["curves"][0]["points"][0]["ci95"][0] < document["curves"][0]["points"][0]["rate"]
    words = doubling_words(found.curves[0].figures.doubling, "snr_db")
    assert words.startswith("doubles at ")
    assert words.endswith(" dB)")
