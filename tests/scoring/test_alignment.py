"""The aligner against a plain one, jiwer and itself; sclite is the oracle in test_sclite.py."""

from __future__ import annotations

import random
import time
import tracemalloc
from collections import Counter

import jiwer
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.scoring.alignment import (
    MOST_HITS,
    SCLITE,
    Edit,
    Gains,
    align_units,
    count_steps,
    count_units,
    trace_units,
)

UNITS = st.lists(st.sampled_from("abc"), max_size=9)
PAIRS = st.lists(st.tuples(UNITS, UNITS), min_size=1, max_size=8)
few = settings(max_examples=150, deadline=None)


def align_plainly(said: list[str], heard: list[str], cost: Gains) -> list[Edit]:
    """The textbook's table of costs, sclite's order among equal ones; `cost` is of a gap and a substitution."""
    gap, substitution = cost
    table: dict[tuple[int, int], tuple[int, Edit | None]] = {(0, 0): (0, None)}
    for i in range(len(said) + 1):
        for j in range(len(heard) + 1):
            ways: list[tuple[int, int, Edit]] = []  # cost, rank among equals, step
            if i and j:
                same = said[i - 1] == heard[j - 1]
                step = Edit("hit" if same else "substitution", said[i - 1], heard[j - 1])
                ways.append((table[i - 1, j - 1][0] + (0 if same else substitution), 0, step))
            if j:
                ways.append((table[i, j - 1][0] + gap, 1, Edit("insertion", "", heard[j - 1])))
            if i:
                ways.append((table[i - 1, j][0] + gap, 2, Edit("deletion", said[i - 1], "")))
            if ways:
                least, _, step = min(ways, key=lambda way: way[:2])
                table[i, j] = (least, step)
    edits: list[Edit] = []
    i, j = len(said), len(heard)
    while (step := table[i, j][1]) is not None:
        edits.append(step)
        i, j = i - (step.op != "insertion"), j - (step.op != "deletion")
    return edits[::-1]


