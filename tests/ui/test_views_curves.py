"""What the page shows of curves, of costs, and of what long work will take, without a browser."""

from __future__ import annotations

import re
from html import unescape
from types import SimpleNamespace
from typing import Any

import pytest

from workbench import services
from workbench.errors import ManifestError, UsageError
from workbench.evalsets.layouts.reading import Refused
from workbench.runs.costs import CostDifference
from workbench.runs.curve_difference import AreaDifference
from workbench.runs.curve_figures import Crossing, CurveFigures
from workbench.runs.curve_report import curves_csv
from workbench.runs.curves import Curve, CurvePoint, Curves
from workbench.scoring.counts import ErrorCounts
from workbench.ui.compare_figures import cost_view
from workbench.ui.curve_events import parse_numbers
from workbench.ui.curve_view import curves_view, doubling_text
from workbench.ui.expected import expect, expect_recording, expect_sweep
from workbench.ui.own_sets_events import faults_view

HOSTILE = '<img src=x onerror="alert(1)">'


def text_of(markup: str) -> str:
    return unescape(re.sub(r"<[^>]*>", " ", markup))


def a_curve(name: str, errors: tuple[int, ...]) -> Curve:
    points = tuple(
        CurvePoint(at=at, counts=ErrorCounts(hits=100 - wrong, substitutions=wrong), clips=10, ci95=(0.1, 0.4))
        for at, wrong in zip((0.0, 10.0), errors, strict=True)
    )
    doubling = Crossing(at=4.0, ci95=(None, 7.5), where="measured")
    figures = CurveFigures(
        bands=((0.1, 0.4), None), clean_band=None, doubling=doubling, area=0.25, area_ci95=(0.2, 0.3)
    )
    return Curve(name=name, engine=name, chain="=1+1", condition={"noise": "white"}, run_ids=("r",), points=points,
                 clean=None, figures=figures, paired=True, left_out=2, units=10)  # fmt: skip


def two_curves() -> Curves:
    difference = AreaDifference(
        name_a=HOSTILE, name_b="b", a=0.25, b=0.2, delta=-0.05, ci95=(-0.08, -0.02), p_value=0.01, verdict="better",
        places=(0.0, 10.0), clips=10, left_out=0, units=10, cluster_by="utterance", among=1, sentence="",
    )  # fmt: skip
    return Curves(axis="snr_db", metric="wer", ruler="en@1", ruler_hash="abc", differences=(difference,),
                  curves=(a_curve(HOSTILE, (40, 10)), a_curve("b", (30, 5))))  # fmt: skip


def test_curves_show_names_as_text_and_no_bare_difference() -> None:
    shown = curves_view(two_curves())
    assert "<img" not in shown
    told = text_of(shown)
    assert HOSTILE in told
    assert "better −5.0 points, −8.0 … −2.0 10 clips" in re.sub(r"\s+", " ", told)
    assert "4.0 dB (below all measured … 7.5 dB)" in told
    assert told.count("2 clips left out") == 2
    assert shown.count("<details") == 2


def test_a_curve_is_a_sheet_without_formulas() -> None:
    lines = curves_csv(two_curves()).splitlines()
    assert len(lines) == 5
    assert ",'=1+1," in lines[1]
    assert lines[1].endswith("white,,,0.0,wer,0.4,0.1,0.4,40,100,10")


@pytest.mark.parametrize(
    ("where", "said"), [("easier", "before the easiest place"), ("harder", "not at the hardest"), ("undefined", "–")]
)
def test_where_nothing_doubles_is_said(where: str, said: str) -> None:
    assert doubling_text(Crossing(at=None, ci95=None, where=where), "beam_size").startswith(said)


def test_numbers_are_read_however_they_are_set_apart() -> None:
    assert parse_numbers(" 20, 10 5,0、-5") == [20, 10, 5, 0, -5]
    assert parse_numbers("") == []
    with pytest.raises(UsageError, match="is not numbers"):
        parse_numbers("20; loud")


def test_a_time_has_its_interval_and_a_peak_has_none() -> None:
    cost: Any = {name: CostDifference(a=None, b=None, ratio=None) for name in (
        "wall_seconds", "cpu_seconds", "gpu_seconds", "peak_gpu_bytes", "peak_gpu_process_bytes")}  # fmt: skip
    cost["rtf"] = CostDifference(a=0.2, b=0.4, ratio=2.0, ratio_ci95=(1.8, 2.2), verdict="more")
    cost["peak_rss_bytes"] = CostDifference(a=1e9, b=5e8, ratio=0.5)
    told = re.sub(r"\s+", " ", text_of(cost_view(SimpleNamespace(cost=cost))))  # pyright: ignore[reportArgumentType]
    assert "2.00 × (1.80 … 2.20) costs more" in told
    assert "0.50 ×" in told
    assert "CPU time" not in told


def test_long_work_is_foretold_and_what_is_not_known_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def estimate(
        engine: str, *, language: str = "set", seconds: float | None = None, chain: str = "",
        options: Any = None, sets: Any = None, **_: Any
    ) -> Any:  # fmt: skip
        asked.append({"engine": engine, "language": language, "chain": chain, "seconds": seconds, "options": options})
        assert (sets is None) != (seconds is None) or engine == "a"
        if chain == "unknown" or language == "yue":
            raise UsageError("Nothing like it was measured here.", hint="")
        return SimpleNamespace(wall_seconds=90.0, wall_range=(60.0, 120.0), peak_rss_bytes=10**9, peak_gpu_bytes=None)

    monkeypatch.setattr(services, "estimate", estimate, raising=False)
    pool: Any = None
    sweep = {"sets": ["s"], "engines": ["a", "b"], "chains": ["", "unknown"], "options": {"a/x": 1}}
    told = expect_sweep(pool, sweep)
    assert "about 3:00" in told
    assert "(2:00 … 4:00)" in told
    assert "2 of 4 settings" in told
    assert [one["options"] for one in asked if one["chain"] == ""] == [{"x": 1}, {}]
    assert "about 1:30" in expect(pool, {"engine": "a"})
    assert "about 1:30" in expect_recording(pool, {"engine": "a", "language": "yue"}, 3600.0)
    assert asked[-1]["language"] == "set"
    assert expect_recording(pool, {"engine": "a"}, 20.0) == ""
    assert expect_sweep(pool, sweep | {"chains": ["unknown"]}) == ""


def test_every_fault_is_listed_with_its_line() -> None:
    refused = [Refused(file="text", line=line, id="x", clause=HOSTILE) for line in range(1, 41)]
    shown = faults_view(ManifestError("data", [one.sentence for one in refused]))
    assert shown.count("<li") == 40
    assert "<img" not in shown
    assert "text:40:" in text_of(shown)
    assert "40 faults: nothing was made." in text_of(shown)
