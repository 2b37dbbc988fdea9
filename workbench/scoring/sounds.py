"""Sound or spelling: which errors were heard rightly and only written otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from workbench.scoring.counts import ErrorCounts
from workbench.scoring.score import Edit, Pair, align_units
from workbench.text.cantonese import WRITTEN_MANDARIN
from workbench.text.phonetics import Speech, drop_tones, read_aloud
from workbench.text.rulers import Ruler
from workbench.text.scripts import has_han
from workbench.text.units import split

_NOTHING = ErrorCounts()


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundCounts:
    """Errors in writing and in sound; adds.

    Attributes:
        units: In mixed units as written: Han characters and words.
        syllables: In the same units as they sound, with tone: the jyutping or pinyin error rate.
        toneless: Without tone.
        same_sound: Substitutions of one Han character for another with the same syllable and tone.
        same_but_tone: Of those with the same syllable in another tone.
        other_sound: Of those that sound otherwise; these were misheard.
    """

    units: ErrorCounts = _NOTHING
    syllables: ErrorCounts = _NOTHING
    toneless: ErrorCounts = _NOTHING
    same_sound: int = 0
    same_but_tone: int = 0
    other_sound: int = 0

    def __add__(self, other: SoundCounts) -> SoundCounts:
        return SoundCounts(**{one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenMandarin:
    """What became of Cantonese words that Mandarin writes otherwise (係 是, 嘅 的); adds.

    Attributes:
        kept: Recognised as said.
        rewritten: Put into Mandarin: the speech was understood and not transcribed.
        other: Left out, or something else.
    """

    kept: int = 0
    rewritten: int = 0
    other: int = 0

    def __add__(self, other: WrittenMandarin) -> WrittenMandarin:
        return WrittenMandarin(
            kept=self.kept + other.kept, rewritten=self.rewritten + other.rewritten, other=self.other + other.other
        )

    @property
    def rate(self) -> float | None:
        """Rewritten of all such words; None where the reference has none."""
        total = self.kept + self.rewritten + self.other
        return self.rewritten / total if total else None


def count_sounds(pairs: Sequence[Pair], ruler: Ruler, speech: Speech) -> list[SoundCounts]:
    """Each clip's errors in writing and in sound, in order.

    Args:
        pairs: Id, reference and hypothesis of each clip.
        ruler: Applied to both before they are read aloud; one that reads numbers, so that digits have a sound.
        speech: "yue" for Jyutping, "zh" for pinyin.
    """
    left = [ruler.apply(reference) for _, reference, _ in pairs]
    right = [ruler.apply(hypothesis) for _, _, hypothesis in pairs]
    said, heard = ([read_aloud(text, speech) for text in texts] for texts in (left, right))
    written = align_units([split(text, "mixed") for text in left], [split(text, "mixed") for text in right])
    toned = align_units(said, heard)
    toneless = align_units([drop_tones(one) for one in said], [drop_tones(one) for one in heard])
    counted: list[SoundCounts] = []
    for place in range(len(pairs)):
        same, tone, other = _compare(written[place], said[place], heard[place])
        counted.append(
            SoundCounts(
                units=count_edits(written[place]),
                syllables=count_edits(toned[place]),
                toneless=count_edits(toneless[place]),
                same_sound=same,
                same_but_tone=tone,
                other_sound=other,
            )
        )
    return counted


def count_written_mandarin(alignment: Sequence[Edit]) -> WrittenMandarin:
    """What became of a Cantonese clip's own words.

    Args:
        alignment: In characters or mixed units, under `zh` (`yue` folds 喺 and 係, which Mandarin writes apart).
    """
    kept = rewritten = other = 0
    for edit in alignment:
        if edit.reference in WRITTEN_MANDARIN:
            kept += edit.op == "hit"
            mandarin = edit.op == "substitution" and edit.hypothesis in WRITTEN_MANDARIN[edit.reference]
            rewritten += mandarin
            other += edit.op != "hit" and not mandarin
    return WrittenMandarin(kept=kept, rewritten=rewritten, other=other)


def count_edits(alignment: Sequence[Edit]) -> ErrorCounts:
    """An alignment's operations."""
    ops = [edit.op for edit in alignment]
    return ErrorCounts(
        hits=ops.count("hit"),
        substitutions=ops.count("substitution"),
        deletions=ops.count("deletion"),
        insertions=ops.count("insertion"),
    )


def _compare(alignment: Sequence[Edit], said: Sequence[str], heard: Sequence[str]) -> tuple[int, int, int]:
    """Substitutions of Han for Han that sound the same, the same but for the tone, and otherwise."""
    same = tone = other = 0
    left = right = 0  # units before this edit on either side
    for edit in alignment:
        if edit.op == "substitution" and has_han(edit.reference) and has_han(edit.hypothesis):
            before, after = drop_tones([said[left], heard[right]])
            if said[left] == heard[right]:
                same += 1
            elif before == after:
                tone += 1
            else:
                other += 1
        left += edit.op != "insertion"
        right += edit.op != "deletion"
    return same, tone, other
