"""UMAP by umap-learn: every picture linked to its nearest, the links drawn short (McInnes et al. 2018, arXiv 1802.03426).

The neighbours are ours, exact, and the start is the principal components, as in t-SNE. The same seed gives the same map.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from explain.maps.nearest import nearest
from explain.maps.pca import pca

SIDE = 10.0  # of the square it starts in, as umap-learn's own
NOISE = 1e-4  # so that no two points start as one
NARROWEST = 1e-3  # of the mean distance: no picture's reach is less
SEARCH = 0.2  # of the whole, for progress


@dataclass(frozen=True, eq=False)
class Umap:
    """points (n, 2) float32, and what placing takes: rows (n, dim) and the number of neighbors."""

    points: np.ndarray
    rows: np.ndarray
    neighbors: int

    @property
    def nbytes(self) -> int:
        return self.points.nbytes

    def place(self, rows: np.ndarray) -> np.ndarray:
        """rows (m, dim) → (m, 2), each at the spatial median of its nearest pictures' points, weighted by membership.

        umap-learn starts a placement at their weighted mean, which between two clusters is nowhere, and lets it
        stray from there at random; the median takes the side with the more weight (Weiszfeld 1937).
        """
        found = nearest(rows, self.rows, self.neighbors)
        weights, near = memberships(found.distances), self.points[found.places].astype(np.float64)
        shares = weights
        for _ in range(50):
            middle = (near * shares[..., None]).sum(1) / shares.sum(1)[:, None]
            shares = weights / np.sqrt(((near - middle[:, None]) ** 2).sum(2) + NOISE**2)
        return middle


def umap(
    rows: np.ndarray,
    seed: int,
    progress: Callable[[float], None],
    neighbors: int,
    min_dist: float,
) -> Umap:
    """rows (n, dim), no two alike, n > neighbors, which count the picture itself, as in umap-learn."""
    from umap import UMAP

    own = np.arange(len(rows))
    found = nearest(rows, rows, neighbors - 1, own, lambda done: progress(SEARCH * done))
    places = np.column_stack([own, found.places])
    distances = np.column_stack([np.zeros(len(rows), np.float32), found.distances])
    method = UMAP(
        n_neighbors=neighbors,
        min_dist=min_dist,
        init=start(pca(rows, seed, lambda done: None).points, seed),
        random_state=seed,
        n_jobs=1,
        precomputed_knn=(places, distances, None),
        tqdm_kwds=_told(progress),
    )
    with warnings.catch_warnings():  # it warns that it cannot place new pictures; `place` can
        warnings.simplefilter("ignore")
        return Umap(method.fit_transform(rows), rows, neighbors)


def memberships(distances: np.ndarray) -> np.ndarray:
    """distances (n, k), nearest first → (n, k) strengths of the links, 1 to the nearest, that sum to log2(k + 1).

    umap-learn's, without importing it: placing a picture is done where the page is answered.
    """
    wanted = np.log2(distances.shape[1] + 1)
    beyond = (distances - distances[:, :1]).astype(np.float64)
    width = np.ones((len(distances), 1))
    low, high = np.zeros_like(width), np.full_like(width, np.inf)
    for _ in range(64):
        wide = np.exp(-beyond / width).sum(1, keepdims=True) > wanted
        low, high = np.where(wide, low, width), np.where(wide, width, high)
        width = np.where(np.isinf(high), 2 * width, (low + high) / 2)
    mean = distances.sum(1, keepdims=True) / (distances.shape[1] + 1)  # umap-learn counts itself
    return np.exp(-beyond / np.maximum(width, NARROWEST * mean))


def start(points: np.ndarray, seed: int) -> np.ndarray:
    """Principal components (n, 2), rounded, because their last digits depend on the number of threads, and with noise."""
    noise = np.random.default_rng(seed).normal(0, NOISE, points.shape)
    return (np.round(points * (SIDE / np.abs(points).max()), 5) + noise).astype(np.float32)


def _told(progress: Callable[[float], None]) -> dict:
    """Settings of umap-learn's progress bar that make it call `progress` after every epoch instead of drawing."""
    return {
        "disable": False,
        "file": _Percentages(lambda done: progress(SEARCH + (1 - SEARCH) * done)),
        "bar_format": "{percentage}",
        "mininterval": 0,
        "miniters": 1,
    }


class _Percentages:
    """A file whose lines are percentages: each is reported as a fraction, none after one that raised."""

    def __init__(self, report: Callable[[float], None]):
        self._report, self._ended = report, False

    def write(self, text: str) -> None:
        if text.strip() and not self._ended:
            self._ended = True  # a bar that is stopped is drawn once more
            self._report(float(text) / 100)
            self._ended = False

    def flush(self) -> None:
        """Nothing is held back."""
