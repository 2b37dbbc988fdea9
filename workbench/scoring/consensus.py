"""Several systems' texts of one clip against its reference: where they differ from it, and what they say instead.

As in ROVER (Fiscus 1997, "A post-processing system to yield reduced word error rates", ASRU), texts are aligned and
vote place by place; here all are aligned with the reference, since the question is whether that one is right.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from workbench.scoring.alignment import Edit, align_units
from workbench.text.phonetics import Speech, read_aloud
from workbench.text.rulers import Ruler
from workbench.text.scripts import has_han
from workbench.text.units import Unit, split

Units = tuple[str, ...]
_Distance = Callable[[Units, Units], float]

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_NUMBER_WORDS = {word: str(digit) for digit, word in enumerate(_DIGITS)}
_UNWRITTEN = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Spoken:
    """A text as it is compared.

    Attributes:
        units: As written, under the ruler.
        sounds: As they sound, one for each unit; for languages without readings here, the units.
    """

    units: Units
    sounds: Units


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """What each system has wherever one at least differs from the reference.

    Attributes:
        reference: Of the clip.
        places: Units of the reference before each place, those in it, and each system's; in order, none touching
            another.
        distance: Edits between two versions of the same place, in sounds.
    """

    reference: Spoken
    places: tuple[tuple[int, Units, Mapping[str, Units]], ...]
    distance: _Distance


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A stretch of the reference that one system at least has otherwise.

    Attributes:
        start: Units of the reference before it.
        reference: Its units; none where something was only put in.
        heard: Each system's units there, those that have the reference's included.
        consensus: What the systems have on the whole: of their versions, the one with the least distance from all.
        agreeing: Which systems are nearer to that than to the reference.
        alike: Units of distance from the reference that the systems have in common, by votes: their mean distance from
            it, less their mean distance from each other. As large as the place where all agree, 0 where each has
            something else or half of them have the reference.
        apart: What is left of their mean distance from the reference.
        shared: For each two systems, by how much both differ from the reference alike, and by how much either does.
    """

    start: int
    reference: Units
    heard: Mapping[str, Units]
    consensus: Units
    agreeing: tuple[str, ...]
    alike: float
    apart: float
    shared: Mapping[tuple[str, str], tuple[float, float]]

    @property
    def change(self) -> tuple[Units, Units]:
        """What becomes of what."""
        return self.reference, self.consensus

    @property
    def size(self) -> int:
        """Units at stake."""
        return max(len(self.reference), len(self.consensus))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """One clip with its places.

    Attributes:
        reference: Of the clip.
        places: In order, none touching another.
    """

    reference: Spoken
    places: tuple[Place, ...]


def speak(text: str, ruler: Ruler, unit: Unit, speech: Speech | None) -> Spoken:
    """A text under a ruler, with its sounds.

    Args:
        text: As labelled or recognised.
        ruler: Applied first.
        unit: "mixed" where there are readings.
        speech: Whose readings; None for none.
    """
    measured = ruler.apply(text)
    units = tuple(split(measured, unit))
    return Spoken(units, tuple(read_aloud(measured, speech)) if speech else units)


def find_versions(reference: Spoken, texts: Mapping[str, Spoken], speech: Speech | None) -> Versions:
    """Where systems differ from a reference by sound, and what each has there.

    Args:
        reference: The label.
        texts: By system; one at least.
        speech: Whose readings the sounds are; None for none.
    """
    found = align_units([list(reference.sounds)] * len(texts), [list(text.sounds) for text in texts.values()])
    alignments = dict(zip(texts, found, strict=True))
    borders = {name: _borders(alignment) for name, alignment in alignments.items()}
    places = tuple(
        (
            start,
            reference.units[start:end],
            {name: text.units[borders[name][start][0] : borders[name][end][1]] for name, text in texts.items()},
        )
        for start, end in _merged(stretch for alignment in found for stretch in _stretches(alignment))
    )
    measure = _distances([(said, *heard.values()) for _, said, heard in places], speech)
    return Versions(reference=reference, places=places, distance=measure)


def vote(versions: Versions, weights: Mapping[str, float]) -> Ballot:
    """What systems agree on at each place.

    Args:
        versions: Of one clip.
        weights: Of each system's vote, above 0.
    """
    places = (_vote(start, said, heard, weights, versions.distance) for start, said, heard in versions.places)
    return Ballot(reference=versions.reference, places=tuple(places))


