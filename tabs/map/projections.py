"""The maps of a labelled set: each model's pictures arranged in the plane, and laid over one another.

Every map is computed from its own model alone and then turned, mirrored and scaled as a whole to lie over the first
model's last layer, so that a cluster can be followed. Kept by content, never by person.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from explain.maps import workers
from explain.maps.alignment import Similarity, similarity
from explain.maps.nearest import unit_rows
from explain.maps.neighbours import Overlap, Quality, neighbour_overlap, quality
from explain.maps.projection import PROJECTIONS, Projected, place, project
from limits import EMBEDDED_BYTES, LAYOUTS_HELD
from tabs.map.asks import MapAsked
from tabs.sets import EmbeddedSet, Space, embed_set
from tabs.sets.predictions import answer_space
from tabs.wiring.gpu import loaded
from tabs.wiring.kept import Kept, digest
from tabs.wiring.listening import attentive
from tabs.wiring.slowly import Progress, Step
from tabs.wiring.turns import one_at_a_time

if TYPE_CHECKING:
    from torch import Tensor

    from models.model import Model


@dataclass(frozen=True)
class Arranged:
    """One model's map. pictures: (points,) places among the set's items; lies: from its own plane to the page's.

    space: which embedding, and words for it. Neither the set nor the model is held: what is kept is counted.
    """

    pictures: np.ndarray
    features: Tensor
    space: Space
    words: str
    projected: Projected
    quality: Quality
    lies: Similarity

    @property
    def points(self) -> np.ndarray:
        """(points, 2) where the page draws them."""
        return self.lies(self.projected.points)

    def placed(self, features: Tensor, k: int = 10) -> Any:
        """Where new features (new, dim) come to lie, with their k nearest pictures; `points` are the page's."""
        found = place(self.projected, features, k)
        return found, self.lies(found.points)


def arranged(asked: MapAsked, family: str, progress: Progress) -> Arranged:
    """The map of one of the asked models. ValueError and OSError are for people; progress may raise to stop."""
    if family not in asked.models:
        raise ValueError("Choose a model.")
    first = next(iter(asked.models))
    own = _arranged(asked, family, asked.pool, asked.depth, progress)
    if (family, asked.pool, asked.depth) == (first, "answer", 1.0):
        return own
    reference = _arranged(asked, first, "answer", 1.0, progress)
    return replace(own, lies=similarity(own.projected.points, reference.projected.points))


def embedded_set(asked: MapAsked, family: str) -> tuple[np.ndarray, np.ndarray]:
    """Places among the set's items (points,), and their embeddings (points, dim) at length one; no map is made for that."""
    model = loaded(asked.models[family])
    found = _embedded(asked, model, space_of(model, asked.pool, asked.depth), attentive())
    pictures = shared(asked)
    return pictures, unit_rows(
        found.encoded.features[np.searchsorted(found.encoded.kept, pictures)]
    )


def overlap(asked: MapAsked, one: Arranged, family: str) -> Overlap | None:
    """How far `one` and another asked model's answer agree on who is near whom."""
    other = _arranged(asked, family, "answer", 1.0, attentive())
    return neighbour_overlap(one.features, other.features)


def space_of(model: Model, pool: str, depth: float) -> Space:
    """Which of a model's embeddings is meant; depth: 0 is the first layer, 1 the last."""
    layer = round(depth * (model.depth - 1))
    last = layer == model.depth - 1
    if pool == "answer":
        pool = "joint" if last and "joint" in model.pools else "readout"
    return pool, None if last else layer


def in_words(model: Model, space: Space) -> str:
    """A space as people call it, layers counted from 1."""
    pool, layer = space
    if pool == "joint":
        return "joint space"
    what = "mean of patches" if pool == "mean" else "readout"
    return f"layer {model.depth if layer is None else layer + 1} of {model.depth}, {what}"


def spaces_at_first(model: Model) -> list[Space]:
    """What is read of the pictures before the first map: the answers, and what they are read from."""
    return list(dict.fromkeys([answer_space(model), space_of(model, "answer", 1.0)]))


def shared(asked: MapAsked) -> np.ndarray:
    """(pictures,) places of the items that every asked model can read."""
    kept = []
    for name in asked.models.values():
        model = loaded(name)
        found = embed_set(asked.source, asked.limit, model, [space_of(model, "answer", 1.0)])
        kept.append(found[0].encoded.kept)
    return reduce(np.intersect1d, kept)


def _arranged(
    asked: MapAsked, family: str, pool: str, depth: float, progress: Progress
) -> Arranged:
    """As `arranged`, where the method itself put it."""
    model = loaded(asked.models[family])
    space = space_of(model, pool, depth)
    found = _embedded(asked, model, space, progress)
    pictures = shared(asked)
    whole = len(pictures) == len(found.items)
    options = {
        name: value
        for name, value in asked.options.items()
        if name in PROJECTIONS[asked.method].takes
    }
    key = (found.key, digest(pictures.tobytes()), asked.method, asked.seed, tuple(options.items()))

    def make() -> Arranged:
        features = found.encoded.features
        places = np.searchsorted(found.encoded.kept, pictures)
        features = features if whole else features[places]
        projected = _projected(features, asked, options, progress)
        labels = found.codes if whole else found.codes[places]
        measured = quality(features, projected.points, labels)
        words = in_words(model, space)
        return Arranged(pictures, features, space, words, projected, measured, Similarity.nowhere())

    with one_at_a_time(key, lambda: progress(Step(0, "Waiting for the map"))):
        return _projected_maps.get(key, make)


def _projected(features: Tensor, asked: MapAsked, options: dict, progress: Progress) -> Projected:
    doing = f"Arranging by {PROJECTIONS[asked.method].title}"

    return project(
        features,
        asked.method,
        seed=asked.seed,
        progress=lambda done: progress(Step(done, doing)),
        arrange=workers.arrange,
        **options,
    )


def _embedded(asked: MapAsked, model: Model, space: Space, progress: Progress) -> EmbeddedSet:
    """The set in one space; the first time an inner layer is asked for, all of them are read at once, or as many as fit."""
    pool, layer = space
    spaces = [space]
    if layer is not None:
        answer = space_of(model, "answer", 1.0)
        (known,) = embed_set(asked.source, asked.limit, model, [answer], progress)
        others = [(pool, each) for each in range(model.depth - 1) if each != layer]
        spaces += others[: EMBEDDED_BYTES // known.encoded.features.nbytes]
    return embed_set(asked.source, asked.limit, model, spaces, progress)[0]


def _size(found: Arranged) -> int:
    arrays = (found.pictures, found.features, found.projected.rows, found.projected.points)
    return sum(each.nbytes for each in arrays) + found.projected.arrangement.nbytes


_projected_maps = Kept(LAYOUTS_HELD, _size)
