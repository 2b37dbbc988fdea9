"""Coverage accounts for every second, exactly once."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from workbench.audio.segment import Span
from workbench.pipeline.coverage import Flag, Stretch, cover

MOMENTS = st.floats(-5, 120, allow_nan=False) | st.integers(0, 10).map(lambda tenth: tenth * 10.1)


@st.composite
def spans(draw):
    start, end = sorted((draw(MOMENTS), draw(MOMENTS)))
    return Span(start, end)


def flag(span: Span) -> Flag:
    return Flag(start=span.start, end=span.end, kind="loop", sentence="It loops.")


@given(duration=st.floats(0.001, 101), heard=st.lists(spans(), max_size=6), flagged=st.lists(spans(), max_size=6))
def test_it_tiles_the_recording_and_every_moment_is_what_was_said_of_it(duration, heard, flagged):
    tiles = cover(duration, heard, map(flag, flagged))
    assert (tiles[0].start, tiles[-1].end) == (0, duration)
    assert all(left.end == right.start and left.kind != right.kind for left, right in pairwise(tiles))
    assert all(tile.start < tile.end for tile in tiles)
    for tile in tiles:
        middle = (tile.start + tile.end) / 2
        if not tile.start < middle < tile.end:
            continue  # no number lies between the two
        is_flagged = any(one.start <= middle < one.end for one in flagged)
        is_heard = any(one.start <= middle < one.end for one in heard)
        assert tile.kind == ("flagged" if is_flagged else "transcribed" if is_heard else "silence")


def test_a_flag_wins_over_text_and_reaches_into_silence():
    assert cover(10, [Span(2, 6)], [flag(Span(5, 8))]) == (
        Stretch(start=0, end=2, kind="silence"),
        Stretch(start=2, end=5, kind="transcribed"),
        Stretch(start=5, end=8, kind="flagged"),
        Stretch(start=8, end=10, kind="silence"),
    )


def test_only_some_flags_mean_that_text_is_missing():
    kinds = ("cut_off", "no_text", "not_transcribed", "too_long", "too_short", "loop", "phrase", "seam")
    flags = [Flag(start=0, end=1, kind=kind, sentence="") for kind in kinds]
    assert [one.kind for one in flags if one.is_missing] == ["cut_off", "no_text", "not_transcribed"]
