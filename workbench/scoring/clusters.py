"""What chance draws: utterances, or whole speakers or recordings where the utterances are tagged with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from workbench.errors import UsageError

ClusterBy = Literal["utterance", "speaker", "recording"]

TAGS: tuple[ClusterBy, ...] = ("speaker", "recording")
"""Tags that make clusters, the one that is looked at first before the other."""

FEWEST_CLUSTERS = 20
"""Below this an interval is warned of: with few clusters intervals are too narrow, "few" beginning somewhere between 20
and 50 (Cameron and Miller 2015, "A Practitioner's Guide to Cluster-Robust Inference", VI). docs/metrics.md has figures.
"""

FEWEST_FOR_A_TEST = 6
"""With fewer, no difference can be shown at 0.05: of the 2⁵ = 32 ways to sign five differences, two are as far from
zero as when all agree, and 2/32 is 0.0625."""

NAMES: Mapping[ClusterBy, tuple[str, str]] = {
    "utterance": ("clip", "clips"),
    "speaker": ("speaker", "speakers"),
    "recording": ("recording", "recordings"),
}
"""One of them and several, in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clusters:
    """Which utterances are drawn together.

    Attributes:
        by: What they share.
        labels: Number of each utterance's cluster, 0 …; utterances without the tag have one each.
        few: Tags with too few values to draw by, and how many: figures hold for those alone.
    """

    by: ClusterBy
    labels: tuple[int, ...]
    few: tuple[tuple[ClusterBy, int], ...] = ()


def cluster_utterances(tags: Sequence[Mapping[str, object]], *, by: ClusterBy | None = None) -> Clusters:
    """Put utterances that depend on each other together.

    Errors on the utterances of one speaker go up and down together, so drawing them one by one makes intervals too
    narrow and tests too ready (Liu and Peng 2020, "Statistical Testing on ASR Performance via Blockwise Bootstrap",
    Interspeech). The unit is the speaker where there are `FEWEST_FOR_A_TEST` of them at least, else the recording where
    there are as many, else the utterance: then figures hold for the speakers that are there, and say little of others.

    Args:
        tags: Of each utterance.
        by: The unit; None chooses as above.

    Raises:
        UsageError: `by` is a tag that no utterance has.
    """
    values = {name: [_value(one.get(name)) for one in tags] for name in TAGS}
    if by in TAGS and not any(values[by]):
        raise UsageError(f"No clip is tagged with its {by}.", hint="Give the manifest's lines that field, or leave it.")
    numbered = {name: _numbered(values[name]) for name in TAGS if any(values[name])}
    count = {name: len(set(labels)) for name, labels in numbered.items()}
    enough: list[ClusterBy] = [name for name in TAGS if count.get(name, 0) >= FEWEST_FOR_A_TEST]
    chosen = by or (enough[0] if enough else "utterance")
    few: list[tuple[ClusterBy, int]] = [
        (name, count[name]) for name in TAGS if name != chosen and 0 < count.get(name, 0) < FEWEST_FOR_A_TEST
    ]
    labels = numbered.get(chosen, tuple(range(len(tags))))
    return Clusters(by=chosen, labels=labels, few=tuple(few) if len(tags) > 1 else ())


def tell_doubts(by: ClusterBy, count: int, *, few: Sequence[tuple[ClusterBy, int]] = ()) -> Iterator[str]:
    """Sentences on why intervals and tests may promise too much.

    Args:
        by: What was drawn.
        count: How many there are of it.
        few: As in `Clusters`.
    """
    for name, there in few:
        one, several = NAMES[name]
        them, those = (f"one {one}", f"that {one}") if there == 1 else (f"{there} {several}", f"those {several}")
        yield f"The clips are of {them} only: intervals and verdicts hold for {those} alone."
    one, several = NAMES[by]
    if 1 < count < FEWEST_FOR_A_TEST:
        yield (
            f"{count} {several}: intervals are not reliable, and no difference can be shown with fewer than "
            f"{FEWEST_FOR_A_TEST} {several}."
        )
    elif 1 < count < FEWEST_CLUSTERS:
        yield f"{count} {several}: intervals are likely too narrow; {FEWEST_CLUSTERS} {several} or more are wanted."
    elif count == 1:
        yield f"One {one}: there is no interval, and no difference can be shown."


def _value(tag: object) -> str | None:
    return None if tag is None or tag == "" else str(tag)


def _numbered(values: Sequence[str | None]) -> tuple[int, ...]:
    """Equal values, equal numbers; each None a number of its own."""
    seen: dict[str, int] = {}
    labels: list[int] = []
    own = 0
    for value in values:
        if value is None:
            labels.append(len(seen) + own)
            own += 1
        else:
            labels.append(seen.setdefault(value, len(seen) + own))
    return tuple(labels)
