"""Curves on the page: the chart, who is better, a table for each. Pure: values in, HTML out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape

from workbench.runs.curve_difference import AreaDifference
from workbench.runs.curve_figures import Crossing
from workbench.runs.curve_report import curves_svg
from workbench.runs.curves import SNR, Curve, CurvePoint, Curves
from workbench.runs.reporting.figures import MEASURES
from workbench.scoring.verdicts import say_points, say_units
from workbench.ui import format as written
from workbench.ui.chart_words import tell_chart
from workbench.ui.compare_figures import VERDICT_CLASSES
from workbench.ui.language import say, say_many, tell


def curves_view(found: Curves) -> str:
    """The chart; each curve with its area, where its error doubles and its verdict; every place below."""
    found = replace(found, curves=tuple(replace(one, name=_told(one.name)) for one in found.curves))
    title = say("{metric} by {axis}", metric=MEASURES[found.metric], axis=escape(found.axis))
    chart = f'<figure class="wb-panel wb-curves"><h3>{title}</h3>{tell_chart(curves_svg(found))}</figure>'
    places = "".join(_places_view(one, number, found) for number, one in enumerate(found.curves))
    return f'<div class="wb-sweep">{chart}{_summary(found)}<div class="wb-curve-places">{places}</div></div>'


def _told(name: str) -> str:
    """The parts of a curve's name that are words."""
    return ", ".join(tell(part) for part in name.split(", "))


def letter(number: int) -> str:
    """As the chart marks curves."""
    return chr(ord("A") + number % 26)


def _summary(found: Curves) -> str:
    against = [None, *found.differences]
    rows = "".join(
        _row(letter(number), one, difference, found.axis)
        for number, (one, difference) in enumerate(zip(found.curves, against, strict=True))
    )
    note = say(
        "The mean over the axis is the area below the curve by its length. Each curve is held against the first over "
        "the places and clips that both have; verdicts hold for all together (Holm). Ruler {ruler}.",
        ruler=f"{escape(found.ruler)} <code>{escape(found.ruler_hash)}</code>",
    )
    heads = (say("Curve"), say("Against A"), say("Mean over the axis"), say("Error doubles at"), say("Basis"))
    return (
        '<div class="wb-panel wb-scroll"><table class="wb-table wb-figures wb-curve-table"><thead><tr>'
        f"{''.join(f'<th>{one}</th>' for one in heads)}</tr></thead><tbody>{rows}</tbody></table>"
        f'<p class="wb-hint">{note}</p></div>'
    )


def _row(mark: str, one: Curve, difference: AreaDifference | None, axis: str) -> str:
    area = written.rate_interval(one.figures.area, one.figures.area_ci95)
    basis = escape(say_many(one.units, "{count} unit of chance", "{count} units of chance"))
    if one.left_out:
        basis += f"<small>{escape(say_many(one.left_out, '{count} clip left out', '{count} clips left out'))}</small>"
    if not one.paired:
        basis += f"<small>{say('other clips at each place')}</small>"
    doubling = escape(doubling_text(one.figures.doubling, axis))
    return (
        f'<tr><th dir="auto"><b class="wb-letter">{mark}</b> <bdi>{escape(one.name)}</bdi></th>'
        f"<td>{_verdict(difference)}</td>"
        f"<td>{area}</td><td>{doubling}</td><td>{basis}</td></tr>"
    )


def _verdict(one: AreaDifference | None) -> str:
    if one is None:
        return f'<small class="wb-same-run">{say("baseline")}</small>'
    shown = f'<span class="wb-verdict {VERDICT_CLASSES[one.verdict]}">{escape(tell(one.verdict))}</span>'
    if one.delta is None:
        return f"{shown}<small>{say('fewer than two places with clips that both heard')}</small>"
    span = say("no interval") if one.ci95 is None else " … ".join(map(say_points, one.ci95))
    figures = say("{points} points, {interval}", points=say_points(one.delta), interval=span)
    units = tell(say_units(one.units, one.cluster_by))
    return f"{shown}<small>{escape(figures)}</small><small>{escape(units)}</small>"


def doubling_text(doubling: Crossing, axis: str) -> str:
    """Where the error is twice that of the clean clips, with its bounds."""
    unit = " dB" if axis == SNR else ""

    def bound(value: float | None, beyond: str) -> str:
        return beyond if value is None else f"{value:.1f}{unit}"

    if doubling.where == "undefined":
        return written.MISSING
    low, high = doubling.ci95 or (None, None)
    bounds = ""
    if low is not None or high is not None:
        bounds = f" ({bound(low, say('below all measured'))} … {bound(high, say('above all measured'))})"
    if doubling.at is not None:
        return f"{doubling.at:.1f}{unit}{bounds}"
    words = say("before the easiest place") if doubling.where == "easier" else say("not at the hardest place")
    return words + bounds


def _places_view(one: Curve, number: int, found: Curves) -> str:
    clean = [] if one.clean is None else [(say("clean"), one.clean)]
    rows = [*clean, *((f"{point.at:g}", point) for point in reversed(one.points) if point.at is not None)]
    heads = (escape(found.axis), MEASURES[found.metric], say("95 % interval"), say("Errors"), say("Clips"))
    return (
        f'<details class="wb-panel wb-scroll"><summary><b class="wb-letter">{letter(number)}</b> '
        f"<bdi>{escape(one.name)}</bdi></summary>"
        '<table class="wb-table wb-figures"><thead><tr>'
        f"{''.join(f'<th>{head}</th>' for head in heads)}</tr></thead>"
        f"<tbody>{''.join(_place(name, point) for name, point in rows)}</tbody></table></details>"
    )


def _place(name: str, point: CurvePoint) -> str:
    counts = point.counts
    span = written.MISSING
    if point.ci95 is not None:
        span = f"{100 * point.ci95[0]:.1f} – {100 * point.ci95[1]:.1f} %"
    errors = say(
        "{errors} of {total}", errors=written.count(counts.errors), total=written.count(counts.reference_length)
    )
    return (
        f"<tr><th>{escape(name)}</th><td>{written.rate(counts.rate)}</td><td>{span}</td><td>{errors}</td>"
        f"<td>{written.count(point.clips)}</td></tr>"
    )


def start_words(derived: Sequence[str]) -> str:
    """What this is for; where no set has noise variants, how one makes some."""
    if derived:
        return say(
            "Choose noisy sets, engines and ways of preprocessing: error against SNR, or against another number."
        )
    return say(
        "No set has noise variants yet. Make some in the Benchmark tab, under Your own sets, or with: workbench sets "
        "derive SET --noise white --snr 20,10,5,0. Other axes, such as the beam, need none."
    )
