"""Error along an axis: an SNR, or any other number that clips are tagged with or runs were made with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from workbench.errors import UsageError
from workbench.evalsets.selection import tag_text
from workbench.runs.curve_axis import Others, as_number, chain_without, numbers_of, others_of, place_of
from workbench.runs.curve_difference import AreaDifference, Rows, compare_areas, judge_areas
from workbench.runs.curve_figures import CurveFigures, curve_figures
from workbench.runs.store import StoredRun
from workbench.runs.summary import ItemRow, summarise
from workbench.scoring.clusters import cluster_utterances
from workbench.scoring.counts import ErrorCounts
from workbench.text.rulers import MetricName, Ruler, headline_metric

SNR = "snr_db"
MOST_PLACES = 40
"""More values than this are no axis of a curve, but a measurement of each clip."""

_CONDITIONS = ("noise", "room", "codec")
_NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """One place of a curve.

    Attributes:
        at: Along the axis; None for the clean clips.
        counts: Added over its clips.
        clips: How many.
        ci95: Of the rate; None with fewer than two units of chance.
    """

    at: float | None
    counts: ErrorCounts
    clips: int
    ci95: tuple[float, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Error along the axis, for one engine, chain and condition.

    Attributes:
        name: What it is, as far as the curves differ.
        engine: As asked for.
        chain: Without the axis, where that is a parameter of it.
        condition: Tags that all its clips have: noise, room, codec.
        run_ids: Whose clips these are.
        points: Rising along the axis.
        clean: The same clips without noise; None where there are none.
        figures: Where the error doubles, and the area below.
        paired: Whether every place has the same clips, and was drawn together.
        left_out: Clips that were not scored at every place.
        units: Units of chance.
        rows: What was heard at each place, the clips that were left out among them.
    """

    name: str
    engine: str
    chain: str
    condition: Mapping[str, str]
    run_ids: tuple[str, ...]
    points: tuple[CurvePoint, ...]
    clean: CurvePoint | None
    figures: CurveFigures
    paired: bool
    left_out: int
    units: int
    rows: Rows = field(default_factory=dict[float | None, Mapping[str, ItemRow]], repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """Curves along one axis, under one ruler.

    Attributes:
        axis: A tag, an option of the engine, `chunk_seconds`, or `step.parameter` of a chain.
        metric: Whose rate it is.
        ruler: Its name and version.
        ruler_hash: What it was made of.
        curves: In the order of the runs.
        differences: Every other curve against the first, corrected for their number (Holm).
    """

    axis: str
    metric: MetricName
    ruler: str
    ruler_hash: str
    curves: tuple[Curve, ...]
    differences: tuple[AreaDifference, ...] = ()


@dataclass(slots=True)
class _Series:
    """Rows of one curve by place; None is clean."""

    engine: str
    chain: str
    others: Others
    condition: dict[str, str]
    run_ids: list[str] = field(default_factory=list[str])
    rows: dict[float | None, dict[str, ItemRow]] = field(default_factory=dict[float | None, dict[str, ItemRow]])


def find_curves(
    runs: Sequence[StoredRun],
    *,
    ruler: Ruler,
    axis: str = SNR,
    by: Sequence[str] = _CONDITIONS,
    metric: MetricName | None = None,
    seed: int = 0,
) -> Curves:
    """Curves of runs: one for each engine, chain and condition.

    Bands are bootstrap intervals over speakers, else over recordings or clips, as everywhere; a draw takes the same
    ones at every place of a curve, since the same clips were heard there.

    Args:
        runs: Over derived sets, or several over one set with another option each.
        ruler: What is done to both texts.
        axis: A tag of the clips (`snr_db`), an option of the engine (`beam_size`), `chunk_seconds`, or `step.parameter`
            of the chain.
        by: Tags that make curves of their own.
        metric: None is the one that leads in the first run's language.
        seed: Of the draws.

    Raises:
        UsageError: No clip and no run has such a number, or there are too many different ones.
    """
    if not runs:
        raise UsageError("There is no run to draw a curve of.", hint="Name one or more.")
    metric = metric or headline_metric(runs[0].record.spec.set_language)
    summaries = [summarise(run, ruler=ruler, seed=seed) for run in runs]
    series: dict[tuple[Any, ...], _Series] = {}
    clean: dict[tuple[Any, ...], list[tuple[Mapping[str, str], ItemRow]]] = {}
    for run, summary in zip(runs, summaries, strict=True):
        spec = run.record.spec
        of_run = place_of(spec, axis)
        key = (spec.engine, chain_without(spec.chain, axis), others_of(spec, axis))
        for row in summary.rows:
            condition = {tag: tag_text(value) for tag in by if (value := row.result.tags.get(tag)) is not None}
            at = of_run if of_run is not None else as_number(row.result.tags.get(axis))
            if at is None:
                if axis == SNR and condition.get("noise", _NONE) == _NONE:
                    clean.setdefault(key, []).append((condition, row))
                continue
            one = series.setdefault((*key, *condition.items()), _Series(*key, condition))  # by all that decides texts
            one.rows.setdefault(at, {})[_unit(row)] = row
            if summary.run_id not in one.run_ids:
                one.run_ids.append(summary.run_id)
    if not series:
        raise UsageError(f"Nothing in these runs has a number {axis!r}.", hint=_known(summaries[0].rows, runs[0]))
    for key, one in series.items():
        for condition, row in clean.get(key[:3], ()):
            if all(condition.get(tag) == value for tag, value in one.condition.items() if tag != "noise"):
                one.rows.setdefault(None, {})[_unit(row)] = row
    found = [_curve(one, list(series.values()), metric, seed) for one in series.values()]
    return Curves(
        axis=axis,
        metric=metric,
        ruler=summaries[0].ruler,
        ruler_hash=summaries[0].ruler_hash,
        curves=tuple(found),
        differences=_against_first(found, metric, seed),
    )


def _against_first(curves: Sequence[Curve], metric: MetricName, seed: int) -> tuple[AreaDifference, ...]:
    first, *others = curves
    return judge_areas(
        [compare_areas(first.rows, one.rows, names=(first.name, one.name), metric=metric, seed=seed) for one in others]
    )


def _curve(series: _Series, every: Sequence[_Series], metric: MetricName, seed: int) -> Curve:
    places = sorted(at for at in series.rows if at is not None)
    if len(places) > MOST_PLACES:
        raise UsageError(f"{len(places)} different values are no axis.", hint=f"At most {MOST_PLACES} are drawn.")
    columns: list[float | None] = [*places, *([None] if None in series.rows else [])]
    shared = set.intersection(*(set(series.rows[at]) for at in columns))
    paired = bool(shared)
    chosen = {at: {key: row for key, row in series.rows[at].items() if key in shared or not paired} for at in columns}
    every_unit = {key: row for rows in chosen.values() for key, row in rows.items()}
    keys = sorted(every_unit)
    clusters = cluster_utterances([every_unit[key].result.tags for key in keys])
    numbers = {label: number for number, label in enumerate(dict.fromkeys(clusters.labels))}
    shape = (len(numbers), len(columns))
    errors, lengths = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    for key, label in zip(keys, clusters.labels, strict=True):
        for column, at in enumerate(columns):
            if (row := chosen[at].get(key)) is not None and (counts := row.counts[metric]).reference_length:
                errors[numbers[label], column] += counts.errors
                lengths[numbers[label], column] += counts.reference_length
    figures = curve_figures(places, errors, lengths, clean=None in series.rows, seed=seed)
    points = [
        CurvePoint(at=at, counts=_added(chosen[at].values(), metric), clips=len(chosen[at]), ci95=band)
        for at, band in zip(columns, (*figures.bands, figures.clean_band), strict=False)
    ]
    return Curve(
        name=_name(series, every),
        engine=series.engine,
        chain=series.chain,
        condition=series.condition,
        run_ids=tuple(series.run_ids),
        points=tuple(points[: len(places)]),
        clean=points[-1] if None in series.rows else None,
        figures=figures,
        paired=paired,
        left_out=len({key for at in columns for key in series.rows[at]} - shared) if paired else 0,
        units=len(numbers),
        rows=series.rows,
    )


def _added(rows: Any, metric: MetricName) -> ErrorCounts:
    return sum((row.counts[metric] for row in rows if row.counts[metric].reference_length), start=ErrorCounts())


def _unit(row: ItemRow) -> str:
    """The clip as it was before anything was done to it."""
    tags = row.result.tags
    return f"{tags.get('source_set', '')}/{tags['source_id']}" if "source_id" in tags else row.result.id


def _name(series: _Series, every: Sequence[_Series]) -> str:
    """What is not the same in all curves; the engine where all is."""
    parts = [series.engine] if len({one.engine for one in every}) > 1 else []
    if len({one.chain for one in every}) > 1:
        parts.append(series.chain or "no chain")
    varied = {name for one in every for name, _ in set(one.others) ^ set(series.others)}
    parts += [f"{name} {value}" for name, value in series.others if name in varied]
    for tag, value in series.condition.items():
        if len({one.condition.get(tag) for one in every}) > 1:
            parts.append(value if tag == "noise" else f"{tag} {value}")
    return ", ".join(parts) or series.engine


def _known(rows: Sequence[ItemRow], run: StoredRun) -> str:
    tags = {tag for row in rows for tag, value in row.result.tags.items() if as_number(value) is not None}
    names = ", ".join(sorted(tags | numbers_of(run.record.spec)))
    return f"Numbers there: {names}." if names else "Derive a set with `workbench sets derive`."
