"""Which points are the same voice: on points whose voices are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from workbench.pipeline.speaker_clusters import LEAST_POINTS, cluster_voices

Points = NDArray[np.float32]
SIZE = 192


def voices(count: int, rng: np.random.Generator) -> Points:
    """Directions without likeness."""
    return np.linalg.qr(rng.normal(size=(SIZE, count)))[0].T.astype(np.float32)


def around(voice: Points, count: int, rng: np.random.Generator, spread: float = 0.9) -> Points:
    """Points that are on average 1 / (1 + spread²) like each other."""
    noise = rng.normal(0, spread / np.sqrt(SIZE), (count, SIZE))
    points = voice + noise
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)


def matched(found: Points, true: Points) -> list[int]:
    """Which true voice each one found is most like, each once."""
    likeness = found @ true.T
    assert (likeness.max(axis=1) > 0.8).all()
    return sorted(likeness.argmax(axis=1).tolist())


@settings(max_examples=20, deadline=None)
@given(count=st.integers(1, 6), given_count=st.booleans(), seed=st.integers(0, 1000))
def test_voices_are_found_whether_or_not_their_number_is_given(count: int, given_count: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    true = voices(count, rng)
    points = np.concatenate([around(one, int(rng.integers(10, 40)), rng) for one in true])
    found = cluster_voices(points, count=count if given_count else None)
    assert matched(found, true) == list(range(count))


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000))
def test_the_order_of_points_does_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = np.concatenate([around(one, 20, rng) for one in voices(3, rng)])
    first, second = cluster_voices(points), cluster_voices(rng.permutation(points))
    likeness = first @ second.T
    assert first.shape == second.shape
    np.testing.assert_allclose(np.sort(likeness.max(axis=1)), 1, atol=1e-4)


@pytest.mark.parametrize(("count", "found"), [(1, 1), (2, 2), (3, 3), (9, 3)])
def test_a_given_number_is_kept_to_as_far_as_there_are_voices(count: int, found: int) -> None:
    rng = np.random.default_rng(3)
    points = np.concatenate([around(one, 20, rng) for one in voices(3, rng)])
    assert len(cluster_voices(points, count=count)) == found


def test_a_few_stray_points_are_no_voice() -> None:
    rng = np.random.default_rng(5)
    one, other = voices(2, rng)
    points = np.concatenate([around(one, 40, rng), around(other, LEAST_POINTS - 1, rng)])
    assert matched(cluster_voices(points), one[None]) == [0]
    assert len(cluster_voices(np.concatenate([points, around(other, 10, rng)]))) == 2


def test_somebody_who_says_little_is_found_when_the_number_is_given() -> None:
    rng = np.random.default_rng(6)
    true = voices(2, rng)
    points = np.concatenate([around(true[0], 200, rng), around(true[1], LEAST_POINTS, rng)])
    assert matched(cluster_voices(points, count=2), true) == [0, 1]


@pytest.mark.parametrize("count", [None, 1, 3])
def test_one_point_is_one_voice(count: int | None) -> None:
    point = voices(1, np.random.default_rng(0))
    np.testing.assert_allclose(cluster_voices(point, count=count), point, atol=1e-6)


def test_very_many_points_are_thinned_and_still_found() -> None:
    rng = np.random.default_rng(8)
    true = voices(3, rng)
    points = np.concatenate([around(one, 2500, rng) for one in true])
    assert matched(cluster_voices(points), true) == [0, 1, 2]
