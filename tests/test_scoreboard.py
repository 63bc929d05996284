"""A scoreboard's numbers are scikit-learn's on the same predictions."""

import json

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
