"""What scoring costs: processor time on texts made here, beside jiwer's on the same texts in the same run.

nice python scripts/bench_scoring.py
nice python scripts/bench_scoring.py --utterances 10000 --errors 0.05

Texts are Chinese with English words, numbers and punctuation, 5 to 40 units long, all different; what was heard
differs by errors drawn unit by unit. Counting is done in turns with jiwer, block by block, so that whatever else runs
on the machine slows both. jiwer is given the same normalised texts, mixed units as words with spaces between them. It
finds any shortest edit, the workbench the alignment that sclite takes, so that the totals differ a little.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from typing import TypeVar

import jiwer
import numpy as np

from workbench.scoring.interval import RESAMPLES, bootstrap_rate, paired_difference
from workbench.scoring.score import METRICS, Pair, count_each, score
from workbench.text.rulers import Ruler, find_ruler
from workbench.text.units import split

CHARACTERS = [chr(0x4E00 + number) for number in range(3000)]
WORDS = ("api", "Python", "meeting", "server", "deploy", "GPU", "OK", "project")
BLOCK = 10_000
T = TypeVar("T")


class Clock:
    """Processor and clock time of some work, in seconds."""

    def __init__(self) -> None:
        self.cpu = self.wall = 0.0

    def measure(self, make: Callable[[], T]) -> T:
        cpu, wall = time.process_time(), time.perf_counter()
        made = make()
        self.cpu += time.process_time() - cpu
        self.wall += time.perf_counter() - wall
        return made

    def tell(self, name: str, note: str = "") -> None:
        print(f"{name:44} {self.cpu:7.2f} s processor {self.wall:7.2f} s clock  {note}")


def say(draw: random.Random) -> list[str]:
    """One utterance, piece by piece."""
    pieces: list[str] = []
    for _ in range(draw.randint(5, 40)):
        chance = draw.random()
        if chance < 0.08:
            pieces.append(f" {draw.choice(WORDS)} ")
        elif chance < 0.11:
            pieces.append(str(draw.randint(0, 2500)))
        else:
            pieces.append(draw.choice(CHARACTERS))
        if draw.random() < 0.09:
            pieces.append(draw.choice("，。？、"))
    return pieces


def hear(pieces: list[str], errors: float, draw: random.Random) -> list[str]:
    """Each piece is replaced, left out or followed by another, at rates of 3 : 1 : 1."""
    heard: list[str] = []
    for piece in pieces:
        chance = draw.random() / errors if errors else 1.0
        if chance < 0.6:
            heard.append(draw.choice(CHARACTERS))
        elif chance < 0.8:
            heard += [piece, draw.choice(CHARACTERS)]
        elif chance >= 1.0:
            heard.append(piece)
    return heard


def make_pairs(utterances: int, errors: float) -> list[Pair]:
    draw = random.Random(0)
    pairs: list[Pair] = []
    for number in range(utterances):
        pieces = say(draw)
        pairs.append((f"u{number}", "".join(pieces), "".join(hear(pieces, errors, draw))))
    return pairs


def count_with_jiwer(references: list[str], hypotheses: list[str]) -> dict[str, int]:
    """Errors by jiwer in the three units, from texts that are split where it would not split them so itself."""
    errors: dict[str, int] = {}
    for metric, unit in METRICS.items():
        sides = ([" ".join(split(text, unit)) or " " for text in side] for side in (references, hypotheses))
        found = jiwer.process_words(*sides)
        errors[metric] = found.substitutions + found.deletions + found.insertions
    return errors


def compare_counting(references: list[str], hypotheses: list[str]) -> None:
    """Counts in three units, in turns with jiwer."""
    ours, theirs = Clock(), Clock()
    totals, peers = dict.fromkeys(METRICS, 0), dict.fromkeys(METRICS, 0)
    for start in range(0, len(references), BLOCK):
        said, heard = references[start : start + BLOCK], hypotheses[start : start + BLOCK]
        counts = ours.measure(lambda said=said, heard=heard: count_each(said, heard))
        found = theirs.measure(lambda said=said, heard=heard: count_with_jiwer(said, heard))
        for metric in METRICS:
            totals[metric] += sum(one.errors for one in counts[metric])
            peers[metric] += found[metric]
    ours.tell("counted in three units", f"errors {tuple(totals.values())}")
    theirs.tell("the same by jiwer", f"errors {tuple(peers.values())}")
    print(f"{'':44} {ours.cpu / theirs.cpu:7.2f} × jiwer's processor time")


def measure_scoring(pairs: list[Pair], ruler: Ruler) -> None:
    """Everything: ruler, counts, intervals; then once more, as when a run is looked at again."""
    for name in ("scored, texts not seen before", "scored again"):
        clock = Clock()
        clock.measure(lambda: score(pairs, ruler))
        clock.tell(name)


def measure_intervals(utterances: int = 10_000) -> None:
    draw = np.random.default_rng(0)
    lengths = draw.integers(3, 400, utterances)
    first, second = draw.binomial(lengths, 0.15), draw.binomial(lengths, 0.14)
    for name, make in (
        ("interval of a rate", lambda: bootstrap_rate(first, lengths)),
        ("interval and p-value of a difference", lambda: paired_difference(first, second, lengths)),
    ):
        clock = Clock()
        clock.measure(make)
        clock.tell(name, f"{RESAMPLES:,} resamples of {utterances:,} utterances")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--utterances", type=int, default=100_000)
    parser.add_argument("--errors", type=float, default=0.12, help="how likely a piece is misheard")
    parser.add_argument("--ruler", default="zh")
    asked = parser.parse_args()
    ruler = find_ruler(asked.ruler)
    ruler.apply("一百20個 12:30 3kg")  # its tables are read once
    pairs = make_pairs(asked.utterances, asked.errors)
    print(f"{asked.utterances:,} utterances, {asked.errors:.0%} errors, ruler {ruler.id} {ruler.hash}, one thread")
    measure_scoring(pairs, ruler)
    compare_counting([ruler.apply(one[1]) for one in pairs], [ruler.apply(one[2]) for one in pairs])
    measure_intervals()


if __name__ == "__main__":
    main()
