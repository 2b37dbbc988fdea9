"""Figures as a report writes them. What was not measured has no figure: None becomes a dash."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from workbench.text.rulers import MetricName

MEASURES: Mapping[MetricName, str] = {"wer": "WER", "cer": "CER", "mer": "MER"}
UNITS: Mapping[MetricName, str] = {"wer": "words", "cer": "characters", "mer": "Han characters and Latin words"}

MISSING = "–"


def say_rate(value: float | None) -> str:
    """An error rate: `12.3 %`."""
    return MISSING if value is None else f"{100 * value:.1f} %"


def say_interval(interval: tuple[float, float] | None) -> str:
    """Of an error rate: `9.8 – 15.1 %`."""
    return MISSING if interval is None else f"{100 * interval[0]:.1f} – {100 * interval[1]:.1f} %"


def say_points_between(interval: tuple[float, float] | None) -> str:
    """Of a difference of rates: `−0.9 … +0.7`."""
    return MISSING if interval is None else f"{say_points(interval[0])} … {say_points(interval[1])}"


def say_points(value: float | None) -> str:
    """A difference of rates in percentage points: `−1.4`, `+0.2`, `0.0`."""
    if value is None:
        return MISSING
    digits = f"{abs(100 * value):.1f}"
    return digits if float(digits) == 0 else f"{'+' if value > 0 else '−'}{digits}"


def say_p_value(value: float | None) -> str:
    """`0.013`, `< 0.001`."""
    return MISSING if value is None else "< 0.001" if value < 0.001 else f"{value:.3f}"


def say_count(value: int | None) -> str:
    """A number of things: `1,204`."""
    return MISSING if value is None else f"{value:,}"


def say_seconds(value: float | None) -> str:
    """A time span: `1.92 s`, `3 min 20 s`, `1 h 5 min`."""
    if value is None:
        return MISSING
    if value < 120:
        return f"{value:.2f} s" if value < 10 else f"{value:.1f} s"
    minutes, seconds = divmod(round(value), 60)
    return f"{minutes} min {seconds} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def say_bytes(value: float | None) -> str:
    """Memory in decimal units: `412 MB`, `3.1 GB`."""
    if value is None:
        return MISSING
    return f"{value / 1e6:.0f} MB" if value < 999_500_000 else f"{value / 1e9:.1f} GB"


def say_factor(value: float | None) -> str:
    """A real-time factor or a ratio: `0.156`."""
    return MISSING if value is None else f"{value:.3f}" if value < 10 else f"{value:,.1f}"


def say_time(value: str) -> str:
    """A time in ISO 8601 as read: `2026-11-22 10:07 UTC`; anything else as it is."""
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        return value
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if time.tzinfo else value


def say_errors(count: int) -> str:
    """`1 error`, `1,204 errors`."""
    return f"{count:,} error{'' if count == 1 else 's'}"


def say_clips(count: int) -> str:
    """`1 clip`, `1,204 clips`."""
    return f"{count:,} clip{'' if count == 1 else 's'}"
