"""What the explorer shows, without a browser."""

from __future__ import annotations

import json
import re
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.engines.base import Segment
from workbench.pipeline.measurement import Measurement
from workbench.runs.clip_detail import take_apart
from workbench.runs.clip_query import ClipQuery
from workbench.runs.explorer import find_clips, find_neighbours
from workbench.runs.records import ItemFailure, ItemOutcome, ItemResult, RunRecord, RunSpec
from workbench.runs.scored import ScoredRun
from workbench.runs.store import StoredRun
from workbench.text.rulers import find_ruler
from workbench.ui.causes import causes_view
from workbench.ui.clip_table import table_view
from workbench.ui.clip_view import detail_view, marks_view
from workbench.ui.explorer_filters import order_choice, read_query, turn
from workbench.ui.explorer_view import kind_choices, matches_view, order_choices
from workbench.ui.spread import spread_view

HOSTILE = '<img src=x onerror="alert(1)"> <script>alert(1)</script> & "quoted" {"clip": 1}'


def clip(name: str, reference: str, text: str, **fields: Any) -> ItemResult:
    cost = Measurement(wall_seconds=1.5, cpu_seconds=2.0, audio_seconds=3.0, peak_rss_bytes=400_000_000)
    fields = {"raw": text, "language": "en", "finish": "eos", "measurement": cost} | fields
    return ItemResult(id=name, reference=reference, text=text, **fields)


def scored(*outcomes: ItemOutcome, language: str = "en", ruler: str = "raw") -> ScoredRun:
    spec = RunSpec(
        eval_set="s", set_digest="d", set_language=language, items=len(outcomes), engine="e", model_id="m", revision="",
        language="set", context="", chain="", device="cpu", dtype="float32", batch_size=1,
    )  # fmt: skip
    record = RunRecord(run_id="r", passed={}, spec=spec, environment={}, status="success", created="2026-01-01")
    return ScoredRun(StoredRun(record=record, outcomes=outcomes), ruler=find_ruler(ruler))


