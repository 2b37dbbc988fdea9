"""The page in its languages in a real Chromium: every label, an error, a warning, the switch, the shared device."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from workbench.audio.io import read_clip, write_clip
from workbench.ui.language import ENGLISH, LANGUAGES, SIMPLIFIED, TRADITIONAL, Language, say, speaking

pytestmark = pytest.mark.browser

SAMPLES = sorted((Path(__file__).resolve().parents[2] / "eval_sets" / "english-demo" / "audio").glob("*.flac"))

ALLOWED = re.compile(
    r"English|workbench|builtin|scripted|(faster-)?whisper|distil|large|medium|small|base|tiny|turbo|qwen3-asr|Qwen\S*"
    r"|transformers\S*|sherpa[-\w:/]*|kind|openai\S*|CTranslate2|Systran\S*|https?:\S+|hub|Parakeet|parakeet\S*|silero"
    r"|WER|CER|MER|RTF|GPU|CPU|MAPSSWE|Holm|NIST|SNR|LUFS|VAD|dB(FS)?|[kM]?Hz|[kMG]i?B|Whisper|OpenAI"
    r"|Open ASR Leaderboard"
    r"|cpu|none|localhost|gain|highpass|loudness|trim|zh|yue|en|raw|basic|mixed|auto|id|context|cutoff|order|peak_db"
    r"|wav|mp3|m4a|flac|ogg|opus|webm|mp4|csv|tsv|jsonl?|nemo|trn|ctm|sclite|NeMo|audio_filepath|text|pred_text|JSON"
    r"|TXT|MD|SRT|VTT|DOCX|CSV|HTML|zip|transcript|Ctrl|Enter|Esc|Shift|gee pee tee => GPT|um|uh"
    r"|\S*-demo|clip\d|broken|reference|says",
)
"""Names of engines, models, steps, formats, keys and measures; what the recordings of this test say; ids."""

# What is seen, and what is said of it on hovering and to screen readers.
WORDS = """() => {
  const found = new Set(), hidden = new Set(["SCRIPT", "STYLE", "CODE", "NOSCRIPT", "OPTION"]);
  const seen = (one) => { const box = one.getBoundingClientRect(); return box.width > 0 && box.height > 0; };
  const add = (text) => { if (text && /[A-Za-z]{2,}/.test(text)) found.add(text.trim()); };
  const walk = (node) => {
    for (const one of node.childNodes) {
      if (one.nodeType === 3 && seen(node)) add(one.textContent);
      if (one.nodeType !== 1 || hidden.has(one.tagName)) continue;
      if (seen(one)) ["title", "placeholder"].forEach((name) => add(one.getAttribute(name)));
      if (one.matches("input:not([type=checkbox]):not([type=radio]), textarea") && seen(one)) add(one.value);
      walk(one);
    }
  };
  walk(document.body);
  return [...found];
}"""


@pytest.fixture
def own_set(tmp_path: Path) -> Path:
    """Four clips and one that is not audio."""
    folder = tmp_path / "set"
    folder.mkdir()
    lines = []
    for index, path in enumerate(SAMPLES[:4]):
        clip = read_clip(path)
        write_clip(clip, folder / f"clip{index}.wav")
        line = {"id": f"clip{index}", "audio_filepath": f"clip{index}.wav", "speaker": str(index % 2)}
        lines.append(line | {"text": "天气 预报" if index == 0 else f"你好 世界 {index}"})
    (folder / "broken.wav").write_text("this is not audio")
    lines.append({"id": "broken", "audio_filepath": "broken.wav", "text": "天气", "speaker": "1"})
    (folder / "manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return folder


@pytest.fixture
def describing(page_server: Any) -> Any:
    """The scripted engine says each clip's length; afterwards what it said before."""
    before = page_server.scripted.script, page_server.scripted.delay_seconds
    page_server.scripted.script = lambda clip: "天气 预报"
    yield page_server.scripted
    page_server.scripted.script, page_server.scripted.delay_seconds = before


def _open(open_page: Callable[..., Any], url: str, language: Language, **settings: Any) -> Any:
    page = open_page(**settings)
    if language is not ENGLISH:
        page.goto(url.rstrip("/") + language.path)
    page.wait_for_selector(".wb-brand")
    return page


def _words(language: Language, text: str) -> str:
    with speaking(language):
        return say(text)


def _tab(page: Any, language: Language, text: str) -> None:
    name = _words(language, text)
    tab = page.get_by_role("tab", name=name, exact=True)
    if not tab.count():  # where it is narrow, behind the button of the tabs that do not fit
        page.locator(".wb-subtabs .overflow-menu > button:visible").click()
        tab = page.locator(".overflow-dropdown button", has_text=name)
    tab.click()


def _choose_scripted(page: Any) -> None:
    page.locator(".wb-engine input:visible").first.click()
    page.get_by_role("option", name="scripted", exact=True).first.click()


def _english(page: Any, *private: str) -> list[str]:
    """Words in Latin letters that are neither names nor codes."""
    found = []
    for text in page.evaluate(WORDS):
        rest = text
        for one in private:
            rest = rest.replace(one, "")
        if re.search("[A-Za-z]{2,}", ALLOWED.sub("", rest)):
            found.append(text)
    return found


