"""One model of a comparison: the set as it sees it, its label map, and its answers among some of the set's classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from explain.classes.label_map import LabelMap, LabelMapError, derive, read_label_map
from explain.scores.comparison import margins
from tabs.compare.asks import Entrant
from tabs.sets import Ready, seen
from tabs.sets.judged import Judged, answer_space, judge
from tabs.wiring.gpu import loaded
from tabs.wiring.kept import Kept, digest

if TYPE_CHECKING:
    from models.model import Model

TOP = 5
ANSWER_BYTES = 200_000_000
MAP_BYTES = 20_000_000
LINE_BYTES = 400  # about, of a class and its outputs


@dataclass(frozen=True)
class Seat:
    """A model that takes part. labels: its label map, None where it reads texts; entrant: as it was asked for."""

    found: Ready
    labels: LabelMap | None
    entrant: Entrant

    @property
    def model(self) -> Model:
        return self.found.model

    @property
    def missing(self) -> tuple[str, ...]:
        """The set's classes that the model has no output for."""
        return () if self.labels is None else self.labels.unmapped

    @property
    def lost(self) -> bool:
        """Whether it has no output for any class."""
        return len(self.missing) == len(self.found.images.classes)


@dataclass(frozen=True)
class Answers:
    """A model's answers among some classes; arrays are (pictures,) unless said.

    places: among the set's items. predicted: class indices; margins: the true class's share less the best other's. top,
    shares: (pictures, TOP) the likeliest classes. free: whether the best of all outputs stands for the true class, None
    for a model that reads texts.
    """

    places: np.ndarray
    predicted: np.ndarray
    margins: np.ndarray
    top: np.ndarray
    shares: np.ndarray
    free: np.ndarray | None

    @property
    def confidence(self) -> np.ndarray:
        return self.shares[:, 0]

    def at(self, chosen: np.ndarray) -> Answers:
        """Those to some of its pictures, by their places among the items, in order."""
        rows = np.searchsorted(self.places, chosen)
        free = None if self.free is None else self.free[rows]
        picked = (self.predicted, self.margins, self.top, self.shares)
        return Answers(chosen, *(each[rows] for each in picked), free)


def seat(source: str, limit: int, key: str, entrant: Entrant) -> Seat:
    """One model with the set before it; ValueError and OSError are for people. A LabelMapError names its box by `key`."""
    model = loaded(entrant.name)
    (found,) = seen(source, limit, model, (answer_space(model),))
    if model.reads_texts:
        return Seat(found, None, entrant)
    try:
        return Seat(found, _label_map(model, found.images.classes, entrant.labels), entrant)
    except LabelMapError as error:
        error.field = f"label_map {key}"
        raise


def answers(seat: Seat, classes: np.ndarray) -> Answers:
    """A seat's answers to all its pictures of `classes`, when only these may be answered; kept."""
    asked = seat.entrant.template if seat.labels is None else tuple(seat.labels.outputs.values())
    return _answers.get(
        (seat.found.key, digest(asked, classes.tobytes())),
        lambda: _picked(judge(seat.found, seat.entrant.template, seat.entrant.labels, classes)),
    )


def _label_map(model: Model, classes: tuple[str, ...], typed: str | None) -> LabelMap:
    def make() -> LabelMap:
        if typed is None:
            return derive(classes, model.labels)
        return read_label_map(typed, classes, model.labels)

    return _maps.get(digest(model.labels, classes, typed), make)


def _picked(found: Judged) -> Answers:
    """Of all probabilities what a comparison needs, a small part of them."""
    classes, predicted = found.among, found.predicted
    rows = np.flatnonzero(np.isin(found.set.codes, classes))
    shares = found.probabilities[rows]
    truth = np.searchsorted(classes, found.set.codes[rows])
    top, best = _likeliest(shares, np.searchsorted(classes, predicted[rows]))
    return Answers(
        found.set.encoded.kept[rows],
        predicted[rows],
        margins(shares[None], truth)[0],
        classes[top],
        best,
        None if found.free is None else found.free[rows],
    )


def _likeliest(shares: np.ndarray, answers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(pictures, TOP) places and shares, each picture's answer first also where others have as large a share."""
    import torch

    best = torch.from_numpy(shares).topk(min(TOP, shares.shape[1])).indices.numpy()
    for row in np.flatnonzero(best[:, 0] != answers):
        best[row] = [answers[row], *best[row][best[row] != answers[row]]][: best.shape[1]]
    return best, np.take_along_axis(shares, best, axis=1)


def _size(answers: Answers) -> int:
    return sum(each.nbytes for each in vars(answers).values() if each is not None)


_maps = Kept(MAP_BYTES, lambda labels: LINE_BYTES * (len(labels.outputs) + len(labels.notes)))
_answers = Kept(ANSWER_BYTES, _size)
