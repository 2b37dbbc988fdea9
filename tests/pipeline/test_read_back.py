"""Every format of a transcript full of traps, read back by programs that did not write it."""

from __future__ import annotations

import html
import io
import json
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import docx
import pysubs2
import pytest
import srt
import webvtt
from markdown_it import MarkdownIt

from workbench.engines.base import Hypothesis, Segment
from workbench.pipeline.edited import EditedTranscript
from workbench.pipeline.export import FORMATS, as_txt, export
from workbench.pipeline.measurement import Measurement
from workbench.pipeline.paragraphs import paragraphs
from workbench.pipeline.transcript import Transcript, join_texts
from workbench.pipeline.transcript_file import parse_transcript
from workbench.pipeline.turns import Speaker

TEXTS = [
    "{\\an8}top {braces} \\N \\h",
    "a --> b 00:00:01,000 -->",  # pysubs2 takes any line with two times for the head of a cue
    "<script>alert(1)</script> <b>bold</b> <v Zhang> <00:00:01.000>",
    "R&D &amp; &lt;b&gt; &nbsp;",
    "two\n\nlines\r\n- item\n1. one\n    code\n===\n> quote\u2028end",
    "*b* _i_ `code` [x](http://x) ![y](z) ~~no~~ <http://a.b>",
    "# no heading | table |\n---",
    "مرحبا بالعالم \u202bשלום\u202c abc",
    "👩🏽‍💻 family 👨‍👩‍👧 🇭🇰",
    "𠮶啲 𨋢 佢哋",
    "bell\x07 escape\x1b[31m tab\there \x0bfeed\x0c \x85 \ufeff \ufffe end",
    "[applause] (laughs) ♪ music ♪",
    "WEBVTT",
    "NOTE this",
    "12",
]
NAMES = {"1": "Zhang {x} <b> & --> *Co*", "2": "محمد\n\nعلي", "3": "𠮶 👩🏽‍💻"}


def transcript(*segments: Segment) -> Transcript:
    text = join_texts(segment.text for segment in segments)
    return Transcript(
        source="會議 <1> & *2*.wav",
        clip_digest="0" * 64,
        duration_seconds=segments[-1].end if segments else 1,
        engine="scripted",
        model_id="none",
        chain="",
        hypothesis=Hypothesis(text=text, raw=text, segments=segments, finish="eos"),
        measurement=Measurement(wall_seconds=1, cpu_seconds=1, audio_seconds=2.5),
        speakers=tuple(Speaker(label=label, name=name, seconds=1) for label, name in NAMES.items()),
    )


@pytest.fixture(scope="module")
def plain() -> Transcript:
    return transcript(*(Segment(start=4.0 * n, end=4.0 * n + 2, text=text) for n, text in enumerate(TEXTS)))


@pytest.fixture(scope="module")
def spoken() -> Transcript:
    """The same, said by three people in turn."""
    return transcript(
        *(Segment(start=4.0 * n, end=4.0 * n + 4, text=text, speaker=str(n % 3 + 1)) for n, text in enumerate(TEXTS))
    )


def bare(text: str) -> str:
    """Without white space, and with a mark for controls, which a terminal would obey."""
    return re.sub("[\x07\x1b]", "\ufffd", "".join(text.split()))


def shown(text: str, *pairs: str) -> str:
    """What a format shows for characters that its readers would obey, without white space."""
    for left, right in pairs:
        text = text.replace(left, right)
    return bare(text)


def name_of(number: int) -> str:
    return list(NAMES.values())[number % 3]


BRACES = ("{｛", "}｝", "\\＼")
ANGLES = ("<‹", ">›")


# Subtitles ------------------------------------------------------------------------------------------------------------


def srt_package(file: str) -> list[tuple[float, str]]:
    return [(cue.start.total_seconds(), cue.content) for cue in srt.parse(file)]


