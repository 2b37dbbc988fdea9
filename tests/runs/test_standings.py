"""Several systems: who differs, and which places are left."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.runs.standings import Standings
from workbench.scoring.clusters import Clusters
from workbench.scoring.counts import ErrorCounts

SAME = "no difference shown"


def as_counts(errors: np.ndarray, lengths: np.ndarray) -> list[ErrorCounts]:
    return [ErrorCounts(hits=int(n - e), substitutions=int(e)) for e, n in zip(errors, lengths, strict=True)]


def standings_of(
    errors: np.ndarray, lengths: np.ndarray, *, seed: int = 0, speakers: int | None = None, resamples: int = 10_000
) -> Standings:
    labels = tuple(range(len(lengths))) if speakers is None else tuple(n % speakers for n in range(len(lengths)))
    clusters = Clusters(by="utterance" if speakers is None else "speaker", labels=labels)
    return Standings([as_counts(one, lengths) for one in errors], clusters, resamples=resamples, seed=seed)


def draw(generator: np.random.Generator, rates: list[float], size: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Errors (systems, n) at these rates on utterances that are hard for all alike, and lengths (n,)."""
    lengths = generator.integers(5, 25, size)
    hardness = generator.uniform(0.5, 1.5, size)
    return np.stack([generator.binomial(lengths, rate * hardness) for rate in rates]), lengths


def test_places_say_what_can_be_told() -> None:
    errors, lengths = draw(np.random.default_rng(1), [0.1, 0.3, 0.102, 0.6], 400)
    standings = standings_of(errors, lengths)
    leader = int(np.argmin(errors.sum(axis=1)))
    against = standings.against_leader(leader)
    assert standings.places(against) == ["1–2", "3", "1–2", "4"]
    assert against[2 - leader].verdict == SAME
    assert (against[1].verdict, against[3].verdict) == ("worse", "worse")
    assert {one.among for one in against.values()} == {6}
    assert {one.among for one in standings.against(3).values()} == {3}


def test_the_same_system_twice_shares_its_place() -> None:
    errors, lengths = draw(np.random.default_rng(2), [0.2])
    standings = standings_of(np.repeat(errors, 3, axis=0), lengths)
    assert standings.places(standings.against_leader(0)) == ["1–3"] * 3
    for one in standings.against(1).values():
        assert (one.p_value, one.verdict, one.more_needed, one.ties) == (1.0, SAME, None, 200)


def test_two_systems_are_a_comparison_on_its_own() -> None:
    errors, lengths = draw(np.random.default_rng(3), [0.2, 0.1])
    standings = standings_of(errors, lengths)
    (alone,), (led,) = standings.against(0).values(), standings.against_leader(1).values()
    assert (alone.verdict, led.verdict) == ("better", "worse")
    assert alone.p_value == led.p_value
    assert alone.among == led.among == 1


def test_a_difference_that_stands_alone_may_fall_among_many() -> None:
    # B has one error less in 33 clips and one more in 16.
    change = np.array([-1] * 33 + [1] * 16 + [0] * 151)
    a, lengths = np.full(200, 2), np.full(200, 10)
    alone = standings_of(np.stack([a, a + change]), lengths).against(0)[1]
    assert alone.p_value is not None
    assert 0.01 < alone.p_value < 0.05
    assert alone.verdict == "better"
    among = standings_of(np.stack([a, a + change, *[a] * 8]), lengths).against(0)[1]
    assert among.verdict == SAME
    assert among.p_value == pytest.approx(9 * alone.p_value)
    assert (alone.more_needed, among.more_needed is None) == (None, False)


def test_systems_that_do_not_differ_are_seldom_said_to() -> None:
    generator = np.random.default_rng(19)
    trials, verdicts, places = 100, 0, 0
    for trial in range(trials):
        errors, lengths = draw(generator, [0.2] * 5, 40)
        standings = standings_of(errors, lengths, seed=trial, resamples=400)
        verdicts += any(one.verdict != SAME for one in standings.against(0).values())
        leader = int(np.argmin(errors.sum(axis=1)))
        places += any(place != "1–5" for place in standings.places(standings.against_leader(leader)))
    # At most 5 % each: 5 % and two standard errors of 100 trials are 9.4 %.
    assert verdicts / trials <= 0.094
    assert places / trials <= 0.094


def test_speakers_are_drawn_whole() -> None:
    errors, lengths = draw(np.random.default_rng(5), [0.2, 0.1])
    assert standings_of(errors, lengths).against(0)[1].verdict == "better"
    few = standings_of(errors, lengths, speakers=5).against(0)[1]
    assert (few.verdict, few.clusters, few.cluster_by, few.more_needed) == (SAME, 5, "speaker", 1)
    assert "about 1 more speaker would be needed" in few.sentence
