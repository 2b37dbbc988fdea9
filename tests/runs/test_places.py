"""Folders, home directories and servers leave no trace in what is handed on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.runs.places import HIDDEN, Places

FOLDERS = ["/home/alice/My Recordings", "/srv/court room/2024"]


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("OSError: No such file: '/home/alice/x/clip.wav'.", "OSError: No such file: 'clip.wav'."),
        ("/home/alice/My Recordings/one two.wav is empty.", "one two.wav is empty."),
        ("see /srv/court room/2024/a/b.wav", "see b.wav"),
        (r"C:\Users\alice\clip.wav was cut", "clip.wav was cut"),
        ("~/models/x and ~alice/y", "x and y"),
        ("http://a:b@asr.corp.example:8000/v1?key=1#large answered 500", "http://server/v1#large answered 500"),
        ("file:///home/alice/a.wav", "a.wav"),
        ("Chinese and/or English, 3/4 of it, 12/05/2024, km/h", "Chinese and/or English, 3/4 of it, 12/05/2024, km/h"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_sentence_keeps_names_and_loses_places(told: str, kept: str) -> None:
    assert Places(FOLDERS).hide_in_text(told) == kept


def test_values_that_are_paths_stay_apart() -> None:
    places = Places(FOLDERS)
    given = {"recording": "/data/monday/call.wav", "other": "/data/tuesday/call.wav", "n": 3, "list": ["/data/x", None]}
    assert places.hide(given) == {"recording": "call.wav", "other": "call.wav (2)", "n": 3, "list": ["x", None]}
    assert places.hide("/data/monday/call.wav") == "call.wav"
    assert places.hide("/home/alice") == HIDDEN
    assert places.hide("/") == f"{HIDDEN} (2)"


@given(st.text())
def test_hiding_twice_hides_nothing_more(text: str) -> None:
    once = Places().hide_in_text(text)
    assert Places().hide_in_text(once) == once


@given(st.lists(st.text("abc/.~ -", min_size=1, max_size=12), min_size=1, max_size=6, unique=True))
def test_different_paths_have_different_names(rests: list[str]) -> None:
    paths = {f"/data/{rest}" for rest in rests}
    places = Places()
    assert len({places.hide(path) for path in paths}) == len(paths)
