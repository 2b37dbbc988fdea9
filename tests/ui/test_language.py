"""Texts of the page in its languages: looked up, recognised by shape, and kept through threads and visits."""

from __future__ import annotations

import threading
from collections.abc import Generator
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from workbench.errors import AudioTooLong, AudioUnreadable, ManifestError, UnknownName
from workbench.ui.catalogue import Catalogue, load_catalogue
from workbench.ui.chart_words import tell_chart
from workbench.ui.first_visit import FirstVisit, preferred_language, wanted_language
from workbench.ui.labels import ENGLISH as ENGLISH_LABELS
from workbench.ui.labels import labels_in
from workbench.ui.language import (
    ENGLISH,
    LANGUAGES,
    SIMPLIFIED,
    TRADITIONAL,
    current_language,
    say,
    say_many,
    speaking,
    spoken,
    tell,
)
from workbench.ui.notices import error_notice, warning_list
from workbench.ui.served_page import with_language
from workbench.ui.status import languages_view

HOSTILE = "<img src=x onerror=alert(1)>"


def test_english_is_as_it_is_written() -> None:
    assert say("{part} of {total}", part=1, total=2) == "1 of 2"
    assert say_many(1, "{count} clip", "{count} clips") == "1 clip"
    assert say_many(1200, "{count} clip", "{count} clips") == "1,200 clips"
    assert tell("There is no file a.wav.") == "There is no file a.wav."


def test_chinese_may_put_places_in_another_order() -> None:
    with speaking(SIMPLIFIED):
        assert say("{part} of {total}", part=1, total=2) == "2 中的 1"
    with speaking(TRADITIONAL):
        assert say("Download") == "下載"
    assert current_language() is ENGLISH


def test_what_is_put_in_is_not_looked_at_again() -> None:
    with speaking(SIMPLIFIED):
        assert "{total}" in say("{part} of {total}", part="{total}", total="x")


def test_errors_are_told_with_their_values() -> None:
    with speaking(SIMPLIFIED):
        assert tell(AudioTooLong("a.wav", seconds=9, limit=5).message) == "a.wav 时长 9 s，上限为 5 s。"
        unknown = UnknownName("engine", "fast", ["faster"])
        assert (tell(unknown.message), tell(unknown.hint)) == (
            "没有名为 'fast' 的引擎。",
            "是否指 'faster'？可用：faster。",
        )
        faults = ManifestError("m.jsonl", ["m.jsonl:3: no audio file 'b.wav'"])
        assert tell(faults.message).split() == ["m.jsonl", "有", "1", "处错误：", "m.jsonl:3：没有音频文件", "'b.wav'"]


def test_the_shape_with_most_letters_of_its_own_wins() -> None:
    catalogue = Catalogue({"{0} is {1}.": "甲", "{0} is damaged: {1}.": "乙 {0} {1}", "{0:d} errors": "{0} 处"})
    assert catalogue.sentence("a is damaged: b.") == "乙 a b"
    assert catalogue.sentence("12 errors") == "12 处"
    assert catalogue.sentence("many errors") == "many errors"


def test_a_place_does_not_swallow_another_sentence() -> None:
    catalogue = Catalogue({"No {0}.": "没有 {0}。", "Try {0}.": "试试 {0}。"})
    assert catalogue.sentence("No a. Try b.") == "没有 a。试试 b。"
    assert catalogue.sentence("No a. Nobody knows this.") == "没有 a。Nobody knows this."


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_value_survives(one: str, other: str) -> None:
    catalogue = Catalogue({"From {0} to {1} it is silent.": "{1}：{0}"})
    told = catalogue.sentence(f"From {one} to {other} it is silent.")
    assert sorted(one + other) == sorted(told.replace("：", "", 1)) or "：" in one + other


def test_no_text_makes_recognition_slow() -> None:
    """A regular expression with as many places would take years for this one."""
    catalogue = load_catalogue("zh-Hans")
    sentence = "a " + ", ".join(["x"] * 3000) + " is not"
    assert catalogue.sentence(sentence) == sentence


def test_markup_in_a_value_stays_escaped() -> None:
    error = AudioUnreadable(HOSTILE, "it is damaged: no part of its sound can be decoded")
    with speaking(TRADITIONAL):
        shown = error_notice(error) + warning_list([f"{HOSTILE} is silent; its loudness was left as it is."])
    assert HOSTILE not in shown
    assert shown.count(escape(HOSTILE)) == 2
    assert "聲音完全無法解碼" in shown
    assert "響度保持原樣" in shown


