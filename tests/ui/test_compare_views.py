"""What the compared runs look like, without a browser."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import settings as searched
from hypothesis import strategies as st

from workbench.evalsets.corrections import CorrectionNote
from workbench.pipeline.measurement import Measurement
from workbench.runs.compare import compare_runs
from workbench.runs.ranking import rank_runs
from workbench.runs.records import ItemFailure, ItemResult, RunRecord, RunSpec
from workbench.runs.shared_clips import SharedQuery
from workbench.runs.side_by_side import SideBySide, StackedClip, put_side_by_side
from workbench.runs.store import StoredRun
from workbench.scoring.stacked import stack_texts
from workbench.text.rulers import find_ruler
from workbench.ui.compare_clip import clip_view
from workbench.ui.compare_figures import comparison_view, cost_view, groups_view, remarks_view
from workbench.ui.compare_query import order_choice, read_query, turned
from workbench.ui.compare_systems import name_systems, systems_view
from workbench.ui.compare_table import matches_view, order_choices, shared_view, which_choices
from workbench.ui.leaderboard import leaderboard_view, measures_view
from workbench.ui.stacked_view import MOST_COLUMNS, stacked_view

HOSTILE = '<img src=x onerror="alert(1)"> <script>alert(1)</script> & "quoted" \' ${x}'
RULER = find_ruler("basic")
MEASURED = Measurement(wall_seconds=1.5, cpu_seconds=2.0, audio_seconds=3.0, peak_rss_bytes=400_000_000)
SAID = ["one two three four", "five six seven", "eight nine ten", "red fox", "blue sky", "warm rain", "old oak"]
NOTE = CorrectionNote(set="demo", hash="abc", changed=2, left_out=1)


def text_of(markup: str) -> str:
    return unescape(re.sub(r"<[^>]*>", " ", markup))


def stored(
    run_id: str, texts: Sequence[str], *, engine: str = "builtin", chain: str = "", beam: int = 5,
    measured: bool = True, said: Sequence[str] = SAID, corrections: CorrectionNote | None = None, word: str = "c",
) -> StoredRun:  # fmt: skip
    spec = RunSpec(
        eval_set=f"{word}-set", set_digest="0", set_language="en", items=len(said), engine=engine, model_id="m",
        revision="", language="set", context="", chain=chain, device="cpu", dtype="", batch_size=1,
        options={"beam_size": beam},
    )  # fmt: skip
    record = RunRecord(
        run_id=run_id, created="2026-01-02T03:04:05+00:00", status="success", spec=spec, passed={}, environment={}
    )
    outcomes = tuple(
        ItemResult(
            id=f"{word}{place}", reference=reference, text=text, raw=text, language="en", finish="eos",
            measurement=MEASURED if measured else None, tags={"room": f"{word} {place % 2}", "language": word},
        )
        for place, (reference, text) in enumerate(zip(said, texts, strict=True))
    )  # fmt: skip
    return StoredRun(record=record, outcomes=outcomes, corrections=corrections)


GOOD = stored("g", SAID)
BAD = stored("b", [text.split()[0] for text in SAID], chain="gain@1:peak_db=-3")
OTHER = stored("o", [*SAID[:5], "warm train", "old oak tree"], engine="imported:Lab", measured=False)


class Elements(HTMLParser):
    """What a browser would see."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}


def every_view(word: str) -> str:
    """All views with this word wherever data is shown."""
    said = [f"{text} {word}" for text in SAID]
    a = stored("a", said, engine=word, said=said, word=word)
    b = stored("b", [f"x {word}" for _ in said], engine=f"imported:{word}", chain=word, said=said, word=word)
    failure = ItemFailure(id=f"{word}0", reference=said[0], error="E", message=word)
    c = StoredRun(record=stored("c", said, said=said, word=word).record, outcomes=(failure, *b.outcomes[1:]))
    systems = name_systems([one.record for one in (a, b, c)])
    note = CorrectionNote(set=word, hash="0", changed=1, left_out=0, stale=(word,))
    found, ranking = compare_runs(a, b, ruler=RULER), rank_runs([a, b, c], ruler=RULER)
    side = put_side_by_side([a, b, c], ruler=find_ruler("raw"))
    page = side.find(SharedQuery(tag=("room", f"{word} 1"), page_size=1))
    clip = side.stack(f"{word}0", [0, 1, 2])
    return "".join(
        [
            systems_view(systems), comparison_view(found, systems[:2]), groups_view(found), cost_view(found),
            leaderboard_view(ranking, systems), measures_view(ranking, systems), remarks_view((note,), (word,)),
            matches_view(page), shared_view(page, systems, current=page.rows[0].id),
            clip_view(clip, systems, player="", player_id="p", ruler="basic@1"),
        ]
    )  # fmt: skip


