"""Which setting to take for a recording: what won on the clips that sound most like it, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from workbench.audio.inspection import Inspection
from workbench.errors import RunError
from workbench.runs.ranking import Ranking, RankRow, rank_runs
from workbench.runs.records import ItemResult
from workbench.runs.store import StoredRun
from workbench.runs.sweep_table import SweepTable
from workbench.text.rulers import Ruler

NEAREST = 60
_STEPS = {"snr_db": 6.0, "octaves": 1.0, "speech_dbfs": 12.0}
"""What counts as one step apart: twice the noise's amplitude, twice the bandwidth, four times the level's amplitude."""
_FAR_STEPS = 2.0
_UNKNOWN_STEPS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """How a recording sounds; None where that could not be told.

    Attributes:
        snr_db: Speech above noise.
        bandwidth_hz: The highest frequency with energy.
        speech_dbfs: How loud people speak.
    """

    snr_db: float | None
    bandwidth_hz: float | None
    speech_dbfs: float | None

    @classmethod
    def of(cls, found: Inspection, tags: Mapping[str, object] | None = None) -> Conditions:
        """Of a recording that was looked at; a clip too short to tell its noise may be labelled with it."""
        labelled = (tags or {}).get("snr_db")
        known = float(labelled) if isinstance(labelled, int | float) and not isinstance(labelled, bool) else None
        return cls(
            snr_db=known if found.snr_db is None else found.snr_db,
            bandwidth_hz=found.bandwidth_hz,
            speech_dbfs=found.speech_dbfs,
        )

    def steps_from(self, other: Conditions) -> float:
        """How far apart two are; what one of them does not tell counts as one step."""
        pairs = {
            "snr_db": (self.snr_db, other.snr_db),
            "octaves": (_octaves(self.bandwidth_hz), _octaves(other.bandwidth_hz)),
            "speech_dbfs": (self.speech_dbfs, other.speech_dbfs),
        }
        return math.hypot(*(_apart(name, a, b) for name, (a, b) in pairs.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """What a sweep says for one recording.

    Attributes:
        sweep_id: Which sweep.
        conditions: How the recording sounds.
        ranking: Of the settings over the nearest clips; its run ids are their labels.
        measured: How many of the sweep's clips could be listened to.
        unreadable: How many could not; their recordings have gone or changed.
        snr_db: Of the nearest clips, from and to; None where it is known of none.
        bandwidth_hz: The same.
        alike: Whether the nearest clips lie within two steps of it, all but the farthest tenth.
        recommended: The label of the setting to take; None where nothing sounds like the recording.
        sentence: The same, and how sure that is.
    """

    sweep_id: str
    conditions: Conditions
    ranking: Ranking
    measured: int
    unreadable: int
    snr_db: tuple[float, float] | None
    bandwidth_hz: tuple[float, float] | None
    alike: bool
    recommended: str | None
    sentence: str


def recommend(
    conditions: Conditions,
    table: SweepTable,
    measured: Mapping[str, Conditions],
    *,
    ruler: Ruler,
    nearest: int = NEAREST,
    unreadable: int = 0,
) -> Recommendation:
    """Hold the settings of a sweep against each other on the clips nearest to a recording.

    Clips are chosen by how they sound and not by how they were recognised, so that tests and intervals mean what they
    say. Distance is Euclidean over signal-to-noise ratio (6 dB a step), bandwidth (an octave) and level (12 dB).

    Args:
        conditions: How the recording sounds.
        table: The sweep.
        measured: How its clips sound, by their id.
        ruler: How texts are compared.
        nearest: How many clips to take.
        unreadable: Passed on.

    Raises:
        RunError: Of no clip is known how it sounds.
    """
    if not measured:
        raise RunError(
            f"None of the recordings of the sweep {table.record.sweep_id} can be read any more.",
            hint="Sweep a set whose recordings are there.",
        )
    by_distance = sorted(measured, key=lambda one: conditions.steps_from(measured[one]))[:nearest]
    chosen = set(by_distance)
    ranking = rank_runs([_only(run, chosen) for run in table.pooled], ruler=ruler)
    typical = by_distance[math.ceil(0.9 * len(by_distance)) - 1]
    alike = conditions.steps_from(measured[typical]) <= _FAR_STEPS
    near = [measured[one] for one in by_distance]
    return Recommendation(
        sweep_id=table.record.sweep_id,
        conditions=conditions,
        ranking=ranking,
        measured=len(measured),
        unreadable=unreadable,
        snr_db=_range(one.snr_db for one in near),
        bandwidth_hz=_range(one.bandwidth_hz for one in near),
        alike=alike,
        recommended=_best(ranking).run_id if alike else None,
        sentence=_say(ranking, alike=alike),
    )


def clips_of(table: SweepTable) -> list[ItemResult]:
    """The clips that the baseline transcribed, with their recordings."""
    return [one for one in table.pooled[0].outcomes if isinstance(one, ItemResult)]


def _best(ranking: Ranking) -> RankRow:
    """The setting with the lowest rate of those shown to be better than the baseline; else the baseline."""
    better = (row for row in ranking.rows if row.against_baseline and row.against_baseline.verdict == "better")
    return next(better, next(row for row in ranking.rows if row.run_id == ranking.baseline))


def _say(ranking: Ranking, *, alike: bool) -> str:
    clips, best = f"the {ranking.common} clips most like it", _best(ranking)
    if not alike:
        return f"Nothing in the sweep sounds much like it: no setting can be recommended from {clips}."
    if best.against_baseline is None:
        return f"Take {best.run_id}: on {clips}, no other setting is shown to be better."
    return f"Take {best.run_id}: on {clips}, it is {best.against_baseline.sentence} against {ranking.baseline}."


def _only(run: StoredRun, ids: set[str]) -> StoredRun:
    return replace(
        run,
        record=replace(run.record, spec=replace(run.record.spec, items=len(ids))),
        outcomes=tuple(one for one in run.outcomes if one.id in ids),
    )


def _octaves(hertz: float | None) -> float | None:
    return None if not hertz else math.log2(hertz)


def _apart(name: str, a: float | None, b: float | None) -> float:
    if a is None and b is None:
        return 0.0
    return _UNKNOWN_STEPS if a is None or b is None else abs(a - b) / _STEPS[name]


def _range(values: Iterable[float | None]) -> tuple[float, float] | None:
    known = [value for value in values if value is not None]
    return (min(known), max(known)) if known else None
