"""One try of prompts on one labelled set, counted every way the page and the API show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from explain.classes.answers import NO_ANSWER, unanswered_note
from explain.scores.metrics import (
    ClassScores,
    Share,
    class_scores,
    confusion_cells,
    share,
    shares_by,
)
from limits import MATRIX_CLASSES, MISTAKES


@dataclass(frozen=True)
class Scoreboard:
    """Shares are correct of total; cells: (met, 3) true class, answered class, images, of every pair that was met;
    unanswered: (classes,) images of each class without an answer; note: how many these are, in a sentence, "" for none."""

    classes: tuple[str, ...]
    overall: Share
    per_class: dict[str, Share]
    per_condition: dict[str, Share]
    cells: np.ndarray
    unanswered: np.ndarray
    scores: ClassScores
    note: str = ""

    @property
    def confusion(self) -> np.ndarray | None:
        """(classes, classes) counts, rows = truth; None for more than MATRIX_CLASSES, whose square would not end."""
        count = len(self.classes)
        if count > MATRIX_CLASSES:
            return None
        dense = np.zeros((count, count), dtype=int)
        dense[self.cells[:, 0], self.cells[:, 1]] = self.cells[:, 2]
        return dense

    @property
    def mistakes(self) -> np.ndarray:
        """The commonest of `cells` whose answer is wrong, MISTAKES at most, the commonest first."""
        wrong = self.cells[self.cells[:, 0] != self.cells[:, 1]]
        return wrong[np.argsort(-wrong[:, 2], kind="stable")][:MISTAKES]

    def as_json(self) -> dict[str, Any]:
        """As /score_prompts answers: rates are fractions, None where no picture has an answer; interval [low, high]."""
        counts = self.overall.counts
        return {
            **self.overall.as_json(),
            "interval": list(self.overall.interval) if counts else None,
            "per_class": {name: each.as_json() for name, each in self.per_class.items()},
            "per_condition": {name: each.as_json() for name, each in self.per_condition.items()},
            "confusion": self._confusion(),
            "macro_f1": self.scores.macro_f1 if counts else None,
            "note": self.note,
        }

    def _confusion(self) -> dict[str, Any]:
        dense = self.confusion
        return {
            "labels": list(self.classes),
            "counts": None if dense is None else dense.tolist(),
            "no_answer": self.unanswered.tolist(),
            "cells": self.cells.tolist() if dense is None else None,
        }


def scoreboard(
    truth: np.ndarray,
    predicted: np.ndarray,
    classes: Sequence[str],
    conditions: Sequence[str] | np.ndarray,
) -> Scoreboard:
    """truth, predicted: (images,) indices into classes, predicted NO_ANSWER where there is none; conditions: (images,) names,
    "" where there is none."""
    correct = truth == predicted
    return Scoreboard(
        tuple(classes),
        share(correct, predicted),
        shares_by(correct, [classes[index] for index in truth], predicted),
        shares_by(correct, conditions, predicted),
        confusion_cells(truth, predicted, len(classes)),
        np.bincount(truth[predicted == NO_ANSWER], minlength=len(classes)),
        class_scores(truth, predicted, len(classes)),
        unanswered_note(predicted),
    )
