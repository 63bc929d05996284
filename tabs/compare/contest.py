"""What a comparison comes to: several models' answers to the same pictures, among the same classes.

Models of one set may have read different pictures and know different classes. What one of them cannot read or answer is left
out for all, so that no model has the easier task; who it was is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

import numpy as np

from explain.scores.comparison import Cells, cells
from tabs.compare.asks import Entrant
from tabs.compare.seats import Answers, Seat, answers, seat
from tabs.sets import Labelled, labelled_set


@dataclass(frozen=True)
class Contest:
    """Models by key, in order, on the pictures and among the classes that all of them can read and answer.

    seats: every model; answers: of those that know a class at all; unable: key → why not, of the others. classes:
    (classes,) indices into the set's. places: (pictures,) among the set's items; truth: (pictures,) indices into the
    set's classes. left_out: key → the classes a model has no output for; unread: pictures that some model could not read.
    """

    labelled: Labelled
    seats: dict[str, Seat]
    answers: dict[str, Answers]
    classes: np.ndarray
    places: np.ndarray
    truth: np.ndarray
    conditions: np.ndarray
    unable: dict[str, str]
    left_out: dict[str, tuple[str, ...]]
    unread: int

    @property
    def names(self) -> tuple[str, ...]:
        """Of the set's classes, compared or not."""
        return self.labelled.images.classes

    @property
    def predicted(self) -> np.ndarray:
        """(models, pictures) indices into the set's classes."""
        return np.stack([each.predicted for each in self.answers.values()])

    @property
    def right(self) -> np.ndarray:
        """(models, pictures) booleans."""
        return self.predicted == self.truth

    @property
    def margins(self) -> np.ndarray:
        """(models, pictures)"""
        return np.stack([each.margins for each in self.answers.values()])

    @property
    def cells(self) -> Cells:
        return cells(self.right, self.predicted)


def contest(source: str, limit: int, entrants: Mapping[str, Entrant]) -> Contest:
    """The comparison of `entrants` on the set at `source`. ValueError and OSError are for people."""
    if not entrants:
        raise ValueError("Choose at least one model to compare.")
    seats = {key: seat(source, limit, key, entrant) for key, entrant in entrants.items()}
    able = {key: each for key, each in seats.items() if not each.lost}
    unable = {key: _stranger(each) for key, each in seats.items() if each.lost}
    if not able:
        raise ValueError(next(iter(unable.values())))
    return _compared(labelled_set(source, limit), seats, able, unable)


def _compared(
    labelled: Labelled, seats: dict[str, Seat], able: dict[str, Seat], unable: dict[str, str]
) -> Contest:
    left_out = {key: each.missing for key, each in able.items()}
    lost = set().union(*left_out.values())
    classes = np.flatnonzero([name not in lost for name in labelled.images.classes])
    if not len(classes):
        raise ValueError(
            "There is no class of this set that all of these models can answer. Complete their label maps, or leave one out."
        )
    found = {key: answers(each, classes) for key, each in able.items()}
    read = [each.places for each in found.values()]
    places = reduce(np.intersect1d, read)
    if not len(places):
        raise ValueError("No picture that was drawn is of a class that all of these models know.")
    return Contest(
        labelled,
        seats,
        {key: each.at(places) for key, each in found.items()},
        classes,
        places,
        labelled.codes[places],
        labelled.conditions[places],
        unable,
        left_out,
        len(reduce(np.union1d, read)) - len(places),
    )


def _stranger(seat: Seat) -> str:
    return (
        f"None of {seat.model.name}'s {len(seat.model.labels):,} outputs is a class of this set by name. "
        "Say in its label map which stand for which class, or leave it out."
    )
