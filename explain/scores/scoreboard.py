"""One try of prompts on one labelled set, counted every way the page and the API show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from explain.scores.metrics import ClassScores, Share, class_scores, confusion, share, shares_by


@dataclass(frozen=True)
class Scoreboard:
    """Shares are correct of total; confusion is (classes, classes), rows = truth."""

    classes: tuple[str, ...]
    overall: Share
    per_class: dict[str, Share]
    per_condition: dict[str, Share]
    confusion: np.ndarray
    scores: ClassScores

    def as_json(self) -> dict[str, Any]:
        """As /score_prompts answers: rates are fractions, interval [low, high]."""
        return {
            **_share(self.overall),
            "interval": list(self.overall.interval),
            "per_class": {name: _share(each) for name, each in self.per_class.items()},
            "per_condition": {name: _share(each) for name, each in self.per_condition.items()},
            "confusion": {"labels": list(self.classes), "counts": self.confusion.tolist()},
            "macro_f1": self.scores.macro_f1,
        }


def scoreboard(
    truth: np.ndarray, predicted: np.ndarray, classes: Sequence[str], conditions: Sequence[str]
) -> Scoreboard:
    """truth, predicted: (images,) indices into classes; conditions: (images,) names, "" where there is none."""
    correct = truth == predicted
    return Scoreboard(
        tuple(classes),
        share(correct),
        shares_by(correct, [classes[index] for index in truth]),
        shares_by(correct, conditions),
        confusion(truth, predicted, len(classes)),
        class_scores(truth, predicted, len(classes)),
    )


def _share(found: Share) -> dict[str, Any]:
    return {"accuracy": found.accuracy, "correct": found.correct, "total": found.total}
