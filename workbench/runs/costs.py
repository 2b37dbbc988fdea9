"""What two runs cost over the same clips: times with an interval, memory as it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from workbench.pipeline.measurement import Measurement, combined
from workbench.runs.reporting.figures import say_bytes, say_factor, say_seconds
from workbench.scoring.clusters import Clusters
from workbench.scoring.interval import Interval, bootstrap_rate

CostVerdict = Literal["more", "less", "no difference shown"]
Pair = tuple[Measurement | None, Measurement | None]

TIMES = ("wall_seconds", "cpu_seconds", "gpu_seconds", "rtf")
PEAKS = ("peak_gpu_bytes", "peak_gpu_reserved_bytes", "peak_gpu_process_bytes", "peak_rss_bytes")
COST_FIGURES = (*TIMES, *PEAKS)
LEADING_COSTS = ("rtf", "peak_rss_bytes", "peak_gpu_bytes", "peak_gpu_process_bytes")
"""What is told beside the error."""

_NAMES = {
    "wall_seconds": "Time",
    "cpu_seconds": "Processor time",
    "gpu_seconds": "GPU time",
    "rtf": "Real-time factor",
    "peak_gpu_bytes": "Peak GPU memory, torch",
    "peak_gpu_reserved_bytes": "Peak GPU memory, reserved by torch",
    "peak_gpu_process_bytes": "Peak GPU memory, process",
    "peak_rss_bytes": "Peak memory",
}
_MICRO = 1e6  # times are drawn as whole microseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class CostDifference:
    """One figure of both runs over the same clips.

    Attributes:
        a: Of A; None where it was not measured.
        b: Of B.
        ratio: B / A; None where one was not measured, or is nothing.
        ratio_ci95: Of a time, the interval of the ratio when clips are drawn anew, paired; None of memory, which is a
            peak, and with fewer than two units of chance. It covers other clips, not another hour on the machine.
        verdict: Of a time, whether B costs more or less as far as the interval shows; None where there is none.
        sentence: All of it in words; empty where one was not measured.
    """

    a: float | None
    b: float | None
    ratio: float | None
    ratio_ci95: Interval | None = None
    verdict: CostVerdict | None = None
    sentence: str = ""


def compare_costs(pairs: Sequence[Pair], *, clusters: Clusters, seed: int = 0) -> dict[str, CostDifference]:
    """Each of `COST_FIGURES` over the clips that were measured in both runs: times added, peaks the highest.

    Where no clip was measured in both, each run's figures are over its own clips, and there is no ratio.

    Args:
        pairs: What each clip cost in A and in B.
        clusters: Which clips are drawn together.
        seed: Of the draws.
    """
    places = [place for place, (a, b) in enumerate(pairs) if a is not None and b is not None]
    if not places:
        totals = combined(a for a, _ in pairs), combined(b for _, b in pairs)
        return {name: _bare(name, *totals, comparable=False) for name in COST_FIGURES}
    common = [pairs[place] for place in places]
    labels = [clusters.labels[place] for place in places]
    total_a, total_b = combined(a for a, _ in common), combined(b for _, b in common)
    return {
        name: _told(name, _with_interval(name, _bare(name, total_a, total_b), common, labels, seed))
        for name in COST_FIGURES
    }


def _bare(name: str, a: Measurement | None, b: Measurement | None, *, comparable: bool = True) -> CostDifference:
    of_a, of_b = getattr(a, name, None), getattr(b, name, None)
    return CostDifference(a=of_a, b=of_b, ratio=of_b / of_a if comparable and of_b is not None and of_a else None)


def _with_interval(
    name: str, one: CostDifference, pairs: Sequence[Pair], labels: Sequence[int], seed: int
) -> CostDifference:
    if name not in TIMES or one.ratio is None:
        return one
    # The real-time factor has the ratio of the time: the sound is the same.
    field = "wall_seconds" if name == "rtf" else name
    times_a, times_b = (
        np.rint(np.array([getattr(pair[side], field) for pair in pairs]) * _MICRO).astype(np.int64) for side in (0, 1)
    )
    bounds = bootstrap_rate(times_b, times_a, clusters=labels, seed=seed)
    return replace(one, ratio_ci95=bounds, verdict=None if bounds is None else _verdict(bounds))


def _verdict(bounds: Interval) -> CostVerdict:
    low, high = bounds
    return "more" if low > 1 else "less" if high < 1 else "no difference shown"


def _told(name: str, one: CostDifference) -> CostDifference:
    if one.ratio is None:
        return one
    say = say_factor if name == "rtf" else say_seconds if name in TIMES else say_bytes
    interval = "" if one.ratio_ci95 is None else f" ({one.ratio_ci95[0]:.2f} … {one.ratio_ci95[1]:.2f})"
    shown = ", no difference shown" if one.verdict == "no difference shown" else ""
    sentence = f"{_NAMES[name]}: {say(one.a)} in A, {say(one.b)} in B, {one.ratio:.2f} times as much{interval}{shown}."
    return replace(one, sentence=sentence)
