"""Paragraphs by pause, speaker and length; nothing is lost between them."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from workbench.engines.base import Hypothesis, Segment, Word
from workbench.pipeline.export import as_txt
from workbench.pipeline.measurement import Measurement
from workbench.pipeline.paragraphs import LONG_SECONDS, LONGEST_SECONDS, PAUSE_SECONDS, paragraphs
from workbench.pipeline.transcript import Transcript, join_texts
from workbench.pipeline.turns import Speaker


def transcript(*segments: Segment) -> Transcript:
    text = join_texts(one.text for one in segments)
    return Transcript(
        source="talk.wav",
        clip_digest="0" * 64,
        duration_seconds=10_000,
        engine="scripted",
        model_id="none",
        chain="",
        hypothesis=Hypothesis(text=text, raw=text, segments=segments, finish="eos"),
        measurement=Measurement(wall_seconds=1, cpu_seconds=1, audio_seconds=1),
        speakers=(Speaker(label="1", name="Zhang", seconds=1), Speaker(label="2", name="Li", seconds=1)),
    )


def said(start: float, end: float, text: str, speaker: str = "", words: tuple[Word, ...] = ()) -> Segment:
    return Segment(start=start, end=end, text=text, speaker=speaker, words=words)


def texts(*segments: Segment) -> list[str]:
    return [one.text for one in paragraphs(transcript(*segments))]


def test_a_pause_begins_a_paragraph_and_a_breath_does_not() -> None:
    breath = said(0, 2, "We begin."), said(2 + PAUSE_SECONDS - 0.1, 5, "At nine.")
    assert texts(*breath) == ["We begin. At nine."]
    assert texts(*breath, said(5 + PAUSE_SECONDS, 9, "明天"), said(9, 10, "再谈")) == ["We begin. At nine.", "明天再谈"]


def test_another_speaker_begins_a_paragraph_without_a_pause() -> None:
    found = paragraphs(transcript(said(0, 2, "One", "1"), said(2, 3, "two", "1"), said(3, 4, "three", "2")))
    assert [(one.speaker, one.text, one.first) for one in found] == [("Zhang", "One two", 0), ("Li", "three", 2)]


def test_a_long_one_ends_with_its_sentence() -> None:
    segments = [said(5.0 * n, 5.0 * n + 5, f"part {n}{'.' if n == 13 else ','}") for n in range(16)]
    first, second = paragraphs(transcript(*segments))
    assert (first.end, second.text) == (70, "part 14, part 15,")
    assert first.end >= LONG_SECONDS


def test_one_without_punctuation_ends_in_time() -> None:
    segments = [said(5.0 * n, 5.0 * n + 5, f"part {n}") for n in range(60)]
    assert all(one.end - one.start <= LONGEST_SECONDS for one in paragraphs(transcript(*segments)))
    assert len(paragraphs(transcript(*segments))) == 3


def test_a_segment_with_times_of_words_is_cut_at_the_pause_in_it() -> None:
    words = tuple(
        Word(start=at, end=at + 0.5, text=text) for at, text in [(1, "Good"), (1.5, "morning."), (9, "我"), (9.5, "们")]
    )
    one, other = paragraphs(transcript(said(0, 11, "Good morning. 我们", "1", words)))
    assert (one.text, one.start, one.end, one.first) == ("Good morning.", 0, 2.0, 0)
    assert (other.text, other.start, other.end, other.first, other.speaker) == ("我们", 9, 11, 0, "Zhang")
    assert other.segments[0].words == words[2:]


def test_where_words_begin_counts_not_where_the_segment_does() -> None:
    """Whisper lets a segment begin where the last one ended, in the pause."""
    late = said(2, 9, "Later.", words=(Word(start=8, end=9, text="Later."),))
    assert texts(said(0, 2, "First."), late) == ["First.", "Later."]


def test_a_person_may_choose_the_pause() -> None:
    segments = said(0, 1, "a"), said(1.5, 2, "b")
    assert len(paragraphs(transcript(*segments), pause_seconds=0.5)) == 2


def test_text_with_stamps() -> None:
    segments = said(754.9, 760, "We\nbegin", "1"), said(762, 763, "", "1"), said(4000, 4001, "no")
    assert as_txt(transcript(*segments), stamped=True) == "[00:12:34] Zhang: We begin\n\n[01:06:40] no\n"
    assert as_txt(transcript(), stamped=True) == "\n"


SEGMENTS = st.lists(
    st.tuples(st.floats(0, 40), st.floats(0, 80), st.text(alphabet="ab. 我们。\n", max_size=12), st.sampled_from("12")),
    max_size=12,
)


@given(SEGMENTS)
def test_nothing_is_lost_and_the_order_stays(made: list[tuple[float, float, str, str]]) -> None:
    at = 0.0
    segments: list[Segment] = []
    for pause, length, text, speaker in made:
        at += pause
        words = tuple(
            Word(start=at + length * n / 12, end=at + length * (n + 0.5) / 12, text=word)
            for n, word in enumerate(text.split())
        )
        segments.append(said(at, at + length, text, speaker, words if len(words) > 1 else ()))
        at += length
    whole = transcript(*segments)
    found = paragraphs(whole)
    assert "".join("".join(one.text.split()) for one in found) == "".join(whole.text.split())
    assert all(one.text and one.start <= one.end for one in found)
    assert all(left.first <= right.first and left.start <= right.start for left, right in pairwise(found))
    spoken = [word for one in segments if one.text.strip() for word in one.words]
    assert [word for one in found for part in one.segments for word in part.words] == spoken
