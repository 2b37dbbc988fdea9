"""Counts and alignments, step by step, against NIST's sclite (Debian package sctk)."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from workbench.scoring.alignment import Edit, align_units
from workbench.scoring.counts import ErrorCounts
from workbench.scoring.score import align, count_all
from workbench.text.rulers import default_ruler, find_ruler
from workbench.text.units import Unit

SCLITE_MODES: dict[Unit, tuple[str, ...]] = {"word": (), "char": ("-c",), "mixed": ("-c", "NOASCII")}
"""sclite's options for each unit: its `-c NOASCII` splits Han and leaves Latin words whole (but splits Hebrew too)."""


def count_edits(edits: Sequence[Edit]) -> ErrorCounts:
    hits, substitutions, deletions, insertions = (
        sum(edit.op == op for edit in edits) for op in ("hit", "substitution", "deletion", "insertion")
    )
    return ErrorCounts(hits=hits, substitutions=substitutions, deletions=deletions, insertions=insertions)


def check_against_sclite(ask_sclite, pairs: Sequence[tuple[str, str]], unit: Unit) -> None:
    theirs = ask_sclite(pairs, *SCLITE_MODES[unit])
    counted = count_all([pair[0] for pair in pairs], [pair[1] for pair in pairs], unit)
    for pair, counts, edits in zip(pairs, counted, theirs, strict=True):
        assert counts == count_edits(edits), pair
        assert align(*pair, unit) == edits, pair


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


@pytest.mark.parametrize(("letters", "longest"), [(1, 9), (2, 8), (2, 30), (3, 14), (10, 25), (26, 60)])
def test_unlike_texts_of_few_units_are_aligned_as_sclite_aligns_them(ask_sclite, letters: int, longest: int) -> None:
    """Where most alignments are equally cheap: what is held here is the order in which sclite takes them."""
    draw = random.Random(100 * letters + longest)
    alphabet = "abcdefghijklmnopqrstuvwxyz"[:letters]
    texts = [[draw.choice(alphabet) for _ in range(draw.randint(0, longest))] for _ in range(2000)]
    references, hypotheses = texts[:1000], texts[1000:]
    theirs = ask_sclite([(" ".join(said), " ".join(heard)) for said, heard in zip(references, hypotheses, strict=True)])
    assert align_units(references, hypotheses) == theirs


@pytest.mark.parametrize("error", [0.05, 0.15, 0.4])
def test_words_are_counted_as_sclite_counts_them(ask_sclite, error: float) -> None:
    words = [first + second for first in "bdkmst" for second in ("a", "en", "o", "ix")]
    check_against_sclite(ask_sclite, generate_pairs(words, " ", seed=1, size=500, error=error), "word")


@pytest.mark.parametrize("error", [0.1, 0.4])
def test_characters_are_counted_as_sclite_counts_them(ask_sclite, error: float) -> None:
    pairs = generate_pairs("今日好天我哋去咗食飯啦𠮶個人", "", seed=2, size=600, error=error)
    check_against_sclite(ask_sclite, pairs, "char")


def test_mixed_units_are_counted_as_sclite_counts_them(ask_sclite) -> None:
    mixed = [*"今日好天我哋去", " api ", " gpu ", " model ", " train "]
    pairs = generate_pairs(mixed, "", seed=3, size=400, error=0.1)
    check_against_sclite(
        ask_sclite, [(" ".join(left.split()), " ".join(right.split())) for left, right in pairs], "mixed"
    )


@pytest.mark.parametrize("unit", ["word", "char"])
def test_edges_are_counted_as_sclite_counts_them(ask_sclite, unit: Unit) -> None:
    pairs = [
        ("", ""),
        ("", "thank you"),
        ("有人", ""),
        ("𠮶個𡃁仔", "嗰個𡃁"),
        ("שלום עולם", "שלום"),
        ("👨‍👩‍👧 好", "👨 好"),
        ("❤️", "❤"),
    ]
    check_against_sclite(ask_sclite, pairs, unit)


@pytest.mark.speech
@pytest.mark.parametrize("unit", list(SCLITE_MODES))
@pytest.mark.parametrize("ruler", ["default", "basic", "zh"])
def test_real_hypotheses_are_counted_as_sclite_counts_them(speech: Path, ask_sclite, unit: Unit, ruler: str) -> None:
    lines = (speech / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    items = {item["id"]: item for item in map(json.loads, lines)}
    pairs: list[tuple[str, str]] = []
    for line in (speech / "hypotheses" / "whisper-base.jsonl").read_text(encoding="utf-8").splitlines():
        heard = json.loads(line)
        item = items[heard["id"]]
        chosen = find_ruler(default_ruler(item["language"]) if ruler == "default" else ruler)
        pairs.append((chosen.apply(item.get("text") or ""), chosen.apply(heard["text"])))
    assert len(pairs) > 100
    check_against_sclite(ask_sclite, pairs, unit)
