from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.scoring.confusions import Confusion, align_pairs, count_confusions
from workbench.scoring.counts import tally_all
from workbench.scoring.score import count
from workbench.text.rulers import find_ruler

TEXT = st.text(alphabet="他她的得a b", max_size=10)
BASIC = find_ruler("basic")


@given(st.lists(st.tuples(TEXT, TEXT), max_size=6), st.sampled_from(["word", "char", "mixed"]))
@settings(max_examples=80, deadline=None)
def test_confusions_add_up_to_the_counts(texts: list[tuple[str, str]], unit) -> None:
    pairs = [(str(place), *pair) for place, pair in enumerate(texts)]
    found = count_confusions([pair[0] for pair in pairs], align_pairs(pairs, BASIC, unit))
    total = tally_all(count(BASIC.apply(left), BASIC.apply(right), unit) for left, right in texts)
    assert sum(one.count for one in found.substitutions) == total.counts.substitutions
    assert sum(one.count for one in found.deletions) == total.counts.deletions
    assert sum(one.count for one in found.insertions) == total.counts.insertions + total.insertions_on_empty


def test_most_frequent_come_first_with_their_clips() -> None:
    pairs = [("a", "他他来", "她她来"), ("b", "他来", "她来啊"), ("c", "的", "得"), ("d", "", "嗯")]
    found = count_confusions([pair[0] for pair in pairs], align_pairs(pairs, BASIC, "char"))
    assert found.substitutions == (
        Confusion(reference="他", hypothesis="她", count=3, clips=("a", "b")),
        Confusion(reference="的", hypothesis="得", count=1, clips=("c",)),
    )
    assert found.deletions == ()
    assert [(one.hypothesis, one.clips) for one in found.insertions] == [("啊", ("b",)), ("嗯", ("d",))]
