"""Labels that are probably wrong: clips whose systems agree with each other and not with the reference."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.scoring.alignment import Edit, align_units
from workbench.scoring.consensus import Ballot, Place, find_versions, speak, vote, weigh_systems
from workbench.scoring.label_odds import Evidence, weigh_labels
from workbench.text.phonetics import Speech
from workbench.text.rulers import Ruler
from workbench.text.scripts import ATTACHED, UNSPACED
from workbench.text.units import Unit

_NO_SPACE = re.compile(f"(?<=[{UNSPACED}{ATTACHED}]) | (?=[{UNSPACED}])")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipTexts:
    """One clip as labelled and as several systems heard it.

    Attributes:
        id: Of the clip.
        reference: The label.
        texts: By system.
        group: Clips that are alike hard: the clip's language.
        speech: Readings by which its texts are compared; None compares them as written.
    """

    id: str
    reference: str
    texts: Mapping[str, str]
    group: str = ""
    speech: Speech | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """A stretch of the label that systems agree to have otherwise.

    Attributes:
        start: Units of the label before it.
        reference: What the label has there, under the ruler; empty where something is missing in it.
        consensus: What the systems have on the whole; empty where the label has too much.
        agreeing: The systems that are nearer to that than to the label.
        weight: How much of it speaks against the label, 0 to 1: what the systems have in common (`Place.alike`), over
            its size and over the number of clips in which they do the same.
    """

    start: int
    reference: str
    consensus: str
    agreeing: tuple[str, ...]
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A clip whose label is doubted.

    Attributes:
        id: Of the clip.
        score: How much likelier what the systems have is if the label is wrong, as powers of ten: 1 is ten times. It
            ranks; whether a label is wrong is found out by listening.
        reference: The label as it is.
        texts: What each system has, as it is.
        measured: The label under the ruler.
        consensus: The same with what the systems agree on in its place.
        objections: Where and why, in order.
        agreeing: The systems that are nearer to every objection than to the label.
        edits: From `measured` to `consensus`, unit by unit.
    """

    id: str
    score: float
    reference: str
    texts: Mapping[str, str]
    measured: str
    consensus: str
    objections: tuple[Objection, ...]
    agreeing: tuple[str, ...]
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicions:
    """All labels held against what systems heard.

    Attributes:
        ruler: Its id.
        ruler_hash: As beside every rate.
        unit: What was compared.
        weights: Each system's vote: less for systems that err alike (`consensus.weigh_systems`).
        judged: Clips with a reference and two texts.
        empty_references: Ids of clips not judged, since nothing is left of their reference under the ruler.
        too_few_texts: Ids of clips not judged, since fewer than two systems have a text for them.
        suspects: The most doubtful first; clips whose label no consensus speaks against are not among them.
    """

    ruler: str
    ruler_hash: str
    unit: Unit
    weights: Mapping[str, float]
    judged: int
    empty_references: tuple[str, ...]
    too_few_texts: tuple[str, ...]
    suspects: tuple[Suspect, ...]


