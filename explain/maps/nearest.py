"""The nearest of many embeddings, exactly and in blocks; ties go by place.

All that compares embeddings here does it on rows of length one, so that it means the same everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

BLOCK = 256  # queries compared at once
SAME = 1e-14  # of the longest row's square; squared distances below it are rounding


@dataclass(frozen=True, eq=False)
class Nearest:
    """places (queries, k) int64 among the rows searched, distances (queries, k) float32; nearest first."""

    places: np.ndarray
    distances: np.ndarray


def unit_rows(features: Any) -> np.ndarray:
    """features (n, dim), an array or CPU tensor of any scale → (n, dim) float32, each row scaled to length one.

    Between such rows the squared Euclidean distance is 2 - 2 cosine: methods that know only distances then rank
    neighbours as CLIP does, and the length of an embedding counts nowhere. A row of zeros stays one.
    Raises ValueError for no rows and for values that are not finite.
    """
    features = np.asarray(features)
    if features.ndim != 2 or not features.size:
        raise ValueError("There are no embeddings here: give one row of numbers for each picture.")
    found = np.empty(features.shape, dtype=np.float32)
    for start in range(0, len(features), BLOCK):  # in parts: in double precision all may not fit
        rows = features[start : start + BLOCK].astype(np.float64)
        if not np.isfinite(rows).all():
            raise ValueError(
                "Some embeddings are not finite numbers: choose another layer or model."
            )
        length = np.linalg.norm(rows, axis=1, keepdims=True)
        found[start : start + BLOCK] = rows / np.where(length > 0, length, 1)
    return found


def nearest(
    queries: np.ndarray,
    rows: np.ndarray,
    k: int,
    own: np.ndarray | None = None,
    progress: Callable[[float], None] | None = None,
) -> Nearest:
    """The k of `rows` (n, dim) nearest to each of `queries` (m, dim) by Euclidean distance.

    own: (m,) each query's own place among rows, which is left out. Of equal distances the lower place comes first.
    progress is called with the fraction done and may raise to cancel.
    """
    import torch

    # In double precision: in single, what tells near neighbours apart is rounding, which the number of threads changes.
    sought, among = torch.from_numpy(queries).double(), torch.from_numpy(rows).double()
    square, lengths = (sought**2).sum(1, keepdim=True), (among**2).sum(1)
    same = SAME * max(square.max(), lengths.max())
    places = torch.empty((len(sought), k), dtype=torch.int64)
    distances = torch.empty((len(sought), k))
    for start in range(0, len(sought), BLOCK):
        if progress:
            progress(start / len(sought))
        part = slice(start, start + BLOCK)
        found = torch.addmm(lengths, sought[part], among.T, alpha=-2).add_(square[part])
        found = found.clamp_(min=same).float()
        if own is not None:
            found[torch.arange(len(found)), torch.from_numpy(own[part])] = torch.inf
        places[part] = chosen = _smallest(found, k)
        distances[part] = found.gather(1, chosen).sub_(same).clamp_(min=0).sqrt_()
    return Nearest(places.numpy(), distances.numpy())


def _smallest(values: Tensor, k: int) -> Tensor:
    """(rows, k) places of the k smallest of each row, smallest first; of equal ones the lower place first."""
    import torch

    found = values.topk(k, dim=1, largest=False)
    places, last = found.indices, found.values[:, -1:]
    (tied,) = torch.nonzero((values <= last).sum(1) > k, as_tuple=True)
    if len(tied):  # topk takes any of those that tie for the last place
        rows, last = values[tied], last[tied]
        order = torch.arange(rows.shape[1])
        rank = torch.where(rows == last, order, len(order)).masked_fill(rows < last, -1)
        places[tied] = rank.topk(k, dim=1, largest=False).indices
    places = places.sort(dim=1).values
    return places.gather(1, values.gather(1, places).argsort(dim=1, stable=True))
