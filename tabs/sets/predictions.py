"""What a model answers on a labelled set, among that set's classes only, so that unlike models can be compared.

A CLIP is asked with a template over the class names. A closed-set model chooses among those of its outputs that stand for
a class of the set; which do is its label map, never guessed silently.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from explain.classes.answers import NO_ANSWER, answered
from explain.classes.label_map import LabelMap, closed_set, derive, read_label_map, unrestricted
from explain.classes.prompts import class_weights, cosines, prompts_of
from models import TEMPLATE
from tabs.sets import JOINT, EmbeddedSet, Space
from tabs.sets.templates import template_sums
from tabs.wiring.kept import Kept, digest

if TYPE_CHECKING:
    from models.model import Model

ANSWER: Space = ("answer", None)
MAP_BYTES = 20_000_000
LINE_BYTES = 400  # about, of a class and its outputs


@dataclass(frozen=True)
class Predictions:
    """One model's answers to a set's pictures.

    among: (choices,) the classes that might be answered, as indices into the set's; probabilities: (pictures, choices)
    float32. predicted: (pictures,) indices into the set's classes, NO_ANSWER (explain/classes/answers.py) where several
    share the highest score. label_map: the one that was used, None for a model that reads texts. unrestricted: (pictures,) whether its best
    output of all stands for the true class, None for a model that reads texts, which has no other outputs.
    """

    set: EmbeddedSet
    label_map: LabelMap | None
    among: np.ndarray
    probabilities: np.ndarray
    predicted: np.ndarray
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
) -> Predictions:
    """What a model answers on a set embedded in its `answer_space`.

    template: for a CLIP, one or more lines; label_map: for others, as a person typed it, None for the one that the names
    suggest; among: the classes, as indices, that may be answered, None for all. ValueError is for people.
    """
    if not bool(found.encoded.features.isfinite().all()):
        raise ValueError(
            f"{found.model.name} answers numbers that are not finite: its weights are damaged. Choose another checkpoint."
        )
    classes = found.images.classes
    among = np.arange(len(classes)) if among is None else among
    if found.model.reads_texts:
        probabilities, chosen = _by_texts(found, template, among)
        return Predictions(found, None, among, probabilities, _as_codes(chosen, among), None)
    used = label_map_of(found.model, classes, label_map)
    logits = found.encoded.features.numpy()
    probabilities = closed_set(logits, used, [classes[code] for code in among])
    with np.errstate(divide="ignore"):  # a class without an output has no share
        chosen = answered(np.log(probabilities), np.abs(logits).max(1))
    return Predictions(
        found,
        used,
        among,
        probabilities,
        _as_codes(chosen, among),
        unrestricted(logits, used, classes, found.codes),
    )


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


def _as_codes(chosen: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Places in `among` as what stands there."""
    return np.where(chosen == NO_ANSWER, NO_ANSWER, among[chosen])


def _by_texts(
    found: EmbeddedSet, template: str, among: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (pictures, choices), and which choice each picture is answered with."""
    prompts = prompts_of(found.images.classes, template)
    weights = class_weights(template_sums(found.clip, prompts))[among]
    logits = found.clip.scale * cosines(found.encoded.features, weights)
    return logits.softmax(-1).numpy(), answered(logits.numpy(), found.clip.scale)


_label_maps = Kept(MAP_BYTES, lambda found: LINE_BYTES * (len(found.outputs) + len(found.notes)))
