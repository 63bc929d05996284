"""What each model answers on a labelled set, among that set's classes only, so that unlike models can be compared.

A CLIP is asked with a template over the class names. A closed-set model chooses among those of its outputs that stand for
a class of the set; which do is its label map, never guessed silently.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from explain.classes.label_map import LabelMap, closed_set, derive, read_label_map, unrestricted
from explain.classes.prompts import class_weights, cosines, prompts_of
from models import TEMPLATE
from tabs.sets import JOINT, Ready, Space
from tabs.sets.templates import template_sums

if TYPE_CHECKING:
    from models.model import Model

ANSWER: Space = ("answer", None)


@dataclass(frozen=True)
class Judged:
    """One model's answers to a set's pictures.

    among: (choices,) the classes that might be answered, as indices into the set's; probabilities: (pictures, choices)
    float32. labels: the map that was used, None for a model that reads texts. free: (pictures,) whether its best output of
    all stands for the true class, None for a model that reads texts, which has no other outputs.
    """

    set: Ready
    labels: LabelMap | None
    among: np.ndarray
    probabilities: np.ndarray
    free: np.ndarray | None

    @property
    def predicted(self) -> np.ndarray:
        """(pictures,) indices into the set's classes; of equal shares the first counts."""
        return self.among[self.probabilities.argmax(1)]

    @property
    def model(self) -> Model:
        return self.set.model

    @property
    def right(self) -> np.ndarray:
        return self.predicted == self.set.codes


def judge(
    found: Ready,
    template: str = TEMPLATE,
    label_map: str | None = None,
    among: np.ndarray | None = None,
) -> Judged:
    """What a model answers on a set seen in its `answer_space`.

    template: for a CLIP, one or more lines; label_map: for others, as a person typed it, None for the one that the names
    tell; among: the classes, as indices, that may be answered, None for all. ValueError is for people.
    """
    if not bool(found.encoded.features.isfinite().all()):
        raise ValueError(
            f"{found.model.name} answers numbers that are not finite: its weights are damaged. Choose another checkpoint."
        )
    classes = found.images.classes
    among = np.arange(len(classes)) if among is None else among
    if found.model.reads_texts:
        probabilities = _by_texts(found, template, among)
        return Judged(found, None, among, probabilities, None)
    labels = (
        derive(classes, found.model.labels)
        if label_map is None
        else read_label_map(label_map, classes, found.model.labels)
    )
    logits = found.encoded.features.numpy()
    probabilities = closed_set(logits, labels, [classes[code] for code in among])
    free = unrestricted(logits, labels, classes, found.codes)
    return Judged(found, labels, among, probabilities, free)


def answer_space(model: Model) -> Space:
    """What its answers on any set can be told from."""
    return JOINT if model.reads_texts else ANSWER


def _by_texts(found: Ready, template: str, among: np.ndarray) -> np.ndarray:
    prompts = prompts_of(found.images.classes, template)
    weights = class_weights(template_sums(found.model, prompts))[among]
    logits = found.model.scale * cosines(found.encoded.features, weights)
    return logits.softmax(-1).numpy()
