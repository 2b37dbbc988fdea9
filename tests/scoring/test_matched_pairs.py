"""MAPSSWE against NIST's sc_stats; Holm's correction against closed testing, which it stands for."""

from __future__ import annotations

import itertools
import json
import random
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.scoring.alignment import Edit, align_units, encode_edits, trace_units
from workbench.scoring.matched_pairs import compare_segments, compare_traced, correct_for_many, cut_segments
from workbench.scoring.score import align
from workbench.text.rulers import default_ruler, find_ruler
from workbench.text.units import Unit, split

WORDS = [first + second for first in "bdkmst" for second in ("a", "en", "o")]
RESULT = re.compile(r"# segs: (\d+)\).*mean: +(-?[\d.]+)\).*std dev: +([\d.]+)\).*Z Stat: +(-?[\d.]+)\)")
TEXTS = st.lists(st.sampled_from("abc"), max_size=10)


def mishear(units: Sequence[str], error: float, draw: random.Random, others: Sequence[str] = WORDS) -> list[str]:
    heard: list[str] = []
    for unit in units:
        chance = draw.random()
        if chance < error:
            heard.append(draw.choice(others))
        elif chance < 1.5 * error:
            heard += [unit, draw.choice(others)]
        elif chance >= 1.8 * error:
            heard.append(unit)
    return heard


def check_against_sc_stats(
    ask_sclite, folder: Path, texts: Sequence[tuple[str, str, str]], unit: Unit, *options: str
) -> int:
    """Both systems' alignments are sclite's, and the test on ours is sc_stats' on its own; how many segments it had."""
    pairs = {name: [(text[0], text[side]) for text in texts] for name, side in (("a", 1), ("b", 2))}
    ours = {name: [align(*pair, unit) for pair in chosen] for name, chosen in pairs.items()}
    for name, chosen in pairs.items():
        assert ask_sclite(chosen, *options, name=name) == ours[name]
    done = subprocess.run(
        ["sctk", "sc_stats", "-p", "-t", "mapsswe", "-v", "-n", "-"],
        input=b"".join((folder / f"{name}.sgml").read_bytes() for name in "ab"),
        cwd=folder, capture_output=True, check=True,
    )  # fmt: skip
    segments, mean, deviation, z = map(float, RESULT.search(done.stdout.decode("latin-1")).groups())
    # sc_stats takes the second from the first, this module the first from the second.
    found = compare_segments(ours["b"], ours["a"])
    assert found.segments == segments
    assert (found.mean, found.deviation, found.z) == pytest.approx((mean, deviation, z), abs=0.0006)
    return found.segments


@pytest.mark.parametrize(("first", "second"), [(0.1, 0.14), (0.1, 0.1), (0.3, 0.2)])
def test_equals_sc_stats(ask_sclite, tmp_path: Path, first: float, second: float) -> None:
    draw = random.Random(int(1000 * first + 10 * second))
    references = [[draw.choice(WORDS) for _ in range(draw.randint(1, 25))] for _ in range(80)]
    texts = [(said, mishear(said, first, draw), mishear(said, second, draw)) for said in references]
    assert any(text[side][-1:] != text[0][-1:] for text in texts for side in (1, 2))  # some end with an insertion
    joined = [tuple(" ".join(units) for units in text) for text in texts]
    assert check_against_sc_stats(ask_sclite, tmp_path, joined, "word") > 30


def test_equals_sc_stats_where_little_is_right(ask_sclite, tmp_path: Path) -> None:
    """Empty texts, texts that share little, and units put in after the end by either system or both."""
    draw = random.Random(5)

    def hear(said: str) -> str:
        if draw.random() < 0.5:
            return said + " x" * draw.randint(0, 2)
        return " ".join(draw.choice("abc") for _ in range(draw.randint(0, 5)))

    references = [" ".join(draw.choice("abc") for _ in range(draw.randint(0, 5))) for _ in range(200)]
    texts = [(said, hear(said), hear(said)) for said in references]
    assert check_against_sc_stats(ask_sclite, tmp_path, texts, "word") > 100


@pytest.mark.speech
@pytest.mark.parametrize(("unit", "options"), [("word", ()), ("char", ("-c",))])
def test_real_hypotheses_are_compared_as_sc_stats_compares_them(
    speech: Path, ask_sclite, tmp_path: Path, unit: Unit, options: tuple[str, ...]
) -> None:
    lines = (speech / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    items = {item["id"]: item for item in map(json.loads, lines)}
    draw = random.Random(7)
    texts: list[tuple[str, str, str]] = []
    for line in (speech / "hypotheses" / "whisper-base.jsonl").read_text(encoding="utf-8").splitlines():
        heard = json.loads(line)
        ruler = find_ruler(default_ruler(items[heard["id"]]["language"]))
        reference, first = ruler.apply(items[heard["id"]].get("text") or ""), ruler.apply(heard["text"])
        units = split(first, "mixed")
        texts.append((reference, first, ruler.apply(" ".join(mishear(units, 0.05, draw, units)))))
    assert len(texts) > 100
    assert check_against_sc_stats(ask_sclite, tmp_path, texts, unit, *options) > 100


@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), max_size=5))
@settings(max_examples=150, deadline=None)
def test_segments_hold_all_errors_and_systems_change_places(
    clips: list[tuple[list[str], list[str], list[str]]],
) -> None:
    references = [clip[0] for clip in clips]
    one, other = (align_units(references, [clip[side] for clip in clips]) for side in (1, 2))
    segments = [segment for pair in zip(one, other, strict=True) for segment in cut_segments(*pair)]
    for side, alignments in enumerate((one, other)):
        errors = sum(edit.op != "hit" for alignment in alignments for edit in alignment)
        assert sum(segment[side] for segment in segments) == errors
    assert all(any(segment) for segment in segments)
    there, back = compare_segments(one, other), compare_segments(other, one)
    assert there.segments == back.segments == len(segments)
    assert there.p_value == back.p_value
    assert (there.z is None) == (back.z is None)
    assert there.z is None or there.z == -(back.z or 0)


