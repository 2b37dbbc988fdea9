"""Places in a text that is edited elsewhere."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.pipeline.anchors import follow

letters = st.text(alphabet="abc的", max_size=8)


others = st.text(alphabet="xyz ", max_size=8)


@settings(max_examples=50, deadline=None)
@given(letters, letters, letters, others, others)
def test_a_place_moves_with_what_is_written_around_it(
    left: str, inside: str, right: str, before: str, after: str
) -> None:
    text = f"{left}{inside}{right}"
    (place,) = follow(text, f"{before}{text}", [(len(left), len(left) + len(inside))])
    if inside:
        assert place == (len(before + left), len(before + left + inside))
    (place,) = follow(text, f"{before}{text}{after}", [(len(left), len(left) + len(inside))])
    if inside:
        assert place == (len(before + left), len(before + left + inside))


@settings(max_examples=50, deadline=None)
@given(letters, letters)
def test_what_is_found_again_is_the_same_characters(before: str, after: str) -> None:
    places = [(start, end) for start in range(len(before)) for end in range(start + 1, len(before) + 1)]
    for (start, end), place in zip(places, follow(before, after, places), strict=True):
        assert place is None or after[slice(*place)] == before[start:end]


def test_places_between_and_places_lost() -> None:
    assert follow("用API做", "我用API来做", [(1, 1), (4, 4), (1, 4), (0, 1)]) == [(2, 2), None, (2, 5), (1, 2)]
    assert follow("abc", "axc", [(0, 1), (1, 2), (1, 1), (3, 3)]) == [(0, 1), None, None, (3, 3)]
    assert follow("", "abc", []) == []


def test_a_character_put_beside_its_like_does_not_part_what_stood_together() -> None:
    assert follow("A再", "AA再", [(1, 1)]) == [(2, 2)]
    assert follow("再A", "再AA", [(1, 1)]) == [(1, 1)]
