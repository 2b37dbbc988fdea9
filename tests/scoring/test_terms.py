from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.scoring.terms import TermCounts, count_terms
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
