"""Curves as JSON, as sentences and as a picture."""

from __future__ import annotations

from string import ascii_uppercase
from typing import Any

from workbench.runs.charts.curves import CurveLine, curve_chart
from workbench.runs.curve_figures import Crossing
from workbench.runs.curves import SNR, Curve, CurvePoint, Curves

_TITLES = {SNR: "SNR over speech in dB; lower is noisier"}


def curves_json(found: Curves) -> dict[str, Any]:
    """The `curve --json` document."""
    return {
        "axis": found.axis,
        "metric": found.metric,
        "ruler": found.ruler,
        "ruler_hash": found.ruler_hash,
        "curves": [_curve_json(one) for one in found.curves],
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


def _point_json(point: CurvePoint) -> dict[str, Any]:
    return {
        "at": point.at,
        "rate": point.counts.rate,
        "errors": point.counts.errors,
        "reference_length": point.counts.reference_length,
        "clips": point.clips,
        "ci95": None if point.ci95 is None else list(point.ci95),
    }


def doubling_words(doubling: Crossing, axis: str) -> str:
    """Where the error doubles, as a sentence's part; empty where that is not defined."""
    unit = " dB" if axis == SNR else ""
    if doubling.where == "undefined":
        return ""
    low, high = doubling.ci95 or (None, None)
    bounds = "" if low is None and high is None else f" ({_bound(low, 'below')} … {_bound(high, 'above')}{unit})"
    if doubling.at is not None:
        return f"doubles at {doubling.at:.1f}{unit}{bounds}"
    reached = "doubled before" if doubling.where == "easier" else "not doubled at"
    return f"{reached} the {'easiest' if doubling.where == 'easier' else 'hardest'} place{bounds}"


def _bound(value: float | None, beyond: str) -> str:
    return f"{beyond} all measured" if value is None else f"{value:.1f}"


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
