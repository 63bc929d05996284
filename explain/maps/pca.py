"""Principal components: the flat view along which pictures spread most. By scikit-learn.

Pearson 1901 (doi 10.1080/14786440109462720). It is also where t-SNE and UMAP start from here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

FLAT = 1e-12  # of the variance; an axis with less is rounding


@dataclass(frozen=True, eq=False)
class Axes:
    """points (n, 2); explained: the fraction of all variance that the two axes hold; the rest places more rows."""

    points: np.ndarray
    explained: float
    mean: np.ndarray  # (dim,)
    directions: np.ndarray  # (dim, 2)

    @property
    def nbytes(self) -> int:
        return self.points.nbytes + self.mean.nbytes + self.directions.nbytes

    def place(self, rows: np.ndarray) -> np.ndarray:
        """rows (m, dim) → (m, 2) by the same linear map."""
        return (rows - self.mean) @ self.directions


def pca(rows: np.ndarray, seed: int, progress: Callable[[float], None]) -> Axes:
    """The first two components of rows (n, dim). seed is not used: there is nothing random.

    An axis points where its largest loading is positive; one with no variance is zero.
    """
    from sklearn.decomposition import PCA

    exact = rows.astype(np.float64)
    progress(0.2)
    mean, directions, explained = exact.mean(axis=0), np.zeros((rows.shape[1], 2)), 1.0
    if len(rows) > 1:
        found = PCA(min(2, *rows.shape), svd_solver="covariance_eigh").fit(exact)
        spread = found.explained_variance_ratio_ > FLAT
        directions[:, : len(spread)] = found.components_.T * spread
        explained = float(found.explained_variance_ratio_.sum())
    return Axes((exact - mean) @ directions, explained, mean, directions)
