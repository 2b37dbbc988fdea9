"""Two runs held against each other, in figures and sentences. Pure: values in, HTML out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from workbench.evalsets.corrections import CorrectionNote
from workbench.runs.charts import ForestRow, forest_chart
from workbench.runs.compare import Comparison, CostDifference, TagDifference
from workbench.runs.costs import LEADING_COSTS
from workbench.runs.differences import MetricDifference
from workbench.runs.reporting.comparison_report import fates
from workbench.runs.reporting.figures import say_p_value
from workbench.scoring.clusters import NAMES
from workbench.scoring.verdicts import say_points, say_units
from workbench.text.rulers import MetricName
from workbench.ui import format as written
from workbench.ui.chart_words import tell_chart
from workbench.ui.compare_systems import System, systems_view
from workbench.ui.differences import METRIC_NAMES
from workbench.ui.language import phrase, say, say_many, tell
from workbench.ui.notices import warning_list
from workbench.ui.picks import clips_button

_COST_CLASSES = {"less": "wb-better", "more": "wb-worse", "no difference shown": "wb-same"}
_COST_WORDS = {
    "less": phrase("costs less"),
    "more": phrase("costs more"),
    "no difference shown": phrase("no difference shown"),
}
VERDICT_CLASSES = {"better": "wb-better", "worse": "wb-worse", "no difference shown": "wb-same"}
_SIGNS = {"better": "↓", "worse": "↑", "no difference shown": "="}
_SHORT = {"better": phrase("better"), "worse": phrase("worse"), "no difference shown": phrase("not shown")}
"""Verdicts where there is little room."""


def _memory(value: float | None) -> str:
    return written.memory(None if value is None else int(value))


_COSTS: Mapping[str, tuple[str, Callable[[float | None], str]]] = {
    "wall_seconds": (phrase("Time"), written.seconds),
    "rtf": (phrase("RTF"), written.factor),
    "cpu_seconds": (phrase("CPU time"), written.seconds),
    "gpu_seconds": (phrase("GPU time"), written.seconds),
    "peak_rss_bytes": (phrase("Peak memory"), _memory),
    "peak_gpu_bytes": (phrase("Peak GPU memory, torch"), _memory),
    "peak_gpu_process_bytes": (phrase("Peak GPU memory, process"), _memory),
}


def comparison_view(found: Comparison, systems: Sequence[System]) -> str:
    """What may be said of B against A, then every metric with its interval and tests.

    Args:
        found: The comparison.
        systems: A and B.
    """
    leading, name = found.metrics[found.headline], METRIC_NAMES[found.headline]
    names = sorted(found.metrics, key=lambda one: one != found.headline)
    mark = corrected_mark(found.corrections)
    rows = "".join(_metric_row(one, found.metrics[one], leads=one == found.headline, mark=mark) for one in names)
    outcome = say(
        "{metric}: {a} for A, {b} for B.",
        metric=f"{name}{mark}",
        a=f"<b>{written.rate(leading.a)}</b>",
        b=f"<b>{written.rate(leading.b)}</b>",
    )
    return (
        f'<div class="wb-panel wb-compared">{systems_view(systems)}'
        f'<p class="wb-outcome">{outcome} {_verdict_sentence(leading)}</p>'
        f'<p class="wb-note">{escape(tell(fates(leading)))}</p>{_together(found)}'
        '<div class="wb-scroll"><table class="wb-table wb-figures"><thead><tr>'
        f"<th>{say('Error rate')}</th><th>A</th><th>B</th>"
        f'<th title="{say("Percentage points, with the 95 % interval")}">{say("B − A, points")}</th>'
        f'<th title="{say("Paired permutation test")}">p</th>'
        f'<th title="{say("NIST’s matched-pairs test, by segments")}">{say("p, MAPSSWE")}</th>'
        f"<th>{say('B better / worse / same')}</th><th>{say('Verdict on B')}</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
        f'<p class="wb-hint">{_basis(found, leading)}</p></div>'
    )


def groups_view(found: Comparison) -> str:
    """Differences by the values of each tag; clicking a value shows its clips."""
    tags = dict.fromkeys(one.tag for one in found.by_tag)
    panels = "".join(_group_panel(found, tag) for tag in tags)
    if not panels:
        return f'<p class="wb-note">{say("No tag groups these clips.")}</p>'
    note = say("p-values and verdicts are corrected for the number of values of each tag (Holm).")
    return f'<div class="wb-charts wb-groups">{panels}</div><p class="wb-note">{note}</p>'


def cost_view(found: Comparison) -> str:
    """What both runs cost over the clips they share. A figure that neither has is left out."""
    rows = "".join(_cost_row(name, found.cost[name]) for name in _COSTS if _measured(found.cost[name]))
    if not rows:
        return no_cost_view()
    heads = f"<th></th><th>A</th><th>B</th><th>B / A</th><th>{say('Verdict on B')}</th>"
    note = say("The interval of a time is over clips, paired; memory is a peak and has none.")
    return (
        f'<div class="wb-panel wb-scroll"><h3>{say("Cost")} <span>{say("over the clips that both have")}</span></h3>'
        f'<table class="wb-table wb-figures"><thead><tr>{heads}</tr></thead>'
        f'<tbody>{rows}</tbody></table><p class="wb-hint">{note}</p></div>'
    )


def no_cost_view() -> str:
    """Where nothing was measured."""
    nothing = say("Nothing was measured here.")
    return f'<div class="wb-panel"><h3>{say("Cost")}</h3><p class="wb-note">{nothing}</p></div>'


def corrected_mark(corrections: Sequence[CorrectionNote]) -> str:
    """What stands beside a number that was not scored against the published labels."""
    if not corrections:
        return ""
    told = " ".join(tell(one.sentence) for one in corrections)
    return f' <span class="wb-tag wb-corrected-mark" title="{escape(told)}">{say("corrected labels")}</span>'


def remarks_view(corrections: Sequence[CorrectionNote], warnings: Sequence[str]) -> str:
    """What must be known before the figures are believed; nothing where nothing must."""
    return warning_list([one.sentence for one in corrections] + list(warnings))


def left_out(dropped: Mapping[Any, int]) -> str:
    """`, 3 left out (2 failed in a, 1 reference differs)`; nothing where none was."""
    if not dropped:
        return ""
    reasons = ", ".join(f"{count:,} {tell(_REASONS.get(reason, reason))}" for reason, count in dropped.items())
    return say(", {count} left out ({reasons})", count=f"{sum(dropped.values()):,}", reasons=reasons)


_REASONS: Mapping[str, str] = {
    "missing_in_a": phrase("not in A"),
    "missing_in_b": phrase("not in B"),
    "failed_in_a": phrase("failed in A"),
    "failed_in_b": phrase("failed in B"),
    "failed_in_both": phrase("failed in both"),
    "missing": phrase("not in all runs"),
    "failed": phrase("failed in a run"),
    "reference_differs": phrase("with different references"),
}


def verdict_view(one: MetricDifference) -> str:
    """The verdict, as a sign and a word."""
    return f'<span class="wb-verdict {VERDICT_CLASSES[one.verdict]}">{escape(tell(one.verdict))}</span>'


def _verdict_sentence(one: MetricDifference) -> str:
    """`verdict (figures)` with the verdict marked."""
    rest = figures_of(one)
    return say("B against A: {verdict} ({figures}).", verdict=verdict_view(one), figures=escape(rest))


def figures_of(one: MetricDifference) -> str:
    """What a verdict stands on: `−1.2 points, −2.0 … −0.3`."""
    return tell(one.sentence.removeprefix(one.verdict).strip().removeprefix("(").removesuffix(")"))


def _basis(found: Comparison, leading: MetricDifference) -> str:
    return say_many(
        found.common,
        "{count} clip is in both{dropped}. Ruler {ruler}. Interval and permutation test draw {units}; a difference is "
        "claimed only where both show it.",
        "{count} clips are in both{dropped}. Ruler {ruler}. Interval and permutation test draw {units}; a difference "
        "is claimed only where both show it.",
        dropped=escape(left_out(found.dropped)),
        ruler=f"{escape(found.ruler)} <code>{escape(found.ruler_hash)}</code>",
        units=escape(tell(say_units(leading.clusters, leading.cluster_by))),
    )


def _metric_row(name: MetricName, one: MetricDifference, *, leads: bool, mark: str) -> str:
    test = None if one.mapsswe is None else one.mapsswe.p_value
    title = METRIC_NAMES[name]
    return (
        f"<tr><th{' class=wb-leading' if leads else ''}>{title}{mark}</th><td>{written.rate(one.a)}</td>"
        f"<td>{written.rate(one.b)}</td><td>{difference_text(one)}</td><td>{say_p_value(one.p_value)}</td>"
        f"<td>{say_p_value(test)}</td><td>{one.wins:,} / {one.losses:,} / {one.ties:,}</td>"
        f"<td>{verdict_view(one)}{_needed(one)}</td></tr>"
    )


def _needed(one: MetricDifference) -> str:
    """How many more clips would show it, in a small line."""
    if one.more_needed is None:
        return ""
    about = float(f"{one.more_needed:.2g}")  # an estimate, to two figures as in the sentence
    units = tell(f"{about:,.0f} more {NAMES[one.cluster_by][one.more_needed != 1]}")
    return f"<small>{say('about {units} needed', units=units)}</small>"


def difference_text(one: MetricDifference) -> str:
    """A difference, never without its interval: `−1.2 (−2.0 … −0.3)`."""
    if one.delta is None:
        return written.MISSING
    span = say("no interval") if one.ci95 is None else " … ".join(map(say_points, one.ci95))
    return f"{say_points(one.delta)} ({span})"


def _group_panel(found: Comparison, tag: str) -> str:
    several = [one for one in found.by_tag if one.tag == tag]
    title = say("{metric} by {tag}", metric=METRIC_NAMES[found.headline], tag=tell(tag))
    sides = (say("← B makes fewer errors"), say("B makes more errors →"))
    chart = tell_chart(forest_chart(list(_forest_rows(several)), title=title, sides=sides))
    rows = "".join(_group_row(one) for one in several)
    return (
        f'<figure class="wb-panel"><h3 dir="auto">{escape(title)}{corrected_mark(found.corrections)}</h3>{chart}'
        f'<div class="wb-scroll"><table class="wb-table wb-figures"><thead><tr><th></th><th>{say("Clips")}</th>'
        f"<th>A</th><th>B</th><th>p</th><th>{say('Verdict on B')}</th></tr></thead><tbody>{rows}</tbody></table></div>"
        "</figure>"
    )


def _forest_rows(several: Sequence[TagDifference]) -> Iterator[ForestRow]:
    for one in several:
        difference = one.difference
        yield ForestRow(
            label=one.value,
            difference=difference.delta,
            interval=difference.ci95,
            verdict=difference.verdict,
            words=_SIGNS[difference.verdict],
        )


def _group_row(one: TagDifference) -> str:
    button = clips_button(escape(one.value), tag=[one.tag, one.value])
    found = one.difference
    return (
        f'<tr><th dir="auto">{button}</th><td>{one.common:,}</td><td>{written.rate(found.a)}</td>'
        f"<td>{written.rate(found.b)}</td><td>{say_p_value(found.p_value)}</td>"
        f'<td><span class="wb-verdict {VERDICT_CLASSES[found.verdict]}" title="{escape(figures_of(found))}">'
        f"{tell(_SHORT[found.verdict])}</span></td></tr>"
    )


def _cost_row(name: str, one: CostDifference) -> str:
    title, show = _COSTS[name]
    return (
        f"<tr><th>{tell(title)}</th><td>{show(one.a)}</td><td>{show(one.b)}</td><td>{_ratio(one)}</td>"
        f"<td>{_cost_verdict(one)}</td></tr>"
    )


def _ratio(one: CostDifference) -> str:
    """How many times as much, with its interval where there is one."""
    if one.ratio is None:
        return written.MISSING
    span = "" if one.ratio_ci95 is None else f" ({one.ratio_ci95[0]:.2f} … {one.ratio_ci95[1]:.2f})"
    return f"{one.ratio:.2f} ×{span}"


def _cost_verdict(one: CostDifference) -> str:
    if one.verdict is None:
        return ""
    return f'<span class="wb-verdict {_COST_CLASSES[one.verdict]}">{tell(_COST_WORDS[one.verdict])}</span>'


def _together(found: Comparison) -> str:
    """Time and memory in a line below the error's; nothing where neither was measured in both."""
    parts: list[str] = []
    for name in LEADING_COSTS:
        one = found.cost[name]
        if one.ratio is not None:
            verdict = f" {_cost_verdict(one)}" if one.verdict is not None else ""
            parts.append(f"{tell(_COSTS[name][0])}: {_ratio(one)}{verdict}")
    if not parts:
        return ""
    return f'<p class="wb-note wb-together">{say("B against A, over the same clips:")} {" · ".join(parts)}</p>'


def _measured(one: CostDifference) -> bool:
    return one.a is not None or one.b is not None
