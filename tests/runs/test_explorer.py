"""Questions about a run's clips: filters and orders do not disturb each other, pages cut and repeat nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.engines.base import Segment, Word
from workbench.errors import UnknownName, UsageError
from workbench.pipeline.measurement import Measurement
from workbench.runs.clip_detail import place_in_segments, take_apart
from workbench.runs.clip_query import KINDS, SORT_KEYS, ClipQuery, parse_tags, searchable
from workbench.runs.explorer import ClipPage, find_clips, find_neighbours, matching, ordered
from workbench.runs.records import ItemFailure, ItemOutcome, ItemResult, RunRecord, RunSpec
from workbench.runs.scored import ScoredRun
from workbench.runs.store import StoredRun
from workbench.scoring.counts import ErrorCounts
from workbench.scoring.score import align
from workbench.text.rulers import find_ruler


def clip(name: str, reference: str, text: str, *, seconds: float = 4.0, **fields: Any) -> ItemResult:
    cost = Measurement(wall_seconds=seconds / 4, cpu_seconds=1.0, audio_seconds=seconds, peak_rss_bytes=100)
    fields = {"raw": text, "language": None, "finish": "eos", "measurement": cost} | fields
    return ItemResult(id=name, reference=reference, text=text, **fields)


def scored(*outcomes: ItemOutcome, language: str = "yue", ruler: str = "zh") -> ScoredRun:
    spec = RunSpec(
        eval_set="s", set_digest="d", set_language=language, items=len(outcomes), engine="e", model_id="m", revision="",
        language="set", context="", chain="", device="cpu", dtype="float32", batch_size=1,
    )  # fmt: skip
    record = RunRecord(run_id="r", passed={}, spec=spec, environment={}, status="success", created="2026-01-01")
    return ScoredRun(StoredRun(record=record, outcomes=outcomes), ruler=find_ruler(ruler))


OUTCOMES: tuple[ItemOutcome, ...] = (
    clip("c1", "佢係我", "佢是我", tags={"noise": "babble", "snr_db": 5}),
    clip("c2", "開會 deadline 明天", "開會 死線 明天", tags={"noise": "babble", "snr_db": 10}, seconds=9.0),
    clip("c3", "我在家", "我再家", tags={"noise": "street", "snr_db": 10}, warnings=("It stops early.",)),
    clip("c4", "", "謝謝觀看", tags={"noise": "street"}),
    clip("c5", "多謝", "多謝" * 40, tags={"noise": "clean"}, seconds=2.0),
    clip("Ｃ６", "全部啱晒", "全部啱晒", tags={"noise": "clean"}),
    ItemFailure(
        id="c7", reference="聽唔到", error="AudioUnreadable", message="It is not audio.", tags={"noise": "clean"}
    ),
    clip("c8", "", "", tags={"noise": "clean"}),
)
RUN = scored(*OUTCOMES)


def names(page: ClipPage) -> list[str]:
    return [one.outcome.id for one in page.rows]


def ask(**query: Any) -> list[str]:
    return names(find_clips(RUN, ClipQuery(**query)))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"text": "DEADLINE"}, ["c2"]),
        ({"text": "c6"}, ["Ｃ６"]),
        ({"text": "觀看"}, ["c4"]),
        ({"text": "聽"}, ["c7"]),
        ({"tags": (("noise", "babble"),)}, ["c1", "c2"]),
        ({"tags": (("noise", "babble"), ("noise", "street"), ("snr_db", "10"))}, ["c2", "c3"]),
        ({"tags": (("noise", "nowhere"),)}, []),
        ({"min_rate": 0.3, "max_rate": 1.0}, ["c1", "c2", "c3"]),
        ({"max_rate": 0.0}, ["Ｃ６"]),
        ({"min_rate": 1 / 3, "max_rate": 1 / 3}, ["c1", "c3"]),
        ({"kind": "failed"}, ["c7"]),
        ({"kind": "no error"}, ["Ｃ６", "c8"]),
        ({"kind": "loop"}, ["c5"]),
        ({"kind": "too long"}, ["c5"]),
        ({"kind": "text on silence"}, ["c4"]),
        ({"kind": "empty reference"}, ["c4", "c8"]),
        ({"kind": "translated"}, ["c2"]),
        ({"kind": "same sound"}, []),
        ({"kind": "rewritten"}, ["c1"]),
        ({"kind": "warning"}, ["c3"]),
        ({"said": "在", "heard": "再"}, ["c3"]),
        ({"said": "在"}, ["c3"]),
        ({"said": "", "heard": "观"}, ["c4"]),
        ({"said": "在", "heard": "是"}, []),
        ({"said": "在", "heard": "再", "tags": (("noise", "clean"),)}, []),
    ],
)
def test_each_filter_finds_its_clips(query: dict[str, Any], expected: list[str]) -> None:
    assert ask(**query) == expected


def test_characters_of_the_right_sound_are_told_from_misheard_ones() -> None:
    mandarin = scored(clip("same", "他在家", "她在家"), clip("other", "他在家", "他在校"), language="zh")
    assert names(find_clips(mandarin, ClipQuery(kind="same sound"))) == ["same"]


def test_what_has_no_figure_comes_last_either_way() -> None:
    rising = ask(sort="rate")
    falling = ask(sort="rate", descending=True)
    assert rising[0] == "Ｃ６"
    assert falling[0] == "c5"
    assert rising[-3:] == falling[-3:] == ["c4", "c7", "c8"]
    assert ask(sort="hypothesis")[-1] == "c7"
    assert ask(sort="gpu_seconds", descending=True) == [one.id for one in OUTCOMES]


def test_a_total_adds_counts_and_keeps_failed_and_empty_apart() -> None:
    found = find_clips(RUN, ClipQuery()).matches
    assert (found.clips, found.failed, found.empty_references, found.insertions_on_empty) == (8, 1, 2, 4)
    parts = [find_clips(RUN, ClipQuery(tags=(("noise", name),))).matches for name in ("babble", "street", "clean")]
    assert sum((one.counts for one in parts), ErrorCounts()) == found.counts == RUN.summary.metrics["cer"].counts
    assert found.ci95 == RUN.summary.metrics["cer"].ci95
    assert parts[0].ci95 is not None
    assert parts[0].ci95[0] <= (parts[0].counts.rate or 0) <= parts[0].ci95[1]
    assert find_clips(RUN, ClipQuery(text="c1")).matches.ci95 is None


def test_a_range_of_a_tag_is_asked_as_the_summary_names_it() -> None:
    row = next(row for row in RUN.summary.by_tag if row.tag == "duration")
    found = find_clips(RUN, ClipQuery(tags=((row.tag, row.value),)))
    assert found.matches.clips == row.scored + row.failed > 0


queries = st.builds(
    ClipQuery,
    text=st.sampled_from(["", "c", "我", "會"]),
    tags=st.sampled_from([(), (("noise", "babble"),), (("noise", "clean"), ("noise", "street"))]),
    kind=st.sampled_from([None, *KINDS]),
    min_rate=st.sampled_from([None, 0.0, 0.3]),
    max_rate=st.sampled_from([None, 0.5, 50.0]),
    said=st.sampled_from([None, "在", ""]),
    sort=st.sampled_from(SORT_KEYS),
    descending=st.booleans(),
    page_size=st.integers(1, 4),
)


@settings(deadline=None, max_examples=200)
@given(queries)
def test_pages_partition_what_matches(query: ClipQuery) -> None:
    first = find_clips(RUN, query)
    pages = [
        find_clips(RUN, ClipQuery(**{name: getattr(query, name) for name in ClipQuery.__slots__} | {"page": number}))
        for number in range(1, first.pages + 2)
    ]
    shown = [name for page in pages for name in names(page)]
    whole = ordered(matching(RUN, query), query, RUN.summary.headline)
    assert shown == [one.outcome.id for one in whole]
    assert len(shown) == len(set(shown)) == first.matches.clips
    assert names(pages[-1]) == []
    assert all(0 < len(page.rows) <= query.page_size for page in pages[:-1]) or not shown


@settings(deadline=None, max_examples=200)
@given(queries)
def test_an_order_changes_no_clip_and_a_filter_no_order(query: ClipQuery) -> None:
    chosen = matching(RUN, query)
    sorted_then_filtered = [one for one in ordered(RUN.clips, query, "cer") if one.place in {c.place for c in chosen}]
    assert [one.place for one in ordered(chosen, query, "cer")] == [one.place for one in sorted_then_filtered]


@settings(deadline=None, max_examples=50)
@given(queries)
def test_neighbours_walk_through_all_matches(query: ClipQuery) -> None:
    expected = [one.outcome.id for one in ordered(matching(RUN, query), query, "cer")]
    name, walked = (expected[0] if expected else None), list[str]()
    while name is not None:
        walked.append(name)
        beside = find_neighbours(RUN, query, name)
        assert beside is not None
        assert (beside.number, beside.total) == (len(walked), len(expected))
        assert beside.before == (walked[-2] if len(walked) > 1 else None)
        name = beside.after
    assert walked == expected


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"kind": "odd"}, UnknownName),
        ({"sort": "colour"}, UnknownName),
        ({"page": 0}, UsageError),
        ({"page_size": 0}, UsageError),
        ({"page_size": 100_000}, UsageError),
        ({"min_rate": float("nan")}, UsageError),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(query: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        ClipQuery(**query)


def test_tags_are_read_from_texts() -> None:
    assert parse_tags(["noise=a=b", "snr_db="]) == (("noise", "a=b"), ("snr_db", ""))
    with pytest.raises(UsageError, match="babble"):
        parse_tags(["babble"])


def test_width_case_and_ligatures_do_not_matter_in_a_search() -> None:
    assert searchable("Ｏﬀice STRASSE ﾐ") == searchable("oFFice straße ミ")


def test_a_page_looks_only_at_its_own_clips() -> None:
    run = scored(*OUTCOMES)
    page = find_clips(run, ClipQuery(page_size=3, page=2))
    assert not run.is_analysed
    assert {"loop", "too long", "any error", "insertion"} <= (page.rows[1].kinds or set())
    before = [one.kinds for one in find_clips(run, ClipQuery()).rows]
    find_clips(run, ClipQuery(kind="loop"))
    assert run.is_analysed
    assert [one.kinds for one in find_clips(run, ClipQuery()).rows] == before


# One clip ------------------------------------------------------------------------------------------------------------


def test_a_clip_is_taken_apart_step_by_step() -> None:
    detail = take_apart(RUN, "c2")
    assert [edit.op for edit in detail.alignment if edit.op != "hit"].count("deletion") > 0
    assert detail.stages[0].reference == "開會 deadline 明天"
    last = [stage for stage in detail.stages if not stage.beyond][-1]
    assert last.reference == find_ruler("zh").apply("開會 deadline 明天")
    assert last.counts.counts == RUN.clips[1].counts["cer"]  # pyright: ignore[reportOptionalSubscript]
    assert detail.analysis is not None
    assert detail.analysis.codeswitch.translated == 1


def test_a_failed_clip_has_no_alignment_and_an_unknown_one_is_named() -> None:
    assert take_apart(RUN, "c7").alignment == ()
    with pytest.raises(UnknownName, match="c99"):
        take_apart(RUN, "c99")


def test_errors_are_placed_in_the_segments_they_were_heard_in() -> None:
    segments = (Segment(start=0, end=1, text="我哋開會，"), Segment(start=1, end=2, text="聽日再講。"))
    ruler = find_ruler("zh")
    alignment = align(ruler.apply("我們開會聽日先再講吧"), ruler.apply("我哋開會，聽日再講。"), "char")
    found = place_in_segments(alignment, segments, ruler, "char")
    errors = {edit.reference: place for edit, place in zip(alignment, found, strict=True) if edit.op != "hit"}
    assert errors == {"们": 0, "先": 1, "吧": 1}
    assert place_in_segments(alignment, (), ruler, "char") == [None] * len(alignment)


def test_a_ruler_that_changes_text_across_segments_still_places_every_error() -> None:
    segments = (
        Segment(start=0, end=1, text="一百"),
        Segment(start=1, end=2, text="二十蚊"),
        Segment(start=2, end=3, text="ok"),
    )
    ruler = find_ruler("zh")
    alignment = align(ruler.apply("一百三十蚊 no"), ruler.apply("一百二十蚊ok"), "mixed")
    found = place_in_segments(alignment, segments, ruler, "mixed")
    assert None not in found
    assert found == sorted(found, key=lambda place: place or 0)
    assert found[-1] == 2


def test_words_with_times_are_finer_than_their_segment() -> None:
    words = (Word(start=0.0, end=0.4, text="red"), Word(start=0.4, end=0.9, text="box"))
    segment = Segment(start=0, end=0.9, text="red box", words=words)
    run = scored(clip("w", "red fox", "red box", segments=(segment,)), language="en", ruler="en")
    detail = take_apart(run, "w")
    at = next(place for edit, place in zip(detail.alignment, detail.places, strict=True) if edit.op != "hit")
    assert at is not None
    assert detail.spans[at].start == 0.4
