"""How right a set of predictions is, and how sure one may be of it.

Intervals are Wilson's (1927, doi 10.1080/01621459.1927.10502953); two sets of predictions on the same images are
compared by McNemar's exact test (1947, doi 10.1007/BF02295996), which looks only at the images they differ on.
Counting and testing are scikit-learn's and SciPy's, whose interval is the same but costs a hundred times as much.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from explain.classes.answers import NO_ANSWER
from limits import CELLS_AT_ONCE

Z = 1.959963984540054  # of a standard normal's middle 95 %


@dataclass(frozen=True)
class Share:
    """correct of total, with Wilson's 95 % interval; rates are fractions, nan where there is nothing to count.

    unanswered: how many of the total have no answer (explain/classes/answers.py); where all have none there is no rate.
    """

    correct: int
    total: int
    unanswered: int = 0

    @property
    def counts(self) -> bool:
        """Whether there is a rate."""
        return self.total > self.unanswered

    @property
    def accuracy(self) -> float:
        return self.correct / self.total if self.counts else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        if not self.counts:
            return 0.0, 1.0
        total, wrong = self.total + Z**2, self.total - self.correct
        middle = (self.correct + Z**2 / 2) / total
        half = Z / total * sqrt(self.correct * wrong / self.total + Z**2 / 4)
        return middle - half if self.correct else 0.0, middle + half if wrong else 1.0

    def as_json(self) -> dict[str, float | int | None]:
        """{accuracy, correct, total}, as the endpoints answer; accuracy None where there is none."""
        rate = self.accuracy if self.counts else None
        return {"accuracy": rate, "correct": self.correct, "total": self.total}


@dataclass(frozen=True)
class ClassScores:
    """Precision, recall and F1 per class (classes,), and their macro and support-weighted means over classes present."""

    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray
    support: np.ndarray
    macro_precision: float
    macro_recall: float
    macro_f1: float
    weighted_precision: float
    weighted_recall: float
    weighted_f1: float


def share(correct: np.ndarray, predicted: np.ndarray | None = None) -> Share:
    """The Share of an array of booleans; predicted: the answers, where some may be NO_ANSWER."""
    unanswered = 0 if predicted is None else int(np.sum(predicted == NO_ANSWER))
    return Share(int(np.sum(correct)), len(correct), unanswered)


def shares_by(
    correct: np.ndarray, group: Sequence[str] | np.ndarray, predicted: np.ndarray | None = None
) -> dict[str, Share]:
    """One Share for each value in `group` (images,), in order of first appearance; "" is no group."""
    correct, group = np.asarray(correct, dtype=bool), list(group)
    place = {name: number for number, name in enumerate(dict.fromkeys(group))}
    codes = np.array([place[name] for name in group], dtype=int)
    silent = np.zeros(len(group)) if predicted is None else predicted == NO_ANSWER
    totals = np.bincount(codes, minlength=len(place))
    hits, unanswered = (
        np.bincount(codes, weights=each, minlength=len(place)) for each in (correct, silent)
    )
    return {
        name: Share(int(hits[code]), int(totals[code]), int(unanswered[code]))
        for name, code in place.items()
        if name
    }


def confusion_cells(truth: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """(met, 3) true class, answered class and images of each pair that was met, by truth and then answer.

    Images without an answer are in none.
    """
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    given = predicted != NO_ANSWER
    cells, counts = np.unique(truth[given] * classes + predicted[given], return_counts=True)
    return np.column_stack([*np.divmod(cells, classes), counts])


def class_scores(truth: np.ndarray, predicted: np.ndarray, classes: int) -> ClassScores:
    """Scores over `classes` classes; means leave out those that are neither true nor predicted of any image.

    Without an image, or without an answer to any, every mean is nan.
    """
    from sklearn.metrics import precision_recall_fscore_support

    answered = np.asarray(predicted)[np.asarray(predicted) != NO_ANSWER]
    if not len(answered):
        none, support = np.zeros(classes), np.bincount(truth, minlength=classes)
        return ClassScores(none, none, none, support, *[float("nan")] * 6)
    precision, recall, f1, support = precision_recall_fscore_support(
        truth, predicted, labels=np.arange(classes), zero_division=0.0
    )
    present = np.union1d(truth, answered)
    return ClassScores(
        precision,
        recall,
        f1,
        support,
        float(precision[present].mean()),
        float(recall[present].mean()),
        float(f1[present].mean()),
        *(float(np.average(each, weights=support)) for each in (precision, recall, f1)),
    )


def macro_f1_interval(
    truth: np.ndarray, predicted: np.ndarray, classes: int, draws: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """The middle 95 % of macro F1 over `draws` bootstrap samples (Efron 1979, doi 10.1214/aos/1176344552), by class.

    Every class keeps its number of images, which are drawn from it with replacement: so its row of the confusion matrix
    is multinomial, and drawn as such; images without an answer are drawn too. (0, 1) without an answer. An error that was
    not seen cannot be drawn: of ten images a class the interval holds the true score 91 times in 100, of one or two it may
    miss even the score of these images, and that of a perfect score is a point.
    """
    predicted = np.asarray(predicted)
    if (predicted == NO_ANSWER).all():
        return 0.0, 1.0
    random = np.random.default_rng(seed)
    columns = classes + 1  # the last for images without an answer
    column = np.where(predicted == NO_ANSWER, classes, predicted)
    cells, counts = np.unique(np.asarray(truth) * columns + column, return_counts=True)
    met = cells // columns, cells % columns, counts
    step = max(1, CELLS_AT_ONCE // columns)
    parts = [min(step, draws - start) for start in range(0, draws, step)]
    means = np.concatenate([_drawn_macro_f1(*met, classes, part, random) for part in parts])
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def _drawn_macro_f1(
    true: np.ndarray,
    answer: np.ndarray,
    counts: np.ndarray,
    classes: int,
    draws: int,
    random: np.random.Generator,
) -> np.ndarray:
    """(draws,) macro F1 of bootstrap samples. true, answer, counts: (met,) each pair that was met, by truth."""
    hits, answers = np.zeros((2, classes + 1, draws), dtype=np.int32)
    starts = np.flatnonzero(np.diff(true, prepend=-1))
    for place, start in enumerate(starts):
        row = slice(start, starts[place + 1] if place + 1 < len(starts) else len(true))
        total = counts[row].sum()
        drawn = random.multinomial(total, counts[row] / total, size=draws).T
        answers[answer[row]] += drawn
        hits[true[start]] = drawn[answer[row] == true[start]].sum(0)
    hits, answers = hits[:classes], answers[:classes]
    support = np.bincount(true, counts, classes)[:, None]
    met = support + answers
    f1 = np.divide(2 * hits, met, out=np.zeros(met.shape), where=met > 0)
    return f1.sum(0) / (met > 0).sum(0)


@dataclass(frozen=True)
class Difference:
    """Two sets of predictions on the same images: how many only one had right, and the exact p of such a split."""

    only_first: int
    only_second: int
    p: float


def mcnemar(first: np.ndarray, second: np.ndarray) -> Difference:
    """Exact McNemar test of two arrays of booleans, right or wrong, on the same images; p = 1 where none differs."""
    from scipy.stats import binomtest

    if len(first) != len(second):
        raise ValueError("Only answers on the same images can be compared.")
    only_first, only_second = int(np.sum(first & ~second)), int(np.sum(second & ~first))
    differing = only_first + only_second
    p = binomtest(min(only_first, only_second), differing).pvalue if differing else 1.0
    return Difference(only_first, only_second, float(p))
