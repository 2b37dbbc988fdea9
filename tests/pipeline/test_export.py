"""Every format, read back."""

from __future__ import annotations

import io
import json
import re

import docx
import pysubs2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.engines.base import Hypothesis, Segment
from workbench.errors import UnknownName
from workbench.pipeline.export import FORMATS, export, summary
from workbench.pipeline.measurement import Measurement
from workbench.pipeline.transcript import Transcript, clock, join_texts

HOSTILE = ["{\\an8}top", "a --> b", "<script>alert(1)</script>", "R&D", "two\n\nlines", "*bold* [x](http://x)", "# no"]


def transcript(*texts: str) -> Transcript:
    segments = tuple(Segment(start=2.5 * i, end=2.5 * i + 2, text=text) for i, text in enumerate(texts))
    text = join_texts(texts)
    return Transcript(
        source="會議.wav",
        clip_digest="0" * 64,
        duration_seconds=2.5 * len(texts),
        engine="scripted",
        model_id="none",
        chain="",
        hypothesis=Hypothesis(text=text, raw=text, language="yue", segments=segments, finish="eos"),
        measurement=Measurement(wall_seconds=1, cpu_seconds=1, audio_seconds=2.5),
    )


@pytest.mark.parametrize("format_name", FORMATS)
def test_every_format_writes_something_that_holds_the_text(format_name: str) -> None:
    written = export(transcript("我哋開個 meeting", "OK"), format_name)
    if format_name == "docx":
        text = "\n".join(paragraph.text for paragraph in docx.Document(io.BytesIO(written)).paragraphs)
    else:
        text = written.decode()
    assert "我哋開個 meeting" in text
    assert "OK" in text


def test_an_unknown_format_is_a_sentence_with_the_known_ones() -> None:
    with pytest.raises(UnknownName, match=r"no format named 'sr'") as caught:
        export(transcript("a"), "sr")
    assert "Did you mean 'srt'?" in caught.value.hint


@pytest.mark.parametrize("format_name", ["srt", "vtt"])
def test_subtitles_have_a_cue_a_segment_with_its_times(format_name: str) -> None:
    texts = ["第一句", "second one", *HOSTILE]
    cues = pysubs2.SSAFile.from_string(export(transcript(*texts), format_name).decode())
    assert [(cue.start, cue.end) for cue in cues] == [(2500 * i, 2500 * i + 2000) for i in range(len(texts))]


@pytest.mark.parametrize("text", HOSTILE)
def test_subtitles_show_hostile_text_and_do_not_obey_it(text: str) -> None:
    for format_name in ("srt", "vtt"):
        body = export(transcript(text), format_name).decode()
        cue = body.split("-->", 1)[1]
        assert "-->" not in cue
        assert "<script" not in cue
        assert "{" not in cue
        assert "\n\n" not in cue.rstrip()


def test_markdown_shows_markup_as_text() -> None:
    body = export(transcript(*HOSTILE), "md").decode()
    assert "<script>" not in body
    assert r"\*bold\* \[x\](http://x)" in body
    assert r"\# no" in body
    assert body.count("\n\n") == 1  # after the heading: no line break in a segment begins a paragraph
    assert "`[00:00:00]`" in body


def test_json_holds_everything_and_summary_is_the_contract() -> None:
    made = transcript("一", "two")
    assert json.loads(export(made, "json"))["hypothesis"]["segments"][1]["text"] == "two"
    told = summary(made)
    contract = {"file", "text", "language", "duration_seconds", "segments", "complete", "warnings", "measurement"}
    assert contract <= told.keys()
    assert told["segments"] == [{"start": 0.0, "end": 2.0, "text": "一"}, {"start": 2.5, "end": 4.5, "text": "two"}]
    assert told["measurement"]["rtf"] == 0.4
    assert told["measurement"]["gpu_seconds"] is None


@pytest.mark.parametrize(
    ("texts", "joined"),
    [
        (["see you", "tomorrow"], "see you tomorrow"),
        (["聽日", "見"], "聽日見"),
        (["用", "API 做"], "用API 做"),
        (["好。", "OK then"], "好。OK then"),
        (["", " a ", "", "b"], "a b"),
        ([], ""),
    ],
)
def test_words_never_fuse_across_seams(texts: list[str], joined: str) -> None:
    assert join_texts(texts) == joined


@given(st.lists(st.text(alphabet="ab中 ", max_size=6), max_size=6))
def test_joining_loses_and_invents_nothing_but_spaces(texts: list[str]) -> None:
    assert re.sub(r"\s", "", join_texts(texts)) == re.sub(r"\s", "", "".join(texts))


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "00:00:00.000"), (3661.0005, "01:01:01.000"), (59.9996, "00:01:00.000")]
)
def test_clock_rounds_to_milliseconds_and_carries(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown
