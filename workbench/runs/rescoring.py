"""A run's figures as plain values: written into a bundle, made again from it, and held against each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from workbench.errors import UnknownName
from workbench.runs.report import measurement_json
from workbench.runs.store import StoredRun
from workbench.runs.summary import RunSummary, summarise
from workbench.scoring.score import METRICS
from workbench.text.rulers import Ruler, default_ruler, find_ruler

_ALWAYS = ("basic", "raw")


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureDifference:
    """One figure that is not what it was.

    Attributes:
        where: `zh@1 cer rate`, or `zh@1 clip m-001 cer substitutions`.
        then: As it was written; None where it was not there.
        now: As it is now.
    """

    where: str
    then: Any
    now: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescoring:
    """A bundle's figures made again.

    Attributes:
        compared: How many figures were held against each other.
        differences: Those that differ.
        rulers: What the figures were made under, name, version and hash.
        changed: Why they may differ, a sentence for each ruler that is not here as it was.
    """

    compared: int
    differences: tuple[FigureDifference, ...]
    rulers: tuple[str, ...]
    changed: tuple[str, ...]


def sealing_rulers(language: str, asked: str | None = None) -> list[Ruler]:
    """What a bundle's texts are scored under: the ruler asked for, that of the language, and the two mildest."""
    names = [*([asked] if asked else []), default_ruler(language), *_ALWAYS]
    rulers = [find_ruler(name, files=False) for name in names]
    return list({ruler.id: ruler for ruler in rulers}.values())


def scores_json(run: StoredRun, rulers: Sequence[Ruler]) -> dict[str, Any]:
    """Every figure of a run under some rulers, and the rulers' steps with their versions."""
    scored = [(ruler, summarise(run, ruler=ruler)) for ruler in rulers]
    return {
        "rulers": [_ruler_json(ruler, summary) for ruler, summary in scored],
        "measurement": measurement_json(scored[0][1].measurement),
    }


def _ruler_json(ruler: Ruler, summary: RunSummary) -> dict[str, Any]:
    return {
        "ruler": ruler.id,
        "hash": ruler.hash,
        "steps": [step.id for step in ruler.steps],
        "headline": summary.headline,
        "scored": summary.scored,
        "failed": summary.failed,
        "empty_references": list(summary.empty_references),
        "cluster_by": summary.cluster_by,
        "clusters": summary.clusters,
        "metrics": {
            name: {
                **metric.as_json(),
                "items": metric.items,
                "insertions_on_empty": metric.insertions_on_empty,
            }
            for name, metric in summary.metrics.items()
        },
        "clips": {
            row.result.id: {
                name: {
                    "hits": row.counts[name].hits,
                    "substitutions": row.counts[name].substitutions,
                    "deletions": row.counts[name].deletions,
                    "insertions": row.counts[name].insertions,
                }
                for name in METRICS
            }
            for row in summary.rows
        },
    }


def rescore(run: StoredRun, written: Mapping[str, Any]) -> Rescoring:
    """Score a bundle's texts again and hold every figure against the one that was written.

    Args:
        run: As it is in the bundle.
        written: Its `scores.json`.

    Raises:
        UnknownName: A ruler is not known here.
        TypeError, KeyError, ValueError: It is no such document.
    """
    then = {str(one["ruler"]): cast("Mapping[str, Any]", one) for one in written["rulers"]}
    rulers = {name: find_ruler(name.partition("@")[0], files=False) for name in then}
    if not rulers:
        raise UnknownName("ruler in scores.json", "", ())
    made = scores_json(run, list(rulers.values()))
    now = dict(zip(rulers, made["rulers"], strict=True))
    pairs = [*_figures(then, now, ()), *_figures(written["measurement"], made["measurement"], ("measurement",))]
    return Rescoring(
        compared=len(pairs),
        differences=tuple(one for one in pairs if one.then != one.now),
        rulers=tuple(f"{name} {one['hash']}" for name, one in then.items()),
        changed=tuple(
            _tell_change(one, rulers[name]) for name, one in then.items() if one["hash"] != rulers[name].hash
        ),
    )


_ABOUT_THE_RULER = ("ruler", "hash", "steps")


def _figures(then: Any, now: Any, path: tuple[str, ...]) -> Iterator[FigureDifference]:
    """Every figure of either side under where it stands; what rulers are made of is told apart."""
    if isinstance(then, Mapping) or isinstance(now, Mapping):
        before, after = _entries(then), _entries(now)
        for name in dict.fromkeys((*before, *after)):
            if len(path) != 1 or name not in _ABOUT_THE_RULER:
                yield from _figures(before.get(name), after.get(name), (*path, name))
    else:
        yield FigureDifference(where=" ".join(path), then=then, now=now)


def _entries(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def _tell_change(written: Mapping[str, Any], ruler: Ruler) -> str:
    steps = ", ".join(step.id for step in ruler.steps)
    before = ", ".join(map(str, written["steps"]))
    what = (
        "a table or a library of its steps differs" if steps == before else f"its steps were {before}, and are {steps}"
    )
    return f"The ruler {written['ruler']} was {written['hash']} and is {ruler.id} {ruler.hash} here: {what}."