def test_a_chart_is_told_and_its_markup_kept() -> None:
    described = "<desc>s0: 12.5 %, 3 clips; s1: 1.0 %, 1 clip</desc>"
    chart = f"<svg><title>WER by speaker</title>{described}<text>&lt;b&gt;</text></svg>"
    with speaking(SIMPLIFIED):
        told = tell_chart(chart)
    assert "按“说话人”分组的 WER" in told
    assert "s0：12.5 %，3 条音频；s1：1.0 %，1 条音频" in told
    assert "<text>&lt;b&gt;</text>" in told
    assert tell_chart(chart) == chart


def test_labels_are_in_the_language() -> None:
    assert labels_in(ENGLISH) == ENGLISH_LABELS
    assert labels_in(SIMPLIFIED).transcribe == "转写"
    assert labels_in(TRADITIONAL).transcribe == "轉寫"


def test_a_function_answers_in_its_language_in_any_thread() -> None:
    def ask(text: str) -> str:
        return say(text)

    heard: list[str] = []
    thread = threading.Thread(target=lambda: heard.append(spoken(ask, SIMPLIFIED)("Download")))
    thread.start()
    thread.join()
    assert heard == ["下载"]
    assert current_language() is ENGLISH


def test_a_generator_is_in_its_language_at_each_step_and_closes_what_it_wraps() -> None:
    closed: list[bool] = []

    def steps(count: int) -> Generator[str, None, None]:
        try:
            for _ in range(count):
                yield say("Download")
        finally:
            closed.append(True)

    one, other = spoken(steps, SIMPLIFIED)(3), spoken(steps, TRADITIONAL)(3)
    assert [next(one), next(other), say("Download"), next(one)] == ["下载", "下載", "Download", "下载"]
    one.close()
    assert closed == [True]
    assert list(other) == ["下載", "下載"]


@pytest.mark.parametrize(
    ("accepted", "code"),
    [
        ("", "en"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("zh-HK,zh;q=0.9", "zh-Hant"),
        ("zh-TW", "zh-Hant"),
        ("zh-Hant-HK", "zh-Hant"),
        ("yue", "zh-Hant"),
        ("en;q=0.1, zh;q=0.7", "zh-Hans"),
        ("fr, zh;q=0.4", "zh-Hans"),
        ("zh;q=0, en", "en"),
        ("zh;q=nonsense,,;", "en"),
    ],
)
def test_the_browser_says_which_language_it_likes(accepted: str, code: str) -> None:
    assert preferred_language(accepted).code == code


def test_a_choice_goes_before_what_the_browser_likes() -> None:
    html = {"accept": "text/html", "accept-language": "zh-CN"}
    assert wanted_language(Headers(html)) is SIMPLIFIED
    assert wanted_language(Headers(html | {"cookie": "a=b; workbench-language=zh-Hant"})) is TRADITIONAL
    assert wanted_language(Headers(html | {"cookie": "workbench-language=en"})) is ENGLISH
    assert wanted_language(Headers(html | {"cookie": "workbench-language=xx"})) is SIMPLIFIED


@pytest.mark.parametrize(
    ("path", "headers", "to"),
    [
        ("/", {"accept": "text/html", "accept-language": "zh-HK"}, "zh-hant/"),
        ("/?__theme=dark", {"accept": "text/html", "accept-language": "zh"}, "zh-hans/?__theme=dark"),
        ("/?language=en", {"accept": "text/html", "accept-language": "zh"}, None),
        ("/", {"accept": "*/*", "accept-language": "zh"}, None),
        ("/", {}, None),
        ("/health", {"accept": "text/html", "accept-language": "zh"}, None),
        ("/zh-hant/", {"accept": "text/html", "accept-language": "zh"}, None),
        ("/zh-hans", {}, "zh-hans/"),
    ],
)
def test_only_a_browser_at_the_root_is_sent_elsewhere(path: str, headers: dict[str, str], to: str | None) -> None:
    client = TestClient(FirstVisit(PlainTextResponse("here")), follow_redirects=False)
    answer = client.get(path, headers=headers)
    assert (answer.headers.get("location"), answer.status_code) == (to, 200 if to is None else 307)


def test_the_switch_leads_to_every_page_from_every_page() -> None:
    english, chinese = languages_view(ENGLISH), languages_view(TRADITIONAL)
    assert ['href="./?language=en"' in english, 'href="./zh-hans/"' in english] == [True, True]
    assert ['href="../?language=en"' in chinese, 'href="../zh-hans/"' in chinese] == [True, True]
    assert all(one.name in view for one in LANGUAGES for view in (english, chinese))
    assert "aria-current=page>繁體中文" in chinese


def test_the_page_names_its_language_before_anything_runs() -> None:
    html = with_language(b'<html\n\tlang="en"><head><title lang="en">', SIMPLIFIED).decode()
    assert html.startswith('<html\n\tlang="zh-Hans"><head><script>')
    assert '"zh-CN"' in html