def _fits(page: Any) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("language", [SIMPLIFIED, TRADITIONAL], ids=lambda one: one.code)
@pytest.mark.parametrize("width", [1280, 390])
def test_every_label_is_in_chinese(
    open_page: Callable[..., Any], page_server: Any, language: Language, width: int
) -> None:
    page = _open(open_page, page_server.url, language, viewport={"width": width, "height": 844})
    assert page.evaluate("document.documentElement.lang") == language.code
    left = {}
    for name in ("Transcribe", "Benchmark", "Compare"):
        _tab(page, language, name)
        page.wait_for_timeout(400)
        left[name] = _english(page)
        assert _fits(page), f"{name} is wider than the window"
    for name in ("Runs", "Sweep"):
        _tab(page, language, name)
        page.wait_for_timeout(400)
        left[name] = _english(page)
        assert _fits(page), f"{name} is wider than the window"
    assert left == {name: [] for name in left}


def test_a_run_is_shown_in_chinese(
    open_page: Callable[..., Any], page_server: Any, own_set: Path, describing: Any
) -> None:
    page = _open(open_page, page_server.url, SIMPLIFIED)
    _tab(page, SIMPLIFIED, "Benchmark")
    page.locator(".wb-sets input:checked").first.uncheck()
    page.get_by_label("或使用自己的评测集").fill(str(own_set))
    _choose_scripted(page)
    page.get_by_role("button", name="开始评测").click()
    page.locator("tr[data-clip='broken']").wait_for()
    assert "无法读取 broken.wav：这不是音频，或已损坏。" in page.locator("tr[data-clip='broken']").inner_text()
    assert "音频只来自 2 位说话人" in page.locator(".wb-totals").inner_text()
    page.locator("tr[data-clip='clip1']").click()
    page.get_by_text("逐单位对照").wait_for()
    left = {"Clips": _english(page, str(own_set), own_set.parent.name)}
    for name, sign in (("Errors", "错误的种类"), ("Charts", "中有多少只是写法差异"), ("Labels", "需要对这个评测集")):
        page.locator(".wb-result").get_by_role("tab", name=_words(SIMPLIFIED, name), exact=True).click()
        page.get_by_text(sign).first.wait_for()
        left[name] = _english(page, str(own_set), own_set.parent.name)
    assert left == {name: [] for name in left}


def test_an_error_is_told_in_the_page_s_language(open_page: Callable[..., Any], page_server: Any) -> None:
    page = _open(open_page, page_server.url, TRADITIONAL)
    _tab(page, TRADITIONAL, "Compare")
    _tab(page, TRADITIONAL, "Runs")
    page.get_by_role("button", name="開始對比").click()
    page.get_by_text("需要兩次評測。").wait_for()
    page.get_by_text("請選擇兩次以上，第一次為基線。").wait_for()


def test_the_switch_leads_to_another_language_and_is_remembered(
    open_page: Callable[..., Any], page_server: Any
) -> None:
    page = open_page(locale="zh-HK")
    assert page.url == f"{page_server.url}zh-hant/", "the browser's own language at the first visit"
    for name, path, brand in (
        ("简体中文", "zh-hans/", "语音识别工作台"),
        ("English", "?language=en", "ASR Workbench"),
    ):
        page.get_by_role("link", name=name).click()
        page.locator(".wb-brand", has_text=brand).wait_for()
        assert page.url == f"{page_server.url}{path}"
    page.goto(page_server.url)
    page.locator(".wb-brand", has_text="ASR Workbench").wait_for()
    assert page.evaluate("[document.documentElement.lang, navigator.language]") == ["en", "en"]


def test_recordings_are_taken_and_played_in_every_language(
    open_page: Callable[..., Any], page_server: Any, describing: Any
) -> None:
    """Uploads, events with progress, and files that are served, below a path of their own."""
    for language in LANGUAGES:
        page = _open(open_page, page_server.url, language)
        _choose_scripted(page)
        page.locator("input[type=file]").first.set_input_files(SAMPLES[0])
        page.locator(".wb-player:visible").first.wait_for()
        source = page.locator(".wb-player audio").first.evaluate("one => one.src")
        assert source.startswith(page_server.url.rstrip("/") + language.path + "files/")
        assert page.request.get(source).status == 200  # with the visitor's cookie
        assert httpx.get(source).status_code == 403
        page.get_by_role("button", name=_words(language, "Transcribe"), exact=True).click()
        page.locator(".wb-facts", has_text=_words(language, "Complete")).wait_for()


def test_pages_in_different_languages_share_one_device(
    open_page: Callable[..., Any], page_server: Any, describing: Any
) -> None:
    """Each page has a queue of its own; that one thing is computed at a time is the pool's doing."""
    at_once, most, lock = [0], [0], threading.Lock()

    def watched(clip: Any) -> str:
        with lock:
            at_once[0] += 1
            most[0] = max(most[0], at_once[0])
        threading.Event().wait(0.8)
        with lock:
            at_once[0] -= 1
        return "天气"

    describing.script = watched
    pages = [_open(open_page, page_server.url, one) for one in (SIMPLIFIED, TRADITIONAL)]
    for page in pages:
        _choose_scripted(page)
        page.locator("input[type=file]").first.set_input_files(SAMPLES[0])
        page.locator(".wb-player:visible").first.wait_for()
    for page, language in zip(pages, (SIMPLIFIED, TRADITIONAL), strict=True):
        page.get_by_role("button", name=_words(language, "Transcribe"), exact=True).click()
    for page in pages:
        page.locator(".wb-facts:visible").first.wait_for()
    assert most == [1]
