"""Maps against scikit-learn, umap-learn and SciPy, and what must hold of every map."""

import hashlib
import os
import subprocess
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from explain.maps import tsne, umap
from explain.maps.alignment import Similarity, similarity
from explain.maps.nearest import nearest, unit_rows
from explain.maps.neighbours import quality
from explain.maps.pca import pca
from explain.maps.projection import PROJECTIONS, place, project

ROOT = Path(__file__).parent.parent
METHODS = list(PROJECTIONS)
NEIGHBOURLY = [key for key in METHODS if key != "pca"]


def blobs(n=150, dim=16, classes=3, seed=0):
    """(n, dim) features in well separated classes, and their labels."""
    random = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    return random.normal(0, 0.3, (n, dim)) + 4 * np.eye(dim)[labels] + 1, labels


@pytest.fixture(scope="module")
def finished():
    """A function: method → its map of blobs(), made once."""
    made = {}

    def of(method):
        if method not in made:
            made[method] = project(blobs()[0], method)
        return made[method]

    return of


def test_the_methods_are_told_in_sentences():
    assert METHODS == ["tsne", "umap", "pca"]
    for key, projection in PROJECTIONS.items():
        assert projection.key == key
        assert projection.takes <= {"perplexity", "neighbors", "min_dist"}
        assert projection.means.endswith(".") and projection.cannot.endswith(".")
        assert projection.paper[1].startswith("https://")


@pytest.mark.parametrize("shape", [(60, 8), (20, 30), (40, 2)])
def test_pca_is_scikit_learns_up_to_sign(shape):
    from sklearn.decomposition import PCA

    features = np.random.default_rng(0).normal(size=shape) * np.arange(1, shape[1] + 1)
    theirs = PCA(2).fit(unit_rows(features).astype(np.float64))
    signs = np.sign(theirs.components_[[0, 1], np.abs(theirs.components_).argmax(axis=1)])
    found = project(features, "pca")
    wanted = theirs.transform(unit_rows(features)) * signs
    assert found.points == pytest.approx(wanted, abs=1e-5)
    assert found.arrangement.explained == pytest.approx(theirs.explained_variance_ratio_.sum())
    assert not found.notes


def test_tsne_is_as_true_as_scikit_learns():
    from sklearn.manifold import TSNE

    features = np.random.default_rng(0).normal(size=(200, 8))
    theirs = TSNE(perplexity=20, random_state=0).fit_transform(unit_rows(features))
    ours = project(features, "tsne", perplexity=20)
    true = [quality(features, points, None).trustworthiness for points in (ours, theirs)]
    assert true[0] > true[1] - 0.01


