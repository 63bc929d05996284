"""Principal components: the flat view along which pictures spread most.

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
    import torch
    from scipy.linalg import eigh

    mean = rows.mean(axis=0, dtype=np.float64)
    centred = torch.from_numpy(rows - mean)
    covariance = (centred.T @ centred).numpy() / len(rows)
    total, dim = np.trace(covariance), len(mean)
    progress(0.2)
    kept = min(2, dim)
    variances, directions = eigh(covariance, subset_by_index=(dim - kept, dim - 1))
    variances, directions = variances[::-1], directions[:, ::-1]
    largest = np.abs(directions).argmax(axis=0)
    directions = directions * np.sign(directions[largest, np.arange(kept)])
    directions[:, variances <= FLAT * max(total, FLAT)] = 0
    directions = np.pad(directions, ((0, 0), (0, 2 - kept)))
    explained = float(variances.sum() / total) if total > FLAT else 1.0
    return Axes(centred.numpy() @ directions, explained, mean, directions)
