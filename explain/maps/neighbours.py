"""What neighbours tell: how far two models agree on them, and how true a map is to them.

Trustworthiness is Venna and Kaski's (2001, doi 10.1007/3-540-44668-0_68), counted by scikit-learn. What is measured over
a whole set is measured at no more than SAMPLE of its pictures, always the same ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from explain.maps.nearest import nearest, unit_rows

SAMPLE = 2_000


class Overlap(NamedTuple):
    """share: how much of its nearest neighbours a picture keeps from one embedding to another; chance: if random."""

    share: float
    chance: float


@dataclass(frozen=True)
class Quality:
    """How far a map can be believed; fractions, None where nothing can be said.

    trustworthiness: 1 where the map's nearest neighbours are near in the embedding too, about 0.5 for a random map.
    purity: the share of a picture's k nearest on the map that have its label; embedding_purity: the same in the
    embedding; chance: what both would be with the labels shuffled. Exact copies count as pictures, so a set full of
    them looks purer. sampled: the pictures measured at; trustworthiness knows only these, purity looks among all.
    """

    trustworthiness: float | None
    purity: float | None
    embedding_purity: float | None
    chance: float | None
    k: int
    sampled: int


def neighbour_overlap(features_a: Any, features_b: Any, k: int = 10) -> Overlap | None:
    """How far two embeddings (n, any dim) of the same pictures agree on each one's k nearest; None for one picture."""
    a, b = unit_rows(features_a), unit_rows(features_b)
    if len(a) != len(b):
        raise ValueError("Only embeddings of the same pictures can be compared.")
    k = min(k, len(a) - 1)
    if not k:
        return None
    at = sample(len(a))
    both = np.concatenate([nearest(rows[at], rows, k, at).places for rows in (a, b)], axis=1)
    both.sort(axis=1)
    shared = (both[:, 1:] == both[:, :-1]).sum()
    return Overlap(float(shared / (k * len(at))), k / (len(a) - 1))


def quality(
    features: Any, projected: Any, labels: Sequence[Any] | np.ndarray | None, k: int = 10
) -> Quality:
    """The Quality of a map (`Projected`), or of points (n, 2), of features (n, dim); without labels there is no purity.

    Trustworthiness needs more than 2k different pictures: between copies the order of neighbours is chance. Purity needs two different ones.
    """
    rows = unit_rows(features)
    points = np.asarray(getattr(projected, "points", projected), dtype=np.float64)
    if len(points) != len(rows) or (labels is not None and len(labels) != len(rows)):
        raise ValueError("Features, points and labels must be of the same pictures.")
    at, near = sample(len(rows)), min(k, len(rows) - 1)
    different = len(np.unique(rows[at], axis=0))
    trusted = _trustworthiness(rows[at], points[at], k) if different > 2 * k else None
    if labels is None or not near or different == 1:
        return Quality(trusted, None, None, None, near, len(at))
    codes_of = {label: code for code, label in enumerate(dict.fromkeys(labels))}
    codes = np.array([codes_of[label] for label in labels])
    on_map, embedded = (_purity(space, codes, at, near) for space in (points, rows))
    return Quality(trusted, on_map, embedded, _chance(codes), near, len(at))


def sample(n: int) -> np.ndarray:
    """Places of at most SAMPLE of n pictures, always the same ones, in order."""
    if n <= SAMPLE:
        return np.arange(n)
    return np.sort(np.random.default_rng(0).choice(n, SAMPLE, replace=False))


def _trustworthiness(rows: np.ndarray, points: np.ndarray, k: int) -> float:
    from sklearn.manifold import trustworthiness

    return float(trustworthiness(rows, points, n_neighbors=k))


def _purity(space: np.ndarray, codes: np.ndarray, at: np.ndarray, k: int) -> float:
    found = nearest(space[at], space, k, at).places
    return float((codes[found] == codes[at, None]).mean())


def _chance(codes: np.ndarray) -> float:
    """The chance that two different pictures have the same label."""
    n, counts = len(codes), Counter(codes.tolist()).values()
    return sum(count * (count - 1) for count in counts) / (n * (n - 1))
