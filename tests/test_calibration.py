"""Calibration against scikit-learn's curve and a plain loop."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from explain.calibration import calibration


@pytest.fixture
def answers():
    random = np.random.default_rng(0)
    confidence = random.random(500)
    return confidence, random.random(500) < confidence**2


def test_the_curve_is_scikit_learns(answers):
    confidence, correct = answers
    found = calibration(confidence, correct)
    rates, means = calibration_curve(correct, confidence, n_bins=10, strategy="uniform")
    np.testing.assert_allclose([each.share.accuracy for each in found.bins], rates)
    np.testing.assert_allclose([each.confidence for each in found.bins], means)
    assert sum(each.share.total for each in found.bins) == 500


def test_the_error_is_a_plain_loops(answers):
    confidence, correct = answers
    wanted = 0.0
    for low in range(10):
        inside = [i for i, c in enumerate(confidence) if low / 10 < c <= (low + 1) / 10]
        if inside:
            gap = np.mean(confidence[inside]) - np.mean(correct[inside])
            wanted += len(inside) / 500 * abs(gap)
    assert calibration(confidence, correct).ece == pytest.approx(wanted)


def test_edges_belong_to_the_bin_below():
    found = calibration(np.array([0.0, 0.1, 0.1000001, 0.3, 1.0]), np.array([0, 1, 1, 0, 1], bool))
    assert [(round(each.low, 1), each.share.total) for each in found.bins] == [
        (0.0, 2),
        (0.1, 1),
        (0.2, 1),
        (0.9, 1),
    ]


def test_sure_and_right_is_no_error_and_sure_and_wrong_is_all():
    sure = np.ones(7)
    assert calibration(sure, np.ones(7, bool)).ece == 0
    assert calibration(sure, np.zeros(7, bool)).ece == 1
    assert np.isnan(calibration(np.array([]), np.array([], bool)).ece)
