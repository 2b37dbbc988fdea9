"""MAPSSWE against NIST's sc_stats; Holm's correction against closed testing, which it stands for."""

from __future__ import annotations

import itertools
import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.scoring.matched_pairs import compare_segments, correct_for_many, cut_segments
from workbench.scoring.score import Edit, align_units

WORDS = [first + second for first in "bdkmst" for second in ("a", "en", "o")]
RESULT = re.compile(r"# segs: (\d+)\).*mean: +(-?[\d.]+)\).*std dev: +([\d.]+)\).*Z Stat: +(-?[\d.]+)\)")
SGML = re.compile(r'<PATH id="\((\S+?)\)".*?>\n(.*?)\n?</PATH>', re.S)
OPS = {"C": "hit", "S": "substitution", "D": "deletion", "I": "insertion"}
TEXTS = st.lists(st.sampled_from("abc"), max_size=10)


def mishear(words: list[str], error: float, draw: random.Random) -> list[str]:
    heard: list[str] = []
    for word in words:
        chance = draw.random()
        if chance < error:
            heard.append(draw.choice(WORDS))
        elif chance < 1.5 * error:
            heard += [word, draw.choice(WORDS)]
        elif chance >= 1.8 * error:
            heard.append(word)
    return heard


def read_sclite(text: str) -> dict[str, list[Edit]]:
    """sclite's own alignments, so that the test is of the segments and not of ties between alignments."""
    found: dict[str, list[Edit]] = {}
    for name, line in SGML.findall(text):
        steps = re.findall(r'([CSDI]),(?:"([^"]*)")?,(?:"([^"]*)")?(?::|$)', line)
        found[name] = [Edit(OPS[op], said, heard) for op, said, heard in steps]
    return found


@pytest.mark.skipif(shutil.which("sctk") is None, reason="needs sc_stats (Debian package sctk)")
@pytest.mark.parametrize(("first", "second"), [(0.1, 0.14), (0.1, 0.1), (0.3, 0.2)])
def test_equals_sc_stats(tmp_path: Path, first: float, second: float) -> None:
    draw = random.Random(int(1000 * first + 10 * second))
    references = [[draw.choice(WORDS) for _ in range(draw.randint(1, 25))] for _ in range(80)]
    # The last word is always right: sc_stats drops what the second system puts in after an utterance's end.
    texts = {"ref": [[*words, "end"] for words in references]}
    texts |= {
        name: [[*mishear(words, error, draw), "end"] for words in references]
        for name, error in (("a", first), ("b", second))
    }
    for name, lines in texts.items():
        content = "".join(f"{' '.join(words)} (s_{place:03d})\n" for place, words in enumerate(lines))
        (tmp_path / f"{name}.trn").write_text(content, encoding="utf-8")
    for name in "ab":
        command = ["sctk", "sclite", "-r", "ref.trn", "trn", "-h", f"{name}.trn", "trn", "-i", "rm", "-s"]
        subprocess.run([*command, "-o", "sgml", "-O", ".", "-n", name], cwd=tmp_path, check=True, capture_output=True)
    sgml = {name: (tmp_path / f"{name}.sgml").read_text(encoding="utf-8") for name in "ab"}
    done = subprocess.run(
        ["sctk", "sc_stats", "-p", "-t", "mapsswe", "-v", "-n", "-"],
        input=sgml["a"] + sgml["b"], cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    segments, mean, deviation, z = map(float, RESULT.search(done.stdout).groups())
    aligned = {name: read_sclite(text) for name, text in sgml.items()}
    names = sorted(aligned["a"])
    assert len(names) == len(references)
    # sc_stats takes the second from the first, this module the first from the second.
    ours = compare_segments([aligned["b"][name] for name in names], [aligned["a"][name] for name in names])
    assert ours.segments == segments > 30
    assert (ours.mean, ours.deviation, ours.z) == pytest.approx((mean, deviation, z), abs=0.0006)


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
