"""How a corpus's errors are spread: over clips, over the place in the reference, over durations."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from workbench.scoring.alignment import INSERTION, Edit, count_steps, encode_edits
from workbench.scoring.clusters import Clusters
from workbench.scoring.counts import ErrorCounts
from workbench.scoring.score import Metric, summarise

TENTHS = 10

DURATION_BUCKETS = ("< 5 s", "5–10 s", "10–20 s", "20–30 s", "≥ 30 s")
_STARTS = (5.0, 10.0, 20.0, 30.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RateBin:
    """Clips with about the same error rate.

    Attributes:
        above: The rate is higher than this; None for the bin of clips without an error.
        up_to: And at most this; None for the last bin, above 100 %.
        clips: How many.
    """

    above: float | None
    up_to: float | None
    clips: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RateHistogram:
    """Clips by their error rate: 0, then steps of ten points to 100 %, then more than that.

    Attributes:
        bins: Twelve, in that order.
        empty_references: Clips without a rate, since nothing is left of their reference; in no bin.
    """

    bins: tuple[RateBin, ...]
    empty_references: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionProfile:
    """Errors by the place in the reference.

    Attributes:
        tenths: From the beginning to the end: counts, rate with interval, and how many clips have a unit there. Their
            counts add up to the corpus's.
        insertions_on_empty: Units recognised where there is no reference, and so no place.
    """

    tenths: tuple[Metric, ...]
    insertions_on_empty: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DurationRow:
    """The clips of about the same length.

    Attributes:
        bucket: One of `DURATION_BUCKETS`.
        metric: Their counts, rate with interval, and how many they are.
    """

    bucket: str
    metric: Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class DurationProfile:
    """Errors by the length of the recording.

    Attributes:
        rows: One a bucket, empty ones too.
        unknown: Clips whose duration is not known; in no row.
    """

    rows: tuple[DurationRow, ...]
    unknown: int


def count_rates(counts: Sequence[ErrorCounts]) -> RateHistogram:
    """Clips by their error rate.

    Args:
        counts: One a clip.
    """
    spoken = [one for one in counts if one.reference_length]
    # Integers, so that a clip with 1 error in 10 units is in "up to 10 %" and not beside it by rounding.
    found = Counter(min(TENTHS + 1, -(-one.errors * TENTHS // one.reference_length)) for one in spoken)
    bins = [RateBin(above=None, up_to=0.0, clips=found[0])]
    bins += [RateBin(above=step / TENTHS, up_to=(step + 1) / TENTHS, clips=found[step + 1]) for step in range(TENTHS)]
    bins.append(RateBin(above=1.0, up_to=None, clips=found[TENTHS + 1]))
    return RateHistogram(bins=tuple(bins), empty_references=len(counts) - len(spoken))


def count_positions(
    alignments: Sequence[Sequence[Edit]], *, clusters: Clusters | None = None, seed: int = 0
) -> PositionProfile:
    """Errors by tenth of the reference.

    A reference unit is in the tenth where its middle is, so a reference of one unit lies in the middle. An insertion is
    in the tenth of the unit it stands before, or of the last one where it stands after the end.

    Args:
        alignments: One a clip, in any unit.
        clusters: Which clips the intervals draw together; None draws one by one.
        seed: Of the intervals.
    """
    return count_positions_traced([encode_edits(one) for one in alignments], clusters=clusters, seed=seed)


def count_positions_traced(
    steps: Sequence[bytes], *, clusters: Clusters | None = None, seed: int = 0
) -> PositionProfile:
    """`count_positions` of alignments that are given as `alignment.trace_units` does.

    Args:
        steps: Of each clip.
        clusters: Which clips the intervals draw together; None draws one by one.
        seed: Of the intervals.
    """
    tenths: list[dict[int, ErrorCounts]] = [{} for _ in range(TENTHS)]  # by place of the clip
    on_empty = 0
    for clip, one in enumerate(steps):
        length = len(one) - one.count(INSERTION)
        if not length:
            on_empty += len(one)
            continue
        for tenth, part in _by_tenth(one, length).items():
            tenths[tenth][clip] = count_steps(bytes(part))
    summarised = tuple(_summarise(counts, clusters, seed) for counts in tenths)
    return PositionProfile(tenths=summarised, insertions_on_empty=on_empty)


def _by_tenth(steps: bytes, length: int) -> dict[int, bytearray]:
    found: dict[int, bytearray] = {}
    unit = 0
    for code in steps:
        place = TENTHS * (2 * min(unit, length - 1) + 1) // (2 * length)
        found.setdefault(place, bytearray()).append(code)
        unit += code != INSERTION
    return found


def duration_bucket(seconds: float) -> str:
    """Which of `DURATION_BUCKETS` a recording is in; each begins at its lower bound: 5 s is in "5–10 s".

    Args:
        seconds: Its length.
    """
    return DURATION_BUCKETS[bisect_right(_STARTS, seconds)]


def count_durations(
    counts: Sequence[ErrorCounts],
    seconds: Sequence[float | None],
    *,
    clusters: Clusters | None = None,
    seed: int = 0,
) -> DurationProfile:
    """Errors by the length of the recording: counts are added, and the rate is of the sums.

    Args:
        counts: One a clip.
        seconds: The clips' lengths, in the same order; None where it is not known.
        clusters: Which clips the intervals draw together; None draws one by one.
        seed: Of the intervals.

    Raises:
        ValueError: Not as many lengths as counts.
    """
    members: dict[str, dict[int, ErrorCounts]] = {bucket: {} for bucket in DURATION_BUCKETS}
    unknown = 0
    for clip, (one, length) in enumerate(zip(counts, seconds, strict=True)):
        if length is None:
            unknown += 1
        else:
            members[duration_bucket(length)][clip] = one
    rows = [DurationRow(bucket=name, metric=_summarise(some, clusters, seed)) for name, some in members.items()]
    return DurationProfile(rows=tuple(rows), unknown=unknown)


def _summarise(counts: Mapping[int, ErrorCounts], clusters: Clusters | None, seed: int) -> Metric:
    """The rate of some of the clips, which are named by their places."""
    some = None if clusters is None else replace(clusters, labels=tuple(clusters.labels[clip] for clip in counts))
    return summarise(list(counts.values()), clusters=some, seed=seed)
