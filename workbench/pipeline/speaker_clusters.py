"""Which points are the same voice."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]

SAME_SOUND = 0.35
"""Mean similarity of two clusters of points from which on they are one: low enough for 1.5 s of speech."""

SAME_VOICE = 0.5
"""Similarity of two voices, each the mean of a cluster, from which on they are one person. Different people of the
development recordings reach 0.47, one person 0.6; at 0.45 two of them become one, at 0.55 one in four becomes two."""

LEAST_POINTS = 6
"""A cluster of fewer, 3 s of speech, is no voice of its own."""

_MOST_POINTS = 2000
"""More are thinned out before they are paired: 2000 take 16 MB and half a second."""


def cluster_voices(points: Points, *, count: int | None = None) -> Points:
    """Find the voices among points; each is the mean of its points.

    First average linkage, until clusters differ more than excerpts of one voice do; then the clusters' means, in which
    the noise of single excerpts is averaged out, are joined, the two most similar first.

    Args:
        points: float32 (m, d), of length 1.
        count: How many voices; None to estimate it. Fewer come back where there are fewer points.

    Returns:
        float32 (k, d), of length 1.
    """
    points = points[:: max(1, -(-len(points) // _MOST_POINTS))]
    sums = _clustered(points, count or 1) if len(points) > 1 else points
    return _unit(_joined(sums, count)).astype(np.float32)


def _clustered(points: Points, at_least: int) -> Points:
    """Sums of the points of each cluster that is large enough, cut lower where there are fewer than `at_least`."""
    from scipy.cluster.hierarchy import fcluster, linkage

    tree = linkage(points, "average", metric="cosine")
    heights = tree[:, 2]
    lower = heights[heights < 1 - SAME_SOUND][::-1]
    best = np.empty((0, points.shape[1]), np.float32)
    for height in [1 - SAME_SOUND, *np.nextafter(lower, -1)]:
        labels = fcluster(tree, height, "distance") - 1
        sizes = np.bincount(labels)
        if sizes.max() < LEAST_POINTS and len(best):
            break
        sums = np.zeros((sizes.size, points.shape[1]), np.float32)
        np.add.at(sums, labels, points)
        large = sums[sizes >= min(LEAST_POINTS, sizes.max())]
        best = max(best, large, key=len)
        if len(best) >= at_least:
            break
    return best


def _joined(sums: Points, count: int | None) -> Points:
    while len(sums) > (count or 1):
        means = _unit(sums)
        similar = means @ means.T - 3 * np.eye(len(sums))
        first, second = np.unravel_index(similar.argmax(), similar.shape)
        if count is None and similar[first, second] < SAME_VOICE:
            break
        sums[first] += sums[second]
        sums = np.delete(sums, second, axis=0)
    return sums


def _unit(points: Points) -> Points:
    return points / np.linalg.norm(points, axis=1, keepdims=True)