@pytest.mark.parametrize("word", [HOSTILE, "\u202e<svg/onload=alert(1)>", "'><iframe src=//example.org>"])
def test_no_view_adds_an_element_or_attribute_for_any_text(word: str) -> None:
    plain, hostile = Elements(every_view("plain")), Elements(every_view(word))
    assert hostile.names <= plain.names
    assert hostile.attributes <= plain.attributes
    assert "script" not in plain.names


def test_a_difference_never_stands_without_its_interval_and_verdict() -> None:
    found = compare_runs(GOOD, BAD, ruler=RULER)
    systems = name_systems([GOOD.record, BAD.record])
    shown = comparison_view(found, systems)
    leading = found.metrics[found.headline]
    assert leading.sentence.removeprefix(leading.verdict) in text_of(shown)
    cells = re.findall(r"<td>([+−]?[\d.]+ \([^)]*\))</td>", shown)
    assert len(cells) == 3
    assert all(" … " in cell or "no interval" in cell for cell in cells)
    assert shown.count("wb-verdict wb-worse") == 1 + sum(one.verdict == "worse" for one in found.metrics.values())
    assert f"{leading.wins} / {leading.losses} / {leading.ties}" in shown
    board = leaderboard_view(rank_runs([GOOD, BAD, OTHER], ruler=RULER), name_systems(
        [one.record for one in (GOOD, BAD, OTHER)]
    ))  # fmt: skip
    deltas = re.findall(r"<small>([+−][\d.]+ points[^<]*)</small>", board)
    assert len(deltas) == 2
    assert all(" … " in one for one in deltas)


def test_how_many_more_clips_is_an_estimate_to_two_figures() -> None:
    said = [f"one two {place}" for place in range(60)]
    a = stored("a", [*said[:59], "x"], said=said)
    b = stored("b", ["x", *said[1:58], "one", "one"], said=said)
    found = compare_runs(a, b, ruler=RULER)
    leading = found.metrics[found.headline]
    assert leading.more_needed is not None
    shown = text_of(comparison_view(found, name_systems([a.record, b.record])))
    numbers = set(re.findall(r"about ([\d,]+) more clips", shown))
    assert all(len(number.replace(",", "").rstrip("0")) <= 2 for number in numbers)
    assert re.search(r"about ([\d,]+) more", leading.sentence).group(1) in numbers  # pyright: ignore[reportOptionalMemberAccess]


def test_places_come_with_ties_and_the_baseline_has_no_p_value() -> None:
    ranking = rank_runs([BAD, GOOD, OTHER], ruler=RULER)
    shown = leaderboard_view(ranking, name_systems([one.record for one in (BAD, GOOD, OTHER)]))
    assert re.findall(r'class="wb-place">([^<]*)<', shown) == [row.place for row in ranking.rows]
    baseline = next(row for row in shown.split("<tr>") if "wb-same-run" in row)
    assert 'data-name="p, Holm">–<' in baseline


def test_corrected_labels_are_said_beside_every_number() -> None:
    runs = [stored("g", SAID, corrections=NOTE), stored("b", ["x"] * 7, corrections=NOTE), OTHER]
    systems = name_systems([one.record for one in runs])
    two = comparison_view(compare_runs(*runs[:2], ruler=RULER), systems[:2])
    assert two.count("wb-corrected-mark") == 4
    assert leaderboard_view(rank_runs(runs, ruler=RULER), systems).count("wb-corrected-mark") == 4
    assert "corrected" not in comparison_view(compare_runs(GOOD, BAD, ruler=RULER), systems[:2])


def test_runs_are_named_by_what_tells_them_apart() -> None:
    runs = [GOOD, BAD, OTHER, stored("s", SAID, beam=1)]
    names = [one.label for one in name_systems([run.record for run in runs])]
    assert names == [
        "A · builtin · beam_size=5",
        "B · builtin · gain@1:peak_db=-3 · beam_size=5",
        "C · Lab",
        "D · builtin · beam_size=1",
    ]
    twice = name_systems([GOOD.record, GOOD.record])
    assert twice[1].settings == "begun 2026-01-02 03:04:05"


def test_figures_that_nobody_measured_are_left_out() -> None:
    imported = stored("i", SAID, engine="imported:X", measured=False)
    assert "Nothing was measured here." in cost_view(compare_runs(OTHER, imported, ruler=RULER))
    assert "GPU" not in cost_view(compare_runs(GOOD, BAD, ruler=RULER))


