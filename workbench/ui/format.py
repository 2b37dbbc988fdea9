"""Figures as people read them. What was not measured has no figure: None becomes a dash."""

from __future__ import annotations

from workbench.runs.reporting.figures import MISSING
from workbench.runs.reporting.figures import say_count as count
from workbench.runs.reporting.figures import say_points as points
from workbench.runs.reporting.figures import say_rate as rate
from workbench.scoring.counts import ErrorCounts
from workbench.ui.language import say

__all__ = [
    "MISSING", "about", "clock", "count", "duration", "edits", "factor", "memory", "points", "rate", "rate_interval",
    "seconds", "speed",
]  # fmt: skip


def seconds(value: float | None, *, decimals: int = 2) -> str:
    """A time span: `1.92 s`."""
    return MISSING if value is None else f"{value:,.{decimals}f} s"


def clock(value: float | None, *, decimals: int = 0) -> str:
    """A position in a recording: `0:07`, `12:03.45`, `1:02:03`."""
    if value is None:
        return MISSING
    scale = 10**decimals
    ticks = round(value * scale)
    minutes, rest = divmod(ticks, 60 * scale)
    hours, minutes = divmod(minutes, 60)
    width = 2 if not decimals else 3 + decimals
    tail = f"{rest / scale:0{width}.{decimals}f}"
    return f"{hours}:{minutes:02d}:{tail}" if hours else f"{minutes}:{tail}"


def duration(value: float | None) -> str:
    """The length of a recording to 1/100 s: `7.32 s`, and from a minute on `12:03.45`."""
    if value is None:
        return MISSING
    return f"{value:.2f} s" if value < 59.995 else clock(value, decimals=2)


def about(value: float) -> str:
    """A rough wait: `8 s`, `3 min`, `1 h 20 min`."""
    if value < 90:
        return say("{seconds} s", seconds=max(1, round(value)))
    minutes = round(value / 60)
    if minutes < 60:
        return say("{minutes} min", minutes=minutes)
    return say("{hours} h {minutes} min", hours=minutes // 60, minutes=minutes % 60)


def memory(value: int | None) -> str:
    """Bytes in decimal units: `412 MB`, `3.1 GB`."""
    if value is None:
        return MISSING
    if value < 999_500:
        return f"{value / 1000:.0f} kB"
    return f"{value / 1e6:.0f} MB" if value < 999_500_000 else f"{value / 1e9:.1f} GB"


def factor(value: float | None) -> str:
    """A real-time factor: `0.156`."""
    return MISSING if value is None else f"{value:.3f}" if value < 10 else f"{value:.1f}"


def speed(rtf: float | None) -> str:
    """How many seconds of audio are done in one second: `6.4 × real time`."""
    if not rtf:
        return MISSING
    times = 1 / rtf
    return say("{times} × real time", times=f"{times:.0f}" if times >= 20 else f"{times:.1f}")


def edits(counts: ErrorCounts) -> str:
    """Errors by kind: `3 sub, 1 del, 0 ins`."""
    return say(
        "{sub} sub, {del} del, {ins} ins",
        **{"sub": count(counts.substitutions), "del": count(counts.deletions), "ins": count(counts.insertions)},
    )


def rate_interval(value: float | None, interval: tuple[float, float] | None) -> str:
    """An error rate with its 95 % interval: `12.3 % (9.8 – 15.1)`."""
    if value is None or interval is None:
        return rate(value)
    low, high = interval
    return f"{rate(value)} ({100 * low:.1f} – {100 * high:.1f})"
