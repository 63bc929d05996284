"""A scoreboard's numbers are scikit-learn's on the same predictions."""

import json
import time
import tracemalloc
from collections import Counter

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score

from explain.scores.scoreboard import scoreboard

CLASSES = ("dog", "cat", "cup")


def test_everything_agrees_with_scikit_learn():
    random = np.random.default_rng(0)
    truth, predicted = random.integers(0, 3, 200), random.integers(0, 3, 200)
    conditions = [("plain", "blurred", "")[index % 3] for index in range(200)]
    found = scoreboard(truth, predicted, CLASSES, conditions).as_json()
    assert found["accuracy"] == pytest.approx(accuracy_score(truth, predicted))
    assert found["confusion"]["counts"] == confusion_matrix(truth, predicted).tolist()
    assert found["macro_f1"] == pytest.approx(f1_score(truth, predicted, average="macro"))
    low, high = found["interval"]
    assert low < found["accuracy"] < high
    assert list(found["per_condition"]) == ["plain", "blurred"]
    blurred = np.arange(200) % 3 == 1
    assert found["per_condition"]["blurred"]["accuracy"] == pytest.approx(
        (truth == predicted)[blurred].mean()
    )
    for index, name in enumerate(CLASSES):
        assert found["per_class"][name]["total"] == int((truth == index).sum())
    json.dumps(found)


def test_ten_thousand_classes_are_counted_without_their_square():
    """A matrix of them would have a hundred million cells: 0.8 GB, and 200 MB as JSON."""
    random, count = np.random.default_rng(0), 10_000
    classes = tuple(map(str, range(count)))
    truth, predicted = random.integers(0, count, (2, 2000))
    predicted[:40] = truth[:40] = 7
    predicted[40:60], truth[40:60] = 8, 9
    tracemalloc.start()
    start = time.process_time()
    board = scoreboard(truth, predicted, classes, [""] * 2000)
    answer = json.dumps(board.as_json())
    assert time.process_time() - start < 5
    assert tracemalloc.get_traced_memory()[1] < 100_000_000
    tracemalloc.stop()
    assert len(answer) < 1_000_000
    found = json.loads(answer)["confusion"]
    assert found["counts"] is None
    wanted = Counter(zip(truth.tolist(), predicted.tolist(), strict=True))
    assert {(row, column): n for row, column, n in found["cells"]} == wanted
    assert board.mistakes[0].tolist() == [9, 8, wanted[9, 8]]
    assert len(board.mistakes) == 20


def test_mistakes_are_the_matrix_without_its_diagonal():
    truth, predicted = np.array([0, 0, 1, 1, 2, 2, 2]), np.array([0, 1, 1, 0, 0, 0, 2])
    board = scoreboard(truth, predicted, CLASSES, [""] * 7)
    assert board.mistakes.tolist() == [[2, 0, 2], [0, 1, 1], [1, 0, 1]]
    assert board.confusion.tolist() == confusion_matrix(truth, predicted).tolist()