def side(*runs: StoredRun) -> SideBySide:
    return put_side_by_side(runs, ruler=RULER)


def test_the_table_says_who_is_best_and_by_how_much() -> None:
    systems = name_systems([GOOD.record, BAD.record, OTHER.record])
    shown = shared_view(side(GOOD, BAD, OTHER).find(SharedQuery(sort="order", descending=False)), systems)
    fates = re.findall(r'wb-apart">([^<]*)<', shown)
    assert fates == ["A, C by 3", "A, C by 2", "A, C by 2", "A, C by 1", "A, C by 1", "A by 1", "A by 1"]
    assert shared_view(side(GOOD, BAD).find(SharedQuery(fate="all wrong")), systems).startswith(
        '<div class="wb-nothing'
    )


def test_texts_are_left_out_of_the_table_where_there_are_too_many_systems() -> None:
    runs = [stored(name, SAID) for name in "abcde"]
    shown = shared_view(side(*runs).find(SharedQuery()), name_systems([run.record for run in runs]))
    assert shown.count("one two three four") == 1


def told(**changed: object) -> Mapping[str, object]:
    return {"text": "", "which": "", "order": None, "asked": SharedQuery()} | changed


def test_every_choice_of_the_filters_is_a_question() -> None:
    systems = name_systems([GOOD.record, BAD.record, OTHER.record])
    shared = side(GOOD, BAD, OTHER)
    for _, order in order_choices(systems):
        assert order_choice(read_query(told(order=order))) == order
    found = {which: shared.find(read_query(told(which=which))).matches for _, which in which_choices(systems)}
    assert found == {"": 7, "apart": 7, "1<0": 0, "0<1": 7, "2<0": 0, "0<2": 2, "all wrong": 0, "all right": 0}


def test_a_column_is_turned_round_when_it_is_chosen_again() -> None:
    once = turned(SharedQuery(), "errors", 1)
    assert (once.descending, turned(once, "errors", 1).descending, turned(once, "errors", 0).descending) == (
        True, False, True,
    )  # fmt: skip
    assert not turned(SharedQuery(), "id", 0).descending


def stacked(reference: str, *texts: str) -> str:
    stack = stack_texts(reference, texts, "mixed")
    clip = StackedClip(
        id="x", outcomes=GOOD.outcomes[: len(texts)], aligned=tuple(range(len(texts))), stack=stack,
        seconds=(None,) * len(stack.columns),
    )  # fmt: skip
    return stacked_view(clip, "ABCD")


WORDS = st.lists(st.sampled_from(["我", "们", "meeting", "ok", "吗", "&", "<b>"]), max_size=9).map(" ".join)


@searched(max_examples=60, deadline=None)
@given(WORDS, st.lists(WORDS, min_size=2, max_size=4))
def test_every_row_has_its_systems_units_and_every_column_as_many_rows(reference: str, texts: list[str]) -> None:
    shown = stacked(reference, *texts)
    cells = re.findall(r'<(?:span|button)[^>]*class="wb-cell[^"]*"[^>]*>(.*?)</(?:span|button)>', shown)
    columns = [[unescape(unit) for unit in re.findall(r"<i[^>]*>(.*?)</i>", cell)] for cell in cells]
    assert all(len(column) == len(texts) + 1 for column in columns)
    rows = [[unit for unit in row if unit not in ("\xa0", "−")] for row in zip(*columns, strict=True)]
    if columns:
        expected = [[edit.hypothesis for edit in stack_texts(text, [text], "mixed").read_row(0)] for text in texts]
        assert rows[1:] == expected


def test_kinds_of_errors_differ_in_more_than_colour() -> None:
    shown = stacked("我们 开会 了", "我们 开灰 了 吗", "我们 会 了")
    assert '<i class="wb-sub">灰</i>' in shown
    assert '<i class="wb-ins">吗</i>' in shown
    assert '<i class="wb-del">−</i>' in shown
    assert 'title="A: 会 was heard as 灰"' in shown
    assert 'title="B: 开 is missing"' in shown


def test_a_very_long_text_is_cut_and_says_so() -> None:
    shown = stacked("好 " * 2000, "坏 " * 2000, "好")
    assert shown.count("wb-cell") == MOST_COLUMNS
    assert "1,200 more places" in shown


def test_nothing_on_either_side_is_said() -> None:
    assert "nothing is left" in stacked("", "", "")
