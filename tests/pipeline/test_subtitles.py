"""Subtitles by the rules, read back by programs that did not write them. Other formats: test_read_back.py."""

from __future__ import annotations

import datetime
import html
from itertools import pairwise

import pytest
import srt
import webvtt
from hypothesis import given
from hypothesis import strategies as st

from workbench.engines.base import Hypothesis, Segment, Word
from workbench.pipeline.export import export
from workbench.pipeline.measurement import Measurement
from workbench.pipeline.subtitles import COLUMNS_A_SECOND, GAP_SECONDS, Cue, columns, make_cues
from workbench.pipeline.transcript import Transcript, join_texts

ENGLISH = (
    "We should have looked at the numbers before the meeting, because nobody in the room could say what the plan "
    "costs. Next time I will send them around on Monday, and whoever has a question can ask it in writing."
)
CHINESE = (
    "我们应该在开会之前先看一下数字，因为会议室里没有人说得出这个计划要花多少钱。"
    "下次我会在星期一发给大家，有问题的人可以写下来。"
)
HOSTILE = [
    "{\\an8}top",
    "a --> b",
    "<script>alert(1)</script>",
    "R&D &amp;",
    "two\n\nlines",
    "*b* [x](http://x)",
    "# 1",
]


def transcript(*segments: Segment) -> Transcript:
    text = join_texts(segment.text for segment in segments)
    return Transcript(
        source="會議.wav",
        clip_digest="0" * 64,
        duration_seconds=segments[-1].end if segments else 1,
        engine="scripted",
        model_id="none",
        chain="",
        hypothesis=Hypothesis(text=text, raw=text, segments=segments, finish="eos"),
        measurement=Measurement(wall_seconds=1, cpu_seconds=1, audio_seconds=2.5),
    )


def bare(text: str) -> str:
    return "".join(text.split())


def shown(cues: list[Cue]) -> str:
    return bare("".join(line for cue in cues for line in cue.lines))


# Rules ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "widest"), [(ENGLISH, 42), (CHINESE, 40), (f"{ENGLISH}{CHINESE}", 42)])
def test_a_long_segment_becomes_cues_of_two_short_lines(text: str, widest: int) -> None:
    cues = make_cues([Segment(start=10, end=40, text=text)])
    assert shown(cues) == bare(text)
    assert len(cues) > 2
    assert all(1 <= len(cue.lines) <= 2 for cue in cues)
    assert max(columns(line) for cue in cues for line in cue.lines) <= widest
    assert all(cue.end - cue.start <= 7 + 0.5 for cue in cues)
    assert cues[0].start == 10
    assert 40 <= cues[-1].end <= 40.5


def test_cues_begin_with_sentences_where_they_can() -> None:
    cues = make_cues([Segment(start=0, end=14, text=ENGLISH)])
    assert any(cue.lines[0].startswith("Next time") for cue in cues)
    cues = make_cues([Segment(start=0, end=14, text=CHINESE)])
    assert any(cue.lines[0].startswith("下次") for cue in cues)


def test_the_times_of_words_say_when_a_cue_is_shown() -> None:
    """The second half is said ten seconds after the first."""
    texts = ENGLISH.split()
    times = [0.3 * place + (10 if place >= texts.index("Next") else 0) for place in range(len(texts))]
    words = tuple(Word(start=at, end=at + 0.25, text=text) for at, text in zip(times, texts, strict=True))
    cues = make_cues([Segment(start=0, end=words[-1].end, text=ENGLISH, words=words)])
    (late,) = [cue for cue in cues if cue.lines[0].startswith("Next time")]
    assert late.start == words[texts.index("Next")].start
    assert shown(cues) == bare(ENGLISH)


def test_what_is_said_fast_stays_to_be_read_where_there_is_room() -> None:
    quick = Segment(start=0, end=0.4, text="Yes.")
    sentence = Segment(start=5, end=6, text="Thirty-four columns take two seconds.")
    cues = make_cues([quick, sentence, Segment(start=6.2, end=7.5, text="At once.")])
    assert cues[0].end == pytest.approx(5 / 6)
    assert cues[1].end == pytest.approx(6.2 - GAP_SECONDS)
    alone = make_cues([sentence])[0]
    assert alone.end == pytest.approx(6.48)  # 12 frames after the speech, though 37 columns take 2.2 s
    assert (alone.end - alone.start) * COLUMNS_A_SECOND < columns(sentence.text)


