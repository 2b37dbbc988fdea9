"""Figures of one curve: bands, where the error doubles, the area below; from sums of errors, by resampling."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.scoring.interval import Interval

RESAMPLES = 2_000
"""Draws for a curve: its bands are drawn, not tested, and a 95 % bound of 2000 draws is steady to a few percent of the
band's width."""

_BLOCK = 64
_Sums = NDArray[np.int64]
_Rates = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """Where along the axis the error is twice that of the clean clips.

    Attributes:
        at: Interpolated between two measured places; None where it lies beyond them, or there is no clean rate.
        ci95: Its bounds; None for a bound that lies beyond what was measured. None as a whole without draws.
        where: `measured`; `easier`: twice is reached before the easiest place measured; `harder`: not reached at the
            hardest; `undefined`: without clean clips, or those have no error.
    """

    at: float | None
    ci95: tuple[float | None, float | None] | None
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveFigures:
    """What resampling says of a curve; in the order of its places.

    Attributes:
        bands: 95 % interval of the rate at each place; None with fewer than two units of chance.
        clean_band: That of the clean clips.
        doubling: Where the error is twice that of the clean clips.
        area: Mean rate over the range of the axis (the area below the straight lines between the places, by the range's
            length); None with fewer than two places, or where one has no reference.
        area_ci95: Its interval.
    """

    bands: tuple[Interval | None, ...]
    clean_band: Interval | None
    doubling: Crossing
    area: float | None
    area_ci95: Interval | None


def curve_figures(
    places: Sequence[float],
    errors: _Sums,
    lengths: _Sums,
    *,
    clean: bool,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> CurveFigures:
    """Resample the units of a curve, the same ones at every place, so that its places go up and down together.

    Args:
        places: Along the axis, rising (p,); where the error doubles is looked for from the last to the first, so that a
            lower place has to be a harder one, as of an SNR.
        errors: Of each unit at each place (u, p), with the clean clips as one more column where there are some.
        lengths: Reference units, the same shape.
        clean: Whether there is that column.
        seed: Of the draws.
        resamples: How many.
    """
    count = len(places)
    rates = rates_of(errors.sum(axis=0), lengths.sum(axis=0))
    drawn = None
    if len(errors) >= 2:
        sums = draw_units((errors, lengths), seed=seed, resamples=resamples)
        drawn = np.stack([rates_of(above, below) for above, below in sums])
    bands = tuple(percentiles(drawn[:, place]) if drawn is not None else None for place in range(count))
    areas = None if drawn is None else np.array([area_below(places, row[:count]) for row in drawn])
    area = area_below(places, rates[:count])
    return CurveFigures(
        bands=bands,
        clean_band=percentiles(drawn[:, count]) if clean and drawn is not None else None,
        doubling=_doubling(places, rates, drawn) if clean else Crossing(at=None, ci95=None, where="undefined"),
        area=None if math.isnan(area) else area,
        area_ci95=None if areas is None or math.isnan(area) else percentiles(areas),
    )


def rates_of(errors: NDArray[Any], lengths: NDArray[Any]) -> _Rates:
    """Rates; not a number where there is no reference, which no figure lets out."""
    return np.divide(errors, lengths, out=np.full(np.shape(errors), np.nan), where=np.asarray(lengths) > 0)


def draw_units(sums: tuple[_Sums, _Sums], *, seed: int, resamples: int) -> Iterator[tuple[_Sums, _Sums]]:
    """Both sums (p,) over as many units as there are, with replacement, the same ones at every place and for both.

    Args:
        sums: Each (u, p).
        seed: Of the draws.
        resamples: How many.
    """
    generator, units = np.random.default_rng(seed), len(sums[0])
    for start in range(0, resamples, _BLOCK):
        size = min(_BLOCK, resamples - start)
        weights = generator.multinomial(units, np.full(units, 1 / units), size=size)
        yield from zip(weights @ sums[0], weights @ sums[1], strict=True)


def percentiles(values: _Rates) -> Interval | None:
    """The middle 95 %; None where one draw has no value."""
    if np.isnan(values).any():
        return None
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def area_below(places: Sequence[float], rates: _Rates) -> float:
    """Mean rate over the range of the axis, on straight lines; not a number with fewer than two places."""
    if len(places) < 2:
        return math.nan
    return float(np.trapezoid(rates, places) / (places[-1] - places[0]))


def _doubling(places: Sequence[float], rates: _Rates, drawn: _Rates | None) -> Crossing:
    count = len(places)
    at = _crossing(places, rates[:count], rates[count])
    if at is None:
        return Crossing(at=None, ci95=None, where="undefined")
    where = "measured" if math.isfinite(at) else "easier" if at > 0 else "harder"
    found = [] if drawn is None else [_crossing(places, row[:count], row[count]) for row in drawn]
    known = sorted(one for one in found if one is not None)
    ci95 = None
    if known:
        last = len(known) - 1
        bounds = known[round(0.025 * last)], known[round(0.975 * last)]
        low, high = (one if math.isfinite(one) else None for one in bounds)
        ci95 = low, high
    return Crossing(at=at if math.isfinite(at) else None, ci95=ci95, where=where)


def _crossing(places: Sequence[float], rates: _Rates, clean: float) -> float | None:
    """From the easiest place down, where twice the clean rate is first reached; infinite beyond the places."""
    if not clean > 0 or np.isnan(rates).any():
        return None
    target = 2 * clean
    if rates[-1] >= target:
        return math.inf
    for place in range(len(places) - 2, -1, -1):
        if rates[place] >= target:
            share = (target - rates[place + 1]) / (rates[place] - rates[place + 1])
            return float(places[place + 1] + share * (places[place] - places[place + 1]))
    return -math.inf
