"""Several models on the same images: where they agree, where only one is right, and which differences are real.

Pairs are tested by McNemar's exact test, corrected by Holm (1979, Scandinavian Journal of Statistics 6:65), all at once
by Cochran's Q (1950, doi 10.1093/biomet/37.3-4.256); a gap's interval is Newcombe's (1998, Statistics in Medicine
17:2635, method 10), for proportions of the same images.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import sqrt

import numpy as np

from explain.classes.answers import NO_ANSWER
from explain.scores.metrics import Share, mcnemar, share
from limits import MODELS_AT_ONCE


@dataclass(frozen=True)
class Cells:
    """Which models have each image right. codes: (images,), bit m set where model m is right; counts: (2 ** models,).

    alike: (images,) booleans, all models wrong and all with the same answer; never with a single model. An image without
    an answer is not right, and never alike.
    """

    codes: np.ndarray
    counts: np.ndarray
    alike: np.ndarray


def cells(right: np.ndarray, predicted: np.ndarray) -> Cells:
    """The Cells of right and predicted, both (models, images). Raises ValueError for no model, or more than MODELS_AT_ONCE."""
    right, predicted = np.asarray(right, dtype=bool), np.asarray(predicted)
    if right.shape != predicted.shape or not 0 < len(right) <= MODELS_AT_ONCE:
        raise ValueError(f"Compare 1 to {MODELS_AT_ONCE} models on the same images.")
    codes = (right << np.arange(len(right))[:, None]).sum(0)
    same = (predicted == predicted[0]).all(0) & (predicted[0] != NO_ANSWER) & (len(predicted) > 1)
    return Cells(codes, np.bincount(codes, minlength=2 ** len(right)), (codes == 0) & same)


def cell_name(code: int, names: Sequence[str]) -> str:
    """A cell in words: "clip only", "vit + swin", "all right", "all wrong"."""
    those = [name for place, name in enumerate(names) if code >> place & 1]
    if len(names) == 1:
        return "right" if those else "wrong"
    if len(those) in (0, len(names)):
        return "all right" if those else "all wrong"
    return f"{those[0]} only" if len(those) == 1 else " + ".join(those)


def margins(probabilities: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """(models, images, classes) probabilities → (models, images): the true class's, less the best other's.

    With one class alone there is no other, and the margin is the probability.
    """
    return np.stack([_margins(each, np.asarray(truth)[:, None]) for each in probabilities])


def _margins(probabilities: np.ndarray, truth: np.ndarray) -> np.ndarray:
    others = np.array(probabilities)  # one model's at a time: of all together, a copy might not fit
    own = np.take_along_axis(others, truth, 1)[:, 0]
    np.put_along_axis(others, truth, 0, 1)
    return own - others.max(1)


def ranked(places: np.ndarray, right: np.ndarray, margin: np.ndarray) -> np.ndarray:
    """places of one cell's images, the most telling first; right and margin: (models, images).

    Where some are right and some wrong: the widest gap between their mean margins. Where all are right: the closest
    call; where all are wrong: the most confident mistake.
    """
    places = np.asarray(places)
    if not len(places):
        return places
    those = np.asarray(right, dtype=bool)[:, places[0]]
    margin = np.asarray(margin)[:, places]
    if those.all() or not those.any():
        order = margin.mean(0)
    else:
        order = margin[~those].mean(0) - margin[those].mean(0)
    return places[np.argsort(order, kind="stable")]


@dataclass(frozen=True)
class Lift:
    """A group of images in a cell: count of the cell's images are of it, total of all; share and overall: fractions."""

    group: str
    count: int
    total: int
    share: float
    overall: float


def over_represented(inside: np.ndarray, groups: Sequence[str] | np.ndarray) -> list[Lift]:
    """Groups (images,) that a cell (images,) of booleans holds more of than the set does, the widest gap first.

    "" is no group. In a cell of few images any group may be ahead by chance; nothing is tested here.
    """
    members = [group for group, within in zip(groups, inside, strict=True) if within]
    counts, totals = Counter(members), Counter(groups)
    found = [
        Lift(group, count, totals[group], count / len(members), totals[group] / len(groups))
        for group, count in counts.items()
        if group
    ]
    ahead = [each for each in found if each.share > each.overall]
    return sorted(ahead, key=lambda each: each.overall - each.share)


