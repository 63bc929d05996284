"""Calibration against scikit-learn's curve and a plain loop."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from explain.scores.calibration import calibration
from explain.scores.metrics import Share


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
    none = calibration(np.array([]), np.array([], bool))
    assert none.bins == () and np.isnan(none.ece)


def test_one_image_by_hand():
    (only,) = calibration(np.array([0.7]), np.array([False])).bins
    assert (only.low, only.high) == pytest.approx((0.6, 0.7)) and only.share == Share(0, 1)
    assert calibration(np.array([0.7]), np.array([False])).ece == pytest.approx(0.7)
    assert calibration(np.array([0.7]), np.array([True]), bins=1).ece == pytest.approx(0.3)


def test_the_order_of_the_images_changes_nothing(answers):
    confidence, correct = answers
    order = np.random.default_rng(1).permutation(500)
    mixed = calibration(confidence[order], correct[order])
    assert mixed.ece == pytest.approx(calibration(confidence, correct).ece)
    assert [b.share for b in mixed.bins] == [b.share for b in calibration(confidence, correct).bins]


def test_a_small_set_makes_a_calibrated_model_look_wrong():
    """The module says by how much."""
    random = np.random.default_rng(2)

    def mean_error(images, times):
        sure = random.random((times, images))
        right = random.random((times, images)) < sure
        return np.mean([calibration(*each).ece for each in zip(sure, right, strict=True)])

    assert mean_error(100, 200) == pytest.approx(0.10, abs=0.01)
    assert mean_error(10_000, 20) == pytest.approx(0.01, abs=0.002)


@pytest.mark.parametrize(
    ("confidence", "correct", "bins"),
    [
        ([1.1], [True], 10),
        ([-0.1], [True], 10),
        ([np.nan], [True], 10),
        ([0.5], [], 10),
        ([0.5], [True], 0),
    ],
)
def test_what_is_no_confidence_is_refused(confidence, correct, bins):
    with pytest.raises(ValueError, match=r"\.$"):
        calibration(np.array(confidence), np.array(correct, bool), bins)
    assert (
        calibration(np.array([1 + 1e-7]), np.array([True])).bins[-1].high == 1
    )  # float32's rounding