def pysubs(file: str) -> list[tuple[float, str]]:
    return [(cue.start / 1000, cue.plaintext) for cue in pysubs2.SSAFile.from_string(file, format_="srt")]


@pytest.mark.parametrize("read", [srt_package, pysubs])
def test_srt(read: Callable[[str], list[tuple[float, str]]], plain: Transcript, spoken: Transcript) -> None:
    assert shown("".join(text for _, text in read(export(plain, "srt").decode()))) == shown(
        "".join(TEXTS), *BRACES, *ANGLES
    )
    said = [f"{name_of(n)}: {text}" for n, text in enumerate(TEXTS)]
    cues = read(export(spoken, "srt").decode())
    assert shown("".join(text for _, text in cues)) == shown("".join(said), *BRACES, *ANGLES)
    assert cues[0][0] == 0
    assert all(left[0] < right[0] for left, right in pairwise(cues))


def test_vtt_by_webvtt(plain: Transcript) -> None:
    cues = list(webvtt.from_string(export(plain, "vtt").decode()))
    assert shown(html.unescape("".join(cue.raw_text for cue in cues))) == shown("".join(TEXTS), *BRACES)


TRACK = """async (file) => {
  const video = document.createElement('video');
  const track = document.createElement('track');
  track.src = URL.createObjectURL(new Blob([file], {type: 'text/vtt'}));
  track.default = true;
  video.append(track);
  document.body.append(video);
  track.track.mode = 'hidden';
  await new Promise((done, failed) => { track.onload = done; track.onerror = () => failed(new Error('no track')); });
  return [...track.track.cues].map((cue) => {
    const shown = cue.getCueAsHTML();
    const voice = shown.querySelector('span[title]');
    return {start: cue.startTime, end: cue.endTime, text: shown.textContent, voice: voice && voice.title,
            tags: [...shown.querySelectorAll('*')].map((one) => one.tagName)};
  });
}"""


