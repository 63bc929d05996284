"""Counts and tests against scikit-learn, SciPy and statsmodels, and numbers worked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from explain.scores.metrics import (
    Share,
    class_scores,
    confusion_cells,
    macro_f1_interval,
    mcnemar,
    share,
    shares_by,
)


@pytest.mark.parametrize(("correct", "total"), [(0, 1), (1, 1), (90, 100), (450, 500), (3, 320)])
def test_interval_is_statsmodels_wilson(correct, total):
    from statsmodels.stats.proportion import proportion_confint

    wanted = proportion_confint(correct, total, alpha=0.05, method="wilson")
    assert Share(correct, total).interval == pytest.approx(wanted, abs=1e-9)


def test_wilson_at_ninety_of_a_hundred():
    assert Share(90, 100).interval == pytest.approx((0.826, 0.945), abs=5e-4)


def test_nothing_counted_says_nothing():
    none = Share(0, 0)
    assert np.isnan(none.accuracy) and none.interval == (0.0, 1.0)


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_the_interval_holds_the_rate(correct):
    found = share(np.array(correct))
    low, high = found.interval
    assert 0 <= low <= found.accuracy + 1e-12 and found.accuracy <= high + 1e-12 <= 1 + 1e-9


@pytest.mark.parametrize(("b", "c"), [(0, 0), (10, 20), (3, 13), (7, 7), (0, 5)])
def test_mcnemar_is_statsmodels_exact_test(b, c):
    from statsmodels.stats.contingency_tables import mcnemar as theirs

    first = np.array([True] * b + [False] * c + [True] * 4 + [False] * 3)
    second = np.array([False] * b + [True] * c + [True] * 4 + [False] * 3)
    found = mcnemar(first, second)
    assert (found.only_first, found.only_second) == (b, c)
    if b + c:
        assert found.p == pytest.approx(theirs([[4, b], [c, 3]], exact=True).pvalue)
    else:
        assert found.p == 1


def test_mcnemar_wants_the_same_images():
    with pytest.raises(ValueError, match="same images"):
        mcnemar(np.ones(3, bool), np.ones(4, bool))


def test_confusion_and_scores_by_hand():
    truth, predicted = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 0, 1])
    assert confusion_cells(truth, predicted, 4).tolist() == [
        [0, 0, 2],
        [0, 1, 1],
        [1, 0, 1],
        [1, 1, 1],
        [2, 1, 1],
    ]
    found = class_scores(truth, predicted, 4)
    assert found.precision.tolist() == pytest.approx([2 / 3, 1 / 3, 0, 0])
    assert found.recall.tolist() == pytest.approx([2 / 3, 1 / 2, 0, 0])
    assert found.macro_f1 == pytest.approx((2 / 3 + 0.4 + 0) / 3)  # class 3 is nowhere: not counted


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=80))
def test_scores_are_scikit_learns(pairs):
    from sklearn.metrics import f1_score, precision_score, recall_score

    truth, predicted = np.array(pairs).T
    found = class_scores(truth, predicted, 5)
    for name, theirs in (
        ("macro_f1", f1_score),
        ("macro_precision", precision_score),
        ("macro_recall", recall_score),
    ):
        wanted = theirs(truth, predicted, average="macro", zero_division=0)
        assert getattr(found, name) == pytest.approx(wanted)
    weighted = f1_score(truth, predicted, average="weighted", zero_division=0)
    assert found.weighted_f1 == pytest.approx(weighted)
    assert found.support.sum() == len(truth)


def test_groups():
    found = shares_by(np.array([True, False, True, True]), ["a", "b", "", "a"])
    assert {name: (s.correct, s.total) for name, s in found.items()} == {"a": (2, 2), "b": (0, 1)}


def test_weighted_means_are_scikit_learns():
    from sklearn.metrics import precision_recall_fscore_support

    random = np.random.default_rng(8)
    truth, predicted = random.integers(0, 5, (2, 200))
    found = class_scores(truth, predicted, 7)
    wanted = precision_recall_fscore_support(truth, predicted, average="weighted", zero_division=0)
    given = (found.weighted_precision, found.weighted_recall, found.weighted_f1)
    np.testing.assert_allclose(given, wanted[:3])


def test_no_image_has_no_scores():
    none = np.array([], int)
    found = class_scores(none, none, 3)
    assert found.support.tolist() == [0, 0, 0] and np.isnan(found.weighted_recall)
    assert np.isnan(found.macro_f1) and macro_f1_interval(none, none, 3) == (0, 1)


def test_one_image_and_one_class():
    one = np.array([0])
    assert class_scores(one, one, 1).weighted_precision == 1
    assert macro_f1_interval(one, one, 1) == (1, 1)
    assert macro_f1_interval(one, one + 1, 2) == (0, 0)


def test_macro_f1_interval_is_that_of_drawing_images():
    random = np.random.default_rng(5)
    truth = np.repeat(
        [0, 1, 3], [60, 25, 40]
    )  # class 2 is only ever answered, class 4 not even that
    predicted = np.where(random.random(125) < 0.7, truth, random.integers(0, 4, 125))
    scores = []
    for _ in range(800):
        drawn = np.concatenate(
            [
                random.choice(np.flatnonzero(truth == each), (truth == each).sum())
                for each in (0, 1, 3)
            ]
        )
        scores.append(f1_score(truth[drawn], predicted[drawn], average="macro"))
    found = macro_f1_interval(truth, predicted, 5, draws=4000)
    np.testing.assert_allclose(found, np.quantile(scores, [0.025, 0.975]), atol=0.012)
    low, high = found
    assert low < class_scores(truth, predicted, 5).macro_f1 < high


def test_macro_f1_interval_keeps_its_promises():
    random = np.random.default_rng(6)
    truth = random.integers(0, 6, 300)
    predicted = np.where(random.random(300) < 0.5, truth, random.integers(0, 6, 300))
    found = macro_f1_interval(truth, predicted, 6)
    assert (
        macro_f1_interval(truth, predicted, 6)
        == found
        != macro_f1_interval(truth, predicted, 6, seed=1)
    )
    assert macro_f1_interval(truth[::-1], predicted[::-1], 6) == found
    again = macro_f1_interval(np.tile(truth, 16), np.tile(predicted, 16), 6)
    assert np.ptp(again) == pytest.approx(np.ptp(found) / 4, rel=0.15)
    # each class's answers are all alike, so that drawing changes nothing
    assert macro_f1_interval(np.array([0, 0, 1, 1]), np.zeros(4, int), 2) == pytest.approx(
        (1 / 3, 1 / 3)
    )
