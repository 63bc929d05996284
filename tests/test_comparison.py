"""Models compared on the same images, against statsmodels, plain recounts and numbers worked by hand."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy.stats import hypergeom
from statsmodels.stats.contingency_tables import cochrans_q as reference_q
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from explain.scores.comparison import (
    beyond_chance,
    cell_name,
    cells,
    cochrans_q,
    gap_interval,
    holm,
    margins,
    over_represented,
    pairwise,
    ranked,
)
from explain.scores.metrics import mcnemar

NAMES = ("vit", "swin", "clip")


def drawn(seed, models=3, images=200, rate=0.7):
    random = np.random.default_rng(seed)
    hard = random.random(images)
    return np.array([random.random(images) + 0.5 * hard < rate + 0.05 * m for m in range(models)])


def test_cells_are_a_plain_recount():
    random = np.random.default_rng(1)
    truth = random.integers(0, 4, 300)
    predicted = np.where(random.random((3, 300)) < 0.6, truth, random.integers(0, 4, (3, 300)))
    right = predicted == truth
    found = cells(right, predicted)
    assert found.counts.sum() == 300
    for pattern in product([False, True], repeat=3):
        code = sum(bit << place for place, bit in enumerate(pattern))
        wanted = [tuple(right[:, image]) == pattern for image in range(300)]
        assert (found.codes == code).tolist() == wanted
        assert found.counts[code] == sum(wanted)
    alike = [
        not right[:, image].any() and len(set(predicted[:, image])) == 1 for image in range(300)
    ]
    assert found.alike.tolist() == alike and sum(alike)


def test_cells_have_names():
    named = {code: cell_name(code, NAMES) for code in range(8)}
    assert named == {
        0: "all wrong",
        1: "vit only",
        2: "swin only",
        3: "vit + swin",
        4: "clip only",
        5: "vit + clip",
        6: "swin + clip",
        7: "all right",
    }
    assert [cell_name(code, ["vit"]) for code in (0, 1)] == ["wrong", "right"]
    assert not cells(np.zeros((1, 3), bool), np.zeros((1, 3), int)).alike.any()


@given(some.integers(0, 9))
def test_swapping_two_models_mirrors_the_cells(seed):
    random = np.random.default_rng(seed)
    truth, predicted = random.integers(0, 3, 40), random.integers(0, 3, (3, 40))
    swapped = predicted[[1, 0, 2]]
    found, mirrored = cells(predicted == truth, predicted), cells(swapped == truth, swapped)
    mirror = [0, 2, 1, 3, 4, 6, 5, 7]  # bits 0 and 1 changed places
    assert mirrored.counts.tolist() == found.counts[mirror].tolist()
    assert (mirrored.alike == found.alike).all()


def test_cells_of_no_image_and_of_too_many_models():
    found = cells(np.zeros((2, 0), bool), np.zeros((2, 0), int))
    assert found.counts.tolist() == [0] * 4 and len(found.codes) == len(found.alike) == 0
    one = cells(np.array([[True], [False]]), np.array([[4], [2]]))
    assert one.counts.tolist() == [0, 1, 0, 0] and not one.alike.any()
    assert len(cells(np.ones((6, 2), bool), np.ones((6, 2), int)).counts) == 64
    for models in (0, 7):
        with pytest.raises(ValueError, match="1 to 6"):
            cells(np.ones((models, 2), bool), np.ones((models, 2), int))
    with pytest.raises(ValueError, match="same images"):
        cells(np.ones((2, 2), bool), np.ones((2, 3), int))


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_margins_are_a_plain_recount(kind):
    random = np.random.default_rng(3)
    probabilities = random.dirichlet(np.ones(5), (3, 30)).astype(kind)
    truth = random.integers(0, 5, 30)
    found = margins(probabilities, truth)
    for model, image in product(range(3), range(30)):
        row, own = probabilities[model, image], truth[image]
        assert found[model, image] == row[own] - max(np.delete(row, own))
    assert ((found > 0) == (probabilities.argmax(2) == truth)).all()


def test_margins_by_hand():
    probabilities = np.array([[[0.7, 0.2, 0.1], [0.3, 0.3, 0.4]], [[0.1, 0.8, 0.1], [0, 0, 1]]])
    np.testing.assert_allclose(
        margins(probabilities, np.array([0, 2])), [[0.5, 0.1], [-0.7, 1]], atol=1e-12
    )
    assert probabilities[0, 0, 0] == 0.7  # left as it was
    assert margins(np.ones((1, 2, 1)), np.zeros(2, int)).tolist() == [[1, 1]]


def test_the_most_telling_come_first():
    right = np.array([[1, 1, 0, 0], [0, 0, 0, 0]], bool)
    margin = np.array([[0.2, 0.9, -0.1, -0.8], [-0.1, -0.5, -0.2, -0.9]])
    assert ranked(np.array([0, 1]), right, margin).tolist() == [1, 0]
    assert ranked(np.array([2, 3]), right, margin).tolist() == [3, 2]
    agreed = np.ones((2, 3), bool)
    close = np.array([[0.9, 0.1, 0.5], [0.9, 0.2, 0.5]])
    assert ranked(np.arange(3), agreed, close).tolist() == [1, 2, 0]
    assert not len(ranked(np.array([], int), right, margin))


def test_what_a_cell_holds_more_of():
    groups = ["geons"] * 4 + ["photo"] * 6 + [""] * 2
    inside = np.array([1, 1, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0], bool)
    (found,) = over_represented(inside, groups)
    assert (found.group, found.count, found.total) == ("geons", 3, 4)
    assert (found.share, found.overall) == (3 / 5, 4 / 12)
    assert over_represented(np.zeros(12, bool), groups) == []
    assert over_represented(np.ones(12, bool), groups) == []
    assert over_represented(np.zeros(0, bool), []) == []


def test_what_is_far_ahead_comes_first():
    groups = np.array(["a"] * 10 + ["b"] * 10 + ["c"] * 80, dtype=object)
    inside = np.zeros(100, bool)
    inside[[0, 1, 10, 11, 12, 13, 14, 99]] = True
    found = over_represented(inside, groups)
    assert [(each.group, each.count, each.total) for each in found] == [("b", 5, 10), ("a", 2, 10)]


def test_a_blind_draw_is_said_to_share_nothing():
    """At most one time in twenty, whatever the number of groups looked through."""
    conditions = np.array(["plain", "striped"] * 24, dtype=object)
    classes = np.array(["cat", "cup", "dog"] * 16, dtype=object)
    random = np.random.default_rng(0)
    named = []
    for _ in range(300):
        inside = np.zeros(48, bool)
        inside[random.permutation(48)[:14]] = True
        named.append(any(beyond_chance(inside, (conditions, classes))))
    assert np.mean(named) < 0.05
    inside = np.zeros(48, bool)
    inside[0:24:2] = True
    (lift,), others = beyond_chance(inside, (conditions, classes))
    assert (lift.group, lift.count, lift.total, others) == ("plain", 12, 24, [])
    tail = hypergeom.sf(11, 48, 24, 12)
    assert beyond_chance(inside, (conditions, classes), rate=5.001 * tail)[0] == [lift]
    assert beyond_chance(inside, (conditions, classes), rate=4.999 * tail) == [[], []]


@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_holm_is_statsmodels(count):
    for seed in range(3):
        p = np.round(np.random.default_rng(seed).random(count) ** 3, 2)  # with ties
        np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1], atol=1e-12)


def newcombe(both, only_a, only_b, neither):
    """Method 10 from the paper's own quantities, Wilson's limits by statsmodels."""
    n = both + only_a + only_b + neither
    p1, p2 = (both + only_a) / n, (both + only_b) / n
    l1, u1 = proportion_confint(both + only_a, n, method="wilson")
    l2, u2 = proportion_confint(both + only_b, n, method="wilson")
    product = (both + only_a) * (only_b + neither) * (both + only_b) * (only_a + neither)
    c = both * neither - only_a * only_b
    c = c if c < 0 else 0 if c <= n / 2 else c - n / 2
    phi = c / np.sqrt(product) if product else 0
    delta = np.sqrt((p1 - l1) ** 2 - 2 * phi * (p1 - l1) * (u2 - p2) + (u2 - p2) ** 2)
    epsilon = np.sqrt((p2 - l2) ** 2 - 2 * phi * (p2 - l2) * (u1 - p1) + (u1 - p1) ** 2)
    return p1 - p2 - delta, p1 - p2 + epsilon


@settings(deadline=None)
@given(*[some.integers(0, 40)] * 4)
def test_the_gaps_interval_is_newcombes(both, only_a, only_b, neither):
    counts = (both, only_a, only_b, neither)
    a, b = (np.repeat(values, counts).astype(bool) for values in ([1, 1, 0, 0], [1, 0, 1, 0]))
    if not sum(counts):
        assert gap_interval(a, b) == (-1, 1)
        return
    np.testing.assert_allclose(gap_interval(a, b), newcombe(*counts), atol=1e-9)
    np.testing.assert_allclose(gap_interval(b, a), -np.array(gap_interval(a, b))[::-1], atol=1e-9)


def answers(both, only_a, only_b, neither):
    counts = (both, only_a, only_b, neither)
    return [np.repeat(values, counts).astype(bool) for values in ([1, 1, 0, 0], [1, 0, 1, 0])]


def test_the_gaps_interval_is_that_of_the_contingencytables_package():
    """R, contingencytables 3.0 (Fagerland, Lydersen and Laake), its own test on Cavo et al. 2012."""
    assert gap_interval(*answers(59, 6, 16, 80)) == pytest.approx((-0.1186, -0.0046), abs=5e-5)


def test_the_gaps_interval_leaves_out_nought_wherever_the_exact_test_does():
    for both, only_a in product(range(21), repeat=2):
        for only_b in range(21 - both - only_a):
            a, b = answers(both, only_a, only_b, 20 - both - only_a - only_b)
            if mcnemar(a, b).p < 0.05:
                low, high = gap_interval(a, b)
                assert low > 0 or high < 0


def test_the_gaps_interval_holds_the_true_gap_as_often_as_it_says():
    random = np.random.default_rng(4)
    shares = np.array([0.6, 0.15, 0.05, 0.2])  # a true gap of 0.1
    held = 0
    for _ in range(600):
        counts = random.multinomial(150, shares)
        low, high = gap_interval(
            np.repeat([1, 1, 0, 0], counts).astype(bool),
            np.repeat([1, 0, 1, 0], counts).astype(bool),
        )
        held += low <= 0.1 <= high
    assert 0.92 < held / 600 < 0.98


def test_pairs_are_tested_and_corrected_together():
    right = drawn(2)
    found = pairwise(right, NAMES)
    assert [(pair.a, pair.b) for pair in found] == [
        ("vit", "swin"),
        ("vit", "clip"),
        ("swin", "clip"),
    ]
    np.testing.assert_allclose(
        [pair.p_holm for pair in found],
        multipletests([pair.p for pair in found], method="holm")[1],
    )
    for pair in found:
        a, b = right[NAMES.index(pair.a)], right[NAMES.index(pair.b)]
        assert (pair.only_a, pair.only_b) == ((a & ~b).sum(), (b & ~a).sum())
        assert pair.gap == pytest.approx((pair.only_a - pair.only_b) / 200)
        assert pair.interval[0] <= pair.gap <= pair.interval[1]
        assert 1 >= pair.p_holm >= pair.p
    assert pairwise(right[:1], NAMES[:1]) == []
    by_hand = holm([0.01, 0.04, 0.03])
    assert by_hand == pytest.approx([0.03, 0.06, 0.06])  # 3 × 0.01, 2 × 0.03, and no less than that


def test_a_pair_without_an_image_and_with_one():
    (none,) = pairwise(np.zeros((2, 0), bool), ["a", "b"])
    assert (none.only_a, none.only_b, none.p, none.p_holm) == (0, 0, 1, 1)
    assert np.isnan(none.gap) and none.interval == (-1, 1)
    (one,) = pairwise(np.array([[1], [0]]), ["a", "b"])
    assert (one.only_a, one.p, one.gap) == (1, 1, 1) and -1 < one.interval[0] < 0
    (back,) = pairwise([[False], [True]], ["a", "b"])
    assert back.interval == (-one.interval[1], -one.interval[0])


@pytest.mark.parametrize("seed", range(5))
def test_cochrans_q_is_statsmodels(seed):
    right = drawn(seed, models=4)
    found = cochrans_q(right)
    wanted = reference_q(right.T.astype(int))
    np.testing.assert_allclose(found, (wanted.statistic, wanted.pvalue))
    assert cochrans_q(right[:2]) is None
    assert cochrans_q(np.ones((3, 9), bool)) == (0.0, 1.0)
    assert cochrans_q(np.ones((3, 0), bool)) == (0.0, 1.0)


def test_cochrans_q_by_hand():
    """Models right on 3, 2 and 1 of 4 images: Q = 3 · 2 · (1 + 0 + 1) / (2 · 1 + 1 · 2) = 3, on two degrees."""
    right = np.array([[1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0]], bool)
    q, p = cochrans_q(right)
    assert q == pytest.approx(3) and p == pytest.approx(np.exp(-3 / 2))