@given(PAIRS, st.sampled_from([(1 << 25, 1 << 16), (1 << 25, 1), (40, 12), (1, 1)]))
@few
def test_is_the_plain_alignment_whatever_the_batches_blocks_and_bands(
    pairs: list[tuple[list[str], list[str]]], limits: tuple[int, int]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("workbench.scoring.paths._CELLS", limits[0])
        patch.setattr("workbench.scoring.paths._WIDTH", limits[1])
        found = align_units([pair[0] for pair in pairs], [pair[1] for pair in pairs])
    assert found == [align_plainly(*pair, Gains(3, 4)) for pair in pairs]


@given(UNITS, UNITS)
@few
def test_most_hits_are_a_longest_common_subsequence(said: list[str], heard: list[str]) -> None:
    lengths = {(i, j): 0 for i in range(len(said) + 1) for j in range(len(heard) + 1)}
    for i, left in enumerate(said, 1):
        for j, right in enumerate(heard, 1):
            longer = lengths[i - 1, j - 1] + 1 if left == right else 0
            lengths[i, j] = max(longer, lengths[i - 1, j], lengths[i, j - 1])
    (edits,) = align_units([said], [heard], gains=MOST_HITS)
    assert sum(edit.op == "hit" for edit in edits) == lengths[len(said), len(heard)]


@given(st.lists(st.tuples(st.text("ab", max_size=12), st.text("ab", max_size=12)), max_size=8))
@settings(max_examples=400, deadline=None)
def test_strings_are_counted_as_their_characters_are_aligned(pairs: list[tuple[str, str]]) -> None:
    """Two letters: most texts share their ends, and most alignments are one of several that are as good."""
    references, hypotheses = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    traced = trace_units(list(map(list, references)), list(map(list, hypotheses)))
    assert count_units(references, hypotheses) == [count_steps(steps) for steps in traced]


def test_any_character_can_be_counted() -> None:
    said, heard = "\ud800é😀\U0010ffff\x00", "\ud801é😀\U0010fffe\x00"
    (counts,) = count_units([said], [heard])
    assert (counts.hits, counts.substitutions) == (3, 2)


@given(PAIRS)
@few
def test_what_is_counted_is_what_is_aligned(pairs: list[tuple[list[str], list[str]]]) -> None:
    references, hypotheses = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    for counts, edits in zip(count_units(references, hypotheses), align_units(references, hypotheses), strict=True):
        ops = Counter(edit.op for edit in edits)
        assert ops["hit"] == counts.hits
        assert ops["substitution"] == counts.substitutions
        assert (ops["deletion"], ops["insertion"]) == (counts.deletions, counts.insertions)


@given(st.lists(st.tuples(UNITS.filter(bool), UNITS), min_size=1, max_size=8))
@few
def test_errors_are_jiwers_but_for_many_substitutions(pairs: list[tuple[list[str], list[str]]]) -> None:
    """jiwer's errors E' are the fewest. Of sclite's, 3 E + S is least: 3 E + S <= 3 E' + S', so E <= E' + S' / 3."""
    for said, heard in pairs:
        (counts,) = count_units([said], [heard])
        theirs = jiwer.process_words(" ".join(said), " ".join(heard))
        fewest = theirs.substitutions + theirs.deletions + theirs.insertions
        assert 3 * counts.errors + counts.substitutions <= 3 * fewest + theirs.substitutions
        assert fewest <= counts.errors <= fewest + theirs.substitutions // 3


def test_sclite_may_count_an_error_more_than_the_fewest() -> None:
    """Five substitutions cost 20, three deletions and three insertions 18."""
    said, heard = list("abcde"), list("xyzab")
    (counts,) = count_units([said], [heard])
    assert (counts.hits, counts.substitutions, counts.deletions, counts.insertions) == (2, 0, 3, 3)
    assert jiwer.process_words(" ".join(said), " ".join(heard)).substitutions == 5


def test_ties_fall_as_in_sclite() -> None:
    assert [edit.op for edit in align_units([["a", "b"]], [["b", "a"]])[0]] == ["deletion", "hit", "insertion"]
    assert [edit.op for edit in align_units([["a"]], [["a", "a"]])[0]] == ["insertion", "hit"]
    assert [edit.op for edit in align_units([["a", "a"]], [["a"]])[0]] == ["deletion", "hit"]
    assert [edit.op for edit in align_units([["a"]], [["b"]])[0]] == ["substitution"]


def test_nothing_and_unpaired() -> None:
    assert align_units([], []) == count_units([], []) == []
    assert align_units([[]], [[]]) == [[]]
    for function in (align_units, count_units):
        with pytest.raises(ValueError, match="1 references and 0 hypotheses"):
            function([["a"]], [])


@pytest.mark.parametrize(("units", "error"), [(10_000, 0.1), (4_000, 1.0)])
def test_long_texts_take_seconds_and_little_memory(units: int, error: float) -> None:
    draw = random.Random(1)
    said = [draw.choice("今日我哋用做咗次測試好天氣") for _ in range(units)]
    heard = [draw.choice("今日好天") if draw.random() < error else unit for unit in said if draw.random() > error / 3]
    tracemalloc.start()
    started = time.process_time()
    (counts,) = count_units([said], [heard])
    seconds, peak = time.process_time() - started, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert counts.reference_length == units
    assert seconds < 10  # measured: 0.4 s for 10 000 units
    assert peak < 64 << 20  # the whole table of 10 000 units takes 95 MiB as bytes


def test_gains_are_sclites_costs() -> None:
    """Cost and gain of any alignment: 4 S + 3 D + 3 I = 3 (N + M) - 2 (3 H + S)."""
    for hits, substitutions, deletions, insertions in ((0, 0, 0, 0), (5, 2, 3, 1), (1, 9, 0, 4)):
        lengths = 2 * (hits + substitutions) + deletions + insertions
        gain = SCLITE.hit * hits + SCLITE.substitution * substitutions
        assert 4 * substitutions + 3 * deletions + 3 * insertions == 3 * lengths - 2 * gain
