"""Who said it, in every format, read back."""

from __future__ import annotations

import html
import io
import json
import re

import docx
import pysubs2
import pytest

from workbench.engines.base import Hypothesis, Segment
from workbench.pipeline.export import export, summary
from workbench.pipeline.measurement import Measurement
from workbench.pipeline.speaker_labels import label_transcript
from workbench.pipeline.transcript import Transcript
from workbench.pipeline.turns import Turn

TEXTS = ["我哋開始", "yes --> <b>", "both {\\an8}", "nobody"]
NAMES = {"1": "張 <Zhang> & *Co*", "2": "{Li}"}


@pytest.fixture(scope="module")
def transcript() -> Transcript:
    segments = tuple(Segment(start=2.0 * i, end=2.0 * i + 1, text=text) for i, text in enumerate(TEXTS))
    plain = Transcript(
        source="會議.wav",
        clip_digest="0" * 64,
        duration_seconds=8.0,
        engine="scripted",
        model_id="none",
        chain="",
        hypothesis=Hypothesis(text=" ".join(TEXTS), raw="", segments=segments, finish="eos"),
        measurement=Measurement(wall_seconds=1, cpu_seconds=1, audio_seconds=8),
    )
    turns = [(0.0, 1.0, "1"), (2.0, 3.0, "2"), (4.0, 5.0, "1"), (4.0, 5.0, "2")]
    return label_transcript(plain, [Turn(start=a, end=b, speaker=label) for a, b, label in turns], NAMES)


def test_text_has_a_name_before_each_line(transcript: Transcript) -> None:
    assert export(transcript, "txt").decode().splitlines() == [
        "張 <Zhang> & *Co*: 我哋開始",
        "{Li}: yes --> <b>",
        "張 <Zhang> & *Co* + {Li}: both {\\an8}",
        "nobody",
    ]


def test_vtt_has_voice_tags_that_no_name_breaks(transcript: Transcript) -> None:
    cues = re.findall(r"--> [\d:.]+\n(.+)", export(transcript, "vtt").decode())
    voices = [re.fullmatch(r"(?:<v ([^<>]+)>)?([^<>]+)", cue) for cue in cues]
    assert [html.unescape(found[1] or "") for found in voices if found] == [
        "張 <Zhang> & *Co*",
        "｛Li｝",
        "張 <Zhang> & *Co* + ｛Li｝",
        "",
    ]
    assert [html.unescape(found[2]) for found in voices if found][:2] == ["我哋開始", "yes --> <b>"]


def test_srt_cues_begin_with_the_name(transcript: Transcript) -> None:
    cues = pysubs2.SSAFile.from_string(export(transcript, "srt").decode())
    assert [cue.plaintext for cue in cues][:2] == ["張 ‹Zhang› & *Co*: 我哋開始", "｛Li｝: yes --› ‹b›"]
    assert cues[3].plaintext == "nobody"


def test_word_and_markdown_show_names_in_bold(transcript: Transcript) -> None:
    paragraphs = docx.Document(io.BytesIO(export(transcript, "docx"))).paragraphs[1:]
    assert [(one.runs[0].text, one.runs[1].text) for one in paragraphs][1] == ("[00:00:02] {Li}: ", "yes --> <b>")
    markdown = export(transcript, "md").decode()
    assert "`[00:00:00]` **張 &lt;Zhang&gt; &amp; \\*Co\\*:** 我哋開始" in markdown


def test_json_has_labels_names_and_turns(transcript: Transcript) -> None:
    document = json.loads(export(transcript, "json"))
    assert [one["speaker"] for one in document["hypothesis"]["segments"]] == ["1", "2", "1+2", ""]
    assert [(one["label"], one["name"]) for one in document["speakers"]] == list(NAMES.items())
    assert document["turns"][1] == {"start": 2.0, "end": 3.0, "speaker": "2"}
    short = summary(transcript)
    assert [one.get("speaker") for one in short["segments"]] == [
        NAMES["1"],
        NAMES["2"],
        " + ".join(NAMES.values()),
        None,
    ]
    assert short["speakers"][0] == {"label": "1", "name": NAMES["1"], "seconds": 2.0}
