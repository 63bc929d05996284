"""t-SNE by openTSNE: van der Maaten and Hinton 2008 (JMLR 9), Poličar et al. 2024 (doi 10.18637/jss.v109.i03).

Begun from the principal components, very small: what t-SNE keeps of the large picture it keeps from its start (Kobak
and Berens 2019, doi 10.1038/s41467-019-13056-x).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from explain.maps.nearest import nearest
from explain.maps.pca import pca

if TYPE_CHECKING:
    from openTSNE import TSNEEmbedding

EARLY, LATER = 250, 500  # iterations, as openTSNE's own: exaggerated, then not
EVERY = 10  # iterations between two reports of progress
WIDTH = 1e-4  # of the start, and NOISE in it, as openTSNE's own
NOISE = 1e-6
MANY = 2_000  # pictures from which threads help; fewer, and they wait for one another
SEARCH = 0.15  # of the whole, for progress
PLACE_PERPLEXITY, PLACE_NEAR = 5, 25  # openTSNE's own for new points


@dataclass(frozen=True, eq=False)
class Tsne:
    """points (n, 2), and what placing takes: rows (n, dim) and the reference that new points are drawn to."""

    points: np.ndarray
    rows: np.ndarray
    reference: TSNEEmbedding

    @property
    def nbytes(self) -> int:
        return self.points.nbytes + sum(
            getattr(each, "nbytes", 0) for each in vars(self.reference).values()
        )

    def place(self, rows: np.ndarray) -> np.ndarray:
        """rows (m, dim) → (m, 2): openTSNE's transform, from the median of the nearest points on."""
        from openTSNE.affinity import joint_probabilities_nn
        from openTSNE.tsne import PartialTSNEEmbedding

        n = len(self.rows)
        found = nearest(rows, self.rows, min(PLACE_NEAR, n))
        most = min(3 * PLACE_PERPLEXITY, n)
        pulls = joint_probabilities_nn(
            found.places[:, :most],
            found.distances[:, :most],
            [most / 3],
            symmetrize=False,
            normalization="point-wise",
            n_reference_samples=n,
        )
        start = np.median(self.points[found.places], axis=1)
        # By interpolation: the trees of the other way are built anew each step. The reference is only read.
        new = PartialTSNEEmbedding(start, self.reference, pulls, negative_gradient_method="fft")
        new.optimize(250, inplace=True, learning_rate=0.1, exaggeration=1.5, max_grad_norm=0.25)
        return np.asarray(new)


def tsne(rows: np.ndarray, seed: int, progress: Callable[[float], None], perplexity: float) -> Tsne:
    """rows (n, dim), no two alike; n > 3 perplexity. Below 10,000 by trees, from there on by interpolation."""
    import torch
    from openTSNE import TSNE
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    near, own = int(3 * perplexity), np.arange(len(rows))
    found = nearest(rows, rows, near, own, lambda done: progress(SEARCH * done))
    # Any number of threads gives the same points, to the last bit.
    threads = torch.get_num_threads() if len(rows) >= MANY else 1
    index = PrecomputedNeighbors(found.places.astype(np.int32), found.distances)
    pulls = PerplexityBasedNN(knn_index=index, perplexity=perplexity, n_jobs=threads)
    done = iter(np.linspace(SEARCH, 1, (EARLY + LATER) // EVERY + 1)[1:].tolist())
    run = TSNE(
        early_exaggeration_iter=EARLY,
        n_iter=LATER,
        n_jobs=threads,
        callbacks=lambda *_: progress(next(done)),
        callbacks_every_iters=EVERY,
    )
    reference = run.fit(affinities=pulls, initialization=_start(rows, seed))
    reference.prepare_interpolation_grid()
    reference.affinities = reference.optimizer = None  # large, and of no more use
    reference.gradient_descent_params = {}  # `progress` is in it, which another process cannot have
    return Tsne(np.array(reference), rows, reference)


def _start(rows: np.ndarray, seed: int) -> np.ndarray:
    """Principal components, rounded: their last digits depend on the number of threads, and t-SNE would magnify them."""
    points = pca(rows, seed, lambda done: None).points
    points = np.round(points * (WIDTH / points[:, 0].std()), 10)
    return points + np.random.default_rng(seed).normal(0, NOISE, points.shape)
