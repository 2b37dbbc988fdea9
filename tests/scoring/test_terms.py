from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import UsageError
from workbench.scoring.terms import TermCounts, add_terms, count_terms, find_terms, read_terms
from workbench.text.rulers import find_ruler

TEXT = st.text(alphabet="机器学a b", max_size=12)
ZH = find_ruler("zh")


def test_terms_are_found_missed_and_put_in() -> None:
    pairs = [
        ("a", "我用 GPU 做機器學習", "我用gpu做机器学习"),
        ("b", "GPU 和 GPU", "GPU 和 CPU"),
        ("c", "start", "art"),
    ]
    found = count_terms(pairs, ["GPU", "机器学习", "art", "CPU", "，"], ZH)
    assert found == {
        "GPU": TermCounts(found=2, missed=1),
        "机器学习": TermCounts(found=1),
        "art": TermCounts(inserted=1),
        "CPU": TermCounts(inserted=1),
    }
    assert (found["GPU"].recall, found["GPU"].precision) == (2 / 3, 1.0)
    assert (found["art"].recall, found["art"].precision) == (None, 0.0)


def test_terms_that_are_one_under_the_ruler_count_once() -> None:
    assert count_terms([("a", "機器", "机器")], ["機器", "机器"], ZH) == {"機器": TermCounts(found=1)}


def test_occurrences_do_not_overlap() -> None:
    assert count_terms([("a", "学学学", "学学")], ["学学"], ZH) == {"学学": TermCounts(found=1)}


@given(st.lists(st.tuples(TEXT, TEXT), max_size=4), st.lists(TEXT, max_size=3))
@settings(max_examples=100, deadline=None)
def test_clips_add_and_sides_change_places(texts: list[tuple[str, str]], terms: list[str]) -> None:
    pairs = [(str(place), *pair) for place, pair in enumerate(texts)]
    whole = count_terms(pairs, terms, ZH)
    for term, counts in whole.items():
        assert counts == sum((count_terms([pair], terms, ZH)[term] for pair in pairs), TermCounts())
    turned = count_terms([(name, heard, said) for name, said, heard in pairs], terms, ZH)
    for term, counts in whole.items():
        back = TermCounts(found=turned[term].found, missed=turned[term].inserted, inserted=turned[term].missed)
        assert counts == back


@given(st.lists(st.tuples(TEXT, TEXT), max_size=4), st.lists(TEXT, max_size=3))
@settings(max_examples=50, deadline=None)
def test_clip_by_clip_is_the_same_and_names_only_what_is_there(texts: list[tuple[str, str]], terms: list[str]) -> None:
    pairs = [(str(place), *pair) for place, pair in enumerate(texts)]
    clips = find_terms(pairs, terms, ZH)
    total = count_terms(pairs, terms, ZH)
    assert add_terms(clips, total) == total
    assert len(clips) == len(pairs)
    assert all(counts != TermCounts() for clip in clips for counts in clip.values())


def test_a_list_of_terms_is_a_file_with_a_line_for_each(tmp_path: Path) -> None:
    path = tmp_path / "terms.txt"
    path.write_bytes("\ufeffGPU\r\n\r\n  機器 學習 \n#1\n".encode())
    assert read_terms(path) == ["GPU", "機器 學習", "#1"]
    for content in (b"\n \n", b"\xff\xfe\x00"):
        path.write_bytes(content)
        with pytest.raises(UsageError, match=r"terms\.txt"):
            read_terms(path)
    with pytest.raises(UsageError, match=r"nowhere\.txt cannot be read"):
        read_terms(tmp_path / "nowhere.txt")
