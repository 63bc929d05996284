"""Maps of embeddings: pictures arranged in the plane by t-SNE, UMAP or PCA, and new ones placed among them.

The same features and seed give the same map, in any process and on any number of threads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from explain.maps.methods import PROJECTIONS, Arrangement, Projection
from explain.maps.nearest import nearest, unit_rows

__all__ = ["PROJECTIONS", "Placed", "Projected", "Projection", "place", "project"]

FLAT = 3  # pictures that always fit the plane
SPREAD = 1e-6  # of any coordinate: embeddings that differ by less are the same but for rounding
MOST = 500  # perplexity and neighbors
ALIKE = 1e-4  # distance within rounding: a picture of the map itself


@dataclass(frozen=True, eq=False)
class Projected:
    """A map. points: (n, 2) float32; notes: sentences about what was done otherwise than asked, or must be known.

    rows: (n, dim) the pictures' embeddings at length one; arrangement: the method's own, of those that differ.
    """

    points: np.ndarray
    method: str
    notes: tuple[str, ...]
    rows: np.ndarray
    arrangement: Arrangement


@dataclass(frozen=True, eq=False)
class Placed:
    """points: (m, 2) float32; neighbours: (m, k) places among the map's pictures, nearest first, and their cosines."""

    points: np.ndarray
    neighbours: np.ndarray
    similarities: np.ndarray


def project(
    features: Any,
    method: str = "tsne",
    seed: int = 0,
    perplexity: float = 30.0,
    neighbors: int = 15,
    min_dist: float = 0.1,
    progress: Callable[[float], None] | None = None,
    arrange: Callable[..., Arrangement] = Projection.arrange,
) -> Projected:
    """The map of features (n, dim), an array or CPU tensor of any scale, by one of PROJECTIONS.

    perplexity (t-SNE), neighbors and min_dist (UMAP) are lowered where the set is too small for them, with a note.
    progress is called with the fraction done, many times, and may raise to cancel: its exception comes out.
    arrange: who does the work; `workers.arrange` has it done in another process.
    Raises ValueError, in one sentence, for a method, an option or embeddings that cannot be.
    """
    options = {"perplexity": perplexity, "neighbors": neighbors, "min_dist": min_dist}
    projection = _checked(method, seed, options)
    options["neighbors"] = int(neighbors)
    report = progress or (lambda done: None)
    rows = unit_rows(features)
    kept, copy_of = distinct(rows)
    notes = _copies(rows, len(kept))
    if len(kept) <= FLAT:
        notes += _flat(projection, len(kept))
        projection = PROJECTIONS["pca"]
    options, lowered = _fitted(projection, options, len(kept))
    different = rows if len(kept) == len(rows) else rows[kept]
    arranged = arrange(projection, different, seed, report, options)
    report(1.0)
    points = arranged.points.astype(np.float32)[copy_of]
    if len(kept) > 1 and np.ptp(points) < SPREAD:  # the right map: nobody is nearer than others
        points = np.zeros_like(points)
        lowered.append("All are equally far from one another to this model, so they share a point.")
    return Projected(points, method, (*notes, *lowered), rows, arranged)


def place(projected: Projected, features: Any, k: int = 10) -> Placed:
    """New features (m, dim) of the same model put into a finished map, which does not move.

    Each is placed by itself, wherever the others go: in PCA by the same linear map, in t-SNE and UMAP among the pictures
    it is most like, however little that is. One that is on the map already comes to lie exactly on its own point.
    """
    rows = unit_rows(features)
    if rows.shape[1] != projected.rows.shape[1]:
        raise ValueError("Only embeddings by the map's own model and layer can be placed in it.")
    near = nearest(rows, projected.rows, min(k, len(projected.rows)))
    similarities = np.einsum("md,mkd->mk", rows, projected.rows[near.places])
    points = projected.arrangement.place(rows).astype(np.float32)
    known = near.distances[:, 0] < ALIKE
    points[known] = projected.points[near.places[known, 0]]
    return Placed(points, near.places, similarities)


def distinct(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places (distinct,) of the first of each different row, and for every row (n,) which of these it equals."""
    if np.ptp(rows, axis=0).max() < SPREAD:
        return np.zeros(1, dtype=int), np.zeros(len(rows), dtype=int)
    first: dict[bytes, int] = {}
    copy_of = np.array([first.setdefault(row.tobytes(), len(first)) for row in rows])
    return np.unique(copy_of, return_index=True)[1], copy_of


def _checked(method: str, seed: int, options: dict[str, Any]) -> Projection:
    if method not in PROJECTIONS:
        known = ", ".join(PROJECTIONS)
        raise ValueError(f"There is no map method {str(method)[:40]!r}; there are {known}.")
    if not 0 <= seed < 2**32:
        raise ValueError("The seed must be a whole number from 0 to 4294967295.")
    if not 1 <= options["perplexity"] <= MOST:
        raise ValueError(f"The perplexity must lie between 1 and {MOST}.")
    if not 2 <= options["neighbors"] <= MOST:
        raise ValueError(f"The number of neighbors must lie between 2 and {MOST}.")
    if not 0 <= options["min_dist"] <= 1:
        raise ValueError("The minimum distance must lie between 0 and 1.")
    return PROJECTIONS[method]


def _copies(rows: np.ndarray, different: int) -> list[str]:
    """What is to be said of pictures that the model cannot tell apart."""
    n, empty = len(rows), int((~rows.any(axis=1)).sum())
    notes = []
    if n == 1:
        notes.append("One picture has nothing to be near: its place on the map says nothing.")
    elif different == 1:
        notes.append(f"All {n:,} pictures are the same to this model, so they share one point.")
    elif n > different:
        notes.append(
            f"Exact copies, to this model: {n - different:,} of {n:,} pictures, each at the point of the first."
        )
    if empty:
        notes.append(
            f"All zeros, to this model: {empty:,} of {n:,} pictures, which are like no others."
        )
    return notes


def _flat(projection: Projection, different: int) -> list[str]:
    if projection.key == "pca" or different == 1:
        return []
    return [
        f"{different} different pictures lie in a plane, so PCA shows them as they are: no {projection.title} was needed."
    ]


def _fitted(
    projection: Projection, options: dict[str, Any], different: int
) -> tuple[dict[str, Any], list[str]]:
    """The options, lowered to what so many different pictures allow, and what was lowered.

    t-SNE looks at three times its perplexity of neighbours. UMAP that links all to all draws one clump.
    """
    limits = (
        ("perplexity", "perplexity", (different - 1) / 3),
        ("neighbors", "number of neighbors", different // 2),
    )
    notes = []
    for name, words, most in limits:
        if name in projection.takes and options[name] > most:
            notes.append(
                f"The {words} was lowered from {options[name]:.4g} to {most:.3g}, the most that "
                f"{different:,} different pictures allow."
            )
            options = options | {name: most}
    return options, notes
