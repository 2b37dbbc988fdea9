"""Which speaker said which words."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workbench.engines.base import Hypothesis, Segment, Word
from workbench.pipeline.measurement import Measurement
from workbench.pipeline.speaker_labels import label_segments, label_transcript, name_speakers
from workbench.pipeline.transcript import Transcript
from workbench.pipeline.turns import Turn

COST = Measurement(
    wall_seconds=1.0,
    cpu_seconds=None,  # pyright: ignore[reportArgumentType]
    gpu_seconds=None,
    peak_gpu_bytes=None,
    peak_rss_bytes=1,
    audio_seconds=1.0,
    batch_size=1,
    kind="single",
)


def turn(start: float, end: float, speaker: str) -> Turn:
    return Turn(start=start, end=end, speaker=speaker)


def spoken(text: str, start: float = 0.0, each: float = 0.5) -> Segment:
    """A segment whose words last `each` seconds."""
    words = tuple(
        Word(start=start + index * each, end=start + (index + 1) * each, text=word)
        for index, word in enumerate(text.split())
    )
    return Segment(start=start, end=start + each * len(words), text=f" {text}", words=words)


def said(segments: tuple[Segment, ...]) -> list[tuple[str, str]]:
    return [(segment.speaker, segment.text.strip()) for segment in segments]


def transcript(*segments: Segment) -> Transcript:
    return Transcript(
        source="talk.wav",
        clip_digest="",
        duration_seconds=10.0,
        engine="scripted",
        model_id="",
        chain="",
        hypothesis=Hypothesis(text="", raw="", segments=segments),
        measurement=COST,
    )


def test_a_segment_is_cut_where_the_speaker_changes() -> None:
    found = label_segments([spoken("shall we begin yes please")], [turn(0, 1.45, "1"), turn(1.55, 3, "2")])
    assert said(found) == [("1", "shall we begin"), ("2", "yes please")]
    assert (found[0].end, found[1].start) == (1.5, 1.5)


def test_han_characters_are_cut_without_spaces() -> None:
    words = tuple(Word(start=index, end=index + 1, text=text) for index, text in enumerate(["你好。", "是的"]))
    found = label_segments(
        [Segment(start=0, end=2, text="你好。是的", words=words)], [turn(0, 1, "1"), turn(1, 2, "2")]
    )
    assert said(found) == [("1", "你好。"), ("2", "是的")]


def test_words_at_once_are_nobodys_alone() -> None:
    found = label_segments([spoken("one two three four")], [turn(0, 2, "1"), turn(1, 1.5, "2")])
    assert said(found) == [("1", "one two"), ("1+2", "three"), ("1", "four")]


def test_a_word_across_a_change_has_one_speaker() -> None:
    found = label_segments([spoken("one two three", each=1.0)], [turn(0, 1.4, "1"), turn(1.4, 3, "2")])
    assert said(found) == [("1", "one"), ("2", "two three")]


def test_a_word_out_of_time_does_not_tear_a_sentence() -> None:
    found = label_segments([spoken("a b c", each=0.2)], [turn(0, 0.2, "1"), turn(0.2, 0.4, "2"), turn(0.4, 0.6, "1")])
    assert said(found) == [("1", "a b c")]


@pytest.mark.parametrize(
    ("second_ends", "speaker"),
    [(2.5, "1"), (5.0, "1+2")],
)
def test_without_words_both_are_named_when_both_say_much(second_ends: float, speaker: str) -> None:
    segment = Segment(start=0, end=5, text="x")
    assert said(label_segments([segment], [turn(0, 2, "1"), turn(2, second_ends, "2")])) == [(speaker, "x")]


def test_text_beside_a_turn_is_its_speakers_and_text_far_from_any_is_nobodys() -> None:
    segments = [Segment(start=2.2, end=2.4, text="near"), Segment(start=4, end=5, text="far")]
    assert said(label_segments(segments, [turn(0, 2, "1")])) == [("1", "near"), ("", "far")]


def test_words_that_are_not_those_of_the_text_cut_nothing() -> None:
    segment = spoken("one two three")
    other = Segment(start=0, end=1.5, text="something else", words=segment.words)
    assert said(label_segments([other], [turn(0, 1, "1"), turn(1, 1.5, "2")])) == [("1+2", "something else")]


TURNS = st.lists(
    st.builds(
        lambda start, length, speaker: turn(start, start + length, speaker),
        st.floats(0, 10),
        st.floats(0.1, 4),
        st.sampled_from("123"),
    ),
    max_size=6,
)


@given(
    texts=st.lists(st.text("ab好,<{ ", min_size=1, max_size=12).filter(str.strip), max_size=5),
    each=st.floats(0, 2),
    turns=TURNS,
)
def test_no_text_and_no_word_is_lost(texts: list[str], each: float, turns: list[Turn]) -> None:
    segments = [spoken(text, start=index * 3.0, each=each) for index, text in enumerate(texts)]
    found = label_segments(segments, turns)
    assert "".join(one.text for one in found) == "".join(one.text for one in segments)
    assert [word for one in found for word in one.words] == [word for one in segments for word in one.words]
    assert all(one.start <= one.end for one in found)
    assert {label for one in found for label in one.speaker.split("+") if label} <= {one.speaker for one in turns}


@given(turns=TURNS, names=st.permutations("123"))
@example(turns=[turn(0, 1, "1"), turn(0, 1, "2")], names=["2", "1", "3"])
@example(turns=[turn(0, 1, "1"), turn(0, 1, "2"), turn(2, 3, "1")], names=["2", "1", "3"])
def test_other_labels_for_the_same_voices_change_nothing_else(turns: list[Turn], names: list[str]) -> None:
    renamed = dict(zip("123", names, strict=True))
    segments = [spoken("one two three four five six")]
    before = label_segments(segments, turns)
    after = label_segments(segments, [turn(one.start, one.end, renamed[one.speaker]) for one in turns])
    seconds = [sorted(renamed[label] for label in one.speaker.split("+") if label) for one in before]
    assert [one.text for one in before] == [one.text for one in after]
    assert seconds == [sorted(filter(None, one.speaker.split("+"))) for one in after]


def test_speakers_have_names_that_can_be_changed() -> None:
    turns = [turn(0, 1, "1"), turn(1, 3, "2")]
    labelled = label_transcript(transcript(spoken("one two three four")), turns, {"2": " Li\nWei "})
    assert [(one.label, one.name, one.seconds) for one in labelled.speakers] == [
        ("1", "Speaker 1", 1),
        ("2", "Li Wei", 2),
    ]
    assert [labelled.speaker_of(segment) for segment in labelled.segments] == ["Speaker 1", "Li Wei"]
    renamed = name_speakers(labelled, {"1": "Zhang", "2": ""})
    assert [one.name for one in renamed.speakers] == ["Zhang", "Speaker 2"]


def test_what_was_asked_and_not_found_is_said() -> None:
    labelled = label_transcript(transcript(spoken("one two")), [turn(0, 1, "1")], {"4": "Chan"}, asked=3)
    assert labelled.warnings == (
        "3 speakers were asked for; 1 could be told apart.",
        "There is no speaker 4 in this recording; the name Chan was not used.",
    )
