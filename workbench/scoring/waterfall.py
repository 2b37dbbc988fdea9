"""How much of an error rate is orthography: errors after each step of a ruler, from the raw texts on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from workbench.scoring.counts import ErrorCounts, Tally, tally, tally_all
from workbench.scoring.score import METRICS, Pair, count_each
from workbench.text.fillers import FILLERS
from workbench.text.rulers import MetricName, Ruler, find_ruler
from workbench.text.steps import TextStep

Counts = Mapping[MetricName, ErrorCounts]

RAW = "raw"
_GROUPS = {
    "trim": "punctuation",
    "unicode": "punctuation",
    "case": "punctuation",
    "punctuation": "punctuation",
    "typography": "punctuation",
    "initials": "punctuation",
    "script": "script",
    "variants": "variants",
    "cantonese": "variants",
    "pairs": "variants",
    "numbers": "numbers",
    "whisper-english": "english",
    "english-parts": "english",
    "fillers": "fillers",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The texts after some of a ruler's steps.

    Attributes:
        group: "raw", "punctuation", "script", "variants", "numbers", "english" or "fillers": what the last steps did.
        steps: Ids of the steps that this stage adds: `("script@1",)`.
        beyond: Whether these steps are not in the ruler; the stage before is what the ruler measures.
        clips: Counts of each clip, in the order given; a clip may lose its whole reference on the way (punctuation).
    """

    group: str
    steps: tuple[str, ...]
    beyond: bool
    clips: tuple[Counts, ...]

    def total(self, metric: MetricName) -> Tally:
        """The clips' counts, added."""
        return tally_all(counts[metric] for counts in self.clips)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waterfall:
    """A corpus under a ruler, step by step.

    Attributes:
        ruler: Its id, `zh@1`.
        ruler_hash: As beside every rate.
        ids: Of the clips, in order.
        stages: From the raw texts on.
    """

    ruler: str
    ruler_hash: str
    ids: tuple[str, ...]
    stages: tuple[Stage, ...]

    def clip(self, place: int, metric: MetricName) -> tuple[Tally, ...]:
        """One clip's counts after each stage; over all clips they add up to the stages' totals.

        Args:
            place: Of the clip in `ids`.
            metric: Which unit.
        """
        return tuple(tally(stage.clips[place][metric]) for stage in self.stages)


def build_waterfall(pairs: Sequence[Pair], ruler: Ruler) -> Waterfall:
    """Count the errors after each group of a ruler's steps.

    The steps are taken in the ruler's order, neighbours of one kind together. A ruler that keeps hesitations has a last
    stage beyond it, without them. The number of reference units may change from stage to stage: full stops are units of
    the raw texts, 120 is three characters and 一百二十 four. So errors can also rise.

    Args:
        pairs: Id, reference and hypothesis of each clip.
        ruler: Whose steps.
    """
    stages = [_count(find_ruler("raw"), pairs, group=RAW, steps=())]
    done: tuple[TextStep, ...] = ()
    for group, several in groupby(ruler.steps, key=_group):
        added = tuple(several)
        done += added
        stages.append(_count(_up_to(ruler, done), pairs, group=group, steps=added))
    if not {"whisper-english", "english-parts", FILLERS.name} & {step.name for step in ruler.steps}:
        whole = _up_to(ruler, (*ruler.steps, FILLERS))
        stages.append(_count(whole, pairs, group=FILLERS.name, steps=(FILLERS,), beyond=True))
    return Waterfall(ruler=ruler.id, ruler_hash=ruler.hash, ids=tuple(pair[0] for pair in pairs), stages=tuple(stages))


def _group(step: TextStep) -> str:
    return _GROUPS.get(step.name, step.name)


def _up_to(ruler: Ruler, steps: tuple[TextStep, ...]) -> Ruler:
    return Ruler(name=f"{ruler.name}-part", version=ruler.version, summary=ruler.summary, steps=steps)


def _count(
    ruler: Ruler, pairs: Sequence[Pair], *, group: str, steps: tuple[TextStep, ...], beyond: bool = False
) -> Stage:
    references = [ruler.apply(reference) for _, reference, _ in pairs]
    hypotheses = [ruler.apply(hypothesis) for _, _, hypothesis in pairs]
    counted = count_each(references, hypotheses)
    return Stage(
        group=group,
        steps=tuple(step.id for step in steps),
        beyond=beyond,
        clips=tuple({metric: counted[metric][place] for metric in METRICS} for place in range(len(pairs))),
    )
