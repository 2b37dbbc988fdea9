"""What is doubtful in a text is found, and real speech is not doubted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench.audio.io import read_clip
from workbench.audio.segment import Span
from workbench.audio.vad import speech_spans
from workbench.engines.base import Hypothesis, Segment
from workbench.pipeline.checks import check
from workbench.pipeline.stretch import Heard
from workbench.pipeline.units import spoken_units

TALK = [Span(100, 108), Span(109, 118)]


def found(text: str, *, speech: list[Span] = TALK, segments: tuple[Segment, ...] = (), finish="eos") -> list[str]:
    heard = Heard(start=99.8, end=119, hypothesis=Hypothesis(text=text, raw=text, finish=finish, segments=segments))
    return sorted(flag.kind for flag in check(heard, heard.segments(1000), speech))


SENTENCE = "we will meet on friday to talk about the numbers of the last quarter and who is going to present them "


def test_text_that_fits_its_speech_is_not_doubted():
    assert found(SENTENCE * 2) == []
    assert found("我们星期五开会谈一谈上个季度的数字由谁来介绍这些数字" * 2) == []


def test_speech_without_text_is_missing_from_its_first_to_its_last_word():
    heard = Heard(start=99.8, end=119, hypothesis=Hypothesis(text=" … ", raw="", finish="eos"))
    (flag,) = check(heard, heard.segments(1000), TALK)
    assert (flag.kind, flag.start, flag.end, flag.is_missing) == ("no_text", 100, 118, True)
    assert "17.0 s" in flag.sentence


def test_silence_without_text_is_not():
    assert found("", speech=[]) == []
    assert found("", speech=[Span(100, 101.9)]) == []


def test_speech_that_no_segment_covers_is_missing():
    parts = (Segment(start=0, end=5, text=SENTENCE), Segment(start=14, end=19, text=SENTENCE))
    heard = Heard(start=99.8, end=119, hypothesis=Hypothesis(text=SENTENCE * 2, raw="", finish="eos", segments=parts))
    (flag,) = check(heard, heard.segments(1000), TALK)
    assert flag.kind == "no_text"
    assert (flag.start, flag.end) == pytest.approx((104.8, 113.8))


def test_more_than_anyone_can_say_and_less_than_anyone_says():
    assert found(" ".join(SENTENCE.split()[:14])) == ["too_short"]
    varied = " ".join(f"{word}{number}" for number in range(12) for word in SENTENCE.split())
    assert "too_long" in found(varied)
    assert found("1234567890 " + SENTENCE, speech=[Span(100, 108)]) == []  # digits are said one by one


def test_a_sentence_said_again_over_music_is_doubted_where_it_stands():
    """As Whisper base does it: once where it was said, once more over the twenty seconds that follow."""
    said = "the child almost hurt the small dog"
    parts = (Segment(start=0, end=2.8, text=said), Segment(start=2.8, end=22.8, text=said))
    heard = Heard(start=100, end=123, hypothesis=Hypothesis(text=said, raw=said, finish="eos", segments=parts))
    (flag,) = check(heard, heard.segments(1000), [Span(100, 103.4)])
    assert (flag.kind, flag.start, flag.end) == ("too_long", pytest.approx(102.8), pytest.approx(122.8))
    assert flag.sentence == "7 words or characters in 0.6 s of speech: nobody is so fast."


@pytest.mark.parametrize(("start", "kinds"), [(13.0, ["too_long"]), (10.3, []), (8.0, [])])
def test_a_word_is_doubted_where_nobody_speaks_nor_just_before_or_after(start: float, kinds: list[str]):
    parts = (Segment(start=0, end=9, text=SENTENCE), Segment(start=start, end=start + 1, text="so"))
    heard = Heard(start=100, end=120, hypothesis=Hypothesis(text=SENTENCE, raw="", finish="eos", segments=parts))
    assert [flag.kind for flag in check(heard, heard.segments(1000), [Span(100, 110)])] == kinds


def test_a_loop_is_found_where_it_is():
    parts = (
        Segment(start=0, end=6, text=SENTENCE),
        Segment(start=6, end=12, text="and so on " * 5),
        Segment(start=12, end=19, text="as I said before " + SENTENCE),
    )
    heard = Heard(start=99.8, end=119, hypothesis=Hypothesis(text="", raw="", finish="eos", segments=parts))
    (flag,) = check(heard, heard.segments(1000), TALK)
    assert flag.kind == "loop"
    assert (flag.start, flag.end) == pytest.approx((105.8, 111.8))
    assert "“and so on” is written 5 times" in flag.sentence
    assert [one.sentence for one in check(*looped("多谢" * 9))] == ["“多谢” is written 9 times in a row."]


def looped(text: str):
    heard = Heard(start=0, end=5, hypothesis=Hypothesis(text=text, raw=text))
    return heard, heard.segments(5), [Span(0, 5)]


def test_running_out_of_tokens_is_missing_text():
    assert found(SENTENCE * 2, finish="length") == ["cut_off"]


@pytest.mark.parametrize(
    "text",
    [
        "字幕由Amara.org社区提供",
        "字幕由 Amara.org 社群提供",
        "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目",
        "請不吝點贊 訂閱 轉發 打賞支持明鏡與點點欄目",
        "中文字幕志愿者 杨茜茜",
        "優優獨播劇場——YoYo Television Series Exclusive",
        "MING PAO CANADA // MING PAO TORONTO",
        "Subtitles by the Amara.org community",
        "Transcription by CastingWords",
    ],
)
def test_lines_of_credit_are_doubted_wherever_they_stand(text):
    speech = [Span(100, 104)]
    assert "phrase" in found(text, speech=speech, segments=(Segment(start=0.2, end=4.2, text=text),))


@pytest.mark.parametrize(
    "text",
    [
        "Thanks for watching!",
        "Thank you.",
        "Bye-bye.",
        "谢谢观看",
        "謝謝大家收看，再見",
        "多謝收睇",
        "Please subscribe to my channel.",
    ],
)
def test_farewells_are_doubted_only_where_nobody_speaks(text):
    segments = (Segment(start=0.2, end=4.2, text=text),)
    assert "phrase" in found(text, speech=[Span(100, 101)], segments=segments)
    assert "phrase" not in found(text, speech=[Span(100, 103)], segments=segments)


def test_a_farewell_within_a_sentence_is_not_doubted():
    text = "thank you for the numbers"
    assert found(text, speech=[Span(100, 101)], segments=(Segment(start=0, end=5, text=text),)) == []


def test_digits_are_units_of_their_own():
    assert spoken_units("In 2024, 用API吧!") == ["in", "2", "0", "2", "4", "用", "api", "吧"]


@pytest.mark.speech
def test_real_speech_with_its_text_is_not_doubted(speech: Path):
    rows = [json.loads(line) for line in (speech / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    doubted: list[str] = []
    for row in rows:
        if row["category"] in ("english", "cantonese", "mandarin", "noise", "mandarin_tts", "cantonese_tts"):
            clip = read_clip(speech / row["audio_filepath"])
            text = row.get("text_corrected") or row["text"]
            heard = Heard(start=0, end=clip.duration, hypothesis=Hypothesis(text=text, raw=text, finish="eos"))
            flags = check(heard, heard.segments(clip.duration), speech_spans(clip))
            doubted += [f"{row['id']}: {flag.sentence}" for flag in flags]
    assert doubted == []