def test_umap_is_umap_learns():
    """Called as its documentation says, with the same start; scikit-learn finds the same neighbours."""
    from sklearn.neighbors import NearestNeighbors
    from umap import UMAP

    n = 60
    features = np.random.default_rng(0).normal(size=(n, 6))
    ours = project(features, "umap", seed=4, neighbors=7, min_dist=0.3)
    rows = ours.rows
    index = NearestNeighbors(n_neighbors=7, algorithm="brute").fit(rows.astype(np.float64))
    distances, places = index.kneighbors()
    found = nearest(rows, rows, 6, np.arange(n))
    assert (found.places == places[:, :6]).all()
    assert found.distances == pytest.approx(distances[:, :6], abs=1e-6)
    own = np.arange(n)[:, None], np.zeros((n, 1), np.float32)
    knn = np.hstack([own[0], found.places]), np.hstack([own[1], found.distances])
    start = umap.start(pca(rows, 4, lambda done: None).points, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = UMAP(
            n_neighbors=7, min_dist=0.3, random_state=4, init=start, precomputed_knn=(*knn, None)
        ).fit(rows)
    assert (ours.points == theirs.embedding_).all()


def test_memberships_are_umap_learns():
    from umap.umap_ import compute_membership_strengths, smooth_knn_dist

    rows = unit_rows(np.random.default_rng(0).normal(size=(40, 6)))
    found = nearest(rows, rows, 9, np.arange(40))
    places = np.column_stack([np.arange(40), found.places]).astype(np.int32)
    distances = np.column_stack([np.zeros(40, np.float32), found.distances])
    sigmas, rhos = smooth_knn_dist(distances, 10.0)
    theirs = compute_membership_strengths(places, distances, sigmas, rhos)[2]
    ours = umap.memberships(found.distances)
    assert ours == pytest.approx(theirs.reshape(40, 10)[:, 1:], abs=1e-4)
    assert ours.sum(1) == pytest.approx(np.log2(10), abs=1e-4)


@pytest.mark.parametrize("method", METHODS)
def test_separate_classes_stay_separate(method, finished):
    features, labels = blobs()
    found = quality(features, finished(method), labels)
    assert found.purity > 0.99 and found.embedding_purity == 1
    assert found.chance == pytest.approx(49 / 149)
    assert found.trustworthiness > 0.75
    shuffled = np.random.default_rng(0).permutation(finished(method).points)
    assert quality(features, shuffled, labels).trustworthiness == pytest.approx(0.5, abs=0.05)


SAME_SEED = """
import sys
sys.path.insert(0, "tests")
from test_projection import METHODS, blobs, digest
from explain.maps.projection import project
for method in METHODS:
    print(digest(project(blobs()[0], method)))
"""


def digest(projected):
    return hashlib.sha256(projected.points.tobytes()).hexdigest()


def test_the_same_seed_gives_the_same_map_in_any_process_on_any_threads(finished):
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "3")
    run = subprocess.run(
        [sys.executable, "-c", SAME_SEED],
        env=os.environ | threads,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == [digest(finished(method)) for method in METHODS]


def test_tsne_is_the_same_on_any_number_of_threads(monkeypatch):
    monkeypatch.setattr(tsne, "MANY", 0)
    monkeypatch.setattr(tsne, "LATER", 50)
    maps = set()
    for threads in (1, 2, 3):
        monkeypatch.setattr(torch, "get_num_threads", lambda threads=threads: threads)
        maps.add(digest(project(blobs()[0], "tsne")))
    assert len(maps) == 1


@pytest.mark.parametrize("method", METHODS)
def test_another_seed_gives_another_map_of_the_same(method, finished):
    features, labels = blobs()
    other = project(torch.from_numpy(7 * features), method, seed=1)
    assert (digest(other) == digest(finished(method))) == (method == "pca")
    assert quality(features, other, labels).purity > 0.99


@pytest.mark.parametrize("method", METHODS)
def test_it_reports_from_nothing_to_all(method):
    told = []
    project(blobs(60)[0], method, progress=told.append)
    assert told == sorted(told) and 0 <= told[0] < 0.3 and told[-1] == 1
    assert len(told) > (1 if method == "pca" else 50)


def threads():
    """Those that run, without the one that tqdm keeps, of umap-learn's progress bar."""
    return [each for each in threading.enumerate() if type(each).__name__ != "TMonitor"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("when", [0, 0.1, 0.6])
def test_it_can_be_stopped(method, when):
    class Stopped(Exception):
        pass

    told = []

    def stop(done):
        told.append(done)
        if done >= when:
            raise Stopped

    before = threads()
    with pytest.raises(Stopped):
        project(blobs(60)[0], method, progress=stop)
    assert told == sorted(told) and all(done < when for done in told[:-1])
    assert threads() == before


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 9])
def test_few_pictures_make_a_small_map_and_a_note(method, n):
    features, labels = blobs(n, 6, classes=2)
    found = project(features, method)
    assert found.points.shape == (n, 2) and np.isfinite(found.points).all()
    assert found.method == method
    assert bool(found.notes) == (method != "pca" or n == 1)
    if 2 <= n <= 3:
        rows = unit_rows(features)
        for space in (rows, found.points):
            apart = np.linalg.norm(space[:, None] - space[None], axis=-1)
            assert apart == pytest.approx(
                np.linalg.norm(rows[:, None] - rows[None], axis=-1), abs=1e-6
            )
    if n > 3:
        assert quality(features, found, labels, k=1).purity == 1
    assert (place(found, features).points == found.points).all()


def test_notes_say_what_was_lowered_and_to_what():
    (note,) = project(blobs(31)[0], "tsne").notes
    assert (
        note
        == "The perplexity was lowered from 30 to 10, the most that 31 different pictures allow."
    )
    (note,) = project(blobs(20)[0], "umap").notes
    assert "number of neighbors was lowered from 15 to 10" in note
    assert not project(blobs(31)[0], "tsne", perplexity=10).notes
    assert not project(blobs(20)[0], "umap", neighbors=10).notes


