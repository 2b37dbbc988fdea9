from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from workbench.scoring.confusions import align_pairs
from workbench.scoring.counts import ErrorCounts
from workbench.scoring.score import align, count
from workbench.scoring.sounds import (
    SoundCounts,
    WrittenMandarin,
    count_edits,
    count_sounds,
    count_written_mandarin,
)
from workbench.text.cantonese import WRITTEN_MANDARIN
from workbench.text.chinese import simplify
from workbench.text.rulers import find_ruler

ZH = find_ruler("zh")
TEXT = st.text(alphabet="是事十时使做作a 在", max_size=8)


def test_same_sound_is_spelling_and_other_sound_is_mishearing() -> None:
    (found,) = count_sounds([("a", "他在做事", "她再做狮")], ZH, "zh")
    assert found == SoundCounts(
        units=ErrorCounts(hits=1, substitutions=3),
        syllables=ErrorCounts(hits=3, substitutions=1),
        toneless=ErrorCounts(hits=4),
        same_sound=2,
        same_but_tone=1,
        other_sound=0,
    )


def test_cantonese_is_read_in_cantonese() -> None:
    pairs = [("a", "佢係度", "佢喺度")]
    assert count_sounds(pairs, ZH, "yue")[0].same_but_tone == 1
    assert count_sounds([("a", "期", "其")], ZH, "yue")[0].same_sound == 1  # kei4; qi1 and qi2 in Mandarin
    assert count_sounds([("a", "期", "其")], ZH, "zh")[0].same_sound == 0


def cost(counts: ErrorCounts) -> int:
    return 4 * counts.substitutions + 3 * (counts.deletions + counts.insertions)


@given(st.lists(st.tuples(TEXT, TEXT), max_size=5))
@example([("a事作a使是a", "事事事a作事")])
@settings(max_examples=80, deadline=None)
def test_sounds_are_never_worse_than_writing(texts: list[tuple[str, str]]) -> None:
    pairs = [(str(place), *pair) for place, pair in enumerate(texts)]
    for speech in ("zh", "yue"):
        clips = count_sounds(pairs, ZH, speech)
        for clip, (_, reference, hypothesis) in zip(clips, pairs, strict=True):
            assert clip.units == count(ZH.apply(reference), ZH.apply(hypothesis), "mixed")
            # In sclite's weights, not in errors: for one more hit it may take an insertion and a deletion more.
            assert cost(clip.toneless) <= cost(clip.syllables)
            assert clip.same_sound + clip.same_but_tone + clip.other_sound <= clip.units.substitutions
            assert clip.units.reference_length == clip.syllables.reference_length == clip.toneless.reference_length
        assert sum(clips, SoundCounts()) == sum(reversed(clips), SoundCounts())


@given(TEXT, TEXT)
@settings(max_examples=80, deadline=None)
def test_edits_count_as_counted(left: str, right: str) -> None:
    assert count_edits(align(left, right, "mixed")) == count(left, right, "mixed")


def test_written_mandarin_for_spoken_cantonese() -> None:
    pairs = [("a", "佢哋係我嘅朋友", "他们是我的朋友"), ("b", "唔係", "唔系"), ("c", "佢嚟咗", "佢黎")]
    clips = [count_written_mandarin(alignment) for alignment in align_pairs(pairs, ZH, "char")]
    assert clips == [
        WrittenMandarin(rewritten=4), WrittenMandarin(kept=2), WrittenMandarin(kept=1, other=2),
    ]  # fmt: skip
    assert sum(clips, WrittenMandarin()).rate == 4 / 9
    assert WrittenMandarin().rate is None


def test_table_is_written_as_the_ruler_leaves_it_and_no_word_is_its_own_translation() -> None:
    for said, written in WRITTEN_MANDARIN.items():
        assert ZH.apply(said) == simplify(said) == said
        assert said not in written
        assert all(simplify(one) == one for one in written)
