"""Every text that the page can show has a translation: the source's syntax trees are read, nothing of it is run."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

import pytest
from written_texts import NOT_ON_THE_PAGE, ROOT, any_texts, error_texts, is_reachable, said_texts, trees

from workbench import errors
from workbench.audio.steps import list_steps
from workbench.engines.catalogue import engine_rows
from workbench.evalsets import list_sets
from workbench.evalsets.corrections import CorrectionNote
from workbench.evalsets.layouts.columns import Columns
from workbench.runs.charts import STAGES, PositionColumn, WaterfallBar, position_chart, waterfall_chart
from workbench.runs.hypotheses import FORMATS
from workbench.runs.imported import tell_language_not_known
from workbench.scoring.clusters import NAMES as UNITS
from workbench.scoring.clusters import tell_doubts
from workbench.scoring.verdicts import say_difference, say_units
from workbench.settings import Settings
from workbench.text.languages import NAMES as LANGUAGES
from workbench.text.rulers import list_rulers
from workbench.ui.catalogue import load_catalogue, places
from workbench.ui.choices import option_fields
from workbench.ui.faults import tell_fault
from workbench.ui.labels import Labels
from workbench.ui.language import SIMPLIFIED, speaking, tell

TEXTS = load_catalogue("zh-Hans").texts

COMPOSED = {
    "Did you mean {0}? Known: {1}.": "told as two sentences",
    "Did you mean {0}? There is none yet.": "told as two sentences",
    "{0} has {1}:\n  {2}{3}\n": "told line by line",
}
"""Errors that are told in parts."""


def _page_texts() -> dict[str, str]:
    """Every text of the page's own, and where it is."""
    texts = {
        text: f"{path}:{line}"
        for path, tree in trees(below="ui")
        for line, text in said_texts(tree)
        if text is not None
    }
    return texts | {str(one.default): f"Labels.{one.name}" for one in fields(Labels)}


def _listed_texts(home: Path) -> set[str]:
    """What registries have to say in lists and forms."""
    settings = Settings(home=home)
    options = [option for row in engine_rows(settings) for option in option_fields(row.info) if row.name != "scripted"]
    return {
        *LANGUAGES.values(),
        *STAGES.values(),
        *FORMATS.values(),
        *(one.summary for one in list_steps()),
        *(one.help for step in list_steps() for one in step.parameters),
        *(one.summary for one in list_rulers()),
        *(one.label for one in options),
        *(one.help for one in options if one.help),
        *(one.title for one in list_sets(settings) if one.title),
    }


def _assert_none(found: dict[str, str]) -> None:
    """Every one that is not as it should be in a line of its own, as the catalogue wants it."""
    assert not found, "\n".join(["", *(f"{where}  {text!r}" for text, where in found.items())])


def test_what_the_page_says_is_written_down_where_it_is_said() -> None:
    """`say(name)` would be looked up without this file's knowing; such a text is marked with `phrase` and told."""
    allowed = {Path("ui/language.py"), Path("ui/labels.py")}
    unwritten = [
        f"{path}:{line}"
        for path, tree in trees(below="ui")
        if path not in allowed
        for line, text in said_texts(tree)
        if text is None
    ]
    assert not unwritten


def test_every_text_of_the_page_has_a_translation() -> None:
    _assert_none({text: where for text, where in _page_texts().items() if text not in TEXTS})


def test_every_error_that_a_page_can_meet_has_a_translation() -> None:
    lacking = {
        text: f"{path}:{line}"
        for path, tree in trees()
        if is_reachable(path)
        for line, text in error_texts(tree)
        if text not in COMPOSED and text not in TEXTS and re.search("[A-Za-z]", re.sub(r"\{\d+\}", "", text))
    }
    _assert_none(lacking)


def test_modules_said_to_be_out_of_reach_are_there() -> None:
    assert [one for one in NOT_ON_THE_PAGE if not (ROOT / one).exists()] == []


def test_everything_listed_has_a_translation(tmp_path: Path) -> None:
    _assert_none({text: "" for text in _listed_texts(tmp_path) if text not in TEXTS})


@pytest.mark.parametrize("code", ["zh-Hans", "zh-Hant"])
def test_a_translation_keeps_the_places_and_holds_no_markup(code: str) -> None:
    """A place may be left out only where it holds what Chinese does not say, which then has a key of its own."""
    for english, text in load_catalogue(code).texts.items():
        assert sorted(set(places(text))) == sorted(set(places(english)) - ELSEWHERE.get(english, set())), english
        assert not set('<"&') & set(text), f"{text} is put into attributes as it is"
        assert english.endswith("\n") == text.endswith("\n")


ELSEWHERE = {
    "The texts of {0} were imported: what language {1} told, if any, is not known.": {"1"},
    "The texts of {0} and {1} were imported: what language {2} told, if any, is not known.": {"2"},
    "The clips are of {0} only: intervals and verdicts hold for {1} alone.": {"1"},
}
"""Places that a translation leaves out: "that system was", after the system was named."""