@pytest.fixture(scope="module")
def read_track() -> Iterator[Callable[[str], list[dict[str, Any]]]]:
    """Chromium's own reader of WebVTT."""
    playwright = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium") or "/usr/bin/chromium"
    if not Path(chromium).exists():
        pytest.skip("needs Chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.goto("about:blank")
        yield lambda file: page.evaluate(TRACK, file)
        browser.close()


@pytest.mark.browser
def test_vtt_by_chromium(
    read_track: Callable[[str], list[dict[str, Any]]], plain: Transcript, spoken: Transcript
) -> None:
    cues = read_track(export(plain, "vtt").decode())
    assert shown("".join(cue["text"] for cue in cues)) == shown("".join(TEXTS), *BRACES)
    assert {tag for cue in cues for tag in cue["tags"]} == set()
    assert all(left["end"] <= right["start"] for left, right in pairwise(cues))
    voices = read_track(export(spoken, "vtt").decode())
    assert shown("".join(cue["text"] for cue in voices)) == shown("".join(TEXTS), *BRACES)
    by_place = {round(cue["start"] // 4): cue["voice"] for cue in voices}
    assert {n: bare(name) for n, name in by_place.items()} == {n: shown(name_of(n), *BRACES) for n in range(len(TEXTS))}
    assert read_track(export(transcript(), "vtt").decode()) == []


# Documents ------------------------------------------------------------------------------------------------------------


def test_text(plain: Transcript, spoken: Transcript) -> None:
    assert bare(as_txt(plain)) == bare("".join(TEXTS))
    assert bare(as_txt(spoken)) == bare("".join(f"{name_of(n)}: {text}" for n, text in enumerate(TEXTS)))
    stamped = as_txt(spoken, stamped=True).splitlines()
    assert [line[:10] for line in stamped if line][:3] == ["[00:00:00]", "[00:00:04]", "[00:00:08]"]
    assert [bare(line[10:]) for line in export(spoken, "txt", stamped=True).decode().split("\n\n")] == [
        bare(f"{name_of(n)}: {text}") for n, text in enumerate(TEXTS)
    ]


def test_markdown_is_plain_text_in_paragraphs(spoken: Transcript) -> None:
    tokens = MarkdownIt().parse(export(spoken, "md").decode())
    blocks = {f"{kind}_{edge}" for kind in ("heading", "paragraph") for edge in ("open", "close")}
    assert {token.type for token in tokens} == blocks | {"inline"}
    heading, *inline = [token for token in tokens if token.type == "inline"]
    kinds = {child.type for token in inline for child in token.children or ()}
    assert kinds <= {"text", "code_inline", "text_special", "strong_open", "strong_close"}
    assert "".join(child.content for child in heading.children or ()) == spoken.source
    read = [[child for child in token.children or () if child.content] for token in inline]
    assert [one[0].content for one in read] == [f"[00:{n * 4 // 60:02d}:{n * 4 % 60:02d}]" for n in range(len(TEXTS))]
    assert [bare("".join(child.content for child in one[1:])) for one in read] == [
        bare(f"{name_of(n)}: {text}") for n, text in enumerate(TEXTS)
    ]


def no_xml(text: str) -> str:
    """XML has no place for these."""
    return re.sub("[\x07\x1b\ufffe]", "\ufffd", text)


def by_python_docx(file: bytes) -> list[str]:
    return [one.text for one in docx.Document(io.BytesIO(file)).paragraphs]


def by_its_xml(file: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        root = ElementTree.fromstring(archive.read("word/document.xml"))
    names = {"w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main"}
    return [
        "".join(node.text or "" for node in one.iterfind(".//w:t", names)) for one in root.iterfind(".//w:p", names)
    ]


@pytest.mark.parametrize("read", [by_python_docx, by_its_xml])
def test_docx(read: Callable[[bytes], list[str]], spoken: Transcript) -> None:
    title, *said = read(export(spoken, "docx"))
    assert title == spoken.source
    assert [bare(one) for one in said] == [
        bare(no_xml(f"[00:{n * 4 // 60:02d}:{n * 4 % 60:02d}] {name_of(n)}: {text}")) for n, text in enumerate(TEXTS)
    ]


def test_docx_and_markdown_have_the_paragraphs(plain: Transcript) -> None:
    together = transcript(*(Segment(start=n, end=n + 1, text=text) for n, text in enumerate(TEXTS)))
    assert len(by_python_docx(export(together, "docx"))) == 2
    assert len(by_python_docx(export(plain, "docx"))) == 1 + len(paragraphs(plain)) == 1 + len(TEXTS)


def test_json_by_its_own_reader_and_by_another(plain: Transcript, spoken: Transcript) -> None:
    for made in (plain, spoken):
        file = export(made, "json")
        assert parse_transcript(file, "a.json") == EditedTranscript(raw=made)
        read = json.loads(file)["hypothesis"]["segments"]
        assert [(one["start"], one["end"], one["text"], one["speaker"]) for one in read] == [
            (one.start, one.end, one.text, one.speaker) for one in made.segments
        ]


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("segments", [(), (Segment(start=0, end=1, text=""),), (Segment(start=0, end=0, text=" \n"),)])
def test_a_transcript_without_text_is_a_file_without_text(format_name: str, segments: tuple[Segment, ...]) -> None:
    made = transcript(*segments)
    file = export(made, format_name)
    if format_name == "docx":
        assert by_python_docx(file) == by_its_xml(file) == [made.source]
    elif format_name == "json":
        assert parse_transcript(file, "a.json").raw == made
    elif format_name == "srt":
        assert srt_package(file.decode()) == pysubs(file.decode()) == []
    elif format_name == "vtt":
        assert file.startswith(b"WEBVTT\n")
        assert list(webvtt.from_string(file.decode())) == []
    elif format_name == "md":
        assert [one.type for one in MarkdownIt().parse(file.decode())] == ["heading_open", "inline", "heading_close"]
    else:
        assert file.decode().strip() == ""
