"""UMAP: every picture linked to its nearest, the links drawn short (McInnes et al. 2018, arXiv 1802.03426).

The links, the curve and the descent are umap-learn's, which the tests compare. The loop is our own because theirs can
neither report nor be stopped, holds the interpreter, and with it the page, during every epoch, and imports and compiles
for ten seconds and more before the first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from explain.maps.nearest import Nearest, nearest
from explain.maps.pca import pca

if TYPE_CHECKING:
    from scipy.sparse import csr_array

FEW = 10_000  # pictures up to which there is time for more epochs
SIDE = 10.0  # of the square it starts in
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

    def descended(done: float) -> None:
        progress(SEARCH + (1 - SEARCH) * done)

    own = np.arange(len(rows))
    found = nearest(rows, rows, neighbors - 1, own, lambda done: progress(SEARCH * done))
    epochs = 500 if len(rows) <= FEW else 200
    links = graph(found)
    links.data[links.data < links.data.max() / epochs] = 0  # too weak to get a turn
    links.eliminate_zeros()
    points = _start(pca(rows, seed, lambda done: None).points, seed)
    descend(points, links, curve(min_dist), epochs, seed, descended)
    return Umap(points, rows, neighbors)


def memberships(distances: np.ndarray) -> np.ndarray:
    """distances (n, k), nearest first → (n, k) strengths of the links, 1 to the nearest, that sum to log2(k + 1)."""
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


def graph(found: Nearest) -> csr_array:
    """(n, n) links: either way's membership, as if independent: p + q - pq."""
    from scipy.sparse import csr_array

    n, k = found.places.shape
    strengths = memberships(found.distances).ravel()
    one = csr_array((strengths, found.places.ravel(), np.arange(0, n * k + 1, k)), (n, n))
    return (one + one.T - one * one.T).tocsr()


def curve(min_dist: float) -> tuple[float, float]:
    """a, b of 1 / (1 + a d^2b), fitted to 1 up to min_dist and to exp(min_dist - d) beyond."""
    from scipy.optimize import curve_fit

    distance = np.linspace(0, 3, 300)
    wanted = np.where(distance < min_dist, 1, np.exp(min_dist - distance))
    (a, b), _ = curve_fit(lambda d, a, b: 1 / (1 + a * d ** (2 * b)), distance, wanted)
    return a, b


def descend(
    points: np.ndarray,
    links: csr_array,
    shape: tuple[float, float],
    epochs: int,
    seed: int,
    progress: Callable[[float], None],
) -> None:
    """Move points (n, 2) float32 so that linked ones come near and others keep off, the stronger links oftener."""
    from explain.maps.umap_epoch import PUSHES, epoch

    ends = links.tocoo()
    heads, tails = ends.coords
    period = ends.data.max() / ends.data
    turn, pushed = period.copy(), period / PUSHES
    state, (a, b) = np.array([seed], np.uint64), np.float32(shape)
    for number in range(epochs):
        progress(number / epochs)
        rate = np.float32(1 - number / epochs)
        epoch(points, heads, tails, period, turn, pushed, state, a, b, rate, number)


def _start(points: np.ndarray, seed: int) -> np.ndarray:
    """Principal components as a square, rounded: their last digits depend on the number of threads."""
    noise = np.random.default_rng(seed).normal(0, NOISE, points.shape)
    points = np.round(points * (SIDE / np.abs(points).max()), 5) + noise
    low, high = points.min(axis=0), points.max(axis=0)
    return (SIDE * (points - low) / (high - low)).astype(np.float32)
