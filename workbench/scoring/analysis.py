"""What kinds of errors a corpus has, clip by clip and added up: everything beside the rates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

from workbench.scoring.codeswitch import CodeSwitch, divide_errors
from workbench.scoring.confusions import Confusions, align_pairs, count_confusions
from workbench.scoring.hallucination import Hallucinations, look_for_hallucinations
from workbench.scoring.score import Pair
from workbench.scoring.sounds import SoundCounts, WrittenMandarin, count_sounds, count_written_mandarin
from workbench.scoring.terms import TermCounts, add_terms, count_terms, find_terms
from workbench.text.phonetics import Speech
from workbench.text.rulers import Ruler, find_ruler


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipAnalysis:
    """One clip's errors by kind; each part adds.

    Attributes:
        id: As given.
        codeswitch: By script and place.
        hallucinations: Text that nobody said.
        sounds: Errors in writing and in sound; None where the language has no readings here.
        written_mandarin: Cantonese words put into Mandarin; None but for Cantonese.
        terms: By term of the list given, those only that are in a text of this clip.
    """

    id: str
    codeswitch: CodeSwitch
    hallucinations: Hallucinations
    sounds: SoundCounts | None
    written_mandarin: WrittenMandarin | None
    terms: Mapping[str, TermCounts]


@dataclass(frozen=True, slots=True, kw_only=True)
class KindCounts:
    """Several clips' errors by kind, added; attributes as in `ClipAnalysis`."""

    codeswitch: CodeSwitch
    hallucinations: Hallucinations
    sounds: SoundCounts | None
    written_mandarin: WrittenMandarin | None
    terms: Mapping[str, TermCounts]


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """A corpus's errors by kind, under a ruler, in mixed units.

    Attributes:
        ruler: Its id, `zh@1`.
        ruler_hash: As beside every rate.
        clips: In the order given; the figures below are their sums.
        confusions: Errors by unit, with the ids of their clips.
        codeswitch: By script and place.
        hallucinations: Text that nobody said.
        sounds: Errors in writing and in sound; None where the language has no readings here.
        written_mandarin: Cantonese words put into Mandarin; None but for Cantonese.
        terms: By term of the list given.
    """

    ruler: str
    ruler_hash: str
    clips: tuple[ClipAnalysis, ...]
    confusions: Confusions
    codeswitch: CodeSwitch
    hallucinations: Hallucinations
    sounds: SoundCounts | None
    written_mandarin: WrittenMandarin | None
    terms: Mapping[str, TermCounts]


def analyse(
    pairs: Sequence[Pair],
    ruler: Ruler,
    *,
    speech: Speech | None = None,
    durations: Mapping[str, float] | None = None,
    terms: Iterable[str] = (),
) -> Analysis:
    """Look at every error of a corpus.

    Args:
        pairs: Id, reference and hypothesis of each clip.
        ruler: Applied to both sides.
        speech: "yue" or "zh" where syllables are to be compared too.
        durations: Seconds by clip id, as far as known.
        terms: Hotwords to look for.
    """
    known = durations or {}
    alignments = align_pairs(pairs, ruler, "mixed")
    sounds = count_sounds(pairs, ruler, speech) if speech else [None] * len(pairs)
    hotwords = find_terms(pairs, terms := list(terms), ruler)
    # `yue` folds 喺 into 係, which Mandarin writes 在 and 是: its own words are looked for under `zh`.
    plain = align_pairs(pairs, find_ruler("zh"), "mixed") if speech == "yue" else None
    clips = tuple(
        ClipAnalysis(
            id=pair[0],
            codeswitch=divide_errors(alignment),
            hallucinations=look_for_hallucinations(
                [edit.reference for edit in alignment if edit.op != "insertion"],
                [edit.hypothesis for edit in alignment if edit.op != "deletion"],
                known.get(pair[0]),
            ),
            sounds=sounds[place],
            written_mandarin=count_written_mandarin(plain[place]) if plain else None,
            terms=hotwords[place],
        )
        for place, (pair, alignment) in enumerate(zip(pairs, alignments, strict=True))
    )
    total = add_kinds(clips)
    return Analysis(
        ruler=ruler.id,
        ruler_hash=ruler.hash,
        clips=clips,
        confusions=count_confusions([pair[0] for pair in pairs], alignments),
        codeswitch=total.codeswitch,
        hallucinations=total.hallucinations,
        sounds=total.sounds or (SoundCounts() if speech else None),
        written_mandarin=total.written_mandarin or (WrittenMandarin() if speech == "yue" else None),
        terms={**count_terms([], terms, ruler), **total.terms},
    )


def add_kinds(clips: Sequence[ClipAnalysis]) -> KindCounts:
    """The errors of several clips by kind: of a corpus, or of a tag's value."""
    sounds = [clip.sounds for clip in clips if clip.sounds is not None]
    written = [clip.written_mandarin for clip in clips if clip.written_mandarin is not None]
    return KindCounts(
        codeswitch=reduce(add, (clip.codeswitch for clip in clips), CodeSwitch()),
        hallucinations=reduce(add, (clip.hallucinations for clip in clips), Hallucinations()),
        sounds=reduce(add, sounds) if sounds else None,
        written_mandarin=reduce(add, written) if written else None,
        terms=add_terms((clip.terms for clip in clips), ()),
    )