@pytest.mark.parametrize("method", METHODS)
def test_pictures_that_are_all_the_same_share_a_point(method):
    for noise in (0, 1e-9):
        same = np.ones((40, 8)) + noise * np.random.default_rng(0).normal(size=(40, 8))
        found = project(same, method)
        assert not found.points.any()
        assert found.notes[0].startswith("All 40 pictures are the same")
        assert np.isfinite(place(found, -same[:1]).points).all()


@pytest.mark.parametrize("method", METHODS)
def test_copies_change_nothing_but_share_a_point(method):
    features = blobs(30)[0]
    order = np.concatenate([np.arange(30), [4] * 50, np.arange(20)])
    once, often = project(features, method), project(features[order], method)
    assert (often.points == once.points[order]).all()
    (note,) = set(often.notes) - set(once.notes)
    assert note.startswith("Exact copies, to this model: 70 of 100 pictures")


@pytest.mark.parametrize("method", METHODS)
def test_odd_embeddings_make_a_map(method):
    """One number each, two numbers each, zeros among others, a line, and all equally far."""
    random = np.random.default_rng(0)
    zeros = np.concatenate([blobs(20)[0], np.zeros((2, 16))])
    line = np.column_stack([np.linspace(-1, 1, 30), np.ones(30)])
    for features in (
        random.normal(size=(12, 1)),
        random.normal(size=(12, 2)),
        zeros,
        line,
        np.eye(12),
    ):
        found = project(features, method)
        assert np.isfinite(found.points).all() and found.points.shape == (len(features), 2)
        if features is zeros:
            assert any("2 of 22 pictures" in note for note in found.notes)
        if features is line:
            assert quality(features, found, None, k=3).trustworthiness > 0.95


@pytest.mark.parametrize(
    "asked",
    [
        {"method": "som"},
        {"perplexity": 0},
        {"perplexity": float("nan")},
        {"perplexity": 1e9},
        {"neighbors": 1},
        {"neighbors": 10**6},
        {"min_dist": -0.1},
        {"min_dist": 1.5},
        {"seed": -1},
        {"features": [[1, float("nan")]]},
        {"features": np.zeros((0, 4))},
    ],
)
def test_what_cannot_be_is_one_sentence(asked):
    with pytest.raises(ValueError, match=r"^[A-Z][^.]*(\d\.\d[^.]*)?\.$"):
        project(**{"features": blobs(10)[0], **asked})


@pytest.mark.parametrize("method", METHODS)
def test_a_picture_of_the_map_lands_on_its_own_point(method, finished):
    found = place(finished(method), 3 * blobs()[0][40:60])
    assert (found.points == finished(method).points[40:60]).all()
    assert (found.neighbours[:, 0] == np.arange(40, 60)).all()
    assert found.similarities[:, 0] == pytest.approx(1, abs=1e-6)
    assert found.neighbours.shape == found.similarities.shape == (20, 10)
    assert (np.diff(found.similarities, axis=1) < 1e-6).all()


@pytest.mark.parametrize("method", METHODS)
def test_only_the_same_picture_takes_a_pictures_point(method):
    """Also one of zeros, which has no direction; not one that is merely very like it."""
    rows = blobs(40)[0].astype(np.float32)
    rows[7] = 0
    found = project(rows, method)
    assert (place(found, rows[[7, 8]]).points == found.points[[7, 8]]).all()
    if method != "pca":
        near = rows[:5] + 1e-3 * np.linalg.norm(rows[:5], axis=1, keepdims=True) / 4
        assert (place(found, near).points != found.points[:5]).any(axis=1).all()


def test_the_nearest_come_with_their_cosines(finished):
    from sklearn.metrics.pairwise import cosine_similarity

    (rows, _), (queries, _) = blobs(), blobs(30, seed=1)
    found, cosines = place(finished("pca"), 5 * queries, 6), cosine_similarity(queries, rows)
    assert (found.neighbours == np.argsort(-cosines, axis=1)[:, :6]).all()
    expected = np.take_along_axis(cosines, found.neighbours, axis=1)
    assert found.similarities == pytest.approx(expected, abs=1e-6)
    assert place(finished("pca"), queries[:4], 999).neighbours.shape == (4, len(rows))