class Seen(HTMLParser):
    """Elements, and what can be clicked, as a browser would read them."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.picks: list[Any] = []
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.picks += [json.loads(value or "") for name, value in attrs if name == "data-pick"]


def text_of(markup: str) -> str:
    return unescape(re.sub(r"<[^>]*>", "", markup))


RUN = scored(
    clip("c1", "red fox", "red box", tags={"noise": "babble"}),
    clip("c2", "red fox", "red fox", tags={"noise": "babble"}),
    clip("c3", "a b c", "", tags={"noise": "none"}),
    ItemFailure(id="c4", reference="x", error="AudioUnreadable", message="It cannot be read.", tags={"noise": "none"}),
)


def test_a_row_says_what_was_measured_and_a_failed_one_why() -> None:
    shown = table_view(find_clips(RUN, ClipQuery()), current="c2")
    cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", re.findall(r'<tr data-clip="c1".*?</tr>', shown)[0])
    values = [text_of(cell) for cell in cells]
    assert values == ["c1", "red fox", "red box", "50.0", "1", "·", "·", "16.7", "50.0", "3.00", "1.50", "0.500", "400"]
    assert "GPU s" not in shown
    assert "It cannot be read." in shown
    assert re.findall(r'data-clip="(c\d)"[^>]*aria-current', shown) == ["c2"]
    assert {"clip": "c3"} in Seen(shown).picks


def test_the_table_says_how_it_is_sorted_and_what_a_click_asks() -> None:
    query = ClipQuery(sort="rate", descending=True)
    shown = table_view(find_clips(RUN, query))
    assert re.findall(r'data-column="(\w+)"[^>]*aria-sort="(\w+)"', shown) == [("rate", "descending")]
    assert {"sort": "wall_seconds"} in Seen(shown).picks
    assert turn(query, "rate").descending is False
    assert turn(query, "wall_seconds").descending is True
    assert turn(query, "id").descending is False


def test_how_many_match_is_said_with_their_rate_and_the_way_to_other_pages() -> None:
    first = matches_view(find_clips(RUN, ClipQuery(page_size=3)))
    assert "1–3 of 4 clips" in text_of(first)
    assert "1 failed" in text_of(first)
    assert [one["page"] for one in Seen(first).picks if "page" in one] == [1, 0, 2, 2]
    narrowed = text_of(matches_view(find_clips(RUN, ClipQuery(text="red"))))
    assert narrowed.startswith("2 of 4 clips")
    assert "WER 25.0 % (0.0 – 50.0)" in narrowed
    assert "page" not in narrowed


def test_nothing_found_is_said_with_a_way_back() -> None:
    shown = table_view(find_clips(RUN, ClipQuery(text="nowhere")))
    assert "No clip matches." in shown
    assert Seen(shown).picks == [{"clear": "all"}]


@pytest.mark.parametrize(
    ("said", "heard", "words"),
    [
        ("fox", "box", "Confusion fox → box · 1 time"),
        ("a", "", "Missing a · 1 time"),
        ("", "so", "Added so · 1 time"),
    ],
)
def test_a_confusion_that_was_clicked_can_be_taken_away(said: str, heard: str, words: str) -> None:
    shown = matches_view(find_clips(RUN, ClipQuery(said=said, heard=heard)), times=1)
    assert words in text_of(shown)
    assert {"clear": "confusion"} in Seen(shown).picks


def test_every_order_can_be_chosen_and_is_read_back() -> None:
    choices = [value for _, value in order_choices("wer")]
    assert len(choices) == len(set(choices))
    for value in choices:
        told = {
            "asked": ClipQuery(said="a"),
            "text": " x",
            "tags": ['["t", "v=1"]'],
            "kind": "",
            "low": 5,
            "high": None,
        }
        query = read_query(told | {"order": value})
        assert order_choice(query) == value
        assert (query.text, query.tags, query.kind, query.min_rate, query.max_rate, query.said) == (
            *(" x", (("t", "v=1"),), None, 0.05, None, "a"),
        )


def test_kinds_that_are_not_there_are_not_offered_once_that_is_known() -> None:
    assert len(list(kind_choices(None))) > 10
    assert list(kind_choices({"loop": 3, "failed": 0})) == [("Any", ""), ("Text loops (3)", "loop")]


def test_errors_by_kind_lead_to_their_clips() -> None:
    run = scored(clip("1", "我們開 meeting", "我们开 会"), clip("2", "他在家", "她在家"), language="zh-en", ruler="zh")
    shown = causes_view(run.analysis)
    picks = Seen(shown).picks
    assert {"said": "他", "heard": "她"} in picks
    assert {"kind": "translated"} in picks
    assert {"kind": "same sound"} in picks
    assert {"kind": "loop"} not in picks
    assert "Wrong character, right sound1" in text_of(shown)


def test_a_clip_is_shown_with_what_each_ruler_step_did() -> None:
    run = scored(clip("1", "我們開會。", "我们開灰"), language="zh", ruler="zh")
    shown = text_of(detail_view(take_apart(run, "1"), player="", player_id="p"))
    assert "CER 25.0 %" in shown
    assert "after traditional and simplified1 error · CER 25.0 %−1" in shown
    assert "Nothing changed after variant spellings" in shown


def test_errors_with_times_are_buttons_that_play_from_there() -> None:
    segments = (Segment(start=0, end=1, text="red box"), Segment(start=1.5, end=3, text="ran off"))
    detail = take_apart(scored(clip("1", "red fox ran", "red box ran off", segments=segments)), "1")
    shown = detail_view(detail, player="", player_id="p")
    seeks = re.findall(r'data-error title="([^"]*)" data-seek="([\d.]+)" data-plays="p"', shown)
    assert [(unescape(title), float(at)) for title, at in seeks] == [
        ("substituted: fox was heard as box", 0.0),
        ("added: off", 1.5),
    ]
    marks = marks_view(detail, seconds=3, player_id="p")
    assert re.findall(r'style="left:([\d.]+)%;width:([\d.]+)%"', marks) == [("0.00", "33.33"), ("50.00", "50.00")]
    assert marks_view(take_apart(RUN, "c1"), seconds=3, player_id="p") == ""


def test_a_clip_knows_its_neighbours_and_a_failed_one_its_reason() -> None:
    shown = detail_view(take_apart(RUN, "c4"), player="", player_id="p", beside=find_neighbours(RUN, ClipQuery(), "c4"))
    assert "clip 4 of 4" in text_of(shown)
    assert "It cannot be read." in text_of(shown)
    assert {"clip": "c3"} in Seen(shown).picks


def test_charts_are_there_with_their_titles() -> None:
    shown = spread_view(RUN.summary, RUN.waterfall, RUN.ruler)
    assert re.findall(r"<h3[^>]*>(.*?)</h3>", shown)[0] == "How much of the WER is spelling"
    assert "WER by noise" in shown
    assert shown.count("<svg") == shown.count("<figure")


def everything(text: str) -> str:
    """All views of a run whose every text is this one."""
    run = scored(
        clip(text, f"{text} said", f"heard {text}", tags={text: text, "noise": text}, warnings=(text,)),
        clip("2", text, "x", tags={"noise": "n"}, raw=text),
        clip("3", f"{text} again", text, tags={"noise": "n"}),
        ItemFailure(id="4", reference=text, error="E", message=text, tags={"noise": text}),
    )
    page = find_clips(run, ClipQuery(said=text, heard=text))
    return "".join(
        [
            matches_view(page),
            table_view(find_clips(run, ClipQuery())),
            causes_view(run.analysis),
            spread_view(run.summary, run.waterfall, run.ruler),
            *(detail_view(take_apart(run, name), player="", player_id="p") for name in (text, "2", "4")),
        ]
    )


@pytest.mark.parametrize(
    "text", [HOSTILE, "'\"><svg/onload=alert(1)>", "${alert(1)} {{constructor}}", "</td></table><b>"]
)
def test_hostile_texts_are_shown_as_text_everywhere(text: str) -> None:
    plain, hostile = Seen(everything("plain words")), Seen(everything(text))
    assert hostile.elements <= plain.elements | {"em"}
    assert {"clip": text} in hostile.picks


@given(st.text(alphabet="<>\"'&/=${}`\\ abc你", min_size=1, max_size=20))
def test_what_is_clicked_is_what_was_meant(text: str) -> None:
    run = scored(clip(text, "a", "b"))
    assert {"clip": text} in Seen(table_view(find_clips(run, ClipQuery()))).picks
