"""What a model answers on a labelled set, among that set's classes only, so that unlike models can be compared.

A CLIP is asked with a template over the class names. A closed-set model chooses among those of its outputs that stand for
a class of the set; which do is its label map, never guessed silently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from explain.classes.answers import NO_ANSWER, answered
from explain.classes.label_map import LabelMap, closed_set, derive, read_label_map, unrestricted
from explain.classes.prompts import class_weights, cosines, parts, prompts_of
from explain.scores.comparison import margins
from explain.scores.likeliest import likeliest
from limits import LABEL_MAPS_HELD
from models import TEMPLATE
from tabs.sets import JOINT, EmbeddedSet, Space
from tabs.sets.templates import template_sums
from tabs.wiring.kept import Kept, digest
from tabs.wiring.listening import attentive
from tabs.wiring.slowly import Progress, Step

if TYPE_CHECKING:
    from models.model import Model

ANSWER: Space = ("answer", None)
LINE_BYTES = 400  # about, of a class and its outputs


@dataclass(frozen=True)
class Predictions:
    """One model's answers to a set's pictures. Classes are indices into the set's.

    label_map: the one that was used, None for a model that reads texts. among: (choices,) the classes that might be
    answered, in order. predicted: (pictures,) the class answered, NO_ANSWER (explain/classes/answers.py) where several share
    the highest score. top, probabilities: (pictures, 5) the likeliest classes, the best first, fewer where there are fewer
    choices; the whole table would be 2 GB of 50,000 pictures and 10,000 classes. margins: (pictures,) the true class's
    probability less the best other's, nan where the true class might not be answered. unrestricted: (pictures,) whether
    its best output of all stands for the true class, None for a model that reads texts, which has no other outputs.
    """

    set: EmbeddedSet
    label_map: LabelMap | None
    among: np.ndarray
    predicted: np.ndarray
    top: np.ndarray
    probabilities: np.ndarray
    margins: np.ndarray
    unrestricted: np.ndarray | None

    @property
    def model(self) -> Model:
        return self.set.model

    @property
    def right(self) -> np.ndarray:
        return self.predicted == self.set.codes


def predict(
    found: EmbeddedSet,
    template: str = TEMPLATE,
    label_map: str | None = None,
    among: np.ndarray | None = None,
    progress: Progress | None = None,
) -> Predictions:
    """What a model answers on a set embedded in its `answer_space`.

    template: for a CLIP, one or more lines; label_map: for others, as a person typed it, None for the one that the names
    suggest; among: the classes, as indices in order, that may be answered, None for all. progress may raise to stop.
    ValueError is for people.
    """
    heard = progress or attentive()
    if not all(map(isfinite, found.encoded.features.aminmax())):  # NaN is the least and the most
        raise ValueError(
            f"{found.model.name} answers numbers that are not finite: its weights are damaged. Choose another checkpoint."
        )
    classes = found.images.classes
    among = np.arange(len(classes)) if among is None else among
    used: LabelMap | None = None
    if found.model.reads_texts:
        answer = _by_texts(found, template, among, heard)
    else:
        used = label_map_of(found.model, classes, label_map)
        answer = _by_outputs(found, used, among)
    wide = max(len(among), found.encoded.features.shape[1])
    told = [
        _told(answer(rows), among, found.codes[rows])
        for rows in _heard(parts(len(found.codes), wide), len(found.codes), heard)
    ]
    predicted, top, shares, ahead, free = map(np.concatenate, zip(*told, strict=True))
    return Predictions(found, used, among, predicted, top, shares, ahead, free if used else None)


def label_map_of(model: Model, classes: tuple[str, ...], typed: str | None) -> LabelMap:
    """A model's label map as typed, or, for None, derived from the names; kept. LabelMapError for what is typed wrong."""

    def make() -> LabelMap:
        if typed is None:
            return derive(classes, model.labels)
        return read_label_map(typed, classes, model.labels)

    return _label_maps.get(digest(model.labels, classes, typed), make)


def answer_space(model: Model) -> Space:
    """The space from which its answers on any set follow."""
    return JOINT if model.reads_texts else ANSWER


@dataclass(frozen=True)
class _Part:
    """Answers to some pictures. probabilities: (pictures, choices); chosen: (pictures,) places among the choices."""

    probabilities: np.ndarray
    chosen: np.ndarray
    unrestricted: np.ndarray


def _by_texts(
    found: EmbeddedSet, template: str, among: np.ndarray, progress: Progress
) -> Callable[[slice], _Part]:
    """What a CLIP answers to the pictures in some rows."""
    clip, prompts = found.clip, prompts_of(found.images.classes, template)
    weights = class_weights(template_sums(clip, prompts, progress))[among]

    def answer(rows: slice) -> _Part:
        logits = clip.scale * cosines(found.encoded.features[rows], weights)
        chosen = answered(logits.numpy(), clip.scale)
        return _Part(logits.softmax(-1).numpy(), chosen, np.zeros(len(logits), dtype=bool))

    return answer


def _by_outputs(found: EmbeddedSet, used: LabelMap, among: np.ndarray) -> Callable[[slice], _Part]:
    """What a model with fixed outputs answers to the pictures in some rows."""
    classes = found.images.classes
    names = [classes[code] for code in among]

    def answer(rows: slice) -> _Part:
        logits = found.encoded.features[rows].numpy()
        probabilities = closed_set(logits, used, names)
        with np.errstate(divide="ignore"):  # a class without an output has no share
            chosen = answered(np.log(probabilities), np.abs(logits).max(1))
        return _Part(probabilities, chosen, unrestricted(logits, used, classes, found.codes[rows]))

    return answer


def _heard(rows: Iterator[slice], total: int, progress: Progress) -> Iterator[slice]:
    """The parts, each told before it is worked on."""
    for part in rows:
        progress(Step(part.start / total, "Counting the answers"))
        yield part


def _told(part: _Part, among: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, ...]:
    """Of a part: predicted, top, their probabilities, margins and unrestricted, as Predictions has them."""
    top, best = likeliest(part.probabilities)
    places = np.minimum(np.searchsorted(among, codes), len(among) - 1)
    ahead = margins(part.probabilities[None], places)[0]
    return (
        np.where(part.chosen == NO_ANSWER, NO_ANSWER, among[part.chosen]),
        among[top],
        best,
        np.where(among[places] == codes, ahead, np.nan),
        part.unrestricted,
    )


_label_maps = Kept(
    LABEL_MAPS_HELD, lambda found: LINE_BYTES * (len(found.outputs) + len(found.notes))
)
