"""Neighbours against scikit-learn and a plain sort; measures against scikit-learn and numbers worked by hand."""

from itertools import permutations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explain.maps import nearest as search
from explain.maps import neighbours
from explain.maps.nearest import nearest, unit_rows
from explain.maps.neighbours import neighbour_overlap, quality


def random_rows(n, dim=24, seed=0):
    return np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)


@pytest.mark.parametrize("scale", [1e-30, 1, 1e30])
def test_rows_of_any_scale_come_to_length_one(scale):
    rows = random_rows(50).astype(np.float64)
    wanted = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    assert unit_rows(rows * scale) == pytest.approx(wanted, abs=1e-7)
    assert (unit_rows(torch.from_numpy(rows)) == unit_rows(rows)).all()


def test_a_row_of_zeros_stays_one():
    assert unit_rows([[0.0, 0.0], [3.0, 4.0]]).tolist() == [
        [0, 0],
        [np.float32(0.6), np.float32(0.8)],
    ]


@pytest.mark.parametrize("rows", [[[1, np.nan]], [[np.inf, 1]], [], [[]], [1.0, 2.0]])
def test_rows_that_cannot_be_say_so(rows):
    with pytest.raises(ValueError, match=r"^[A-Z].*\.$"):
        unit_rows(rows)


@pytest.mark.parametrize("block", [1, 7, 10**9])
def test_nearest_is_scikit_learns(monkeypatch, block):
    from sklearn.neighbors import NearestNeighbors

    monkeypatch.setattr(search, "BLOCK", block)
    rows, queries = unit_rows(random_rows(150)), unit_rows(random_rows(40, seed=1))
    fitted = NearestNeighbors(n_neighbors=7).fit(rows.astype(np.float64))
    distances, places = fitted.kneighbors(queries.astype(np.float64))
    found = nearest(queries, rows, 7)
    assert (found.places == places).all()
    assert found.distances == pytest.approx(distances, abs=1e-6)
    distances, places = fitted.kneighbors()
    found = nearest(rows, rows, 7, own=np.arange(150))
    assert (found.places == places).all()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_equal_distances_go_by_place(data):
    number = st.integers(-2, 2)
    rows = data.draw(st.lists(st.tuples(number, number), min_size=2, max_size=25))
    rows = np.array(rows, dtype=np.float32)
    k = data.draw(st.integers(1, len(rows) - 1))
    found = nearest(rows, rows, k, own=np.arange(len(rows)))
    for place, row in enumerate(rows):
        others = [other for other in range(len(rows)) if other != place]
        wanted = sorted(others, key=lambda other: (((rows[other] - row) ** 2).sum(), other))[:k]
        assert found.places[place].tolist() == wanted


def test_copies_are_at_no_distance_and_go_by_place():
    """Whatever rounding made of them: there are too many to come out right by luck."""
    rows = unit_rows(np.tile(random_rows(5, 64), (40, 1)))
    found = nearest(rows, rows, 20, own=np.arange(200))
    assert not found.distances.any()
    for place, near in enumerate(found.places):
        copies = [other for other in range(place % 5, 200, 5) if other != place]
        assert near.tolist() == copies[:20]


def test_near_copies_keep_their_distance():
    """Which single precision would round to nothing."""
    rows = unit_rows(random_rows(2, 64))
    close = rows + np.float32(1e-5) * random_rows(2, 64, seed=1)
    wanted = np.linalg.norm(close[0].astype(float) - rows[0].astype(float))
    assert nearest(rows[:1], close, 1).distances[0, 0] == pytest.approx(wanted, rel=1e-3)
    assert nearest(rows, rows, 1).distances.tolist() == [[0], [0]]


def test_a_search_reports_and_can_be_stopped(monkeypatch):
    monkeypatch.setattr(search, "BLOCK", 10)
    rows, told = random_rows(100), []
    nearest(rows, rows, 3, progress=told.append)
    assert len(told) == 10 and told == sorted(told) and told[0] == 0 and told[-1] < 1

    def stop(done):
        if done > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        nearest(rows, rows, 3, progress=stop)


