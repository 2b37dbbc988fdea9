"""Texts held against each other, and runs held against each other. Pure: values in, HTML out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby

from workbench.runs.compare import Comparison, CostDifference, MetricDifference
from workbench.scoring.score import Edit
from workbench.ui import format as written

METRIC_NAMES = {"wer": "WER", "cer": "CER", "mer": "MER"}

_COSTS = {
    "wall_seconds": ("Time", written.seconds),
    "rtf": ("RTF", written.factor),
    "cpu_seconds": ("CPU time", written.seconds),
    "gpu_seconds": ("GPU time", written.seconds),
    "peak_rss_bytes": ("Peak memory", lambda value: written.memory(None if value is None else int(value))),
    "peak_gpu_bytes": ("Peak GPU memory", lambda value: written.memory(None if value is None else int(value))),
}
_VERDICTS = {"better": "wb-better", "worse": "wb-worse", "no difference shown": "wb-same"}


def diff_view(edits: Sequence[Edit], *, above: str = "Reference", below: str = "Hypothesis") -> str:
    """Two texts aligned unit by unit, the reference above. What differs is marked by shape, not by colour alone.

    Args:
        edits: The alignment.
        above: Name of the first text.
        below: Name of the second one.
    """
    cells = "".join(_cells(edits))
    legend = (
        '<p class="wb-legend"><span class="wb-edit wb-sub">substituted</span>'
        '<span class="wb-edit wb-del">missing</span><span class="wb-edit wb-ins">added</span></p>'
    )
    return (
        f'<div class="wb-diff"><p class="wb-diff-names"><span>{escape(above)}</span><span>{escape(below)}</span></p>'
        f'<p class="wb-aligned" dir="auto">{cells}</p></div>{legend if _differs(edits) else ""}'
    )


def inline_view(edits: Sequence[Edit]) -> str:
    """The second text alone, with what differs from the first marked in it; what it lacks is struck through."""
    parts: list[str] = []
    for op, group in groupby(edits, key=lambda edit: edit.op):
        run = list(group)
        said = escape(_joined([edit.reference for edit in run]))
        heard = escape(_joined([edit.hypothesis for edit in run]))
        if op == "hit":
            parts.append(heard)
        elif op == "deletion":
            parts.append(f'<del class="wb-edit wb-del">{said}</del>')
        elif op == "insertion":
            parts.append(f'<ins class="wb-edit wb-ins">{heard}</ins>')
        else:
            parts.append(f'<ins class="wb-edit wb-sub" title="instead of {said}">{heard}</ins>')
    return f'<p class="wb-inline" dir="auto">{" ".join(parts)}</p>'


def _differs(edits: Sequence[Edit]) -> bool:
    return any(edit.op != "hit" for edit in edits)


def _joined(units: Sequence[str]) -> str:
    """Units as text: a space between Latin words, none between Han characters."""
    text = ""
    for unit in units:
        text += f" {unit}" if text and text[-1].isascii() and unit[:1].isascii() else unit
    return text


def _cells(edits: Sequence[Edit]) -> Iterator[str]:
    marks = {"hit": "", "substitution": " wb-sub", "deletion": " wb-del", "insertion": " wb-ins"}
    for edit in edits:
        said, heard = escape(edit.reference) or "&nbsp;", escape(edit.hypothesis) or "&nbsp;"
        yield f'<span class="wb-cell{marks[edit.op]}"><i>{said}</i><i>{heard}</i></span>'


def comparison_view(comparison: Comparison) -> str:
    """Rates of both runs with the difference, its interval, the test, and what may be said of it."""
    names = sorted(comparison.metrics, key=lambda name: name != comparison.headline)
    rows = "".join(_metric_row(METRIC_NAMES[name], comparison.metrics[name]) for name in names)
    dropped = sum(comparison.dropped.values())
    left_out = f", {written.count(dropped)} left out ({_reasons(comparison)})" if dropped else ""
    return (
        '<div class="wb-panel"><table class="wb-table wb-figures"><thead><tr><th>Error rate</th><th>A</th><th>B</th>'
        "<th>B − A (points)</th><th>95 % interval</th><th>p</th><th>Clips better / worse / same</th>"
        "<th>Verdict on B</th>"
        f"</tr></thead><tbody>{rows}</tbody></table>"
        f'<p class="wb-hint">{written.count(comparison.common)} clips in both{escape(left_out)}. Ruler '
        f"{escape(comparison.ruler)} <code>{escape(comparison.ruler_hash)}</code>. A difference is claimed only where "
        "interval and test both show it.</p></div>"
    )


def cost_view(comparison: Comparison) -> str:
    """What both runs cost over the clips they share. A figure that neither has is left out."""
    rows = "".join(_cost_row(name, comparison.cost[name]) for name in _COSTS if _measured(comparison.cost[name]))
    return (
        '<div class="wb-panel"><table class="wb-table wb-figures"><thead><tr><th>Cost</th><th>A</th><th>B</th>'
        f"<th>B / A</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _metric_row(name: str, one: MetricDifference) -> str:
    interval = written.MISSING if one.ci95 is None else " … ".join(written.points(bound) for bound in one.ci95)
    p_value = written.MISSING if one.p_value is None else "< 0.001" if one.p_value < 0.001 else f"{one.p_value:.3f}"
    return (
        f"<tr><th>{name}</th><td>{written.rate(one.a)}</td><td>{written.rate(one.b)}</td>"
        f"<td>{written.points(one.delta)}</td><td>{interval}</td><td>{p_value}</td>"
        f"<td>{one.wins} / {one.losses} / {one.ties}</td>"
        f'<td><span class="wb-verdict {_VERDICTS[one.verdict]}">{escape(one.verdict)}</span></td></tr>'
    )


def _cost_row(name: str, one: CostDifference) -> str:
    title, show = _COSTS[name]
    ratio = written.MISSING if one.ratio is None else f"{one.ratio:.2f} ×"
    return f"<tr><th>{title}</th><td>{show(one.a)}</td><td>{show(one.b)}</td><td>{ratio}</td></tr>"


def _measured(one: CostDifference) -> bool:
    return one.a is not None or one.b is not None


def _reasons(comparison: Comparison) -> str:
    return ", ".join(f"{count} {reason.replace('_', ' ')}" for reason, count in comparison.dropped.items())