def test_two_at_once_are_shown_one_after_the_other() -> None:
    cues = make_cues([Segment(start=1, end=3, text="One."), Segment(start=1, end=3, text="Other.")])
    assert (cues[0].start, cues[0].end) == (1, pytest.approx(1 + 5 / 6))
    assert cues[1].start == pytest.approx(cues[0].end + GAP_SECONDS)
    assert cues[1].end >= 3


def test_a_name_takes_room_in_the_first_line_alone() -> None:
    name = "Siobhan Fitzgerald-Nakamura: "
    cues = make_cues([Segment(start=0, end=20, text=ENGLISH)], [name])
    assert cues[0].lines[0].startswith(name)
    assert all(columns(line) <= 42 for cue in cues for line in cue.lines)
    assert shown(cues) == bare(name + ENGLISH)


def test_a_word_wider_than_a_line_is_left_whole() -> None:
    address = "https://example.org/" + "a" * 60
    cues = make_cues([Segment(start=0, end=9, text=f"Look at {address} again")])
    assert any(address in line for cue in cues for line in cue.lines)


SEGMENTS = st.lists(
    st.tuples(
        st.floats(0, 20), st.floats(0, 15),
        st.text(alphabet=st.sampled_from("ab cd. ,我们。，\nＡ"), max_size=150),
    ),
    max_size=6,
)  # fmt: skip


@given(SEGMENTS)
def test_nothing_is_lost_and_no_two_cues_overlap(made: list[tuple[float, float, str]]) -> None:
    at = 0.0
    segments: list[Segment] = []
    for step, length, text in made:
        segments.append(Segment(start=at, end=at + length, text=text))
        at += step
    cues = make_cues(segments)
    assert shown(cues) == bare("".join(segment.text for segment in segments))
    assert all(line == line.strip() != "" for cue in cues for line in cue.lines)
    assert all(cue.end - cue.start >= 0.3 - 1e-9 for cue in cues)
    assert all(left.end + GAP_SECONDS <= right.start + 1e-9 for left, right in pairwise(cues))


# Read back ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made() -> Transcript:
    segments = [Segment(start=3.0 * place, end=3.0 * place + 2, text=text) for place, text in enumerate(HOSTILE)]
    return transcript(*segments, Segment(start=30, end=55.5, text=ENGLISH), Segment(start=60, end=80, text=CHINESE))


def disguised(text: str, *pairs: str) -> str:
    """What subtitles show for characters that their players would obey."""
    for left, right in pairs:
        text = text.replace(left, right)
    return bare(text)


BRACES = ("{｛", "}｝", "\\＼")


def test_srt_is_read_back_by_the_package_srt(made: Transcript) -> None:
    cues = list(srt.parse(export(made, "srt").decode()))
    expected = "".join(segment.text for segment in made.segments)
    assert disguised("".join(cue.content for cue in cues)) == disguised(expected, *BRACES, "<‹", ">›")
    assert [cue.index for cue in cues] == list(range(1, len(cues) + 1))
    assert cues[0].start == datetime.timedelta(0)
    assert cues[-1].end >= datetime.timedelta(seconds=80)
    assert all(left.end < right.start for left, right in pairwise(cues))
    assert all(cue.content.count("\n") <= 1 for cue in cues)


def test_vtt_is_read_back_by_webvtt(made: Transcript) -> None:
    cues = list(webvtt.from_string(export(made, "vtt").decode()))
    expected = "".join(segment.text for segment in made.segments)
    assert disguised(html.unescape("".join(cue.raw_text for cue in cues))) == disguised(expected, *BRACES)
    assert (cues[0].start, cues[0].end) == ("00:00:00.000", "00:00:02.000")
    assert all(left.end_in_seconds <= right.start_in_seconds for left, right in pairwise(cues))