def beyond_chance(
    inside: np.ndarray, groupings: Sequence[Sequence[str] | np.ndarray], rate: float = 0.05
) -> list[list[Lift]]:
    """Of each grouping (images,) the groups that a cell holds more of than a blind draw of as many images would.

    A blind draw would name any group at all at most `rate` of the time: the hypergeometric tail of each, corrected by
    Bonferroni over the groups of all groupings together. A single image is no evidence, and is never named.
    """
    from scipy.stats import hypergeom

    inside = np.asarray(inside, dtype=bool)
    tested = sum(len(set(groups) - {""}) for groups in groupings)

    def rare(lift: Lift) -> bool:
        if lift.count < 2:
            return False
        return hypergeom.sf(lift.count - 1, len(inside), lift.total, inside.sum()) < rate / tested

    return [
        [lift for lift in over_represented(inside, groups) if rare(lift)] for groups in groupings
    ]


@dataclass(frozen=True)
class Pair:
    """Two models: how many images only one has right, McNemar's exact p, the same after Holm; gap: accuracy of a less b's.

    interval: the gap's 95 %, as fractions.
    """

    a: str
    b: str
    only_a: int
    only_b: int
    p: float
    p_holm: float
    gap: float
    interval: tuple[float, float]


def pairwise(right: np.ndarray, names: Sequence[str]) -> list[Pair]:
    """Every pair of right (models, images), in the order of names; the gap is nan where there is no image."""
    right = np.asarray(right, dtype=bool)
    pairs = list(combinations(range(len(names)), 2))
    tests = [mcnemar(right[first], right[second]) for first, second in pairs]
    corrected = holm([test.p for test in tests])
    found = []
    for (first, second), test, p_holm in zip(pairs, tests, corrected, strict=True):
        a, b = right[first], right[second]
        gap = share(a).accuracy - share(b).accuracy
        counts = (test.only_first, test.only_second, test.p, p_holm)
        found.append(Pair(names[first], names[second], *counts, gap, gap_interval(a, b)))
    return found


def holm(p: Sequence[float]) -> list[float]:
    """p values after Holm's step-down correction, in the order given."""
    corrected, least = [0.0] * len(p), 0.0
    for turn, place in enumerate(np.argsort(p, kind="stable")):
        least = max(least, min(1.0, (len(p) - turn) * p[place]))
        corrected[place] = least
    return corrected


def gap_interval(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """Newcombe's 95 % interval of mean(first) - mean(second), booleans of the same images; (-1, 1) for no image.

    It is bolder than the exact test, whose p it may contradict: of 100 images and more it can leave out 0 at p up to 0.08.
    The reverse, 0 inside at p below 0.05, was not met in any table tried.
    """
    a, b = share(first), share(second)
    if not a.total:
        return -1.0, 1.0
    (low_a, high_a), (low_b, high_b) = a.interval, b.interval
    gap = a.accuracy - b.accuracy
    phi = _phi(int((first & second).sum()), a, b)
    down_a, up_a = a.accuracy - low_a, high_a - a.accuracy
    down_b, up_b = b.accuracy - low_b, high_b - b.accuracy
    below = sqrt(max(0.0, down_a**2 - 2 * phi * down_a * up_b + up_b**2))
    above = sqrt(max(0.0, up_a**2 - 2 * phi * up_a * down_b + down_b**2))
    return gap - below, gap + above


def _phi(both: int, a: Share, b: Share) -> float:
    """The correlation of two sets of answers, a positive one corrected for continuity as Newcombe does."""
    neither = a.total - a.correct - b.correct + both
    only_a, only_b = a.correct - both, b.correct - both
    spread = a.correct * (a.total - a.correct) * b.correct * (b.total - b.correct)
    if not spread:
        return 0.0
    covered = float(both * neither - only_a * only_b)
    if covered > 0:
        covered = max(covered - a.total / 2, 0)
    return covered / sqrt(spread)


def cochrans_q(right: np.ndarray) -> tuple[float, float] | None:
    """(Q, p) that all models (models, images) are equally often right; None for fewer than three.

    (0, 1) where no image tells them apart.
    """
    from scipy.stats import chi2

    right = np.asarray(right, dtype=float)
    count = len(right)
    if count < 3:
        return None
    models, images = right.sum(1), right.sum(0)
    spread = float((images * (count - images)).sum())
    if not spread:
        return 0.0, 1.0
    q = float(count * (count - 1) * ((models - models.mean()) ** 2).sum() / spread)
    return q, float(chi2.sf(q, count - 1))
