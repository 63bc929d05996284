"""What each model answers on a labelled set, among that set's classes only, so that unlike models can be compared.

A CLIP is asked with a template over the class names. A closed-set model chooses among those of its outputs that stand for
a class of the set; which do is its label map, never guessed silently.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from explain.label_map import LabelMap, closed_set, derive, read_label_map, unrestricted
from explain.prompts import class_weights, cosines, read_prompts
from models import TEMPLATE, load
from tabs.sets import JOINT, Ready, Space, Step, Told, seen
from tabs.sets.templates import template_sums

if TYPE_CHECKING:
    from models.model import Model

ANSWER: Space = ("answer", None)


@dataclass(frozen=True)
class Judged:
    """One model's answers to a set's pictures.

    probabilities: (pictures, classes) float32, among the set's classes; predicted: (pictures,) class indices. labels: the
    map that was used, None for a model that reads texts. free: (pictures,) whether its best output of all stands for the
    true class, None for a model that reads texts, which has no other outputs.
    """

    set: Ready
    labels: LabelMap | None
    probabilities: np.ndarray
    predicted: np.ndarray
    free: np.ndarray | None

    @property
    def model(self) -> Model:
        return self.set.model

    @property
    def right(self) -> np.ndarray:
        return self.predicted == self.set.codes


def judged(
    source: str,
    limit: int,
    name: str,
    template: str = TEMPLATE,
    label_map: str | None = None,
    told: Told | None = None,
) -> Judged:
    """The model called `name` on the set at `source`.

    template: for a CLIP, one or more lines; label_map: for others, as a person typed it, None for the one that the names
    tell. ValueError and OSError are for people.
    """
    if told:
        told(Step(0, f"Loading {name}"))
    model = load(name, folders=False)
    (found,) = seen(source, limit, model, (answer_space(model),), told)
    return judge(found, template, label_map)


def judge(found: Ready, template: str = TEMPLATE, label_map: str | None = None) -> Judged:
    """As `judged`, of a set seen in its model's `answer_space`."""
    classes = found.images.classes
    if found.model.reads_texts:
        probabilities = _by_texts(found, template)
        return Judged(found, None, probabilities, probabilities.argmax(1), None)
    labels = (
        derive(classes, found.model.labels)
        if label_map is None
        else read_label_map(label_map, classes, found.model.labels)
    )
    logits = found.encoded.features.numpy()
    probabilities = closed_set(logits, labels, classes)
    free = unrestricted(logits, labels, classes, found.codes)
    return Judged(found, labels, probabilities, probabilities.argmax(1), free)


def answer_space(model: Model) -> Space:
    """What its answers on any set can be told from."""
    return JOINT if model.reads_texts else ANSWER


def _by_texts(found: Ready, template: str) -> np.ndarray:
    prompts = read_prompts("\n".join(found.images.classes), template)
    weights = class_weights(template_sums(found.model, prompts))
    logits = found.model.scale * cosines(found.encoded.features, weights)
    return logits.softmax(-1).numpy()