def weigh_systems(ballots: Iterable[Ballot], systems: Sequence[str]) -> dict[str, float]:
    """How much each system's vote is worth: less, the more its errors are those of others.

    Three settings of one model are hardly three witnesses. With J the share of errors that two systems have alike, a
    system's weight is 1 / (J with each system, itself included, added): 1 for one that errs by itself, 1/n for each of
    n that are the same.
    """
    alike = defaultdict[tuple[str, str], float](float)
    either = defaultdict[tuple[str, str], float](float)
    for ballot in ballots:
        for place in ballot.places:
            for pair, (common, all_there_is) in place.shared.items():
                alike[pair] += common
                either[pair] += all_there_is
    likeness = {pair: alike[pair] / whole for pair, whole in either.items() if whole}
    return {one: 1 / (1 + sum(likeness.get((one, other), 0.0) for other in systems if other != one)) for one in systems}


def sound_of(units: Units, speech: Speech | None) -> str:
    """Units by what is heard of them: syllables where there are readings, letters and digits where not.

    Word boundaries, signs and the English names of digits are writing: "file name" sounds like "filename", "one 2 3"
    like "123".
    """
    if speech and any(has_han(unit) for unit in units):
        return " ".join(read_aloud(" ".join(units), speech))
    written = "".join(_NUMBER_WORDS.get(unit, unit) for unit in units)
    return _UNWRITTEN.sub("", written) or written


def _vote(
    start: int, reference: Units, heard: Mapping[str, Units], weights: Mapping[str, float], distance: _Distance
) -> Place:
    consensus = _medoid(reference, heard, weights, distance)
    size = max(len(reference), len(consensus))  # what is the most a version can be away: one that loops has no veto
    off = {name: min(size, distance(units, reference)) for name, units in heard.items()}
    between = {
        (one, other): min(size, distance(heard[one], heard[other])) for one in heard for other in heard if one != other
    }
    error = sum(weights[name] * value for name, value in off.items()) / sum(weights[name] for name in heard)
    pairs = sum(weights[one] * weights[other] for one, other in between)
    spread = sum(weights[one] * weights[other] * value for (one, other), value in between.items()) / (pairs or 1.0)
    alike = max(0.0, error - spread) if pairs else 0.0
    return Place(
        start=start,
        reference=reference,
        heard=heard,
        consensus=consensus,
        agreeing=tuple(name for name, units in heard.items() if distance(units, consensus) < off[name]),
        alike=alike,
        apart=error - alike,
        shared={
            (one, other): (max(0.0, (off[one] + off[other]) / 2 - value), max(off[one], off[other]))
            for (one, other), value in between.items()
        },
    )


def _medoid(reference: Units, heard: Mapping[str, Units], weights: Mapping[str, float], distance: _Distance) -> Units:
    """Of the versions that are not the reference's, the one nearest to all; of spellings, the commonest."""
    spellings = Counter(units for units in heard.values() if distance(units, reference))

    def cost(units: Units) -> tuple[float, int]:
        away = sum(weights[name] * distance(units, other) for name, other in heard.items())
        return round(away, 9), -spellings[units]

    return min(spellings, key=cost, default=reference)


def _distances(groups: Iterable[Sequence[Units]], speech: Speech | None) -> _Distance:
    """A measure between versions of the same place: edits in sounds, 0 between those that sound alike."""
    sounds = {units: sound_of(units, speech) for group in groups for units in group}
    pairs = list(
        {(one, other): None for group in groups for one in group for other in group if sounds[one] < sounds[other]}
    )
    left, right = ([_sounds(pair[side], speech) for pair in pairs] for side in (0, 1))
    edits = [sum(edit.op != "hit" for edit in alignment) for alignment in align_units(left, right)]
    known = {(sounds[one], sounds[other]): count for (one, other), count in zip(pairs, edits, strict=True)}

    def distance(one: Units, other: Units) -> int:
        first, second = sorted((sounds[one], sounds[other]))
        return 0 if first == second else known[first, second]

    return distance


def _sounds(units: Units, speech: Speech | None) -> list[str]:
    return read_aloud(" ".join(units), speech) if speech else list(units)


def _stretches(alignment: Sequence[Edit]) -> list[tuple[int, int]]:
    """Bounds, in units of the reference, of what is not hit; equal bounds where something was put in."""
    found: list[tuple[int, int]] = []
    place = 0
    for edit in alignment:
        width = edit.op != "insertion"
        if edit.op != "hit":
            found.append((place, place + width))
        place += width
    return found


def _merged(stretches: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Stretches of all systems, those that touch as one."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(stretches):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _borders(alignment: Sequence[Edit]) -> list[tuple[int, int]]:
    """How many units of the text come before what was put in between two of the reference's, and after it.

    One pair for each place before, between and after the reference's units.
    """
    borders: list[tuple[int, int]] = []
    first = heard = 0
    for edit in alignment:
        heard += edit.op != "deletion"
        if edit.op != "insertion":
            borders.append((first, heard - (edit.op != "deletion")))
            first = heard
    return [*borders, (first, heard)]
