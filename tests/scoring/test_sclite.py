"""NIST's sclite (Debian package sctk) as an outside oracle for counts.

sclite weighs a substitution 4 and a deletion or an insertion 3, jiwer weighs all alike. Among alignments with as few
errors sclite therefore takes the one with more hits, and jiwer whichever it meets first: the number of errors agrees,
and substitutions, deletions and insertions agree wherever one alignment only has so few errors.
"""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from workbench.scoring.counts import ErrorCounts
from workbench.scoring.score import count_all
from workbench.text.rulers import default_ruler, find_ruler
from workbench.text.units import split

pytestmark = pytest.mark.skipif(shutil.which("sctk") is None, reason="needs sclite (Debian package sctk)")

SCORES = re.compile(r"id: \(u-(\d+)\)\nScores: \(#C #S #D #I\) (\d+) (\d+) (\d+) (\d+)\n")
# sclite reads { / } as alternatives, ( ) as an id, ; as a comment and @ as nothing; a rulered text has none of them
# but "@" and "/", which are left out here.
SPECIAL = re.compile(r"[{}()/;@<>*\\%]")


def ask_sclite(folder: Path, pairs: Sequence[tuple[str, str]], *options: str) -> list[ErrorCounts]:
    for name, side in (("ref", 0), ("hyp", 1)):
        lines = [f"{pair[side]} (u-{index:06d})\n" for index, pair in enumerate(pairs)]
        (folder / f"{name}.trn").write_text("".join(lines), encoding="utf-8")
    command = ["sctk", "sclite", "-r", "ref.trn", "trn", "-h", "hyp.trn", "trn", "-i", "rm", "-s", *options]
    done = subprocess.run(
        [*command, "-o", "pra", "stdout"], cwd=folder, capture_output=True, text=True, encoding="utf-8", check=True
    )
    found: dict[int, ErrorCounts] = {}
    for index, hits, substitutions, deletions, insertions in SCORES.findall(done.stdout):
        found[int(index)] = ErrorCounts(
            hits=int(hits), substitutions=int(substitutions), deletions=int(deletions), insertions=int(insertions)
        )
    assert sorted(found) == list(range(len(pairs)))
    return [found[index] for index in range(len(pairs))]


def has_one_best_alignment(reference: list[str], hypothesis: list[str]) -> bool:
    """Whether all alignments with the fewest errors have as many substitutions (plain dynamic programming)."""
    row = [(column, {0}) for column in range(len(hypothesis) + 1)]
    for line, said in enumerate(reference, 1):
        above, row = row, [(line, {0})]
        for column, heard in enumerate(hypothesis, 1):
            same = said == heard
            ways = [
                (above[column - 1][0] + (not same), {value + (not same) for value in above[column - 1][1]}),
                (above[column][0] + 1, above[column][1]),
                (row[-1][0] + 1, row[-1][1]),
            ]
            fewest = min(way[0] for way in ways)
            row.append((fewest, set().union(*(way[1] for way in ways if way[0] == fewest))))
    return len(row[-1][1]) == 1


def generate_pairs(units: Sequence[str], joint: str, *, seed: int, size: int, error: float) -> list[tuple[str, str]]:
    draw = random.Random(seed)
    pairs: list[tuple[str, str]] = []
    for _ in range(size):
        reference = [draw.choice(units) for _ in range(draw.randint(1, 24))]
        hypothesis: list[str] = []
        for unit in reference:
            chance = draw.random()
            if chance < error:
                hypothesis.append(draw.choice(units))
            elif chance < 1.5 * error:
                hypothesis += [unit, draw.choice(units)]
            elif chance >= 2 * error:
                hypothesis.append(unit)
        pairs.append((joint.join(reference), joint.join(hypothesis)))
    return pairs


def compare(ours: list[ErrorCounts], theirs: list[ErrorCounts], units: list[tuple[list[str], list[str]]]) -> float:
    """Assert what must agree; the share of pairs in which one alignment only has the fewest errors."""
    unique = 0
    for mine, other, (reference, hypothesis) in zip(ours, theirs, units, strict=True):
        assert mine.errors == other.errors, (reference, hypothesis)
        assert mine.reference_length == other.reference_length
        if len(reference) * len(hypothesis) < 20_000 and has_one_best_alignment(reference, hypothesis):
            unique += 1
            assert mine == other, (reference, hypothesis)
        else:
            assert mine.hits <= other.hits
    return unique / len(ours)


@pytest.mark.parametrize("error", [0.05, 0.15])
def test_words_are_counted_as_sclite_counts_them(tmp_path: Path, error: float) -> None:
    words = [first + second for first in "bdkmst" for second in ("a", "en", "o", "ix")]
    pairs = generate_pairs(words, " ", seed=1, size=600, error=error)
    units = [(reference.split(), hypothesis.split()) for reference, hypothesis in pairs]
    ours = count_all([pair[0] for pair in pairs], [pair[1] for pair in pairs], "word")
    assert compare(ours, ask_sclite(tmp_path, pairs), units) > 0.8


def test_characters_are_counted_as_sclite_counts_them(tmp_path: Path) -> None:
    pairs = generate_pairs("今日好天我哋去咗食飯啦𠮶個人", "", seed=2, size=600, error=0.1)
    units = [(list(reference), list(hypothesis)) for reference, hypothesis in pairs]
    ours = count_all([pair[0] for pair in pairs], [pair[1] for pair in pairs], "char")
    assert compare(ours, ask_sclite(tmp_path, pairs, "-c", "-e", "utf-8"), units) > 0.8


def test_mixed_units_are_counted_as_sclite_counts_them(tmp_path: Path) -> None:
    """sclite's `-c NOASCII` splits Han and leaves Latin words whole, which is the mixed error rate."""
    mixed = [*"今日好天我哋去", " api ", " gpu ", " model ", " train "]
    pairs = generate_pairs(mixed, "", seed=3, size=400, error=0.1)
    pairs = [(" ".join(left.split()), " ".join(right.split())) for left, right in pairs]
    units = [(split(left, "mixed"), split(right, "mixed")) for left, right in pairs]
    ours = count_all([pair[0] for pair in pairs], [pair[1] for pair in pairs], "mixed")
    assert compare(ours, ask_sclite(tmp_path, pairs, "-c", "NOASCII", "-e", "utf-8"), units) > 0.8


@pytest.mark.speech
@pytest.mark.parametrize("unit", ["word", "char"])
def test_real_hypotheses_are_counted_as_sclite_counts_them(speech: Path, tmp_path: Path, unit: str) -> None:
    lines = (speech / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    items = {item["id"]: item for item in map(json.loads, lines)}
    pairs: list[tuple[str, str]] = []
    for line in (speech / "hypotheses" / "whisper-base.jsonl").read_text(encoding="utf-8").splitlines():
        hypothesis = json.loads(line)
        item = items[hypothesis["id"]]
        ruler = find_ruler(default_ruler(item["language"]))
        texts = (ruler.apply(item.get("text") or ""), ruler.apply(hypothesis["text"]))
        pairs.append(tuple(" ".join(split(SPECIAL.sub(" ", text), unit)) for text in texts))
    assert len(pairs) > 100
    units = [(reference.split(), hypothesis.split()) for reference, hypothesis in pairs]
    ours = count_all([pair[0] for pair in pairs], [pair[1] for pair in pairs], "word")
    assert compare(ours, ask_sclite(tmp_path, pairs), units) > 0.3