def test_overlap_of_what_is_known():
    rows = random_rows(400)
    assert neighbour_overlap(rows, 3 * rows) == (1, 10 / 399)
    share, chance = neighbour_overlap(rows, random_rows(400, seed=1))
    assert share == pytest.approx(chance, abs=0.01)
    line = np.array([[np.cos(angle), np.sin(angle)] for angle in (0, 1, 2.1, 3.3)])
    swapped = line[[0, 2, 1, 3]]  # whose nearest are 2, 2, 0, 1 instead of 1, 0, 1, 2
    assert neighbour_overlap(line, swapped, k=1) == (0, 1 / 3)
    assert neighbour_overlap(line, swapped, k=3) == (1, 1)
    assert neighbour_overlap(rows[:1], rows[:1]) is None
    with pytest.raises(ValueError, match="same pictures"):
        neighbour_overlap(rows, rows[:5])


def test_trustworthiness_is_scikit_learns():
    from sklearn.manifold import trustworthiness

    rows, points = random_rows(120), random_rows(120, 2, seed=1)
    wanted = trustworthiness(unit_rows(rows), points, n_neighbors=10)
    assert quality(rows, points, None).trustworthiness == pytest.approx(wanted, abs=1e-9)
    assert wanted == pytest.approx(0.5, abs=0.05), "points at random"


def test_purity_is_scikit_learns_neighbours():
    from sklearn.neighbors import NearestNeighbors

    rows, points = random_rows(90), 10 + random_rows(90, 2, seed=1)
    labels = np.random.default_rng(2).integers(0, 3, 90)
    found = quality(rows, points, labels, k=5)
    for space, purity in ((points, found.purity), (unit_rows(rows), found.embedding_purity)):
        near = NearestNeighbors(n_neighbors=5).fit(space).kneighbors(return_distance=False)
        assert purity == pytest.approx((labels[near] == labels[:, None]).mean())
    assert (found.k, found.sampled) == (5, 90)


def test_chance_is_the_mean_over_all_shufflings():
    rows, labels = random_rows(6), ["a", "a", "a", "b", "b", "c"]
    purities = [
        quality(rows, rows[:, :2], order, k=2).purity for order in set(permutations(labels))
    ]
    assert quality(rows, rows[:, :2], labels).chance == pytest.approx(np.mean(purities))
    assert np.mean(purities) == pytest.approx((3 * 2 + 2 * 1) / (6 * 5))


def test_what_cannot_be_measured_is_none():
    rows = random_rows(21)
    one = quality(rows[:1], rows[:1, :2], ["a"])
    assert (one.trustworthiness, one.purity, one.embedding_purity, one.chance) == (None,) * 4
    assert quality(rows[:20], rows[:20, :2], None).trustworthiness is None
    assert quality(rows, rows[:, :2], None).trustworthiness > 0
    assert quality(rows, rows[:, :2], None).purity is None
    two = quality(rows[:2], rows[:2, :2], ["a", "a"])
    assert (two.purity, two.embedding_purity, two.chance, two.k) == (1, 1, 1, 1)
    with pytest.raises(ValueError, match="same pictures"):
        quality(rows, rows[:, :2], ["a"])


def test_copies_count_as_pictures():
    rows = np.repeat(random_rows(3), 4, axis=0)
    found = quality(rows, rows[:, :2], list("abca" * 3), k=3)
    assert found.purity == found.embedding_purity == pytest.approx(1 / 6), "the two a of each four"


def test_a_large_set_is_measured_at_a_sample(monkeypatch):
    rows, labels = random_rows(300), np.arange(300) % 3
    rows += 3 * np.eye(24)[labels]
    whole = quality(rows, rows[:, :2], labels)
    monkeypatch.setattr(neighbours, "SAMPLE", 200)
    part, again = (quality(rows, rows[:, :2], labels) for _ in range(2))
    assert part == again and part.sampled == 200
    assert part.purity == pytest.approx(whole.purity, abs=0.05) and part.purity != whole.purity
    assert part.chance == whole.chance
    assert 0 < neighbour_overlap(rows, rows[:, ::-1]).share == 1
    places = neighbours.sample(300)
    assert len(set(places)) == 200 and (np.diff(places) > 0).all() and places.max() < 300


@pytest.mark.parametrize("count", [40, 300])
def test_of_copies_nothing_is_said_to_be_true(count):
    """Who of equals is nearest is chance, so trustworthiness would be all but 1."""
    rows = np.tile(random_rows(15), (count // 15 + 1, 1))[:count]
    assert quality(rows, rows[:, :2], None).trustworthiness is None
    assert quality(random_rows(count), random_rows(count)[:, :2], None).trustworthiness < 1