@pytest.mark.parametrize("method", METHODS)
def test_new_pictures_land_in_their_class_each_by_itself(method, finished):
    (_, labels), (new, classes) = blobs(), blobs(30, seed=1)
    points = finished(method).points
    found = place(finished(method), new)
    near = nearest(found.points, points, 5).places
    assert (labels[near] == classes[:, None]).mean() > 0.98
    alone = np.concatenate([place(finished(method), row[None]).points for row in new])
    assert alone == pytest.approx(found.points, abs=1e-3)
    assert (finished(method).points == points).all()


@pytest.mark.parametrize("method", NEIGHBOURLY)
def test_a_text_far_from_all_pictures_lands_among_its_nearest(method, finished):
    """As CLIP's prompts: cosines of 0.2 to 0.3, one direction common to all texts and none of the pictures."""
    features, labels = blobs()
    texts = 0.25 * (np.eye(16)[:3] * 4 + 1) / np.linalg.norm(np.eye(16)[0] * 4 + 1)
    gap = np.zeros((3, 1)) + 0.97
    found = project(np.column_stack([features, np.zeros(150)]), method)
    placed = place(found, np.column_stack([texts, gap]))
    assert ((placed.similarities > 0.15) & (placed.similarities < 0.3)).all()
    assert (labels[placed.neighbours] == np.arange(3)[:, None]).all()
    near = nearest(placed.points, found.points, 5).places
    assert (labels[near] == np.arange(3)[:, None]).all()


def test_in_pca_placing_is_the_same_linear_map(finished):
    from sklearn.decomposition import PCA

    new = unit_rows(np.random.default_rng(3).normal(size=(5, 16)))
    theirs = PCA(2).fit(unit_rows(blobs()[0]))
    found = place(finished("pca"), new).points
    assert np.abs(found) == pytest.approx(np.abs(theirs.transform(new)), abs=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_several_may_place_at_once(method, finished):
    new = blobs(64, seed=2)[0]
    wanted = place(finished(method), new).points
    with ThreadPoolExecutor(8) as pool:
        parts = pool.map(lambda rows: place(finished(method), rows).points, [new] * 16)
        assert all((part == wanted).all() for part in parts)


def test_only_the_maps_own_model_can_place(finished):
    with pytest.raises(ValueError, match="own model"):
        place(finished("pca"), np.ones((1, 17)))


coordinates = st.floats(-100, 100, width=32)
shapes = st.lists(st.tuples(coordinates, coordinates), min_size=3, max_size=20)


@given(
    shapes,
    st.floats(0, 7),
    st.booleans(),
    st.floats(0.01, 100),
    st.tuples(coordinates, coordinates),
)
def test_aligning_undoes_turning_mirroring_scaling_and_moving(
    points, angle, mirrored, scale, moved
):
    reference = np.array(points, dtype=np.float32)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    copy = scale * reference @ turn * (1, -1 if mirrored else 1) + moved
    found = similarity(copy, reference)(copy)
    assert np.isfinite(found).all()
    if np.ptp(reference, axis=0).max() > 0.1:
        assert np.abs(found - reference).max() < 1e-3


def test_aligning_keeps_ratios_of_distances_and_is_scipys_procrustes():
    from scipy.spatial import procrustes
    from scipy.spatial.distance import pdist

    random = np.random.default_rng(0)
    points, reference = random.normal(size=(30, 2)), random.normal(size=(30, 2))
    aligned = similarity(points, reference)(points)
    ratios = pdist(aligned) / pdist(points)
    assert ratios == pytest.approx(ratios[0], rel=1e-4)
    centred = reference - reference.mean(axis=0)
    residual = ((aligned - reference) ** 2).sum() / (centred**2).sum()
    disparity = procrustes(reference, points)[2]  # 1 - s², where equal spread leaves 2 - 2s
    assert 1 - (1 - residual / 2) ** 2 == pytest.approx(disparity, abs=1e-6)
    assert similarity(points, reference)(points[:3]) == pytest.approx(aligned[:3])
    assert Similarity.nowhere()(points) == pytest.approx(points, abs=1e-6)


def test_maps_of_one_point_are_only_moved():
    points, one = np.random.default_rng(0).normal(size=(5, 2)), np.full((5, 2), 0.1)
    assert similarity(one, points)(one) == pytest.approx(
        np.tile(points.mean(axis=0), (5, 1)), abs=1e-6
    )
    assert similarity(points, one)(points) == pytest.approx(
        points - points.mean(axis=0) + 0.1, abs=1e-6
    )
    with pytest.raises(ValueError, match="same pictures"):
        similarity(points, one[:4])(points)
