"""One model of a comparison: the set as it embeds it, its label map, and its answers among some of the set's classes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from explain.classes.label_map import LabelMap, LabelMapError
from limits import ANSWERS_HELD
from tabs.compare.asks import ModelChoice
from tabs.sets import EmbeddedSet, embed_set
from tabs.sets.predictions import Predictions, answer_space, label_map_of, predict
from tabs.wiring.gpu import loaded
from tabs.wiring.kept import Kept, digest
from tabs.wiring.slowly import Progress

if TYPE_CHECKING:
    from models.model import Model


@dataclass(frozen=True)
class ComparedModel:
    """A model with the set before it. label_map: None where it reads texts; choice: as it was asked for."""

    choice: ModelChoice
    embedded: EmbeddedSet
    label_map: LabelMap | None

    @property
    def model(self) -> Model:
        return self.embedded.model

    @property
    def unmapped(self) -> tuple[str, ...]:
        """The set's classes that the model has no output for."""
        return () if self.label_map is None else self.label_map.unmapped

    @property
    def knows_no_class(self) -> bool:
        """Whether it has no output for any class of the set."""
        return len(self.unmapped) == len(self.embedded.images.classes)


@dataclass(frozen=True)
class Answers:
    """A model's answers among some classes: of its predictions, what a comparison needs. Arrays are (pictures,) unless said.

    places: among the set's items. predicted: class indices, NO_ANSWER where there is none; margins: the true class's probability less the best other's.
    top, probabilities: (pictures, 5) the likeliest classes. unrestricted: whether the best of all outputs stands for the
    true class, None for a model that reads texts.
    """

    places: np.ndarray
    predicted: np.ndarray
    margins: np.ndarray
    top: np.ndarray
    probabilities: np.ndarray
    unrestricted: np.ndarray | None

    @property
    def confidence(self) -> np.ndarray:
        return self.probabilities[:, 0]

    def at(self, chosen: np.ndarray) -> Answers:
        """Those to some of its pictures, by their places among the items, in order."""
        rows = np.searchsorted(self.places, chosen)
        unrestricted = None if self.unrestricted is None else self.unrestricted[rows]
        return Answers(
            chosen,
            self.predicted[rows],
            self.margins[rows],
            self.top[rows],
            self.probabilities[rows],
            unrestricted,
        )


def compared_model(
    source: str | Path, limit: int, key: str, choice: ModelChoice, progress: Progress | None = None
) -> ComparedModel:
    """One model with the set before it; ValueError and OSError are for people. A LabelMapError names its box by `key`."""
    model = loaded(choice.name)
    (embedded,) = embed_set(source, limit, model, (answer_space(model),), progress)
    if model.reads_texts:
        return ComparedModel(choice, embedded, None)
    try:
        label_map = label_map_of(model, embedded.images.classes, choice.label_map)
    except LabelMapError as error:
        error.field = f"label_map {key}"
        raise
    return ComparedModel(choice, embedded, label_map)


def answers(
    compared: ComparedModel, classes: np.ndarray, progress: Progress | None = None
) -> Answers:
    """A model's answers to all its pictures of `classes` (indices), when only these may be answered; kept."""
    choice, used = compared.choice, compared.label_map
    asked_with = choice.template if used is None else tuple(used.outputs.values())
    return _answers.get(
        (compared.embedded.key, digest(asked_with, classes.tobytes())),
        lambda: _condensed(
            predict(compared.embedded, choice.template, choice.label_map, classes, progress)
        ),
    )


def _condensed(found: Predictions) -> Answers:
    """The answers to the pictures whose class is among those that may be answered."""
    rows = np.flatnonzero(np.isin(found.set.codes, found.among))
    return Answers(
        found.set.encoded.kept[rows],
        found.predicted[rows],
        found.margins[rows],
        found.top[rows],
        found.probabilities[rows],
        None if found.unrestricted is None else found.unrestricted[rows],
    )


def _size(answers: Answers) -> int:
    return sum(each.nbytes for each in vars(answers).values() if each is not None)


_answers = Kept(ANSWERS_HELD, _size)
