"""How long work will take and how much memory, from what like work took: time is affine in pieces and seconds.

An engine works on stretches of at most so many seconds (a window of Whisper, a chunk). Each stretch costs something
whatever its length (Whisper's encoder hears 30 s, speech or not) and something for each second in it (text to write):
wall = a · pieces + b · seconds, with a and b found by least squares and neither below zero.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from workbench.runs.reporting.figures import say_bytes, say_seconds

Source = Literal["runs", "probe"]
Range = tuple[float, float]

FACTORS: dict[Source, float] = {"probe": 2.0, "runs": 1.3}
"""By how much a time may be off, either way, on a machine that does nothing else: what is said is never surer."""
_RESAMPLES = 2000
_NEAR_ZERO = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one clip took.

    Attributes:
        group: Which run or which round of a probe it is of: what happens at the same time happens to all of a group.
        seconds: Of audio.
        pieces: Stretches it was worked on in.
        wall_seconds: What it took; of a batch, its share.
        cpu_seconds: Processor time of it, which does not rise when the machine does something else, too.
        peak_rss_bytes: Most resident memory of the process meanwhile; None where not measured.
        peak_gpu_bytes: Most memory on the GPU; None where not measured.
    """

    group: str
    seconds: float
    pieces: int
    wall_seconds: float
    cpu_seconds: float = 0.0
    peak_rss_bytes: int | None = None
    peak_gpu_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """How much work there is.

    Attributes:
        clips: How many recordings.
        seconds: Of audio in all.
        pieces: Stretches they are worked on in.
        longest: Seconds of the longest stretch that the engine is given.
    """

    clips: int
    seconds: float
    pieces: int
    longest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What work will cost here.

    Attributes:
        engine: As asked for.
        model_id: Which weights.
        revision: Which version of them.
        chain: Preprocessing.
        batch_size: Clips decoded together.
        amount: How much work it is of.
        source: Stored runs, or a probe made now.
        samples: Clips it rests on.
        groups: Runs, or rounds of the probe, that they are of.
        wall_seconds: Expected, the model loaded.
        wall_range: Where that should lie.
        cpu_seconds: Expected processor time.
        seconds_a_piece: a of the fit.
        seconds_a_second: b of the fit.
        load_seconds: What loading the model took; None where not known.
        peak_rss_bytes: Most resident memory of the process, weights included; None where not measured.
        peak_gpu_bytes: Most memory on the GPU; None where not measured.
        longest_measured: Seconds of the longest clip that was measured: beyond it, memory is extrapolated.
        free_bytes: What is free now where the weights would be, what this process holds included; None where not known.
        notes: What makes it less sure, a sentence each.
    """

    engine: str
    model_id: str
    revision: str
    chain: str
    batch_size: int
    amount: Amount
    source: Source
    samples: int
    groups: int
    wall_seconds: float
    wall_range: Range
    cpu_seconds: float
    seconds_a_piece: float
    seconds_a_second: float
    load_seconds: float | None
    peak_rss_bytes: int | None
    peak_gpu_bytes: int | None
    longest_measured: float
    free_bytes: int | None
    notes: tuple[str, ...] = ()

    @property
    def rtf(self) -> float | None:
        """Expected real-time factor."""
        return self.wall_seconds / self.amount.seconds if self.amount.seconds else None

    @property
    def fits(self) -> bool | None:
        """Whether that much memory is free; None where either side is not known."""
        needed = self.peak_rss_bytes if self.peak_gpu_bytes is None else self.peak_gpu_bytes
        return None if needed is None or self.free_bytes is None else needed <= self.free_bytes

    @property
    def sentences(self) -> tuple[str, ...]:
        """What people read: time, memory, what it rests on, and what makes it less sure."""
        low, high = (say_seconds(bound) for bound in self.wall_range)
        clips = "1 recording" if self.amount.clips == 1 else f"{self.amount.clips} recordings"
        factor = "" if self.rtf is None else f", real-time factor {self.rtf:.3f}"
        rests = f"{self.samples} clips in {self.groups} run{'' if self.groups == 1 else 's'} here"
        probed = f"a probe of {self.samples} calls, up to {self.longest_measured:.0f} s of speech"
        return (
            f"{say_seconds(self.amount.seconds)} of sound in {clips}, {self.engine}, {self.batch_size} at a time.",
            f"Time: about {say_seconds(self.wall_seconds)} ({low} … {high}){factor}, loading the model not counted; "
            f"processor time {say_seconds(self.cpu_seconds)}.",
            *self._memory_sentences(),
            f"It rests on {rests if self.source == 'runs' else probed}.",
            *self.notes,
        )

    def _memory_sentences(self) -> Iterator[str]:
        peaks = (("Memory", self.peak_rss_bytes), ("GPU memory", self.peak_gpu_bytes))
        for name, peak in peaks:
            if peak is not None:
                yield f"{name}: about {say_bytes(peak)} at its peak, the model included."
        if self.fits is not None:
            what = "memory" if self.peak_gpu_bytes is None else "GPU memory"
            free = f"{say_bytes(self.free_bytes)} of {what} can be had"
            yield f"{free}." if self.fits else f"{free}: too little. Use a smaller batch size, or a smaller model."


def amount_of(durations: Sequence[float], *, piece_seconds: float, most_seconds: float = math.inf) -> Amount:
    """How much work recordings are.

    Args:
        durations: Seconds of each.
        piece_seconds: The longest stretch that is worked on at once.
        most_seconds: The longest stretch that the engine is given; it may work on it in several pieces.
    """
    return Amount(
        clips=len(durations),
        seconds=sum(durations),
        pieces=sum(count_pieces(one, piece_seconds) for one in durations),
        longest=min(max(durations, default=0.0), most_seconds),
    )


def count_pieces(seconds: float, piece_seconds: float) -> int:
    """Stretches that a recording is worked on in; one at least."""
    return max(1, math.ceil(round(seconds / piece_seconds, 6)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """wall = a · pieces + b · seconds."""

    a: float
    b: float

    def seconds_for(self, amount: Amount) -> float:
        """What an amount of work takes."""
        return self.a * amount.pieces + self.b * amount.seconds


def fit_time(samples: Sequence[Sample], field: Literal["wall_seconds", "cpu_seconds"] = "wall_seconds") -> Fit:
    """Least squares with neither coefficient below zero; clips of one length alone decide b, as if a were nothing."""
    rows = [(one.pieces, one.seconds, getattr(one, field)) for one in samples]
    return _fit(np.array(rows, dtype=np.float64))


def predict_range(samples: Sequence[Sample], amount: Amount, *, factor: float, seed: int = 0) -> Range:
    """95 % of what is predicted when groups and clips are drawn anew, and a factor either way at least.

    Args:
        samples: What was measured.
        amount: What is predicted for.
        factor: The least that the range spans: 2 is from a half to the double.
        seed: Of the draws.
    """
    generator = np.random.default_rng(seed)
    groups = _tables(samples)
    drawn = [_fit(_draw(groups, generator)).seconds_for(amount) for _ in range(_RESAMPLES)]
    low, high = (float(bound) for bound in np.quantile(drawn, [0.025, 0.975]))
    expected = fit_time(samples).seconds_for(amount)
    return min(low, expected / factor), max(high, expected * factor)


def predict_peak(samples: Sequence[Sample], field: str, *, longest: float) -> int | None:
    """Most memory for stretches up to a length: the most that was seen, and beyond it a line through two lengths.

    Args:
        samples: What was measured.
        field: "peak_rss_bytes" or "peak_gpu_bytes".
        longest: Seconds of the longest stretch.
    """
    seen = sorted((one.seconds, int(value)) for one in samples if (value := getattr(one, field)) is not None)
    if not seen:
        return None
    most = max(value for _, value in seen)
    (short, _), (long, _) = seen[0], seen[-1]
    if longest <= long or long - short < 1:
        return most
    at_short = max(value for length, value in seen if length - short < 1)
    at_long = max(value for length, value in seen if long - length < 1)
    slope = max(0.0, (at_long - at_short) / (long - short))
    return round(max(most, at_long + slope * (longest - long)))


def _fit(table: NDArray[np.float64]) -> Fit:
    pieces, seconds, wall = table.T
    pp, ss, ps = pieces @ pieces, seconds @ seconds, pieces @ seconds
    pw, sw = pieces @ wall, seconds @ wall
    determinant = pp * ss - ps * ps
    if determinant > _NEAR_ZERO * pp * ss:
        a, b = (pw * ss - sw * ps) / determinant, (sw * pp - pw * ps) / determinant
        if a >= 0 and b >= 0:
            return Fit(a=float(a), b=float(b))
        if b < 0:
            return Fit(a=float(pw / pp), b=0.0)
    return Fit(a=0.0, b=float(sw / ss)) if ss else Fit(a=float(pw / pp), b=0.0)


def _tables(samples: Sequence[Sample]) -> list[NDArray[np.float64]]:
    groups: dict[str, list[tuple[float, float, float]]] = {}
    for one in samples:
        groups.setdefault(one.group, []).append((one.pieces, one.seconds, one.wall_seconds))
    return [np.array(rows, dtype=np.float64) for rows in groups.values()]


def _draw(groups: Sequence[NDArray[np.float64]], generator: np.random.Generator) -> NDArray[np.float64]:
    """Groups with replacement, and in each its clips with replacement."""

    def rows() -> Iterator[NDArray[np.float64]]:
        for place in generator.integers(0, len(groups), size=len(groups)):
            group = groups[place]
            yield group[generator.integers(0, len(group), size=len(group))]

    return np.concatenate(list(rows()))


def estimate_json(found: Estimate) -> dict[str, Any]:
    """What every door says of it."""
    return {**asdict(found), "rtf": found.rtf, "fits": found.fits}
