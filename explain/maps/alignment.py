"""One map laid over another of the same pictures, so that a cluster can be followed from model to model.

Orthogonal Procrustes (Schönemann 1966, doi 10.1007/BF02289451; Gower 1975, doi 10.1007/BF02291478): turned, mirrored,
scaled and moved as a whole, which changes no ratio of distances. Every map starts from its own principal components and
is laid over another only afterwards: begun from another map, an early layer's would show a late layer's clusters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Similarity:
    """Turns, mirrors, scales and moves points: (points - start) @ turn + end, with `turn` (2, 2) scaled already."""

    start: np.ndarray
    turn: np.ndarray
    end: np.ndarray

    @classmethod
    def nowhere(cls) -> Similarity:
        """The one that leaves every point where it is."""
        return cls(np.zeros(2), np.eye(2), np.zeros(2))

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """points (n, 2) → (n, 2) float32."""
        return ((points - self.start) @ self.turn + self.end).astype(np.float32)


def similarity(points: np.ndarray, reference: np.ndarray) -> Similarity:
    """What lays points (n, 2) over reference (n, 2), row by row, at the least sum of squared distances.

    The scale makes both spread equally wide. The least-squares scale would draw a map the smaller the less it agrees.
    Where either has no spread, points are only moved.
    """
    from scipy.linalg import orthogonal_procrustes

    if points.shape != reference.shape:
        raise ValueError("Only maps of the same pictures can be laid over one another.")
    points, reference = points.astype(np.float64), reference.astype(np.float64)
    start, end = points.mean(axis=0), reference.mean(axis=0)
    if not (np.ptp(points, axis=0).any() and np.ptp(reference, axis=0).any()):
        return Similarity(start, np.eye(2), end)
    points, reference = points - start, reference - end
    turn, _ = orthogonal_procrustes(points, reference)
    return Similarity(start, turn * (np.linalg.norm(reference) / np.linalg.norm(points)), end)