def cut_one_by_one(one: Sequence[Edit], other: Sequence[Edit], buffer: int) -> list[list[int]]:
    """Segments as they are defined: a unit at a time, closed where both have had enough right in a row."""

    def by_unit(alignment: Sequence[Edit]) -> list[tuple[int, bool]]:
        found, inserted = list[tuple[int, bool]](), 0
        for edit in alignment:
            if edit.op == "insertion":
                inserted += 1
            else:
                found.append((inserted, edit.op != "hit"))
                inserted = 0
        return [*found, (inserted, False)]

    segments, errors, right = list[list[int]](), [0, 0], 0
    for left, beside in zip(by_unit(one), by_unit(other), strict=True):
        errors = [errors[0] + sum(left), errors[1] + sum(beside)]
        right = 0 if left[1] or beside[1] else 1 if left[0] or beside[0] else right + 1
        if right >= buffer and any(errors):
            segments.append(errors)
            errors = [0, 0]
    return [*segments, errors] if any(errors) else segments


@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), max_size=6), st.integers(1, 4))
@settings(max_examples=200, deadline=None)
def test_all_utterances_at_once_are_cut_as_one_by_one(
    clips: list[tuple[list[str], list[str], list[str]]], buffer: int
) -> None:
    references = [clip[0] for clip in clips]
    one, other = (align_units(references, [clip[side] for clip in clips]) for side in (1, 2))
    expected = [segment for pair in zip(one, other, strict=True) for segment in cut_one_by_one(*pair, buffer)]
    traced = [trace_units(references, [clip[side] for clip in clips]) for side in (1, 2)]
    assert traced == [[encode_edits(alignment) for alignment in side] for side in (one, other)]
    found = compare_traced(*traced, buffer=buffer)
    assert found.segments == len(expected)
    assert found.mean == (pytest.approx(np.mean([b - a for a, b in expected])) if expected else None)
    assert found.deviation == (
        pytest.approx(np.std([b - a for a, b in expected], ddof=1)) if len(expected) > 1 else None
    )
    together = [segment for pair in zip(one, other, strict=True) for segment in cut_segments(*pair, buffer=buffer)]
    assert together == [tuple(segment) for segment in expected]


@pytest.mark.parametrize(
    ("reference", "first", "second", "expected"),
    [
        ("a b c d e f", "x b c d e f", "a b c d e x", [(1, 0), (0, 1)]),
        ("a b c d", "x b c x", "a b c d", [(1, 0), (1, 0)]),  # two right in a row part them
        ("a b c", "x b x", "a b c", [(2, 0)]),  # one does not
        ("a b c", "a b c", "a y b c", [(0, 1)]),
        ("a b", "a b x", "a b", [(1, 0)]),  # put in after the end
        ("a b", "a b", "a b x", [(0, 1)]),
        ("", "x", "", [(1, 0)]),
        ("a b", "a b", "a b", []),
    ],
)
def test_segments_are_cut_where_both_are_right(reference: str, first: str, second: str, expected: list) -> None:
    said = reference.split()
    one, other = align_units([said, said], [first.split(), second.split()])
    assert list(cut_segments(one, other)) == expected


def test_what_cannot_be_said_is_none() -> None:
    right = align_units([["a"]], [["a"]])
    found = compare_segments(right, right)
    assert (found.segments, found.mean, found.deviation, found.z, found.p_value) == (0, None, None, None, None)
    wrong = align_units([["a"]] * 3, [["b"]] * 3)
    found = compare_segments(align_units([["a"]] * 3, [["a"]] * 3), wrong)
    assert (found.mean, found.deviation, found.z) == (1, 0, None)
    with pytest.raises(ValueError, match="different references"):
        compare_segments(right, align_units([["b"]], [["a"]]))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=7))
@settings(max_examples=200, deadline=None)
def test_holm_is_closed_testing_with_bonferroni(p_values: list[float]) -> None:
    places = range(len(p_values))
    for place, corrected in enumerate(correct_for_many(p_values)):
        expected = max(
            min(1.0, len(chosen) * min(p_values[other] for other in chosen))
            for size in range(1, len(p_values) + 1)
            for chosen in itertools.combinations(places, size)
            if place in chosen
        )
        assert corrected == pytest.approx(expected)


def test_holm_leaves_none_and_one_comparison_alone() -> None:
    assert correct_for_many([0.03]) == [0.03]
    assert correct_for_many([None, 0.01, 0.04, 0.03, None]) == [None, 0.03, 0.06, 0.06, None]
    assert correct_for_many([]) == []
