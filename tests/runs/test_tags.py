"""Items by the values of their tags, and by duration."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from workbench.pipeline.measurement import Measurement
from workbench.runs.records import ItemFailure, ItemResult, Scalar
from workbench.runs.tags import MOST_NUMBERS, MOST_RANGES, MOST_TAG_VALUES, group_by_tags, labelled


def item(place: int, *, seconds: float | None = None, **tags: Scalar) -> ItemResult:
    return ItemResult(
        id=f"i{place}", reference="x", text="x", raw="x", language=None, finish="eos", duration=seconds, tags=tags
    )


def values(outcomes: Sequence[ItemResult | ItemFailure], tag: str) -> dict[str, int]:
    return {group.value: len(group.places) for group in group_by_tags(outcomes) if group.tag == tag}


def test_numbers_are_in_order_and_words_as_they_come() -> None:
    items = [item(n, snr_db=(20, 0, 10, -5)[n % 4], noise=("hum", "babble")[n % 2], loud=n % 2 == 0) for n in range(8)]
    assert list(values(items, "snr_db").items()) == [("-5", 2), ("0", 2), ("10", 2), ("20", 2)]
    assert list(values(items, "noise")) == ["hum", "babble"]
    assert list(values(items, "loud")) == ["true", "false"]


def test_many_numbers_become_ranges() -> None:
    items = [item(n, snr_db=-4.9 + 0.73 * n) for n in range(40)]
    found = values(items, "snr_db")
    assert list(found) == ["-5 to 0", "0 to 5", "5 to 10", "10 to 15", "15 to 20", "20 to 25"]
    assert sum(found.values()) == 40
    assert values([item(n, snr_db=5.0 * (n % 13)) for n in range(26)], "snr_db")["60 to 70"] == 2


@given(st.lists(st.floats(-1e6, 1e6), min_size=MOST_NUMBERS + 1, max_size=60, unique=True))
def test_every_number_lies_in_its_range(numbers: list[float]) -> None:
    groups = [one for one in group_by_tags([item(n, db=value) for n, value in enumerate(numbers)]) if one.tag == "db"]
    assert sorted(place for group in groups for place in group.places) == list(range(len(numbers)))
    assert 2 <= len(groups) <= MOST_RANGES
    lows = [float(group.value.split(" to ")[0]) for group in groups]
    assert lows == sorted(lows)
    for group in groups:
        low, high = map(float, group.value.split(" to "))
        slack = 1e-5 * (high - low) + 1e-5 * max(abs(low), abs(high))  # names have six figures
        assert all(low - slack <= numbers[place] < high + slack for place in group.places)


def test_labels_do_not_group() -> None:
    many = range(MOST_TAG_VALUES + 1)
    assert values([item(n, number=n) for n in many], "number") == {}  # whole numbers, each once
    assert values([item(n, name=f"n{n // 2}") for n in range(2 * MOST_TAG_VALUES + 2)], "name") == {}
    assert values([item(n, speaker=n // 2) for n in range(60)], "speaker") == {}  # no ranges of speakers
    assert values([item(n, same="all") for n in many], "same") == {}
    assert values([item(n, db=float("nan") if n else 1.0) for n in range(4)], "db") == {"1.0": 1, "nan": 3}


def test_durations_are_grouped_where_they_are_known() -> None:
    seconds = (0.5, 4.99, 5.0, 9.9, 10, 25, 30, 300, None)
    items = [item(n, seconds=value) for n, value in enumerate(seconds)]
    assert list(values(items, "duration").items()) == [
        *(("< 5 s", 2), ("5–10 s", 2), ("10–20 s", 1), ("20–30 s", 1), ("≥ 30 s", 2)),
    ]
    failed = ItemFailure(id="f", reference="x", error="e", message="m")
    assert sum(values([*items, failed], "duration").values()) == 8
    assert values([item(n, seconds=3.0) for n in range(5)], "duration") == {}
    own = [item(n, seconds=value, duration=("short", "long")[n % 2]) for n, value in enumerate(seconds)]
    assert set(values(own, "duration")) == {"short", "long"}


def test_an_item_is_labelled_by_all_runs_that_know_it() -> None:
    cost = Measurement(wall_seconds=1, cpu_seconds=1, audio_seconds=7.0)
    bare = item(0, noise="hum")
    told = ItemResult(
        id="i0", reference="x", text="y", raw="y", language=None, finish="eos", measurement=cost,
        tags={"noise": "babble", "speaker": "A"},
    )  # fmt: skip
    found = labelled((bare, told))
    assert (found.text, found.tags, found.audio_seconds) == ("x", {"noise": "hum", "speaker": "A"}, 7.0)
    assert labelled((told, bare)).audio_seconds == 7.0
