"""Edits: undone, done again, refused, and what readers get of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from workbench.engines.base import Hypothesis, Segment, Word
from workbench.errors import UnknownName, UsageError
from workbench.pipeline.coverage import Flag, Stretch
from workbench.pipeline.edited import EditedTranscript
from workbench.pipeline.edits import (
    AssignSpeaker,
    CheckFlag,
    ChooseCorrections,
    Edit,
    MergeWithNext,
    NameSpeaker,
    RefuseChange,
    ReplaceSegments,
    SetText,
    SplitSegment,
)
from workbench.pipeline.measurement import Measurement
from workbench.pipeline.rerun import Rerun
from workbench.pipeline.transcript import Transcript, join_texts, warning_of
from workbench.pipeline.turns import Speaker, Turn
from workbench.pipeline.words import split_words
from workbench.text.corrections import apply_changes

TEXTS = ["我们用API做测试", "so we said hello", "他慢慢的走了", "嗯，好的"]
GAP = Flag(start=9.0, end=11.0, kind="no_text", sentence="There is speech of 2.0 s here, and no text.")
LOOP = Flag(start=4.0, end=6.0, kind="loop", sentence="“x” is written 9 times in a row.")


def segment(start: float, text: str, *, timed: bool = True, speaker: str = "") -> Segment:
    words = split_words(text)
    length = 1.8 / max(1, len(words))
    timed_words = tuple(
        Word(start=start + i * length, end=start + (i + 1) * length, text=word, confidence=0.5)
        for i, word in enumerate(words)
    )
    return Segment(start=start, end=start + 1.8, text=text, words=timed_words if timed else (), speaker=speaker)


def transcript(*texts: str, timed: bool = True, flags: tuple[Flag, ...] = ()) -> Transcript:
    segments = tuple(segment(2.0 * i, text, timed=timed) for i, text in enumerate(texts))
    duration = 2.0 * len(texts) + 4
    return Transcript(
        source="talk.wav",
        clip_digest="0" * 64,
        duration_seconds=duration,
        engine="scripted",
        model_id="none",
        chain="",
        hypothesis=Hypothesis(text=join_texts(texts), raw=" ".join(texts), segments=segments, finish="eos"),
        measurement=Measurement(wall_seconds=1, cpu_seconds=1, audio_seconds=duration),
        warnings=tuple(warning_of(flag) for flag in flags if flag.is_missing),
        complete=not any(flag.is_missing for flag in flags),
        flags=flags,
        coverage=(Stretch(start=0, end=duration, kind="transcribed"),),
    )


def texts_of(shown: Transcript) -> list[str]:
    return [one.text for one in shown.segments]


letters = st.text(alphabet="abz 的地得再在嗯，. API好走", max_size=12)
raws = st.builds(lambda texts, timed: transcript(*texts, timed=timed), st.lists(letters, max_size=5), st.booleans())


@st.composite
def edited(draw: st.DrawFn) -> EditedTranscript:
    """A transcript after some edits that could be made, some of them undone."""
    found = EditedTranscript(raw=draw(raws))
    for _ in range(draw(st.integers(0, 6))):
        found = draw(st.sampled_from(after_one(draw, found)))
    return found


def after_one(draw: st.DrawFn, found: EditedTranscript) -> list[EditedTranscript]:
    chosen = [found.undo()] if found.can_undo else []
    chosen += [found.redo()] if found.can_redo else []
    edits: list[Edit] = [ChooseCorrections(rules=("particles", "zai", "fillers", "spacing"))]
    for number in [one.id for one in found.passages]:
        edits += [SetText(segment=number, text=draw(letters)), MergeWithNext(segment=number)]
        edits += [SplitSegment(segment=number, at=draw(st.integers(0, 12))), AssignSpeaker(segment=number, label="1")]
    edits += [RefuseChange(segment=one.segment, change=one.change) for one in found.changes()[:2]]
    for edit in edits:
        try:
            chosen.append(found.edit(edit))
        except UsageError:
            continue
    return chosen


@settings(max_examples=60, deadline=None)
@given(raws)
def test_without_edits_readers_get_the_transcript(raw: Transcript) -> None:
    shown = EditedTranscript(raw=raw).view()
    kept = tuple(one for one in raw.segments if one.text.strip())
    assert shown == replace(raw, hypothesis=replace(raw.hypothesis, segments=kept))


@settings(max_examples=60, deadline=None)
@given(edited(), st.data())
def test_an_edit_undone_was_never_made_and_done_again_is_made(found: EditedTranscript, data: st.DataObject) -> None:
    after = data.draw(st.sampled_from([*after_one(data.draw, found), found]))
    assume(len(after.history) == len(found.history) + 1 and after.can_undo)
    assume(after.history[-1].kind not in ("undo", "redo"))
    undone = after.undo()
    assert undone.view() == found.view()
    assert (undone.passages, undone.flags, undone.changes()) == (found.passages, found.flags, found.changes())
    assert undone.redo().view() == after.view()
    assert undone.history[: len(found.history)] == found.history  # only ever added to


@settings(max_examples=60, deadline=None)
@given(edited())
def test_numbers_of_segments_are_never_given_twice_and_the_engine_s_output_stays(found: EditedTranscript) -> None:
    numbers = [one.id for one in found.passages]
    assert len(set(numbers)) == len(numbers)
    assert [one.start for one in found.passages] == sorted(one.start for one in found.passages)
    assert found.view().hypothesis.raw == found.raw.hypothesis.raw


@settings(max_examples=60, deadline=None)
@given(edited())
def test_a_reader_s_text_is_the_edited_text_with_the_accepted_changes(found: EditedTranscript) -> None:
    plain = [one.text for one in found.passages]
    accepted = {number: [] for number in (one.id for one in found.passages)}
    for one in found.changes():
        if not one.refused:
            accepted[one.segment].append(one.change)
    corrected = [apply_changes(one.text, accepted[one.id]) for one in found.passages]
    for shown, expected in ((found.view(corrected=False), plain), (found.view(), corrected)):
        assert [text.strip() for text in texts_of(shown)] == [text.strip() for text in expected if text.strip()]
        assert "".join(shown.text.split()) == "".join("".join(expected).split())


@settings(max_examples=60, deadline=None)
@given(edited())
def test_words_are_those_of_the_text_and_in_the_time_of_their_segment(found: EditedTranscript) -> None:
    for one in found.view().segments:
        if one.words:
            assert "".join(word.text for word in one.words) == "".join(one.text.split())
            assert all(left.start <= right.start for left, right in zip(one.words, one.words[1:], strict=False))
            assert all(one.start - 1e-9 <= w.start <= w.end <= one.end + 1e-9 for w in one.words)


others = st.text(alphabet="x们Q8 ", max_size=6)  # what is written twice could have been there before


@settings(max_examples=60, deadline=None)
@given(raws, others, others, st.data())
def test_a_refused_change_stays_refused_whatever_is_written_beside_it(
    raw: Transcript, before: str, after: str, data: st.DataObject
) -> None:
    found = EditedTranscript(raw=raw).edit(ChooseCorrections(rules=("particles", "zai", "fillers", "spacing")))
    assume(found.changes())
    one = data.draw(st.sampled_from(found.changes()))
    found = found.edit(RefuseChange(segment=one.segment, change=one.change))
    passage = next(own for own in found.passages if own.id == one.segment)
    others = [own.id for own in found.passages if own.id != one.segment]
    edits = [SetText(segment=number, text=before) for number in others]
    longer = before.lstrip() + passage.text + after.rstrip()
    found = found.edit(*edits, SetText(segment=one.segment, text=longer), ChooseCorrections())
    found = found.edit(ChooseCorrections(rules=("particles", "zai", "fillers", "spacing")))
    place = len(before.lstrip()) + one.change.start
    here = [own for own in found.changes() if own.segment == one.segment and own.change.rule == one.change.rule]
    assert all(own.refused for own in here if (own.change.start, own.change.before) == (place, one.change.before))


def test_a_refused_change_is_not_made_and_the_others_are() -> None:
    found = EditedTranscript(raw=transcript(*TEXTS)).edit(ChooseCorrections(rules=("particles", "spacing", "fillers")))
    assert texts_of(found.view()) == ["我们用 API 做测试", "so we said hello", "他慢慢地走了", "好的"]
    first = found.changes()[0]
    refused = found.edit(RefuseChange(segment=first.segment, change=first.change))
    assert texts_of(refused.view())[0] == "我们用API 做测试"
    moved = refused.edit(SetText(segment=0, text="今天我们用API做了测试"))
    assert texts_of(moved.view())[0] == "今天我们用API 做了测试"
    touched = refused.edit(SetText(segment=0, text="我们在API做测试"))  # its characters are edited: it is another place
    assert texts_of(touched.view())[0] == "我们在 API 做测试"
    again = refused.edit(RefuseChange(segment=first.segment, change=first.change, refused=False))
    assert again.view() == found.view()


def test_refusals_go_along_when_segments_are_split_and_merged() -> None:
    found = EditedTranscript(raw=transcript(*TEXTS)).edit(ChooseCorrections(rules=("spacing",)))
    second = found.changes()[1]  # before 做
    found = found.edit(RefuseChange(segment=0, change=second.change))
    split = found.edit(SplitSegment(segment=0, at=2))
    assert texts_of(split.view())[:2] == ["我们", "用 API做测试"]
    merged = split.edit(MergeWithNext(segment=4))
    assert texts_of(merged.view())[0] == "我们用 API做测试"
    assert [one.id for one in merged.passages] == [6, 1, 2, 3]


def test_a_word_that_is_still_there_keeps_its_time_and_confidence() -> None:
    raw = transcript(*TEXTS)
    shown = EditedTranscript(raw=raw).edit(SetText(segment=1, text="So we all say hello!")).view().segments[1]
    old = raw.segments[1].words
    assert [word.text for word in shown.words] == ["So", "we", "all", "say", "hello!"]
    assert [shown.words[i].start for i in (0, 1, 4)] == [old[i].start for i in (0, 1, 3)]
    assert [word.confidence for word in shown.words] == [0.5, 0.5, None, None, 0.5]
    assert (shown.words[2].start, shown.words[3].end) == (old[2].start, old[2].end)  # in the place of "said"


def test_a_segment_is_split_between_the_words_it_is_split_at() -> None:
    raw = transcript(*TEXTS)
    shown = EditedTranscript(raw=raw).edit(SplitSegment(segment=1, at=6)).view()
    left, right = shown.segments[1:3]
    assert (left.text, right.text) == ("so we", "said hello")
    assert left.end == right.start == raw.segments[1].words[2].start
    assert left.words + right.words == raw.segments[1].words
    untimed = EditedTranscript(raw=transcript(*TEXTS, timed=False)).edit(SplitSegment(segment=1, at=6)).view()
    assert untimed.segments[2].start == pytest.approx(2 + 1.8 * 6 / 16)
    told = EditedTranscript(raw=raw).edit(SplitSegment(segment=1, at=6, seconds=2.5)).view()
    assert told.segments[1].end == 2.5


RERUN = Rerun(
    start=2.0,
    end=6.0,
    segments=(segment(2.5, "heard again"), segment(4.5, "and again", timed=False)),
    engine="other:big",
    model_id="big",
    context="again",
    asked_language="en",
)


def test_a_part_heard_again_takes_the_place_of_its_segments_and_flags() -> None:
    found = EditedTranscript(raw=transcript(*TEXTS, flags=(LOOP, GAP)))
    numbers, span = found.whole_segments(2.1, 5.0)
    assert (numbers, span.start, span.end) == ((1, 2), 2.0, 5.8)
    after = found.edit(ReplaceSegments(segments=numbers, rerun=RERUN))
    assert texts_of(after.view()) == [TEXTS[0], "heard again", "and again", TEXTS[3]]
    assert [flag for flag, _ in after.flags] == [GAP]
    assert after.view().complete is False
    with pytest.raises(UsageError, match="do not follow each other"):
        found.edit(ReplaceSegments(segments=(0, 2), rerun=RERUN))
    with pytest.raises(UnknownName):
        after.edit(SetText(segment=1, text="gone"))


def test_text_for_a_gap_makes_the_transcript_complete() -> None:
    found = EditedTranscript(raw=transcript(*TEXTS, flags=(GAP,)))
    heard = replace(RERUN, start=GAP.start, end=GAP.end, segments=(segment(9.0, "it was here"),))
    after = found.edit(ReplaceSegments(segments=(), rerun=heard)).view()
    assert texts_of(after) == [*TEXTS, "it was here"]
    assert (after.complete, after.flags, after.warnings) == (True, (), ())
    still = replace(heard, segments=(), flags=(GAP,), warnings=("It is noisy.",))
    after = found.edit(ReplaceSegments(segments=(), rerun=still)).view()
    assert (after.complete, after.flags, after.warnings) == (False, (GAP,), (warning_of(GAP), "It is noisy."))


def test_a_checked_place_is_off_the_list_and_a_damaged_file_stays_incomplete() -> None:
    raw = transcript(*TEXTS, flags=(LOOP, GAP))
    found = EditedTranscript(raw=raw).edit(CheckFlag(flag=GAP))
    shown = found.view()
    assert (shown.flags, shown.warnings, shown.complete) == ((LOOP,), (), True)
    assert found.flags == ((LOOP, False), (GAP, True))
    assert [one.kind for one in shown.coverage] == ["transcribed", "flagged", "transcribed"]
    assert found.edit(CheckFlag(flag=GAP, checked=False)).view().warnings == raw.warnings
    damaged = replace(raw, warnings=("The file ends early.", *raw.warnings))
    assert EditedTranscript(raw=damaged).edit(CheckFlag(flag=GAP)).view().complete is False
    with pytest.raises(UsageError, match="no such place"):
        found.edit(CheckFlag(flag=replace(GAP, end=12.0)))
    rest = Flag(start=9.0, end=12.0, kind="not_transcribed", sentence="The work was stopped before this part.")
    stopped = EditedTranscript(raw=transcript(*TEXTS, flags=(rest,)))
    with pytest.raises(UsageError, match="never transcribed"):
        stopped.edit(CheckFlag(flag=rest))


def test_speakers_are_named_and_segments_given_to_them() -> None:
    turns = (Turn(start=0, end=2, speaker="1"), Turn(start=2, end=4, speaker="2"))
    people = (Speaker(label="1", name="Speaker 1", seconds=2), Speaker(label="2", name="Speaker 2", seconds=2))
    raw = replace(transcript(*TEXTS), turns=turns, speakers=people)
    found = EditedTranscript(raw=raw).edit(
        NameSpeaker(label="1", name=" Zhang "), AssignSpeaker(segment=0, label="1"), AssignSpeaker(segment=3, label="3")
    )
    shown = found.view()
    assert [shown.speaker_of(one) for one in shown.segments] == ["Zhang", "", "", "Speaker 3"]
    assert shown.speakers[2].seconds == pytest.approx(1.8)
    named = found.edit(NameSpeaker(label="3", name="Li")).view()
    assert named.speaker_of(named.segments[3]) == "Li"
    with pytest.raises(UnknownName):
        found.edit(NameSpeaker(label="4", name="Nobody"))


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (SetText(segment=9, text="x"), "segment named '9'"),
        (SetText(segment=0, text="half \ud800"), "half a character"),
        (SplitSegment(segment=0, at=0), "between two of its words"),
        (SplitSegment(segment=0, at=3, seconds=99.0), "not in this segment"),
        (MergeWithNext(segment=3), "no segment after"),
        (ChooseCorrections(rules=("simplified", "traditional-hk")), "exclude each other"),
        (ChooseCorrections(rules=("poetry",)), "poetry"),
    ],
)
def test_what_cannot_be_done_is_said(edit: Edit, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        EditedTranscript(raw=transcript(*TEXTS)).edit(edit)


def test_nothing_to_undo_and_nothing_to_do_again() -> None:
    found = EditedTranscript(raw=transcript(*TEXTS))
    assert (found.can_undo, found.can_redo) == (False, False)
    with pytest.raises(UsageError, match="nothing to undo"):
        found.undo()
    with pytest.raises(UsageError, match="nothing to do again"):
        found.edit(SetText(segment=0, text="x")).redo()
    other = found.edit(SetText(segment=0, text="x")).undo().edit(SetText(segment=1, text="y"))
    assert other.can_redo is False
    with pytest.raises(UsageError, match="nothing to do again"):
        other.redo()


def test_what_the_engine_put_between_its_segments_stays() -> None:
    raw = transcript("one", "two", "three")
    raw = replace(raw, hypothesis=replace(raw.hypothesis, text="one\n\ntwo three"))
    found = EditedTranscript(raw=raw)
    assert found.view().text == "one\n\ntwo three"
    assert found.edit(SetText(segment=2, text="three!")).view().text == "one\n\ntwo three!"
    assert found.edit(SetText(segment=1, text="")).view().text == "one three"
