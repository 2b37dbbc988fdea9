"""Systems on recordings without labels: where they disagree, what to label, and what the labels say of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from workbench.errors import RunError
from workbench.evalsets.selection import MIXED
from workbench.runs.records import ItemResult
from workbench.runs.store import StoredRun
from workbench.runs.sweep_store import Setting
from workbench.scoring.alignment import count_units
from workbench.scoring.interval import SIGNIFICANCE, Verdict
from workbench.scoring.matched_pairs import correct_for_many
from workbench.scoring.sampling import Estimate, chances, draw_order, drawn_so_far, estimate_rate
from workbench.scoring.score import METRICS
from workbench.scoring.verdicts import say_difference
from workbench.text.rulers import MetricName, Ruler, headline_metric
from workbench.text.units import split

LABELS_WANTED = 20
_MOST_DRAWS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What somebody heard in a clip.

    Attributes:
        text: What was said; empty where nothing was.
        usable: Whether it could be told; what could not is in no rate.
    """

    text: str
    usable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialClip:
    """A clip that all systems transcribed.

    Attributes:
        id: Its name.
        audio: Its recording.
        seconds: Its length; None where it is not known.
        texts: One a setting, in their order.
        apart: By how many units the systems' texts differ, the mean of all pairs.
        label: What somebody heard; None where nobody listened yet.
    """

    id: str
    audio: Path
    seconds: float | None
    texts: tuple[str, ...]
    apart: float
    label: Label | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemEstimate:
    """What the labels say of a setting.

    Attributes:
        setting: Which one.
        rate: Over all clips, estimated.
        against: Its rate minus that of the first setting; None for the first. p-values are raised by Holm's method.
        verdict: What may be said of it against the first; None for the first.
        sentence: The same with its figures; empty for the first.
    """

    setting: Setting
    rate: Estimate
    against: Estimate | None
    verdict: Verdict | None
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Where a trial stands.

    Attributes:
        name: Of the trial.
        settings: What is compared; the first is the baseline.
        metric: The rate that is estimated.
        ruler: Name and version of what texts were compared under.
        clips: Where the systems disagree most, first.
        queue: Ids of the clips to label, in the order in which estimates need them; labelled ones are not in it.
        labelled: How many of those that are wanted have a label.
        wanted: How many distinct clips were drawn to be labelled.
        draws: On how many draws the estimates rest.
        systems: What the labels say so far, in the order of the settings.
        lacking: Clips that a system failed on, and which are left out.
    """

    name: str
    settings: tuple[Setting, ...]
    metric: MetricName
    ruler: str
    clips: tuple[TrialClip, ...]
    queue: tuple[str, ...]
    labelled: int
    wanted: int
    draws: int
    systems: tuple[SystemEstimate, ...]
    lacking: int


def assess_trial(
    name: str,
    runs: Mapping[Setting, StoredRun],
    labels: Mapping[str, Label],
    *,
    ruler: Ruler,
    wanted: int = LABELS_WANTED,
    seed: int = 0,
) -> Trial:
    """Rank the clips by disagreement, draw those to be labelled, and estimate from the labels.

    Args:
        name: Of the trial.
        runs: Each setting's run over the same clips.
        labels: By the id of a clip.
        ruler: What is done to all texts before they are compared.
        wanted: How many distinct clips to label, at most as many as there are.
        seed: Of the draws.

    Raises:
        RunError: No clip was transcribed by all.
    """
    settings, several = tuple(runs), list(runs.values())
    language = several[0].record.spec.set_language
    metric = headline_metric(language or MIXED)  # whatever is spoken, in words or in characters
    clips, lengths = _clips(several, labels, ruler, metric)
    if not clips:
        raise RunError(f"No clip of {name} was transcribed by all systems.", hint="Run it again.")
    chance = chances([clip.apart for clip in clips], lengths)
    order = _until_distinct(draw_order(chance, _MOST_DRAWS, seed=seed), min(wanted, len(clips)))
    drawn = list(dict.fromkeys(order))
    labelled = {place: clip.label for place, clip in enumerate(clips) if clip.label is not None}
    used = drawn_so_far(order, labelled)
    drawn_clips, drawn_chance = [clips[place] for place in used], [float(chance[place]) for place in used]
    return Trial(
        name=name,
        settings=settings,
        metric=metric,
        ruler=ruler.id,
        clips=tuple(sorted(clips, key=lambda one: -one.apart)),
        queue=tuple(clips[place].id for place in drawn if place not in labelled),
        labelled=sum(place in labelled for place in drawn),
        wanted=len(drawn),
        draws=len(used),
        systems=_estimates(settings, drawn_clips, drawn_chance, ruler, metric),
        lacking=len({one.id for run in several for one in run.outcomes}) - len(clips),
    )


def _clips(
    runs: Sequence[StoredRun], labels: Mapping[str, Label], ruler: Ruler, metric: MetricName
) -> tuple[list[TrialClip], list[float]]:
    """The clips that all systems transcribed, and how many units they say there are in each."""
    by_id = [{one.id: one for one in run.outcomes if isinstance(one, ItemResult)} for run in runs]
    shared = [[one[id] for one in by_id] for id in by_id[0] if all(id in one for one in by_id)]
    units = [[split(ruler.apply(one.text), METRICS[metric]) for one in several] for several in shared]
    pairs = [(a, b) for several in units for a, b in combinations(several, 2)]
    errors = iter(count_units([a for a, _ in pairs], [b for _, b in pairs]))
    each = len(runs) * (len(runs) - 1) // 2
    clips = [
        TrialClip(
            id=several[0].id,
            audio=Path(several[0].audio),
            seconds=several[0].audio_seconds,
            texts=tuple(one.text for one in several),
            apart=sum(next(errors).errors for _ in range(each)) / each,
            label=labels.get(several[0].id),
        )
        for several in shared
    ]
    return clips, [sum(map(len, several)) / len(several) for several in units]


def _until_distinct(order: Sequence[int], wanted: int) -> list[int]:
    """The draws up to the one that brings the last clip that is wanted."""
    seen: set[int] = set()
    for number, place in enumerate(order, start=1):
        seen.add(place)
        if len(seen) == wanted:
            return list(order[:number])
    return list(order)


def _estimates(
    settings: Sequence[Setting], drawn: Sequence[TrialClip], chance: Sequence[float], ruler: Ruler, metric: MetricName
) -> tuple[SystemEstimate, ...]:
    """What the labels of drawn clips say. What could not be understood counts nothing, in errors and in length."""
    said = [_said(clip, ruler, metric) for clip in drawn]
    lengths = [len(units or ()) for units in said]
    errors = [
        _errors(said, [split(ruler.apply(clip.texts[place]), METRICS[metric]) for clip in drawn])
        for place in range(len(settings))
    ]
    against = [
        estimate_rate([b - a for a, b in zip(errors[0], row, strict=True)], lengths, chance) for row in errors[1:]
    ]
    p_values = correct_for_many([one.p_value for one in against])
    return tuple(
        _system(
            setting,
            estimate_rate(errors[place], lengths, chance),
            against[place - 1] if place else None,
            p_values[place - 1] if place else None,
        )
        for place, setting in enumerate(settings)
    )


def _said(clip: TrialClip, ruler: Ruler, metric: MetricName) -> list[str] | None:
    """The units that were said; None where that could not be told."""
    if clip.label is None or not clip.label.usable:
        return None
    return split(ruler.apply(clip.label.text), METRICS[metric])


def _errors(said: Sequence[list[str] | None], heard: Sequence[list[str]]) -> list[int]:
    """Of each draw; 0 where it could not be told what was said."""
    counts = count_units([one or [] for one in said], heard)
    return [0 if one is None else found.errors for one, found in zip(said, counts, strict=True)]


def _system(setting: Setting, rate: Estimate, against: Estimate | None, p_value: float | None) -> SystemEstimate:
    if against is None:
        return SystemEstimate(setting=setting, rate=rate, against=None, verdict=None, sentence="")
    judged = Estimate(value=against.value, ci95=against.ci95, p_value=p_value)
    shown = p_value is not None and p_value < SIGNIFICANCE
    verdict = judged.verdict if shown else "no difference shown"
    return SystemEstimate(
        setting=setting,
        rate=rate,
        against=judged,
        verdict=verdict,
        sentence=say_difference(judged.value, judged.ci95, verdict),
    )
