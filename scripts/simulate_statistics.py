"""How often intervals cover the truth and verdicts are wrong, on simulated speakers: the figures of docs/metrics.md.

python scripts/simulate_statistics.py coverage
python scripts/simulate_statistics.py verdicts
python scripts/simulate_statistics.py samples
"""

from __future__ import annotations

import sys

import numpy as np

from workbench.runs.standings import Standings
from workbench.scoring.clusters import Clusters
from workbench.scoring.counts import ErrorCounts
from workbench.scoring.interval import bootstrap_rate, permutation_p_value
from workbench.scoring.sampling import chances, draw_order, estimate_rate

TRIALS = 2000
DRAWS = 1000
RATE = 0.15
UTTERANCES = 20  # of each speaker


def draw_speakers(generator: np.random.Generator, speakers: int, *, systems: int = 1) -> tuple[np.ndarray, ...]:
    """Reference units (n,), speakers (n,) and errors (systems, n) of utterances that are as hard as their speaker.

    A speaker's error rate has a mean of 15 % and a standard deviation of 8 points; systems differ by speaker with one
    of 3 points, and not on the whole.
    """
    of_speaker = generator.beta(2.8, 2.8 * (1 - RATE) / RATE, speakers)
    own = np.clip(of_speaker + generator.normal(0, 0.03, (systems, speakers)), 0.001, 0.999)
    labels = np.repeat(np.arange(speakers), UTTERANCES)
    lengths = generator.integers(3, 30, len(labels))
    return lengths, labels, generator.binomial(lengths, own[:, labels])


def print_coverage() -> None:
    """How often the 95 % interval covers the rate, and how often systems that do not differ are said to."""
    print("| speakers | covers, by speaker | covers, by utterance | p < 0.05, by speaker | p < 0.05, by utterance |")
    print("|---|---|---|---|---|")
    for speakers in (2, 4, 6, 10, 20, 40):
        generator, counted = np.random.default_rng(speakers), np.zeros(4, int)
        for trial in range(TRIALS):
            lengths, labels, errors = draw_speakers(generator, speakers, systems=2)
            for place, clusters in enumerate((labels, None)):
                low, high = bootstrap_rate(errors[0], lengths, clusters=clusters, resamples=DRAWS, seed=trial) or (1, 0)
                p_value = permutation_p_value(*errors, lengths, clusters=clusters, resamples=DRAWS, seed=trial)
                counted[place] += low <= RATE <= high
                counted[place + 2] += p_value is not None and p_value < 0.05
        print(f"| {speakers} | " + " | ".join(f"{100 * count / TRIALS:.1f} %" for count in counted) + " |", flush=True)


def print_verdicts() -> None:
    """Rankings of systems that do not differ: how often any verdict against the baseline, any place, is claimed."""
    print("| systems | any verdict | any verdict, not corrected | any place |")
    print("|---|---|---|---|")
    for systems in (2, 3, 5, 8):
        generator, counted = np.random.default_rng(systems), np.zeros(3, int)
        for trial in range(TRIALS):
            lengths, labels, errors = draw_speakers(generator, 30, systems=systems)
            counts = [as_counts(one, lengths) for one in errors]
            standings = Standings(
                counts, Clusters(by="speaker", labels=tuple(labels.tolist())), resamples=DRAWS, seed=trial
            )
            against = standings.against(0).values()
            alone = (
                permutation_p_value(errors[0], one, lengths, clusters=labels, resamples=DRAWS, seed=trial)
                for one in errors[1:]
            )
            leader = int(np.argmin(errors.sum(axis=1)))
            places = standings.places(standings.against_leader(leader))
            counted[0] += any(one.verdict != "no difference shown" for one in against)
            counted[1] += any(p_value is not None and p_value < 0.05 for p_value in alone)
            counted[2] += any(place != f"1–{systems}" for place in places)
        shares = " | ".join(f"{100 * count / TRIALS:.1f} %" for count in counted)
        print(f"| {systems} | {shares} |", flush=True)


def as_counts(errors: np.ndarray, lengths: np.ndarray) -> list[ErrorCounts]:
    return [ErrorCounts(hits=int(n - e), substitutions=int(e)) for e, n in zip(errors, lengths, strict=True)]


def print_samples() -> None:
    """A few labelled clips of 200: how often intervals cover the rate of all, and how wide they are."""
    print("| draws | clips to label | covers a rate | covers a difference | width of a difference, drawn evenly = 1 |")
    print("|---|---|---|---|---|")
    for draws in (15, 20, 30, 40, 60):
        counted, distinct, widths = np.zeros(2), 0, np.zeros(2)
        for trial in range(TRIALS):
            generator = np.random.default_rng(trial)
            lengths = generator.integers(5, 40, 200)
            hard = np.clip(0.12 * generator.gamma(0.8, 1 / 0.8, 200), 0, 0.9) * 0.5
            both = generator.binomial(lengths, hard)
            one, other = (generator.binomial(lengths - both, hard) for _ in range(2))
            for place, chance in enumerate((chances(one + other, lengths), np.full(200, 1 / 200))):
                order = draw_order(chance, draws, seed=trial)
                found = [estimate_rate(e[order], lengths[order], chance[order]) for e in (both + one, other - one)]
                (low, high), (below, above) = (found[0].ci95 or (1, 0), found[1].ci95 or (1, 0))
                widths[place] += above - below
                if place == 0:
                    distinct += len(set(order))
                    counted += (
                        low <= (both + one).sum() / lengths.sum() <= high,
                        below <= (other - one).sum() / lengths.sum() <= above,
                    )
        shares = " | ".join(f"{100 * count / TRIALS:.1f} %" for count in counted)
        print(f"| {draws} | {distinct / TRIALS:.1f} | {shares} | {widths[0] / widths[1]:.2f} |", flush=True)


if __name__ == "__main__":
    {"coverage": print_coverage, "verdicts": print_verdicts, "samples": print_samples}[sys.argv[1]]()