def find_suspects(clips: Sequence[ClipTexts], ruler: Ruler, unit: Unit = "mixed") -> Suspicions:
    """Rank labels by how probably they are wrong.

    Texts are compared under a ruler and, where there are readings, by sound: a homophone cannot be told from its like
    by ear, so it is no evidence. Neither are word boundaries and digits written out. A change that the systems make in
    n clips is rather theirs than the labels', and counts 1/n in each. How the rest is weighed, so that hard clips and
    relatives among the systems do not crowd the list: `scoring.label_odds`.

    Args:
        clips: A corpus; the more, the better it is known what is usual.
        ruler: Applied to labels and texts.
        unit: What is counted; "mixed" for clips with readings.
    """
    empty = tuple(clip.id for clip in clips if not ruler.apply(clip.reference))
    few = tuple(clip.id for clip in clips if len(clip.texts) < 2 and clip.id not in frozenset(empty))
    left_out = {*empty, *few}
    judged = [clip for clip in clips if clip.id not in left_out]
    ballots, weights = _hold(judged, ruler, unit)
    clips_with = Counter(change for ballot in ballots for change in {place.change for place in ballot.places})
    weighed = [
        [place.alike / (place.size or 1) / clips_with[place.change] for place in ballot.places] for ballot in ballots
    ]
    evidence = [
        _evidence(clip.group, ballot, parts) for clip, ballot, parts in zip(judged, ballots, weighed, strict=True)
    ]
    found = [
        _suspect(clip, ballot, parts, score, unit)
        for clip, ballot, parts, score in zip(judged, ballots, weighed, weigh_labels(evidence), strict=True)
        if score is not None
    ]
    return Suspicions(
        ruler=ruler.id,
        ruler_hash=ruler.hash,
        unit=unit,
        weights=weights,
        judged=len(judged),
        empty_references=empty,
        too_few_texts=few,
        suspects=tuple(sorted(found, key=lambda one: -one.score)),
    )


def _hold(clips: Sequence[ClipTexts], ruler: Ruler, unit: Unit) -> tuple[list[Ballot], dict[str, float]]:
    """Every clip's places, with votes weighed by what all places say of the systems."""
    systems = list(dict.fromkeys(name for clip in clips for name in clip.texts))
    versions = [
        find_versions(
            speak(clip.reference, ruler, unit, clip.speech),
            {name: speak(text, ruler, unit, clip.speech) for name, text in clip.texts.items()},
            clip.speech,
        )
        for clip in clips
    ]
    equal = dict.fromkeys(systems, 1.0)
    weights = weigh_systems((vote(one, equal) for one in versions), systems)
    return [vote(one, weights) for one in versions], weights


def _evidence(group: str, ballot: Ballot, parts: Sequence[float]) -> Evidence:
    added = sum(max(0, len(place.consensus) - len(place.reference)) for place in ballot.places)
    return Evidence(
        group=group,
        units=len(ballot.reference.units) + added,
        alike=sum(place.alike for place in ballot.places),
        apart=sum(place.apart for place in ballot.places),
        open=sum(part * place.size for part, place in zip(parts, ballot.places, strict=True)),
    )


def _suspect(clip: ClipTexts, ballot: Ballot, parts: Sequence[float], score: float, unit: Unit) -> Suspect:
    agreed = [(place, part) for place, part in zip(ballot.places, parts, strict=True) if part > 0]
    label = list(ballot.reference.units)
    consensus: list[str] = []
    edits: list[Edit] = []
    reached = 0
    for place, _ in agreed:
        consensus += [*label[reached : place.start], *place.consensus]
        edits += [Edit("hit", one, one) for one in label[reached : place.start]]
        edits += _changes(place)
        reached = place.start + len(place.reference)
    return Suspect(
        id=clip.id,
        score=score,
        reference=clip.reference,
        texts=dict(clip.texts),
        measured=_written(label, unit),
        consensus=_written([*consensus, *label[reached:]], unit),
        objections=tuple(_objection(place, part, unit) for place, part in agreed),
        agreeing=tuple(name for name in clip.texts if all(name in place.agreeing for place, _ in agreed)),
        edits=(*edits, *(Edit("hit", one, one) for one in label[reached:])),
    )


def _objection(place: Place, weight: float, unit: Unit) -> Objection:
    return Objection(
        start=place.start,
        reference=_written(place.reference, unit),
        consensus=_written(place.consensus, unit),
        agreeing=place.agreeing,
        weight=weight,
    )


def _changes(place: Place) -> list[Edit]:
    """A place as edits: units one by one as far as both go, then what one side has more."""
    return align_units([list(place.reference)], [list(place.consensus)])[0]


def _written(units: Sequence[str], unit: Unit) -> str:
    """Units as a text: spaces between words, none beside a character that stands alone."""
    if unit == "char":
        return "".join(units)
    return _NO_SPACE.sub("", " ".join(units))