def test_traditional_chinese_has_the_same_texts_in_traditional_characters() -> None:
    traditional = load_catalogue("zh-Hant").texts
    assert traditional.keys() == TEXTS.keys()
    assert not set("们这发说个实无听读") & set("".join(traditional.values()))
    assert traditional["Download"] == "下載"
    assert "檔案" in traditional["Take it as an empty text"] or "檔案" in traditional["Refuse the file"]


def test_no_translation_is_of_a_text_that_nobody_says(tmp_path: Path) -> None:
    said = set(_page_texts()) | _listed_texts(tmp_path) | set(finished_sentences())
    for _, tree in trees():
        said |= set(any_texts(tree))
        said |= {text for _, text in error_texts(tree)}
    ours = {english: english.removeprefix("fault: ") for english in TEXTS if english not in OTHERS_SAY}
    _assert_none({english: "" for english, text in ours.items() if text not in said and not _is_part(text, said)})


OTHERS_SAY = {
    *(os.strerror(number) for number in errno.errorcode),
    "{0}: Field required",
    "{0}: Unexpected keyword argument",
    "embedded null byte", "Expecting value", "Expecting ',' delimiter", "Expecting ':' delimiter",
    "Expecting property name enclosed in double quotes", "Unterminated string starting at", "Extra data",
    "Invalid control character at", "Invalid \\escape",
}  # fmt: skip
"""What the system, Python and pydantic say, in sentences of ours."""


def _is_part(english: str, said: set[str]) -> bool:
    """Whether a text is a sentence of a longer one, or the shape of a finished one."""
    if len(english) < 10:
        return False
    pattern = re.compile(r"(?:\{\d+\}|.+)".join(map(re.escape, re.split(r"\{\d+(?::d)?\}", english))))
    return any(pattern.search(one) for one in said)


def finished_sentences() -> Iterator[str]:
    """What the library makes of several pieces, as a page is given it."""
    for by, (one, several) in UNITS.items():
        for count in (1, 3, 12):
            yield from tell_doubts(by, count, few=[("speaker", 1), ("recording", 3)])
            yield from tell_doubts(by, count, few=[("speaker", 2), ("recording", 1)])
            yield say_units(count, by)
        yield from (f"1 more {one}", f"1,200 more {several}")
        for interval in (None, (-0.02, 0.003)):
            for needed in (None, 1, 430):
                sentence = say_difference(-0.012, interval, "no difference shown", more_needed=needed, cluster_by=by)
                yield sentence.removeprefix("no difference shown").strip(" ()")
    yield from ("better", "worse", "no difference shown")
    for changed, left_out in ((1, 1), (2, 3)):
        yield CorrectionNote(set="s1", hash="a1", changed=changed, left_out=left_out, stale=("c1",)).sentence
    yield tell_language_not_known(["s1", "s2"])
    yield errors.UnknownName("engine", "fast", ["faster", "x1"]).sentence
    yield errors.UnknownName("run", "x9", []).sentence
    for faults in (["m1:3: no audio file 'a1'"], ["m1:1: 'id' is 3, not text"] * 30):
        yield errors.ManifestError("m1", faults).sentence
    yield errors.AudioUnreadable("a1.wav", "it is damaged: no part of its sound can be decoded").sentence
    yield errors.EngineUnavailable("x1", "CTranslate2 does not compute on xpu", hint="Use auto.").message
    yield from (f"no {' and no '.join(names)}" for names in (["id", "wav"], ["id", "wav", "mp3"], ["id"] * 4))
    for column in ("no column id (or wav)",):
        yield from (column, f"{column}, {column}")
    for columns in (Columns(audio="wav", text="wav"), Columns(audio="wav", text="wav", id="id")):
        yield from (columns.note, replace(columns, language="id").note)
    yield "Damaged in places, imported as far as they can be heard: wav, mp3 and 2 more."
    yield "A Ray worker ended, and another took its place: exit status 1."
    yield "A Ray worker ended, and the others went on without it: exit status 1."
    yield from ("The engine fast ended (exit status 1).", "The engine fast ended (exit status 1): xpu")
    yield from ("no label file wav", "is null", "is UTF-16")
    yield from _chart_words()


def _chart_words() -> Iterator[str]:
    columns = [PositionColumn(substitutions=0.1, deletions=0.2, insertions=0.3, interval=(0.1, 0.9), clips=2)]
    bars = [WaterfallBar(label="x", errors=count, rate=0.1, beyond=False) for count in (2, 1)]
    for chart in (position_chart(columns, title=""), waterfall_chart(bars, title="")):
        for words in re.findall(">([^<]+)</", chart):
            yield from (re.sub("^[+−]\\d+ ", "", one) for one in re.split("[;,:] ", words))


ALLOWED = re.compile(r"\b(CTranslate2|xpu|auto|wav|flac|mp3|fast(er)?|id|Ray|null|UTF)\b")
"""Names and codes in `finished_sentences`."""


def _told(sentence: str) -> str:
    return tell_fault(f"m1:1: {sentence}") if sentence.startswith(("no ", "is ")) else tell(sentence)


def test_sentences_made_of_pieces_are_told_to_the_last_word() -> None:
    with speaking(SIMPLIFIED):
        told = {one: _told(one) for one in finished_sentences()}
    _assert_none({one: text for one, text in told.items() if re.search("[A-Za-z]{3,}", ALLOWED.sub("", text))})
