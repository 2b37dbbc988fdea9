"""Curves as JSON, as sentences and as a picture."""

from __future__ import annotations

from string import ascii_uppercase
from typing import Any

from workbench.runs.charts.curves import CurveLine, curve_chart
from workbench.runs.curve_difference import AreaDifference
from workbench.runs.curve_figures import Crossing
from workbench.runs.curves import SNR, Curve, CurvePoint, Curves
from workbench.runs.reporting.sheets import write_sheet

_TITLES = {SNR: "SNR over speech in dB; lower is noisier"}


def curves_json(found: Curves) -> dict[str, Any]:
    """The `curve --json` document."""
    return {
        "axis": found.axis,
        "metric": found.metric,
        "ruler": found.ruler,
        "ruler_hash": found.ruler_hash,
        "curves": [_curve_json(one) for one in found.curves],
        "differences": [_difference_json(one) for one in found.differences],
    }


def _curve_json(one: Curve) -> dict[str, Any]:
    doubling = one.figures.doubling
    return {
        "name": one.name,
        "engine": one.engine,
        "chain": one.chain,
        "condition": dict(one.condition),
        "runs": list(one.run_ids),
        "points": [_point_json(point) for point in one.points],
        "clean": None if one.clean is None else _point_json(one.clean),
        "doubling": {
            "at": doubling.at,
            "ci95": None if doubling.ci95 is None else list(doubling.ci95),
            "where": doubling.where,
        },
        "area": one.figures.area,
        "area_ci95": None if one.figures.area_ci95 is None else list(one.figures.area_ci95),
        "paired": one.paired,
        "left_out": one.left_out,
        "units": one.units,
    }


def _difference_json(one: AreaDifference) -> dict[str, Any]:
    return {
        "a": one.name_a,
        "b": one.name_b,
        "area_a": one.a,
        "area_b": one.b,
        "delta": one.delta,
        "ci95": None if one.ci95 is None else list(one.ci95),
        "p_value": one.p_value,
        "verdict": one.verdict,
        "places": list(one.places),
        "clips": one.clips,
        "left_out": one.left_out,
        "units": one.units,
        "cluster_by": one.cluster_by,
        "among": one.among,
    }


def _point_json(point: CurvePoint) -> dict[str, Any]:
    return {
        "at": point.at,
        "rate": point.counts.rate,
        "errors": point.counts.errors,
        "reference_length": point.counts.reference_length,
        "clips": point.clips,
        "ci95": None if point.ci95 is None else list(point.ci95),
    }


def curves_csv(found: Curves) -> str:
    """A row for every place of every curve; the clean clips have no place."""
    columns = ("curve", "engine", "chain", "noise", "room", "codec", found.axis, "metric", "rate", "low", "high")
    rows = [
        {"curve": one.name, "engine": one.engine, "chain": one.chain, "metric": found.metric}
        | dict(one.condition)
        | _cells(point, found.axis)
        for one in found.curves
        for point in (*([one.clean] if one.clean else []), *one.points)
    ]
    return write_sheet((*columns, "errors", "reference_length", "clips"), rows)


def _cells(point: CurvePoint, axis: str) -> dict[str, Any]:
    low, high = point.ci95 or (None, None)
    counts = point.counts
    return {axis: point.at, "rate": counts.rate, "low": low, "high": high, "errors": counts.errors,
            "reference_length": counts.reference_length, "clips": point.clips}  # fmt: skip


def doubling_words(doubling: Crossing, axis: str) -> str:
    """Where the error doubles, as a sentence's part; empty where that is not defined."""
    unit = " dB" if axis == SNR else ""
    if doubling.where == "undefined":
        return ""
    low, high = doubling.ci95 or (None, None)
    bounds = ""
    if low is not None or high is not None:
        bounds = f" ({_bound(low, unit, 'below all measured')} … {_bound(high, unit, 'above all measured')})"
    if doubling.at is not None:
        return f"doubles at {doubling.at:.1f}{unit}{bounds}"
    beyond = "doubled before the easiest place" if doubling.where == "easier" else "not doubled at the hardest place"
    return f"{beyond}{bounds}"


def _bound(value: float | None, unit: str, beyond: str) -> str:
    return beyond if value is None else f"{value:.1f}{unit}"


def curves_svg(found: Curves) -> str:
    """The curves as one inline SVG."""
    lines = [
        CurveLine(
            mark=ascii_uppercase[number % 26],
            name=one.name,
            points=[(point.at, point.counts.rate, point.ci95) for point in one.points if point.at is not None],
            clean=None if one.clean is None else one.clean.counts.rate,
            note=doubling_words(one.figures.doubling, found.axis).partition(" (")[0],
        )
        for number, one in enumerate(found.curves)
    ]
    title = f"{found.metric.upper()} by {found.axis}, ruler {found.ruler} {found.ruler_hash}"
    return curve_chart(lines, title=title, axis=_TITLES.get(found.axis, found.axis))
